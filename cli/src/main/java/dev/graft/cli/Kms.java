package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft kms}: what wraps the data keys, and that they are wrapped again. */
final class Kms {
  private Kms() {}

  static int status(Given given, Terminal terminal) {
    ObjectNode status = given.api().get("/v1/keys");
    if (given.wantsJson()) {
      terminal.out().json(status);
    } else {
      terminal.out().print(lines(status));
    }
    return Exit.DONE;
  }

  private static List<Line> lines(ObjectNode status) {
    var lines = new ArrayList<Line>();
    lines.add(field("provider", status.path("provider").asString("")));
    if (status.path("trouble").isString()) {
      lines.add(field("trouble", status.path("trouble").asString(""), Style.RED));
    } else {
      lines.add(field("key", status.path("wrappingKey").asString("")));
    }
    for (JsonNode older : status.path("older")) {
      lines.add(field("older", older.asString("")));
    }
    for (JsonNode wrapping : status.path("dataKeys")) {
      lines.add(
          field(
              "wrapped",
              counted(wrapping.path("count").asInt(0), "data key")
                  + " by "
                  + wrapping.path("provider").asString("")
                  + " under "
                  + wrapping.path("wrappingKey").asString("")
                  + (wrapping.path("current").asBoolean(false) ? " (current)" : "")));
    }
    if (status.path("rewrap") instanceof ObjectNode rewrap) {
      lines.add(field("rewrap", told(rewrap)));
      if (rewrap.path("trouble").isString()) {
        lines.add(field("", "waits: " + rewrap.path("trouble").asString(""), Style.RED));
      }
    }
    int waiting = status.at("/renewals/waiting").asInt(0);
    if (waiting > 0) {
      lines.add(field("renewals", counted(waiting, "account") + " to get a new data key"));
    }
    lines.addAll(faults(status));
    lines.addAll(DataKeyRotation.faults(status));
    return lines;
  }

  private static String told(ObjectNode rewrap) {
    return rewrap.path("status").asString("")
        + ", asked for at "
        + When.of(rewrap.path("askedAt"))
        + " (UTC), "
        + counted(rewrap.path("rewrapped").asInt(0), "data key")
        + " done, "
        + counted(rewrap.path("remaining").asInt(0), "data key")
        + " left";
  }

  private static List<Line> faults(ObjectNode status) {
    var lines = new ArrayList<Line>();
    for (JsonNode fault : status.path("faults")) {
      lines.add(
          field("fault", fault.path("dataKey").asString(""), Style.RED)
              .and(" of " + fault.path("owner").asString("") + ": ")
              .and(fault.path("reason").asString("")));
    }
    int more = status.path("faultCount").asInt(0) - status.path("faults").size();
    if (more > 0) {
      lines.add(field("", "and " + counted(more, "data key") + " more"));
    }
    return lines;
  }

  static int rotate(Given given, Terminal terminal) {
    return rewrap(Json.object(), given, terminal);
  }

  static int move(Given given, Terminal terminal) {
    return rewrap(
        Json.object().put("from", given.argument(0)).put("to", given.argument(1)), given, terminal);
  }

  private static int rewrap(ObjectNode wish, Given given, Terminal terminal) {
    Api api = given.api();
    ObjectNode asked = api.post("/v1/keys/rewrap", wish).body();
    if (given.has("--no-wait")) {
      if (given.wantsJson()) {
        terminal.out().json(asked);
      } else {
        terminal
            .out()
            .print(
                Line.prose(
                    0,
                    "Asked for: "
                        + counted(asked.path("remaining").asInt(0), "data key")
                        + " to wrap again in the background. graft kms status shows how far that has"
                        + " got."));
      }
      return Exit.DONE;
    }
    return awaited(asked, api, given, terminal);
  }

  private static int awaited(ObjectNode asked, Api api, Given given, Terminal terminal) {
    String id = asked.path("id").asString("");
    var patience = new Patience(terminal.err());
    while (true) {
      ObjectNode status = api.get("/v1/keys");
      JsonNode rewrap = status.path("rewrap");
      if (!rewrap.path("id").asString("").equals(id)) {
        throw Refusal.failed(
            "Someone asked for another rewrap meanwhile, which took the place of this one. graft kms"
                + " status shows how far that has got.");
      }
      if (!rewrap.path("status").asString("").equals("running")) {
        return ended(status, rewrap, given, terminal);
      }
      if (rewrap.path("trouble").isString()) {
        patience.say("It waits: " + rewrap.path("trouble").asString(""));
      } else {
        patience.tell("Left: " + counted(rewrap.path("remaining").asInt(0), "data key") + ".");
      }
      patience.pause();
    }
  }

  private static int ended(ObjectNode status, JsonNode rewrap, Given given, Terminal terminal) {
    boolean whole = rewrap.path("remaining").asInt(0) == 0;
    if (given.wantsJson()) {
      terminal.out().json(rewrap);
    } else {
      terminal.out().print(outcome(status, rewrap, whole));
      if (whole) {
        return Exit.DONE;
      }
      terminal.err().print(faults(status));
    }
    return whole ? Exit.DONE : Exit.FAILED;
  }

  private static List<Line> outcome(ObjectNode status, JsonNode rewrap, boolean whole) {
    var lines = new ArrayList<Line>();
    lines.add(
        Line.prose(
            0,
            counted(rewrap.path("rewrapped").asInt(0), "data key")
                + " wrapped by "
                + rewrap.path("to").asString("")
                + " under "
                + rewrap.path("wrappingKey").asString("")
                + ". No record was touched."));
    if (!whole) {
      lines.add(
          Line.prose(
              0,
              counted(rewrap.path("remaining").asInt(0), "data key")
                  + " could not be wrapped again, and stayed as before: keep the key that is needed"
                  + " for that, mend what stands in the way, and repeat the command."));
    } else if (status
        .path("dataKeys")
        .valueStream()
        .allMatch(one -> one.path("current").asBoolean(false))) {
      lines.add(
          Line.prose(
              0,
              "Nothing in the database needs another key or provider any more: GRAFT_MASTER_KEY_OLDER"
                  + " and GRAFT_KMS_OLDER can be emptied. Backups from before still need them."));
    }
    return lines;
  }

  static String counted(int number, String what) {
    return String.format(Locale.ROOT, "%,d %s%s", number, what, number == 1 ? "" : "s");
  }

  static Line field(String name, String text) {
    return field(name, text, Style.PLAIN);
  }

  static Line field(String name, String text, Style style) {
    return Line.of("%-10s ".formatted(name), Style.DIM).and(text, style).hanging(11);
  }
}
