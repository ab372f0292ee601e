package dev.graft.core.plan;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Place;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tells the elements of an array apart, so that two versions of it can be merged. */
final class Elements {
  private static final List<Place> IDENTITIES =
      List.of(
          Place.parse("id"), Place.parse("name"), Place.parse("function.name"), Place.parse("key"));

  private Elements() {}

  /** Elements by what identifies them, in order; null when some cannot be told apart. */
  static @Nullable SequencedMap<String, JsonNode> byIdentity(ArrayNode array) {
    var found = new LinkedHashMap<String, JsonNode>();
    Map<String, Integer> ofRole = new HashMap<>();
    for (JsonNode element : array) {
      String identity = identity(element, ofRole);
      if (identity == null || found.put(identity, element) != null) {
        return null;
      }
    }
    return found;
  }

  private static @Nullable String identity(JsonNode element, Map<String, Integer> ofRole) {
    if (!(element instanceof ObjectNode object)) {
      return element.isValueNode() ? Canonical.text(element) : null;
    }
    for (Place place : IDENTITIES) {
      if (place.in(object) instanceof JsonNode value && value.isString()) {
        return place + "=" + value.stringValue();
      }
    }
    // Messages of a conversation: the first of the system, the second of the user, and so on.
    if (object.get("role") instanceof JsonNode role && role.isString()) {
      return "role=" + role.stringValue() + "#" + ofRole.merge(role.stringValue(), 1, Integer::sum);
    }
    return null;
  }
}
