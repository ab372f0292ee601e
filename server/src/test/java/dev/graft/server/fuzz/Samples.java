package dev.graft.server.fuzz;

import dev.graft.core.json.Json;
import dev.graft.server.web.PublishedApi;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Values that fit a schema of the description, its edges included, and values that do not. */
final class Samples {
  /** Text at which something somewhere may trip. */
  static final List<String> ODD_TEXTS =
      List.of(
          "",
          " ",
          "null",
          "undefined",
          "0",
          "-1",
          "1e400",
          "9223372036854775808",
          "true",
          "\u0000",
          "a\u0000b",
          "\r\nX-Injected: 1",
          "\u202etxet",
          "\ufeffbom",
          "\uffff",
          "\ud83d",
          "\udc00\ud800",
          "👩‍👩‍👧‍👦",
          "e\u0301\u0301\u0301\u0301",
          "ﷺ",
          "İıẞß",
          "../../etc/passwd",
          "..%2f..%2f",
          "%00",
          "%",
          "%zz",
          "${jndi:ldap://127.0.0.1:9/x}",
          "${7*7}",
          "#{7*7}",
          "{{7*7}}",
          "' OR '1'='1",
          "'; DROP TABLE account; --",
          "\" OR \"\"=\"",
          "\\",
          "<script>alert(1)</script>",
          "<!--#exec cmd=\"id\"-->",
          "|id",
          "$(id)",
          "`id`",
          "__proto__",
          "constructor",
          "javascript:alert(1)",
          "http://169.254.169.254/",
          "file:///etc/passwd",
          "tool/main#a[99999999999]",
          "assistant/main#[[[",
          "assistant/main#\"",
          "tool/main#a..b",
          "x".repeat(255),
          "x".repeat(256),
          "x".repeat(4_096),
          "é".repeat(255),
          "😀".repeat(255),
          "😀".repeat(256));

  private final Known known;
  private final Chance chance;

  Samples(Known known, Chance chance) {
    this.known = known;
    this.chance = chance;
  }

  /**
   * A value that the schema allows.
   *
   * @param name of the member or parameter that it is for, by which known values are found
   */
  JsonNode fitting(String name, JsonNode schema) {
    return fitting(name, schema, 0);
  }

  private JsonNode fitting(String name, JsonNode given, int depth) {
    ObjectNode schema = PublishedApi.resolved(given);
    JsonNode choices = schema.get("enum");
    if (choices != null) {
      return choices.get(chance.below(choices.size()));
    }
    if (schema.has("const")) {
      return schema.required("const");
    }
    String seen = known.any(name, chance);
    if (seen != null && !chance.oneIn(8) && takesText(schema)) {
      return Json.text(seen);
    }
    for (String alternatives : List.of("oneOf", "anyOf")) {
      JsonNode list = schema.get(alternatives);
      if (list != null && !schema.has("properties")) {
        return fitting(name, list.get(chance.below(list.size())), depth + 1);
      }
    }
    JsonNode examples = schema.get("examples");
    if (examples != null && examples.isArray() && chance.oneIn(3)) {
      return examples.get(chance.below(examples.size()));
    }
    return switch (type(schema)) {
      case "object" -> object(name, schema, depth);
      case "array" -> {
        var array = Json.array();
        int least = schema.path("minItems").asInt(0);
        int most = Math.min(least + 4, schema.path("maxItems").asInt(least + 4));
        for (int i = chance.between(least, most); i > 0; i--) {
          array.add(fitting(name, schema.path("items"), depth + 1));
        }
        yield array;
      }
      case "integer" -> {
        int least = schema.path("minimum").asInt(-1_000);
        int most = schema.path("maximum").asInt(Math.max(least, 1_000));
        yield Json.parse("" + chance.of(least, most, chance.between(least, most)));
      }
      case "number" -> Json.parse("" + chance.between(-1_000, 1_000) / 8.0);
      case "boolean" -> Json.parse(chance.oneIn(2) ? "true" : "false");
      case "null" -> Json.parse("null");
      case "string" -> Json.text(text(schema));
      default -> anything(depth);
    };
  }

  private static boolean takesText(ObjectNode schema) {
    JsonNode type = schema.get("type");
    if (type == null) {
      return false;
    }
    return type.isArray()
        ? type.valueStream().anyMatch(one -> one.asString("").equals("string"))
        : type.asString("").equals("string");
  }

  private String type(ObjectNode schema) {
    JsonNode type = schema.get("type");
    if (type == null) {
      return schema.has("properties") ? "object" : "";
    }
    return type.isArray() ? type.get(chance.below(type.size())).stringValue() : type.stringValue();
  }

