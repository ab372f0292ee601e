package dev.graft.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import dev.graft.core.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The API as openapi.yaml publishes it. Answers are held against it as if its objects were closed:
 * callers ignore what they do not know, but we know what we send.
 */
public final class PublishedApi {
  private static final ObjectNode DESCRIPTION = read();
  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

  /** Where the shared schemas are found by those that refer to them. */
  private static final String HOME = "https://graft.invalid/openapi.json";

  private static final SchemaRegistry SCHEMAS = schemas();

  /** By the node itself: those of the description never change. */
  private static final Map<JsonNode, Schema> COMPILED =
      Collections.synchronizedMap(new IdentityHashMap<>());

  private static final List<String> OPERATIONS = everyOperation();

  /** What may answer any request, whether there is an operation for it or not. */
  private static final Map<Integer, List<String>> BEFORE_ANY_ROUTE =
      Map.of(400, List.of("NotWellFormed"), 431, List.of("HeadersTooLarge"));

  /** What answers where there is no operation. */
  private static final Map<Integer, List<String>> OFF_EVERY_ROUTE =
      Map.of(
          401, List.of("TokenRefused"),
          403, List.of("Forbidden"),
          404, List.of("NothingHere"),
          405, List.of("OtherMethods", "MethodServedNowhere"),
          500, List.of("InternalError"));

  private PublishedApi() {}

  /**
   * Asserts that this answer is one that the description allows: its status for this operation, its
   * media type, and every member of its body.
   *
   * @param path as it was called; a query does not matter
   * @param body empty for none
   */
  public static void check(
      String method, String path, int status, String contentType, String body) {
    answer(method, path, status, contentType, body);
  }

  /** As above, and the headers that the description names for this answer. */
  public static void check(
      String method, String path, int status, Map<String, List<String>> headers, String body) {
    JsonNode response =
        answer(method, path, status, Objects.toString(header(headers, "Content-Type"), ""), body);
    for (var described : fields(response, "headers")) {
      String what = "header " + described.getKey() + " of " + method + " " + path + " " + status;
      ObjectNode header = resolved(described.getValue());
      String value = header(headers, described.getKey());
      if (header.path("required").asBoolean(false)) {
        assertThat(value).as(what).isNotNull();
      }
      if (value != null) {
        assertThat(faults(header.required("schema"), parsed(header, value))).as(what).isEmpty();
      }
    }
  }

  private static JsonNode parsed(ObjectNode header, String value) {
    boolean number = "integer".equals(header.at("/schema/type").asString(""));
    return number && value.matches("\\d{1,9}") ? Json.parse(value) : Json.text(value);
  }

  private static @Nullable String header(Map<String, List<String>> headers, String name) {
    return headers.entrySet().stream()
        .filter(header -> header.getKey().equalsIgnoreCase(name))
        .map(header -> header.getValue().getFirst())
        .findFirst()
        .orElse(null);
  }

  /** The response of the description that this answer is. */
  private static JsonNode answer(
      String method, String path, int status, String contentType, String body) {
    String what = method + " " + path + " -> " + status + " " + contentType + "\n" + body + "\n";
    List<ObjectNode> allowed = responses(method, path, status);
    assertThat(allowed).as(what + "has a status that openapi.yaml allows").isNotEmpty();
    var faults = new ArrayList<String>();
    for (ObjectNode response : allowed) {
      List<String> found = faults(response, method, status, contentType, body);
      if (found.isEmpty()) {
        return response;
      }
      faults.addAll(found);
    }
    assertThat(faults).as(what + "is as openapi.yaml says").isEmpty();
    throw new AssertionError(what);
  }

  private static List<ObjectNode> responses(String method, String path, int status) {
    var allowed = new ArrayList<ObjectNode>();
    String operation = operation(method, path);
    if (operation == null) {
      allowed.addAll(shared(OFF_EVERY_ROUTE, status));
    } else {
      int space = operation.indexOf(' ');
      JsonNode response =
          operation(operation.substring(0, space), operation.substring(space + 1), DESCRIPTION)
              .required("responses")
              .get(String.valueOf(status));
      if (response != null) {
        allowed.add(resolved(response));
      }
    }
    allowed.addAll(shared(BEFORE_ANY_ROUTE, status));
    return allowed;
  }

  private static List<ObjectNode> shared(Map<Integer, List<String>> names, int status) {
    return names.getOrDefault(status, List.of()).stream()
        .map(name -> resolved(DESCRIPTION.at("/components/responses/" + name)))
        .toList();
  }

