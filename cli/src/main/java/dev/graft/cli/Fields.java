package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Fields of an object, as they are and as they change, below the heading of that object.
 *
 * @param width of the page in columns
 * @param indent where a field begins
 */
record Fields(int width, int indent) {

  /** The API writes null for a field that is not there. */
  static JsonNode present(JsonNode value) {
    return value.isNull() ? MissingNode.getInstance() : value;
  }

  /** A field on one line. */
  Line value(String path, JsonNode value) {
    return Line.of(path + ": " + Shown.of(value, width - indent - path.length() - 2))
        .indented(indent);
  }

  /** A field that changes, with texts line by line where they do not fit on one. */
  List<Line> change(String path, JsonNode before, JsonNode after) {
    int room = width - indent;
    String whole = path + ": " + Shown.of(before, 10_000) + " -> " + Shown.of(after, 10_000);
    if (whole.length() <= room) {
      return List.of(Line.of(whole).indented(indent));
    }
    if (before.isMissingNode()) {
      return List.of(
          Line.of(path + ": (nothing) -> " + Shown.of(after, room - path.length() - 16))
              .indented(indent));
    }
    var lines = new ArrayList<Line>();
    lines.add(Line.of(path + ":").indented(indent));
    List<Line> sides =
        before.isString() && after.isString()
            ? TextDiff.between(before.stringValue(), after.stringValue(), room - 2)
            : List.of(
                TextDiff.removed(Shown.of(before, room - 4)),
                TextDiff.added(Shown.of(after, room - 4)));
    sides.forEach(side -> lines.add(side.indented(indent + 2)));
    return lines;
  }
}
