package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** {@code graft templates}: the templates that the server has, and what it found in them. */
final class TemplatePage {
  private TemplatePage() {}

  static int run(Given given, Terminal terminal) {
    JsonNode templates = given.api().get("/v1/templates");
    if (given.wantsJson()) {
      terminal.out().json(templates);
    } else {
      terminal.out().print(lines(templates));
    }
    return Exit.DONE;
  }

  static List<Line> lines(JsonNode json) {
    var lines = new ArrayList<Line>();
    String standard = json.path("default").asString("");
    for (JsonNode template : json.path("templates")) {
      if (!lines.isEmpty()) {
        lines.add(Line.EMPTY);
      }
      String name = template.path("name").asString("");
      boolean good = template.path("digest").isString();
      lines.add(
          Line.of(name, Style.BOLD)
              .and(good ? " " + template.path("version").asString("") : "")
              .and(good ? "" : "  cannot be used", Style.RED)
              .and(name.equals(standard) ? "  (taken when a clone names none)" : "", Style.DIM));
      resources(template, lines);
      template.path("findings").forEach(f -> lines.addAll(Finding.of(f).lines(2)));
    }
    if (lines.isEmpty()) {
      lines.add(Line.of("The server has no template."));
    }
    return lines;
  }

  private static void resources(JsonNode template, List<Line> lines) {
    List<JsonNode> resources = template.path("resources").valueStream().toList();
    Column column = Column.of(resources);
    for (JsonNode resource : resources) {
      lines.add(
          Line.of("  " + Column.address(resource) + column.gap(resource))
              .and(resource.path("name").asString("")));
    }
  }
}
