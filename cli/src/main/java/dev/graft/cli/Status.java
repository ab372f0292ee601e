package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft status}: an account, what is installed in it, and what was last done to it. */
final class Status {
  private Status() {}

  static int run(Given given, Terminal terminal) {
    Api api = given.api();
    LinkedAccount account = LinkedAccount.of(given.argument(0), api);
    ObjectNode all = Json.object();
    all.set("account", account.json());
    all.set("installations", api.get(account.path("installations")).path("installations"));
    all.set("operations", api.get(account.path("operations")).path("operations"));
    if (given.wantsJson()) {
      terminal.out().json(all);
    } else {
      terminal.out().print(lines(account.user(), all));
    }
    return Exit.DONE;
  }

  static List<Line> lines(String user, JsonNode all) {
    var lines = new ArrayList<Line>();
    JsonNode account = all.path("account");
    lines.add(Line.of(user, Style.BOLD));
    lines.add(field("account", account.path("id").asString("")));
    lines.add(
        field("organisation", account.path("orgId").asString("not known before the first clone")));
    lines.add(field("region", account.path("region").asString("")));
    lines.add(field("linked", When.of(account.path("linkedAt")) + " UTC"));
    List<String> users =
        account.path("userIds").valueStream().map(each -> each.asString("")).toList();
    if (users.size() > 1) {
      lines.add(field("users", String.join(", ", users)));
    }
    JsonNode key = account.path("key");
    if (key.path("state").asString("").equals("revoked")) {
      lines.add(
          Line.of("  %-13s ".formatted("key"), Style.DIM)
              .and("revoked", Style.RED)
              .and(
                  " since "
                      + When.of(key.path("since"))
                      + " UTC. "
                      + key.path("reason").asString(""))
              .hanging(16));
    }
    lines.add(Line.EMPTY);
    lines.add(Line.of("Installations", Style.BOLD));
    all.path("installations").forEach(one -> installation(one, lines));
    if (all.path("installations").isEmpty()) {
      lines.add(Line.of("  none yet: graft clone " + Shell.word(user)));
    }
    lines.add(Line.EMPTY);
    lines.add(Line.of("Latest operations", Style.BOLD));
    all.path("operations").forEach(one -> operation(one, lines));
    if (all.path("operations").isEmpty()) {
      lines.add(Line.of("  none yet"));
    }
    return lines;
  }

  private static Line field(String name, String text) {
    return Line.of("  %-13s ".formatted(name), Style.DIM).and(text).hanging(16);
  }

  private static void installation(JsonNode one, List<Line> lines) {
    boolean converged = one.path("convergedAt").isString();
    String how = one.path("version").isString() ? "as it should be at " : "not installed since ";
    lines.add(
        Line.of("  " + new Installed(one).release())
            .and(converged ? "  " + how + When.of(one.path("convergedAt")) + " UTC" : "")
            .and(converged ? "" : "  not finished yet", Style.YELLOW));
    List<JsonNode> objects = one.path("objects").valueStream().toList();
    Column column = Column.of(objects);
    for (JsonNode object : objects) {
      lines.add(
          Line.of("    " + Column.address(object) + column.gap(object))
              .and(object.path("object").asString(""))
              .and(
                  "  "
                      + object.path("version").asString("")
                      + (object.path("origin").asString("").equals("adopted")
                          ? ", taken over"
                          : ""),
                  Style.DIM));
    }
  }

  /** In short what went well; all that is known for what did not. */
  private static void operation(JsonNode one, List<Line> lines) {
    String status = status(one);
    List<Deed> deeds =
        one.path("actions").valueStream().map(a -> Deed.of(a.asString(""), List.of())).toList();
    lines.add(
        Line.of("  " + When.of(one.path("createdAt")) + "  ")
            .and(one.path("kind").asString("") + " " + one.path("template").asString("") + "  ")
            .and(status, style(status))
            .and(deeds.isEmpty() ? "" : "  " + counted(deeds)));
    lines.add(
        Line.of(
            "    %s  %s"
                .formatted(one.path("id").asString(""), Goal.of(one).remark())
                .stripTrailing(),
            Style.DIM));
    if (status.equals("succeeded")) {
      return;
    }
    JsonNode problem = one.path("problem");
    if (problem.path("error").isString()) {
      lines.add(Line.prose(4, problem.path("error").asString("")));
      lines.add(Line.of("    " + problem.path("code").asString(""), Style.DIM));
    }
    for (JsonNode diagnostic : one.path("diagnostics")) {
      lines.addAll(Finding.of(diagnostic).lines(4));
    }
  }

  /** What was never tried yet waits for its time: a late look at what may have come late. */
  private static String status(JsonNode one) {
    String status = one.path("status").asString("");
    return status.equals("running") && one.path("tries").asInt(1) == 0 ? "waiting" : status;
  }

  private static String counted(List<Deed> deeds) {
    var counts = new LinkedHashMap<String, Integer>();
    deeds.forEach(deed -> counts.merge(deed.done(), 1, Integer::sum));
    return String.join(
        ", ", counts.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).toList());
  }

  private static Style style(String status) {
    return switch (status) {
      case "succeeded" -> Style.GREEN;
      case "running", "waiting" -> Style.YELLOW;
      default -> Style.RED;
    };
  }
}
