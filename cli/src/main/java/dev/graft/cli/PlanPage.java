package dev.graft.cli;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A plan for people: every step with its fields, what stays as it is, what has to be decided, and
 * one line that sums it up.
 */
final class PlanPage {
  private static final int FIELDS = 6;

  private final ObjectNode plan;
  private final int width;

  PlanPage(ObjectNode plan, int width) {
    this.plan = plan;
    this.width = width;
  }

  boolean isBlocked() {
    return status().equals("blocked");
  }

  boolean isInSync() {
    return status().equals("in-sync");
  }

  private String status() {
    return plan.path("status").asString("");
  }

  /** The codes of what has to be decided. */
  String blockers() {
    return String.join(
        ", ",
        plan.path("diagnostics").valueStream().map(d -> d.path("code").asString("")).toList());
  }

  List<Line> lines(String user) {
    var lines = new ArrayList<Line>();
    String version = plan.path("version").asString("");
    lines.add(
        Line.of(
            "Plan for "
                + user
                + ": "
                + plan.path("template").asString("")
                + (version.isEmpty() ? "" : " " + version),
            Style.BOLD));
    for (JsonNode step : plan.path("steps")) {
      List<Line> shown = step(step);
      if (!shown.isEmpty()) {
        lines.add(Line.EMPTY);
        lines.addAll(shown);
      }
    }
    paragraph(untouched(), lines);
    paragraph(diagnostics(), lines);
    lines.add(Line.EMPTY);
    lines.add(Line.of(summary(), Style.BOLD));
    return lines;
  }

  private static void paragraph(List<Line> paragraph, List<Line> lines) {
    if (!paragraph.isEmpty()) {
      lines.add(Line.EMPTY);
      lines.addAll(paragraph);
    }
  }

  private List<Line> step(JsonNode step) {
    return switch (step.path("action").asString("")) {
      case "create" -> create(step);
      case "update" -> update(step);
      case "delete" -> List.of(head(step, "-", "delete", Style.RED));
      case "adopt" -> List.of(head(step, "<", "take over", Style.YELLOW));
      case "forget" -> List.of(head(step, ".", "let go, and leave in the account:", Style.YELLOW));
      // Only noted in Graft's books; the resource is listed with what stays as it is.
      case "confirm" -> List.of();
      default -> List.of(head(step, "?", step.path("action").asString("?"), Style.YELLOW));
    };
  }

  private static Line head(JsonNode step, String sign, String verb, Style style) {
    String object = step.path("object").asString("");
    return Line.of("  " + sign + " " + verb + " ", style)
        .and(step.path("address").asString(""), Style.BOLD)
        .and(object.isEmpty() ? "" : "  " + object);
  }

  private List<Line> create(JsonNode step) {
    var lines = new ArrayList<Line>();
    lines.add(head(step, "+", "create", Style.GREEN));
    for (var field : step.path("body").properties()) {
      lines.add(oneLine(field.getKey(), field.getValue()));
    }
    return lines;
  }

  private Line oneLine(String path, JsonNode value) {
    return Line.of(path + ": " + Shown.of(value, width - FIELDS - path.length() - 2))
        .indented(FIELDS);
  }

  private List<Line> update(JsonNode step) {
    var lines = new ArrayList<Line>();
    lines.add(head(step, "~", "update", Style.YELLOW));
    for (JsonNode change : step.path("changes")) {
      lines.addAll(
          change(
              change.path("path").asString(""),
              present(change.path("before")),
              present(change.path("after"))));
    }
    return lines;
  }

  /** The API writes null for a field that is not there. */
  private static JsonNode present(JsonNode value) {
    return value.isNull() ? MissingNode.getInstance() : value;
  }

  private List<Line> change(String path, JsonNode before, JsonNode after) {
    int room = width - FIELDS;
    String whole = path + ": " + Shown.of(before, 10_000) + " -> " + Shown.of(after, 10_000);
    if (whole.length() <= room) {
      return List.of(Line.of(whole).indented(FIELDS));
    }
    if (before.isMissingNode()) {
      return List.of(
          Line.of(path + ": (nothing) -> " + Shown.of(after, room - path.length() - 16))
              .indented(FIELDS));
    }
    var lines = new ArrayList<Line>();
    lines.add(Line.of(path + ":").indented(FIELDS));
    List<Line> sides =
        before.isString() && after.isString()
            ? TextDiff.between(before.stringValue(), after.stringValue(), room - 2)
            : List.of(
                TextDiff.removed(Shown.of(before, room - 4)),
                TextDiff.added(Shown.of(after, room - 4)));
    sides.forEach(side -> lines.add(side.indented(FIELDS + 2)));
    return lines;
  }

  private List<Line> untouched() {
    List<JsonNode> untouched =
        plan.path("standings").valueStream().filter(one -> !why(one).isEmpty()).toList();
    int longest =
        untouched.stream().mapToInt(o -> o.path("address").asString("").length()).max().orElse(0);
    var lines = new ArrayList<Line>();
    for (JsonNode one : untouched) {
      String address = one.path("address").asString("");
      lines.add(
          Line.of("  = ")
              .and(address, Style.BOLD)
              .and(" ".repeat(longest - address.length() + 2))
              .and(one.path("object").asString("") + "  ")
              .and(why(one), Style.DIM));
    }
    return lines;
  }

  private static String why(JsonNode standing) {
    return switch (standing.path("outcome").asString("")) {
      case "reused" -> "nothing to do";
      case "skipped" -> "left alone: newer";
      default -> "";
    };
  }

  private List<Line> diagnostics() {
    var lines = new ArrayList<Line>();
    for (JsonNode diagnostic : plan.path("diagnostics")) {
      lines.addAll(Finding.of(diagnostic).lines(2));
    }
    return lines;
  }

  /** Counts resources, not calls: a create that needs a second call is one. */
  private String summary() {
    if (isBlocked()) {
      int count = plan.path("diagnostics").size();
      return "Plan: blocked by " + count + (count == 1 ? " decision." : " decisions.");
    }
    Set<String> created = addresses("create");
    Set<String> updated = addresses("update");
    updated.removeAll(created);
    int adopted = addresses("adopt").size();
    int forgotten = addresses("forget").size();
    return "Plan: "
        + created.size()
        + " to create, "
        + updated.size()
        + " to update, "
        + addresses("delete").size()
        + " to delete"
        + (adopted == 0 ? "" : ", " + adopted + " to take over")
        + (forgotten == 0 ? "" : ", " + forgotten + " to let go")
        + ".";
  }

  private Set<String> addresses(String action) {
    var addresses = new LinkedHashSet<String>();
    for (JsonNode step : plan.path("steps")) {
      if (step.path("action").asString("").equals(action)) {
        addresses.add(step.path("address").asString(""));
      }
    }
    return addresses;
  }
}
