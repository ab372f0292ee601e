package dev.graft.core.json;

import java.math.BigDecimal;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * The one encoding in which JSON values are compared and hashed: keys sorted, numbers by value (1,
 * 1.0 and 1e0 are the same; 9007199254740992 and ...993 are not), null kept apart from absent.
 */
public final class Canonical {
  private Canonical() {}

  /** The canonical text of a value. Equal values have equal texts, and only they. */
  public static String text(JsonNode node) {
    var out = new StringBuilder();
    write(node, out);
    return out.toString();
  }

  /** Whether two values are the same; two absent ones (Java null) are, and null is not absent. */
  public static boolean same(@Nullable JsonNode a, @Nullable JsonNode b) {
    if (a == null || b == null) {
      return a == null && b == null;
    }
    if (a.isNumber() && b.isNumber()) {
      return a.decimalValue().compareTo(b.decimalValue()) == 0;
    }
    return switch (a) {
      case ObjectNode left -> b instanceof ObjectNode right && sameFields(left, right);
      case ArrayNode left -> b instanceof ArrayNode right && sameElements(left, right);
      default -> a.equals(b);
    };
  }

  private static boolean sameFields(ObjectNode a, ObjectNode b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (var field : a.properties()) {
      if (!same(field.getValue(), b.get(field.getKey()))) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameElements(ArrayNode a, ArrayNode b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!same(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static void write(JsonNode node, StringBuilder out) {
    switch (node) {
      case ObjectNode object -> {
        String comma = "{";
        for (String key : new TreeSet<>(object.propertyNames())) {
          out.append(comma);
          text(key, out);
          out.append(':');
          write(object.get(key), out);
          comma = ",";
        }
        out.append(object.isEmpty() ? "{}" : "}");
      }
      case ArrayNode array -> {
        String comma = "[";
        for (JsonNode element : array) {
          out.append(comma);
          write(element, out);
          comma = ",";
        }
        out.append(array.isEmpty() ? "[]" : "]");
      }
      case StringNode string -> text(string.stringValue(), out);
      default -> out.append(node.isNumber() ? number(node.decimalValue()) : Json.write(node));
    }
  }

  /** Most texts are plain, and are quoted without a writer of their own. */
  private static void text(String text, StringBuilder out) {
    if (text.chars().allMatch(c -> c >= ' ' && c < 0x7f && c != '"' && c != '\\')) {
      out.append('"').append(text).append('"');
    } else {
      out.append(Json.write(Json.text(text)));
    }
  }

  private static String number(BigDecimal value) {
    return value.signum() == 0 ? "0" : value.stripTrailingZeros().toString();
  }
}
