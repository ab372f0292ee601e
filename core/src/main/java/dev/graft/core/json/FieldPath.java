package dev.graft.core.json;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A pattern of places: keys joined by dots, {@code []} for every element of an array and {@code *}
 * for every key of an object, for instance {@code hooks[].do[].toolId} or {@code headers.*}.
 */
public record FieldPath(List<String> parts) {
  private static final String EVERY_ELEMENT = "[]";
  private static final String EVERY_KEY = "*";

  public FieldPath {
    parts = List.copyOf(parts);
  }

  public static FieldPath at(String pattern) {
    var parts = new ArrayList<String>();
    for (String piece : pattern.split("\\.", -1)) {
      String key = piece;
      int elements = 0;
      while (key.endsWith(EVERY_ELEMENT)) {
        key = key.substring(0, key.length() - EVERY_ELEMENT.length());
        elements++;
      }
      parts.add(key);
      for (int i = 0; i < elements; i++) {
        parts.add(EVERY_ELEMENT);
      }
    }
    return new FieldPath(parts);
  }

  /** The places of this pattern that are there in the body, in the order of the body. */
  public List<Place> in(JsonNode body) {
    var found = new ArrayList<Place>();
    collect(body, 0, Place.ROOT, found);
    return found;
  }

  private void collect(JsonNode node, int depth, Place here, List<Place> found) {
    if (depth == parts.size()) {
      found.add(here);
      return;
    }
    String part = parts.get(depth);
    if (part.equals(EVERY_ELEMENT)) {
      if (node instanceof ArrayNode array) {
        for (int i = 0; i < array.size(); i++) {
          collect(array.get(i), depth + 1, here.element(i), found);
        }
      }
    } else if (node instanceof ObjectNode object) {
      if (part.equals(EVERY_KEY)) {
        for (var field : object.properties()) {
          collect(field.getValue(), depth + 1, here.field(field.getKey()), found);
        }
      } else {
        JsonNode value = object.get(part);
        if (value != null) {
          collect(value, depth + 1, here.field(part), found);
        }
      }
    }
  }

  @Override
  public String toString() {
    return String.join(".", parts).replace("." + EVERY_ELEMENT, EVERY_ELEMENT);
  }
}
