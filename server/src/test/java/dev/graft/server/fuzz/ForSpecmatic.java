package dev.graft.server.fuzz;

import dev.graft.core.json.Json;
import dev.graft.server.web.PublishedApi;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The published description as Specmatic understands it. It means the same; but Specmatic loses
 * what stands beside a reference, takes named examples for tests of its own, and knows no ids.
 */
final class ForSpecmatic {
  private final Map<String, List<String>> known;
  private final Set<String> bodies = new LinkedHashSet<>();

  private ForSpecmatic(Map<String, List<String>> known) {
    this.known = known;
  }

  /**
   * The description in JSON.
   *
   * @param known what parameters of paths, and members that a body must have, may be
   */
  static ObjectNode description(Map<String, List<String>> known) {
    var made = new ForSpecmatic(known);
    ObjectNode published = PublishedApi.description();
    ObjectNode description = (ObjectNode) made.flat(published);
    // What is sent by Graft and not to it.
    description.remove("webhooks");
    made.readBodies(published.required("paths"));
    for (String body : made.bodies) {
      JsonNode schema = description.at("/components/schemas/" + body);
      var needed = new ArrayList<JsonNode>();
      schema.path("required").forEach(needed::add);
      schema.path("anyOf").forEach(one -> one.path("required").forEach(needed::add));
      for (JsonNode name : needed) {
        List<String> values = known.get(name.stringValue());
        if (values != null) {
          ((ObjectNode) schema.required("properties")).set(name.stringValue(), oneOf(values));
        }
      }
    }
    return description;
  }

  private void readBodies(JsonNode node) {
    if (node instanceof ObjectNode object) {
      JsonNode reference = object.at("/requestBody/content/application~1json/schema/$ref");
      if (reference.isString()) {
        bodies.add(reference.stringValue().replaceFirst(".*/", ""));
      }
      object.forEach(this::readBodies);
    }
  }

  private JsonNode flat(JsonNode node) {
    return switch (node) {
      case ArrayNode array -> {
        var flat = Json.array();
        array.forEach(one -> flat.add(flat(one)));
        yield flat;
      }
      case ObjectNode object -> flatObject(object);
      default -> node;
    };
  }

  private JsonNode flatObject(ObjectNode given) {
    ObjectNode object = given.has("$ref") && given.size() > 1 ? withSiblings(given) : given;
    if (object.path("in").asString("").equals("path")) {
      List<String> values = known.get(object.required("name").stringValue());
      if (values != null) {
        object = object.deepCopy();
        object.set("schema", oneOf(values));
      }
    }
    JsonNode type = object.get("type");
    if (type instanceof ArrayNode types
        && types.valueStream().anyMatch(one -> one.asString("").equals("object"))
        && object.has("additionalProperties")) {
      var either = Json.object();
      var choices = either.putArray("oneOf");
      choices.add(flat(object.deepCopy().put("type", "object")));
      choices.addObject().put("type", "null");
      return either;
    }
    var flat = Json.object();
    for (var member : object.properties()) {
      boolean isExample =
          member.getKey().equals("example")
              || (member.getKey().equals("examples") && member.getValue().isObject());
      if (!isExample) {
        flat.set(member.getKey(), flat(member.getValue()));
      }
    }
    if (type != null && type.asString("").equals("array") && !flat.has("items")) {
      flat.putObject("items");
    }
    return flat;
  }

  /** What a reference leads to, narrowed by what stands beside it. */
  private static ObjectNode withSiblings(ObjectNode reference) {
    var target = Json.object().set("$ref", reference.get("$ref"));
    ObjectNode merged = PublishedApi.resolved(target).deepCopy();
    if (merged.has("$ref")) {
      merged = withSiblings(merged);
    }
    for (var member : reference.properties()) {
      if (member.getKey().equals("properties")) {
        ObjectNode properties =
            merged.get("properties") instanceof ObjectNode there
                ? there
                : merged.putObject("properties");
        member
            .getValue()
            .properties()
            .forEach(one -> properties.set(one.getKey(), narrowed(properties, one)));
      } else if (member.getKey().equals("required")) {
        var all = new LinkedHashSet<String>();
        merged.path("required").forEach(name -> all.add(name.stringValue()));
        member.getValue().forEach(name -> all.add(name.stringValue()));
        ArrayNode required = merged.putArray("required");
        all.forEach(required::add);
      } else if (!member.getKey().equals("$ref")) {
        merged.set(member.getKey(), member.getValue());
      }
    }
    return merged;
  }

  private static JsonNode narrowed(ObjectNode properties, Map.Entry<String, JsonNode> member) {
    JsonNode before = properties.get(member.getKey());
    if (!(before instanceof ObjectNode) || !(member.getValue() instanceof ObjectNode after)) {
      return member.getValue();
    }
    ObjectNode narrowed = PublishedApi.resolved(before).deepCopy();
    if (after.has("const")) {
      narrowed.remove("enum");
    }
    after.properties().forEach(one -> narrowed.set(one.getKey(), one.getValue()));
    return narrowed;
  }

  private static ObjectNode oneOf(List<String> values) {
    var schema = Json.object().put("type", "string");
    ArrayNode choices = schema.putArray("enum");
    values.forEach(choices::add);
    return schema;
  }
}
