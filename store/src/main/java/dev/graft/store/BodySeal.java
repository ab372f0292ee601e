package dev.graft.store;

import dev.graft.core.json.Json;
import java.util.function.BiFunction;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Seals and opens the bodies of one account. Bodies can hold a customer's secrets, so that they are
 * kept like keys. The first argument of both names the place that a body is kept at: it does not
 * open anywhere else.
 */
public record BodySeal(
    BiFunction<String, byte[], byte[]> seal, BiFunction<String, byte[], byte[]> open) {

  byte[] sealed(String place, JsonNode body) {
    return seal.apply(place, Json.writeBytes(body));
  }

  ObjectNode opened(String place, byte[] sealed) {
    return (ObjectNode) Json.parse(open.apply(place, sealed));
  }
}
