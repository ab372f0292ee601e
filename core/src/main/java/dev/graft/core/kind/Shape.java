package dev.graft.core.kind;

import dev.graft.core.json.FieldPath;
import dev.graft.core.json.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A body as it occurs in several places: which of its fields mean something to Graft, and where
 * other bodies are mounted in it. Bodies nest without bound (an assistant holds tools, a tool's
 * destination holds an assistant), so everything that reads or rewrites them follows the mounts and
 * never searches the text.
 */
public record Shape(Map<FieldPath, Role> fields, Map<FieldPath, Supplier<Shape>> mounts) {

  /** A field that is there, where, and what it means. */
  public record Marked(Place place, Role role, JsonNode value) {}

  public Shape {
    fields = Map.copyOf(fields);
    mounts = Map.copyOf(mounts);
  }

  /** Every meaningful field of the body and of the bodies mounted in it, in the order of places. */
  public List<Marked> marked(ObjectNode body) {
    var found = new ArrayList<Marked>();
    collect(body, Place.ROOT, found);
    found.sort(Comparator.comparing(Marked::place));
    return found;
  }

  private void collect(ObjectNode body, Place here, List<Marked> found) {
    fields.forEach((path, role) -> {
      for (Place place : path.in(body)) {
        JsonNode value = place.in(body);
        if (value != null) {
          found.add(new Marked(place.under(here), role, value));
        }
      }
    });
    mounts.forEach((path, shape) -> {
      for (Place place : path.in(body)) {
        if (place.in(body) instanceof ObjectNode mounted) {
          shape.get().collect(mounted, place.under(here), found);
        }
      }
    });
  }
}
