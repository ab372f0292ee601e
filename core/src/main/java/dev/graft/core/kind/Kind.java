package dev.graft.core.kind;

import dev.graft.core.json.Place;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything Graft knows about one kind of Vapi resource. Its path, cleaning, both directions of
 * reference resolution, the order of writing, adoption and the checks of a template all derive from
 * this value and from nothing else.
 *
 * @param name as it stands in addresses and in the actions of a clone
 * @param path where Vapi serves it
 * @param shape what its fields mean
 * @param naturalKey where its name stands: the first of these that is there
 * @param mark where Graft's own mark fits without being seen by the model; null where nowhere
 * @param required fields without which Vapi refuses a create
 * @param fixedAtCreation fields that a PATCH must not carry and cannot change
 * @param patchedWhole whether a PATCH sends the complete definition, not only what changed
 * @param recomputed fields that Vapi overwrites with something of its own, so that they are noise
 * @param writeOnly fields that Vapi accepts and never shows again
 * @param lengths the longest text that Vapi takes at a place, in characters
 * @param alphabets places at which Vapi does not take every text
 * @param madeByVapi values that only objects have which Vapi makes by itself
 */
public record Kind(
    String name,
    String path,
    Shape shape,
    List<Place> naturalKey,
    @Nullable Place mark,
    Set<Place> required,
    Set<Place> fixedAtCreation,
    boolean patchedWhole,
    List<Recomputed> recomputed,
    Set<Place> writeOnly,
    Map<Place, Integer> lengths,
    List<Alphabet> alphabets,
    Map<Place, Set<String>> madeByVapi) {

  /** A field that is noise in the bodies to which the condition applies. */
  public record Recomputed(Place place, Predicate<ObjectNode> when) {}

  /** The texts that Vapi takes at a place of the bodies to which the condition applies. */
  public record Alphabet(Place place, Predicate<ObjectNode> when, Predicate<String> allowed) {}

  public Kind {
    naturalKey = List.copyOf(naturalKey);
    required = Set.copyOf(required);
    fixedAtCreation = Set.copyOf(fixedAtCreation);
    recomputed = List.copyOf(recomputed);
    writeOnly = Set.copyOf(writeOnly);
    lengths = Map.copyOf(lengths);
    alphabets = List.copyOf(alphabets);
    madeByVapi = Map.copyOf(madeByVapi);
  }

  /** Where the name of this body stands; nothing for a body without one. */
  public Optional<Place> nameplace(ObjectNode body) {
    for (Place place : naturalKey) {
      JsonNode value = place.in(body);
      if (value != null && value.isString() && !value.stringValue().isEmpty()) {
        return Optional.of(place);
      }
    }
    return Optional.empty();
  }

  /** The name by which people know this body; nothing for a body without one. */
  public Optional<String> nameOf(ObjectNode body) {
    return nameplace(body).map(place -> place.in(body)).map(JsonNode::stringValue);
  }

  @Override
  public String toString() {
    return name;
  }
}