  private ObjectNode object(String of, ObjectNode schema, int depth) {
    var object = Json.object();
    var required = new ArrayList<String>();
    schema.path("required").forEach(name -> required.add(name.stringValue()));
    JsonNode anyOf = schema.get("anyOf");
    if (anyOf != null) {
      anyOf
          .get(chance.below(anyOf.size()))
          .path("required")
          .forEach(name -> required.add(name.stringValue()));
    }
    for (var property : schema.path("properties").properties()) {
      if (required.contains(property.getKey()) || (depth < 6 && chance.oneIn(3))) {
        object.set(property.getKey(), fitting(property.getKey(), property.getValue(), depth + 1));
      }
    }
    JsonNode more = schema.get("additionalProperties");
    if (more instanceof ObjectNode others && depth < 6) {
      JsonNode names = schema.get("propertyNames");
      for (int i = chance.below(3); i > 0; i--) {
        String seen = known.any(of + " member", chance);
        String name = "x" + chance.below(100);
        if (names != null) {
          name =
              seen == null || chance.oneIn(4)
                  ? fitting(of + " member", names, depth + 1).asString("x")
                  : seen;
        }
        object.set(name, fitting(of + " value", others, depth + 1));
      }
    }
    return object;
  }

  private String text(ObjectNode schema) {
    int least = schema.path("minLength").asInt(0);
    int most = Math.min(schema.path("maxLength").asInt(64), 8_192);
    JsonNode pattern = schema.get("pattern");
    if (pattern != null) {
      String text = Regular.sample(pattern.stringValue(), chance);
      return text.length() > most ? text.substring(0, most) : text;
    }
    return switch (schema.path("format").asString("")) {
      case "date-time" -> Instant.ofEpochSecond(chance.between(0, 2_000_000_000)).toString();
      case "uri", "url" -> "http://127.0.0.1:9/" + chance.below(1_000);
      case "uuid" -> new UUID(chance.number(), chance.number()).toString();
      default -> letters(least, most);
    };
  }

  private String letters(int least, int most) {
    int length =
        switch (chance.below(4)) {
          case 0 -> least;
          case 1 -> most;
          default -> chance.between(least, Math.min(most, least + 24));
        };
    var text = new StringBuilder();
    List<String> letters =
        chance.oneIn(4)
            ? List.of("é", "ß", "中", "ي", "Ω", "x")
            : List.of("a", "b", "c", "-", "_", "0", "9", "Z", ".");
    while (text.length() < length) {
      text.append(chance.of(letters));
    }
    return text.toString();
  }

  /** Any JSON at all. */
  JsonNode anything(int depth) {
    return switch (chance.below(depth > 3 ? 6 : 9)) {
      case 0 -> Json.parse("null");
      case 1 -> Json.parse(chance.oneIn(2) ? "true" : "false");
      case 2 ->
          Json.parse(
              chance.of(
                  "0",
                  "-1",
                  "1.5",
                  "1e300",
                  "-0.0",
                  "4294967296",
                  "9223372036854775807",
                  "1E-300",
                  "123456789012345678901234567890"));
      case 3, 4, 5 -> Json.text(chance.of(ODD_TEXTS));
      case 6 -> {
        var array = Json.array();
        for (int i = chance.below(4); i > 0; i--) {
          array.add(anything(depth + 1));
        }
        yield array;
      }
      default -> {
        var object = Json.object();
        for (int i = chance.below(4); i > 0; i--) {
          object.set(chance.of(ODD_TEXTS), anything(depth + 1));
        }
        yield object;
      }
    };
  }

  /** The value with one or two things wrong about it. */
  ObjectNode spoiled(ObjectNode good, ObjectNode schema) {
    ObjectNode bad = good.deepCopy();
    Set<String> all =
        schema.path("properties").propertyNames().stream()
            .collect(java.util.stream.Collectors.toSet());
    List<String> names = all.stream().sorted().toList();
    for (int i = chance.between(1, 2); i > 0; i--) {
      switch (chance.below(names.isEmpty() ? 2 : 7)) {
        case 0 -> bad.set(chance.of(ODD_TEXTS), anything(0));
        case 1 -> bad.set("extra" + chance.below(10), anything(0));
        case 2 -> bad.remove(chance.of(names));
        case 3 -> bad.putNull(chance.of(names));
        case 4 -> bad.put(chance.of(names), chance.of(ODD_TEXTS));
        default -> bad.set(chance.of(names), anything(0));
      }
    }
    return bad;
  }

  /** An odd text or a known value of another name. */
  String wrongId(@Nullable String right) {
    String[] strangers = {"account", "installation", "operation", "plan", "object", "next"};
    return switch (chance.below(6)) {
      case 0 -> {
        String other = known.any(chance.of(strangers), chance);
        yield other == null ? "x" : other;
      }
      case 1 -> right == null ? "y" : right.substring(0, right.length() / 2);
      case 2 -> right == null ? "z" : right + "0";
      case 3 -> right == null ? "q" : right.toUpperCase(java.util.Locale.ROOT);
      default -> chance.of(ODD_TEXTS);
    };
  }
}
