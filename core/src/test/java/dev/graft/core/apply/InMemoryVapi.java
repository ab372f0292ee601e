package dev.graft.core.apply;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One account at Vapi, in memory: it sets what Vapi sets, replaces what a PATCH names as a whole,
 * and answers at once. What it does not do (faults, latency, validation) is the sandbox's part.
 */
public final class InMemoryVapi implements VapiAccount {
  public static final String ORG = "00000000-0000-4000-8000-00000000abcd";

  private final Map<ObjectId, ObjectNode> objects = new LinkedHashMap<>();
  private final Map<ObjectId, Kind> kinds = new LinkedHashMap<>();
  private final List<Call> calls = new ArrayList<>();
  private long made;
  private Instant now = Instant.parse("2026-11-01T00:00:00Z");

  @Override
  public List<Reply> send(List<Call> together) {
    return together.stream().map(this::one).toList();
  }

  public synchronized Reply one(Call call) {
    calls.add(call);
    return switch (call) {
      case Call.Get(var kind, var object) ->
          isThere(kind, object) ? new Reply.Ok(shown(object)) : missing();
      case Call.All(var kind, var updatedAfter, var createdFrom) ->
          new Reply.Ok(list(kind, updatedAfter, createdFrom));
      case Call.Create(var kind, var body) -> new Reply.Ok(shown(create(kind, body)));
      case Call.Update(var kind, var object, var body) -> {
        if (!isThere(kind, object)) {
          yield missing();
        }
        if (kind.equals(Kinds.TOOL) && body.has("type")) {
          yield new Reply.Refused(400, "Bad Request", List.of("property type should not exist"));
        }
        patch(object, body);
        yield new Reply.Ok(shown(object));
      }
      case Call.Delete(var kind, var object) -> {
        if (!isThere(kind, object)) {
          yield missing();
        }
        ObjectNode body = shown(object);
        delete(object);
        yield new Reply.Ok(body);
      }
    };
  }

  private static Reply missing() {
    return new Reply.Refused(404, "Not Found", List.of("Couldn't find it"));
  }

  private boolean isThere(Kind kind, ObjectId object) {
    return kind.equals(kinds.get(object));
  }

  private ObjectNode shown(ObjectId object) {
    return object(object).deepCopy();
  }

  private ArrayNode list(Kind kind, Instant updatedAfter, Instant createdFrom) {
    var list = Json.array();
    for (ObjectId object : List.copyOf(objects.keySet()).reversed()) {
      ObjectNode body = object(object);
      if (kind.equals(kinds.get(object))
          && (updatedAfter == null || at(body, "updatedAt").isAfter(updatedAfter))
          && (createdFrom == null || !at(body, "createdAt").isBefore(createdFrom))) {
        list.add(body.deepCopy());
      }
    }
    return list;
  }

  private static Instant at(ObjectNode body, String field) {
    return Instant.parse(body.get(field).stringValue());
  }

  /** Makes an object, as Vapi or the customer would. */
  public ObjectId create(Kind kind, ObjectNode body) {
    var id =
        new ObjectId(new UUID(0xA000_0000_0000_4000L, 0x8000_0000_0000_0000L | made++).toString());
    var object = Json.object();
    object.put("id", id.value()).put("orgId", ORG).put("createdAt", tick());
    object.put("updatedAt", object.get("createdAt").stringValue());
    object.setAll(body.deepCopy());
    objects.put(id, normalised(object));
    kinds.put(id, kind);
    return id;
  }

  /** Replaces the top-level fields that are given, as Vapi or the customer would. */
  public void patch(ObjectId id, ObjectNode body) {
    ObjectNode object = object(id);
    ObjectNode before = object.deepCopy();
    for (var field : body.properties()) {
      if (field.getValue().isNull()) {
        object.remove(field.getKey());
      } else {
        object.set(field.getKey(), field.getValue().deepCopy());
      }
    }
    normalised(object);
    if (!Canonical.same(before, object)) {
      object.put("updatedAt", tick());
    }
  }

  public void delete(ObjectId id) {
    objects.remove(id);
    kinds.remove(id);
  }

  public ObjectNode object(ObjectId id) {
    ObjectNode body = objects.get(id);
    if (body == null) {
      throw new AssertionError("no object " + id);
    }
    return body;
  }

  public List<ObjectId> idsOf(Kind kind) {
    return objects.keySet().stream().filter(id -> kind.equals(kinds.get(id))).toList();
  }

  /** Every call so far. */
  public List<Call> calls() {
    return List.copyOf(calls);
  }

  public void forgetCalls() {
    calls.clear();
  }

  public List<Call> writes() {
    return calls.stream()
        .filter(call -> !(call instanceof Call.Get) && !(call instanceof Call.All))
        .toList();
  }

  /** The account without what differs from run to run. */
  public JsonNode contents() {
    var contents = Json.array();
    var names = new LinkedHashMap<String, String>();
    objects.keySet().forEach(id -> names.put(id.value(), "object-" + names.size()));
    for (ObjectNode object : objects.values()) {
      ObjectNode copy = object.deepCopy();
      copy.remove(List.of("createdAt", "updatedAt"));
      if (copy.get("metadata") instanceof ObjectNode metadata && metadata.has("graft")) {
        metadata.put("graft", metadata.get("graft").stringValue().replaceAll("\\S+$", "nonce"));
      }
      String text = Json.write(copy);
      for (var name : names.entrySet()) {
        text = text.replace(name.getKey(), name.getValue());
      }
      contents.add(Json.parse(text));
    }
    return contents;
  }

  private String tick() {
    now = now.plusMillis(7);
    return now.toString();
  }

  /** Rewritings of Vapi's that make a naive comparison noisy. */
  private static ObjectNode normalised(ObjectNode object) {
    if (object.get("type") instanceof JsonNode type
        && type.isString()
        && object.get("function") instanceof ObjectNode function) {
      if (type.stringValue().equals("apiRequest")) {
        function.set("parameters", Json.object().put("from", "body"));
      }
      if (!type.stringValue().equals("function")) {
        function.remove("strict");
      }
    }
    if (object.get("voice") instanceof ObjectNode voice && !voice.has("speed")) {
      voice.put("speed", 1);
    }
    return object;
  }
}
