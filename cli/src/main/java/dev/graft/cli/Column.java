package dev.graft.cli;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Addresses one below the other, as wide as the longest of them. */
record Column(int width) {

  /** For what the API shows with an address each. */
  static Column of(List<JsonNode> addressed) {
    return new Column(addressed.stream().mapToInt(one -> address(one).length()).max().orElse(0));
  }

  static String address(JsonNode addressed) {
    return addressed.path("address").asString("");
  }

  /** What stands between an address and what comes after it. */
  String gap(JsonNode addressed) {
    return " ".repeat(width - address(addressed).length() + 2);
  }
}
