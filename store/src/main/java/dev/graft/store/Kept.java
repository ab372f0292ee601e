package dev.graft.store;

import dev.graft.core.apply.Intent;
import dev.graft.core.json.Json;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Owned;
import dev.graft.core.template.Version;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The form in which the journal keeps what belongs to an intent. It is sealed whole. */
final class Kept {
  private Kept() {}

  static ObjectNode toJson(Intent.Making making) {
    var json = Json.object();
    json.set("sent", making.sent());
    json.set("applied", making.applied());
    json.put("version", making.version().toString());
    if (making.observed() != null) {
      json.set("observed", making.observed());
    }
    if (making.replaces() != null) {
      json.put("replaces", making.replaces().value());
    }
    return json;
  }

  static Intent.Making making(ObjectNode json) {
    return new Intent.Making(
        (ObjectNode) json.required("sent"),
        (ObjectNode) json.required("applied"),
        version(json),
        object(json, "observed"),
        json.get("replaces") instanceof JsonNode id ? new ObjectId(id.stringValue()) : null);
  }

  static ObjectNode toJson(Intent.Before before) {
    var json = Json.object();
    if (before.body() != null) {
      json.set("body", before.body());
    }
    if (before.owned() instanceof Owned owned) {
      var kept = json.putObject("owned");
      kept.put("object", owned.object().value());
      kept.set("applied", owned.applied());
      kept.set("observed", owned.observed());
      kept.put("version", owned.version().toString());
      kept.put("origin", owned.origin().name());
      kept.set("former", ids(owned.former()));
      kept.set("retired", ids(owned.retired()));
    }
    return json;
  }

  static Intent.Before before(ObjectNode json) {
    return new Intent.Before(
        object(json, "body"), json.get("owned") instanceof ObjectNode owned ? owned(owned) : null);
  }

  private static Owned owned(ObjectNode json) {
    return new Owned(
        new ObjectId(json.required("object").stringValue()),
        (ObjectNode) json.required("applied"),
        (ObjectNode) json.required("observed"),
        version(json),
        Owned.Origin.valueOf(json.required("origin").stringValue()),
        Installations.ids(json.required("former")),
        Installations.ids(json.required("retired")));
  }

  static ArrayNode ids(Set<ObjectId> ids) {
    var list = Json.array();
    new TreeSet<>(ids).forEach(id -> list.add(id.value()));
    return list;
  }

  private static Version version(ObjectNode json) {
    return Version.parse(json.required("version").stringValue()).orElseThrow();
  }

  private static @Nullable ObjectNode object(ObjectNode json, String name) {
    return json.get(name) instanceof ObjectNode object ? object : null;
  }
}
