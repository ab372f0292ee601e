package dev.graft.core.apply;

import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.ObjectId;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an installation remembers of the account between two looks at it, so that a look costs the
 * same however full the account is.
 *
 * @param watermarks by name of kind: the newest change seen in a complete listing, by Vapi's clock
 * @param namesakes objects that went by the name of a resource when last seen
 */
public record Sighting(Map<String, Instant> watermarks, Map<Address, Set<ObjectId>> namesakes) {
  public static final Sighting NOTHING = new Sighting(Map.of(), Map.of());

  public Sighting {
    watermarks = Map.copyOf(watermarks);
    namesakes = Map.copyOf(namesakes);
  }

  public Optional<Instant> watermark(Kind kind) {
    return Optional.ofNullable(watermarks.get(kind.name()));
  }

  /** The form in which it is kept. */
  public ObjectNode toJson() {
    var json = Json.object();
    var marks = json.putObject("watermarks");
    new TreeMap<>(watermarks).forEach((kind, at) -> marks.put(kind, at.toString()));
    var known = json.putObject("namesakes");
    new TreeMap<>(namesakes)
        .forEach((address, objects) -> {
          var ids = known.putArray(address.toString());
          objects.forEach(object -> ids.add(object.value()));
        });
    return json;
  }

  /** Reads the kept form back. */
  public static Sighting fromJson(JsonNode json) {
    var marks = new HashMap<String, Instant>();
    for (var field : json.required("watermarks").properties()) {
      marks.put(field.getKey(), Instant.parse(field.getValue().stringValue()));
    }
    var known = new HashMap<Address, Set<ObjectId>>();
    for (var field : json.required("namesakes").properties()) {
      var ids = new LinkedHashSet<ObjectId>();
      field.getValue().forEach(id -> ids.add(new ObjectId(id.stringValue())));
      known.put(Address.parse(field.getKey()).orElseThrow(), ids);
    }
    return new Sighting(marks, known);
  }
}