  private static List<String> faults(
      ObjectNode response, String method, int status, String contentType, String body) {
    JsonNode content = response.get("content");
    if (method.equals("HEAD") || content == null) {
      return body.isEmpty() ? List.of() : List.of("there is a body where none is described");
    }
    String type = contentType.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT);
    if (!(content.get(type) instanceof ObjectNode described)) {
      return List.of("its media type is described as " + content.propertyNames());
    }
    if (!type.endsWith("json")) {
      return body.isEmpty() ? List.of("it has no body") : List.of();
    }
    JsonNode json = Json.parse(body);
    var faults = new ArrayList<>(faults(described.required("schema"), json));
    if (type.equals("application/problem+json") && json.path("status").asInt(0) != status) {
      faults.add("its body tells another status");
    }
    return faults;
  }

  /** What is wrong with a value, by a schema of the description. */
  public static List<String> faults(JsonNode schema, JsonNode value) {
    return COMPILED
        .computeIfAbsent(schema, one -> SCHEMAS.getSchema(closed(one)))
        .validate(value)
        .stream()
        .map(fault -> fault.getInstanceLocation() + " " + fault.getMessage())
        .toList();
  }

  public static ObjectNode description() {
    return DESCRIPTION;
  }

  /** Every operation as {@code GET /v1/accounts/{account}}. */
  public static List<String> operations() {
    return OPERATIONS;
  }

  private static List<String> everyOperation() {
    var operations = new ArrayList<String>();
    DESCRIPTION
        .required("paths")
        .properties()
        .forEach(path ->
            path.getValue().propertyNames().stream()
                .filter(METHODS::contains)
                .forEach(method ->
                    operations.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
    return operations;
  }

  /** What the description says of one of those. */
  public static ObjectNode operation(String name) {
    String[] parts = name.split(" ", 2);
    return (ObjectNode) operation(parts[0], parts[1], DESCRIPTION);
  }

  /** The operation that serves this request, null when none does. */
  private static @Nullable String operation(String method, String path) {
    // As the server does it, without the query and without parameters of a segment.
    List<String> called = segments(path.replaceFirst("[?#].*", "").replaceAll(";[^/]*", ""));
    return operations().stream()
        .filter(operation -> operation.startsWith(method + " "))
        .filter(operation -> matches(segments(operation.substring(method.length() + 1)), called))
        .min((a, b) -> Boolean.compare(a.contains("{"), b.contains("{")))
        .orElse(null);
  }

  private static JsonNode operation(String method, String path, ObjectNode description) {
    return description.required("paths").required(path).required(method.toLowerCase(Locale.ROOT));
  }

  private static List<String> segments(String path) {
    return List.of(path.split("/", -1));
  }

  private static boolean matches(List<String> described, List<String> called) {
    if (described.size() != called.size()) {
      return false;
    }
    for (int i = 0; i < described.size(); i++) {
      boolean variable = described.get(i).startsWith("{") && !called.get(i).isEmpty();
      if (!variable && !described.get(i).equals(called.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** What a reference leads to, or the node itself if it is none. */
  public static ObjectNode resolved(JsonNode node) {
    JsonNode target = node;
    if (node.get("$ref") instanceof JsonNode reference) {
      target = DESCRIPTION.at(reference.stringValue().substring(1));
    }
    if (target instanceof ObjectNode object) {
      return object;
    }
    throw new AssertionError("openapi.yaml has nothing at " + node);
  }

  private static Set<Map.Entry<String, JsonNode>> fields(JsonNode node, String name) {
    return node.get(name) instanceof ObjectNode object ? object.properties() : Set.of();
  }

  private static ObjectNode read() {
    try (InputStream file =
        PublishedApi.class.getResourceAsStream("/dev/graft/server/openapi.yaml")) {
      Object yaml =
          new Yaml(new SafeConstructor(new LoaderOptions())).load(Objects.requireNonNull(file));
      return JsonMapper.builder().build().valueToTree(yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SchemaRegistry schemas() {
    var shared = Json.object();
    var schemas = shared.putObject("components").putObject("schemas");
    DESCRIPTION
        .at("/components/schemas")
        .properties()
        .forEach(schema -> schemas.set(schema.getKey(), closed(schema.getValue())));
    return SchemaRegistry.withDefaultDialect(
        SpecificationVersion.DRAFT_2020_12,
        registry ->
            registry
                .schemas(Map.of(HOME, Json.write(shared)))
                .schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));
  }

  /** The schema, refusing members that it does not name unless it says that it takes them. */
  private static JsonNode closed(JsonNode schema) {
    return switch (schema) {
      case ObjectNode object -> {
        var closed = Json.object();
        object
            .properties()
            .forEach(field ->
                closed.set(
                    field.getKey(),
                    switch (field.getKey()) {
                      case "$ref" -> Json.text(HOME + field.getValue().stringValue());
                      case "examples", "enum", "const", "default" -> field.getValue();
                      default -> closed(field.getValue());
                    }));
        boolean isObject = object.path("type").asString("").equals("object");
        if (isObject && object.has("properties") && !object.has("additionalProperties")) {
          closed.put("additionalProperties", false);
        }
        yield closed;
      }
      case ArrayNode array -> {
        var closed = Json.array();
        array.forEach(element -> closed.add(closed(element)));
        yield closed;
      }
      default -> schema;
    };
  }
}
