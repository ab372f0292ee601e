package dev.graft.cli;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A plan for people: every step with its fields, what stays as it is, what has to be decided, and
 * one line that sums it up.
 */
final class PlanPage {
  private static final int FIELDS = 6;

  private final ObjectNode plan;
  private final Fields fields;

  PlanPage(ObjectNode plan, int width) {
    this.plan = plan;
    this.fields = new Fields(width, FIELDS);
  }

  boolean isBlocked() {
    return status().equals("blocked");
  }

  boolean isInSync() {
    return status().equals("in-sync");
  }

  /** Whether there is anything that could be applied. */
  boolean hasSteps() {
    return plan.path("steps").valueStream().anyMatch(step -> !step(step).isEmpty());
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
    String planned =
        Goal.of(plan)
            .planned(plan.path("template").asString(""), plan.path("version").asString(""));
    lines.add(Line.of("Plan for " + user + ": " + planned, Style.BOLD));
    for (JsonNode step : plan.path("steps")) {
      List<Line> shown = step(step);
      if (!shown.isEmpty()) {
        lines.add(Line.EMPTY);
        lines.addAll(shown);
      }
    }
    paragraph(impact(), lines);
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
    String replaced = step.path("replaces").asString("");
    lines.add(
        head(step, "+", "create", Style.GREEN)
            .and(replaced.isEmpty() ? "" : "  in place of " + replaced));
    for (var field : step.path("body").properties()) {
      lines.add(fields.value(field.getKey(), field.getValue()));
    }
    return lines;
  }

  private List<Line> update(JsonNode step) {
    var lines = new ArrayList<Line>();
    lines.add(head(step, "~", "update", Style.YELLOW));
    for (JsonNode change : step.path("changes")) {
      lines.addAll(
          fields.change(
              change.path("path").asString(""),
              Fields.present(change.path("before")),
              Fields.present(change.path("after"))));
    }
    return lines;
  }

  /** What of the customer's own points at objects that would change or go. */
  private List<Line> impact() {
    List<JsonNode> impact = plan.path("impact").valueStream().toList();
    Column column = Column.of(impact);
    var lines = new ArrayList<Line>();
    for (JsonNode one : impact) {
      String name = one.path("name").asString("");
      lines.add(
          Line.of("  ! ", Style.YELLOW)
              .and(Column.address(one), Style.BOLD)
              .and(column.gap(one) + "is used by ")
              .and(one.path("kind").asString("") + " ")
              .and(name.isEmpty() ? one.path("usedBy").asString("") : '"' + name + '"'));
    }
    return lines;
  }

  private List<Line> untouched() {
    List<JsonNode> untouched =
        plan.path("standings").valueStream().filter(one -> !why(one).isEmpty()).toList();
    Column column = Column.of(untouched);
    var lines = new ArrayList<Line>();
    for (JsonNode one : untouched) {
      lines.add(
          Line.of("  = ")
              .and(Column.address(one), Style.BOLD)
              .and(column.gap(one) + one.path("object").asString("") + "  ")
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
