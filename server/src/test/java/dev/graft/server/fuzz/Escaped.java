package dev.graft.server.fuzz;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes JSON in plain ASCII, so that halves of characters go out, too. */
final class Escaped {
  private Escaped() {}

  static String write(JsonNode node) {
    var out = new StringBuilder();
    write(node, out);
    return out.toString();
  }

  private static void write(JsonNode node, StringBuilder out) {
    if (node instanceof ObjectNode object) {
      String separator = "{";
      out.append(object.isEmpty() ? "{" : "");
      for (var member : object.properties()) {
        out.append(separator);
        text(member.getKey(), out);
        out.append(':');
        write(member.getValue(), out);
        separator = ",";
      }
      out.append('}');
    } else if (node.isArray()) {
      String separator = "";
      out.append('[');
      for (JsonNode element : node) {
        out.append(separator);
        write(element, out);
        separator = ",";
      }
      out.append(']');
    } else if (node.isString()) {
      text(node.stringValue(), out);
    } else {
      out.append(node);
    }
  }

  private static void text(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      if (one < 0x20 || one > 0x7e || one == '"' || one == '\\') {
        out.append("\\u%04x".formatted((int) one));
      } else {
        out.append(one);
      }
    }
    out.append('"');
  }
}
