package dev.graft.core.plan;

import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What someone decided about collisions.
 *
 * @param all how every collision is settled that {@code fields} says nothing about, null for not
 * @param fields by the place that the collision's diagnostic gives, such as {@code
 *     assistant/main#model.temperature}
 * @param mustMatter whether a decision for a field that does not collide is a mistake
 */
public record Takes(@Nullable Side all, Map<String, Take> fields, boolean mustMatter) {
  public static final Takes NONE = new Takes(null, Map.of());

  public Takes(@Nullable Side all, Map<String, Take> fields) {
    this(all, fields, true);
  }

  public Takes {
    fields = Map.copyOf(fields);
  }

  /** How one collision is settled. */
  public sealed interface Take {}

  /** One of the two that collide. */
  public enum Side implements Take {
    THEIRS,
    OURS
  }

  /** Something else altogether. */
  public record Value(JsonNode value) implements Take {}

  /** The name of a field of a resource, as diagnostics write it. */
  public static String field(Address address, Place place) {
    return address + "#" + place;
  }

  Takes whereTheyMatter() {
    return new Takes(all, fields, false);
  }

  Optional<Take> of(Address address, Place place) {
    Take take = fields.get(field(address, place));
    return Optional.ofNullable(take == null ? all : take);
  }
}
