package dev.graft.core.json;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads and writes JSON without losing anything: numbers keep their value, null is not absent, and
 * a repeated key is an error. Trees are values: copy before you edit.
 */
public final class Json {
  private static final int DEEPEST = 200;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  // A buffer that is used again would remember the key that was in a body.
                  .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEEPEST)
                          .maxStringLength(20_000_000)
                          .build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private Json() {}

  /**
   * Reads one JSON value in UTF-8.
   *
   * @throws MalformedJson when it is not exactly one well-formed value
   */
  public static JsonNode parse(byte[] utf8) {
    try {
      JsonNode node = MAPPER.readTree(utf8);
      if (node.isMissingNode()) {
        throw new MalformedJson("there is nothing in it", 1, 1);
      }
      return node;
    } catch (JacksonException e) {
      throw MalformedJson.of(e);
    } catch (NumberFormatException e) {
      // Jackson lets the JDK's word through for an exponent such as that of 1e99999999999.
      throw new MalformedJson("it has a number beyond all bounds", 1, 1);
    }
  }

  /**
   * Reads one JSON value.
   *
   * @throws MalformedJson when it is not exactly one well-formed value
   */
  public static JsonNode parse(String text) {
    return parse(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads one JSON object.
   *
   * @throws MalformedJson when it is not exactly one well-formed object
   */
  public static ObjectNode parseObject(String text) {
    if (parse(text) instanceof ObjectNode object) {
      return object;
    }
    throw new MalformedJson("it is not an object in braces", 1, 1);
  }

  /** Writes on one line, in the order of the tree. */
  public static String write(JsonNode node) {
    return MAPPER.writeValueAsString(node);
  }

  /** Writes on one line, in the order of the tree, in UTF-8. */
  public static byte[] writeBytes(JsonNode node) {
    return MAPPER.writeValueAsBytes(node);
  }

  /** Writes indented, for people. */
  public static String writePretty(JsonNode node) {
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node);
  }

  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  public static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  public static JsonNode text(String value) {
    return JsonNodeFactory.instance.stringNode(value);
  }
}
