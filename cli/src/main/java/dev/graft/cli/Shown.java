package dev.graft.cli;

import dev.graft.core.json.Json;
import tools.jackson.databind.JsonNode;

/** JSON values in a given room: whole where they fit, else their beginning. */
final class Shown {
  private Shown() {}

  /** The value, no longer than the room; a value that is not there is {@code (nothing)}. */
  static String of(JsonNode value, int room) {
    if (value.isMissingNode()) {
      return "(nothing)";
    }
    String json = Json.write(value);
    if (json.length() <= room) {
      return json;
    }
    String size = value.isString() ? " (" + value.stringValue().length() + " characters)" : "";
    return start(json, Math.max(8, room - size.length())) + size;
  }

  /** The beginning of a text, with a sign that it goes on. */
  static String start(String text, int room) {
    return text.length() <= room ? text : text.substring(0, cut(text, room - 1)) + "…";
  }

  /** The end of a text, with a sign that it began earlier. */
  static String end(String text, int room) {
    return text.length() <= room ? text : "…" + text.substring(cut(text, text.length() - room + 1));
  }

  /** A place to cut at that leaves no half character behind. */
  private static int cut(String text, int at) {
    return at > 0 && Character.isLowSurrogate(text.charAt(at)) ? at - 1 : at;
  }
}
