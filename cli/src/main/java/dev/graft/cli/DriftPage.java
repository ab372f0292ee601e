package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The drift of one installation for people: every object, and in whose hands its fields moved. */
final class DriftPage {
  private static final int MOVERS = 6;
  private static final int FIELDS = 8;

  private final JsonNode drift;
  private final Fields fields;

  DriftPage(JsonNode drift, int width) {
    this.drift = drift;
    this.fields = new Fields(width, FIELDS);
  }

  List<Line> lines(String user) {
    var lines = new ArrayList<Line>();
    lines.add(Line.of("Drift for " + user + ": " + new Installed(drift).release(), Style.BOLD));
    List<JsonNode> objects = drift.path("objects").valueStream().toList();
    var unmoved = new ArrayList<JsonNode>();
    for (JsonNode object : objects) {
      List<Line> moved = moved(object);
      if (moved.isEmpty()) {
        unmoved.add(object);
      } else {
        lines.add(Line.EMPTY);
        lines.add(head(object));
        lines.addAll(moved);
      }
    }
    if (!unmoved.isEmpty()) {
      lines.add(Line.EMPTY);
      lines.addAll(briefly(unmoved));
    }
    lines.add(Line.EMPTY);
    lines.add(Line.of(summary(objects), Style.BOLD));
    return lines;
  }

  private static Line head(JsonNode object) {
    return Line.of("  " + sign(object) + " " + words(object) + " ", style(object))
        .and(object.path("address").asString(""), Style.BOLD)
        .and("  " + object.path("object").asString(""));
  }

  /** Objects of which there is no more to say, one below the other. */
  private static List<Line> briefly(List<JsonNode> objects) {
    Column column = Column.of(objects);
    var lines = new ArrayList<Line>();
    for (JsonNode object : objects) {
      lines.add(
          Line.of("  " + sign(object) + " ", style(object))
              .and(Column.address(object), Style.BOLD)
              .and(column.gap(object) + object.path("object").asString("") + "  ")
              .and(words(object), style(object)));
    }
    return lines;
  }

  private static String sign(JsonNode object) {
    return switch (state(object)) {
      case "as-applied" -> "=";
      case "changed" -> "~";
      case "gone" -> "-";
      default -> "?";
    };
  }

  private static Style style(JsonNode object) {
    return switch (state(object)) {
      case "as-applied" -> Style.DIM;
      case "gone" -> Style.RED;
      default -> Style.YELLOW;
    };
  }

  private static String words(JsonNode object) {
    return state(object).replace('-', ' ');
  }

  private static String state(JsonNode object) {
    return object.path("state").asString("");
  }

  /** The fields that moved; what is gone has none any more. */
  private List<Line> moved(JsonNode object) {
    var lines = new ArrayList<Line>();
    if (state(object).equals("gone")) {
      return lines;
    }
    String last = "";
    // The API gives one mover after the other.
    for (JsonNode field : object.path("fields")) {
      String by = field.path("by").asString("");
      if (lines.isEmpty() || !by.equals(last)) {
        lines.add(Line.of(mover(by), moverStyle(by)).indented(MOVERS));
        last = by;
      }
      lines.addAll(field(by, field));
    }
    return lines;
  }

  private List<Line> field(String by, JsonNode field) {
    String path = field.path("path").asString("");
    JsonNode live = Fields.present(field.path("live"));
    return by.equals("release")
        ? fields.change(path, live, Fields.present(field.path("wanted")))
        : fields.change(path, Fields.present(field.path("applied")), live);
  }

  private static String mover(String by) {
    return switch (by) {
      case "customer" -> "changed by the customer:";
      case "vapi" -> "written by Vapi in a form of its own:";
      case "release" -> "still to come, the template has it by now:";
      default -> "changed by " + by + ":";
    };
  }

  private static Style moverStyle(String by) {
    return by.equals("customer") ? Style.YELLOW : Style.DIM;
  }

  private static String summary(List<JsonNode> objects) {
    return objects.isEmpty()
        ? "Drift: none, since nothing is installed."
        : "Drift: "
            + count(objects, "changed")
            + " changed, "
            + count(objects, "gone")
            + " gone, "
            + count(objects, "as-applied")
            + " as applied.";
  }

  private static long count(List<JsonNode> objects, String state) {
    return objects.stream().filter(object -> state(object).equals(state)).count();
  }
}
