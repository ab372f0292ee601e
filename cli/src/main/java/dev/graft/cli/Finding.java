package dev.graft.cli;

import dev.graft.core.Diagnostic;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A diagnostic, from a document of the API or from a template that was checked here.
 *
 * @param severity error, warning or note
 * @param where empty when it is about the whole
 */
record Finding(String severity, String code, String summary, String detail, String where) {

  static Finding of(JsonNode json) {
    return new Finding(
        json.path("severity").asString("note").toLowerCase(Locale.ROOT),
        json.path("code").asString(""),
        json.path("summary").asString(""),
        json.path("detail").asString(""),
        json.path("where").asString(""));
  }

  static Finding of(Diagnostic diagnostic) {
    return new Finding(
        diagnostic.severity().name().toLowerCase(Locale.ROOT),
        diagnostic.code(),
        diagnostic.summary(),
        diagnostic.detail(),
        diagnostic.where() == null ? "" : diagnostic.where());
  }

  boolean isError() {
    return severity.equals("error");
  }

  /** Errors before warnings before notes. */
  int rank() {
    return switch (severity) {
      case "error" -> 0;
      case "warning" -> 1;
      default -> 2;
    };
  }

  Style style() {
    return switch (severity) {
      case "error" -> Style.RED;
      case "warning" -> Style.YELLOW;
      default -> Style.DIM;
    };
  }

  /** Several lines, for a page that is about something larger. */
  List<Line> lines(int indent) {
    var lines = new ArrayList<Line>();
    String head = where.isEmpty() ? summary : where + ": " + summary;
    lines.add(Line.of(severity, style()).and("  " + head).hanging(4).indented(indent));
    lines.add(Line.prose(indent + 4, detail));
    whatToType().ifPresent(hint -> lines.add(Line.prose(indent + 4, "Decide: " + hint)));
    if (!code.isEmpty()) {
      lines.add(Line.of(code, Style.DIM).indented(indent + 4));
    }
    return lines;
  }

  /** How a decision that the detail asks for is given to this program. */
  Optional<String> whatToType() {
    return switch (code) {
      case "ADOPTION_NEEDED", "ADOPTION_AMBIGUOUS" ->
          Optional.of("--adopt " + where + "=ID, or --adoption never");
      case "COLLISION" ->
          Optional.of("--take " + Shell.word(where + "=theirs") + "  (or ours, or a value)");
      case "OBJECT_IN_USE" -> Optional.of("--even-if-used");
      default -> Optional.empty();
    };
  }
}
