package dev.graft.core.plan;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One field of a step: where, what stands there and what will. Null means nothing. */
public record Change(Place place, @Nullable JsonNode before, @Nullable JsonNode after) {

  /** The fields in which two bodies differ, as deep as they are comparable. */
  public static List<Change> between(JsonNode before, JsonNode after) {
    var changes = new ArrayList<Change>();
    collect(Place.ROOT, before, after, changes);
    return changes;
  }

  private static void collect(
      Place here, @Nullable JsonNode before, @Nullable JsonNode after, List<Change> changes) {
    if (Canonical.same(before, after)) {
      return;
    }
    if (before instanceof ObjectNode old && after instanceof ObjectNode now) {
      var keys = new LinkedHashSet<>(old.propertyNames());
      keys.addAll(now.propertyNames());
      keys.forEach(key -> collect(here.field(key), old.get(key), now.get(key), changes));
    } else if (before instanceof ArrayNode old
        && after instanceof ArrayNode now
        && old.size() == now.size()
        && isOfObjects(old)
        && isOfObjects(now)) {
      for (int i = 0; i < old.size(); i++) {
        collect(here.element(i), old.get(i), now.get(i), changes);
      }
    } else {
      changes.add(new Change(here, before, after));
    }
  }

  private static boolean isOfObjects(ArrayNode array) {
    return array.valueStream().allMatch(JsonNode::isObject);
  }

  @Override
  public String toString() {
    return place + ": " + shown(before) + " -> " + shown(after);
  }

  private static String shown(@Nullable JsonNode value) {
    return value == null ? "(nothing)" : Json.write(value);
  }
}
