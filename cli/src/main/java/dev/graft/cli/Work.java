package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What writes to an account, and what came of it: {@code graft clone}, {@code graft apply}. */
final class Work {
  private Work() {}

  static int clone(Given given, Terminal terminal) {
    ObjectNode wish = Wish.of(given);
    Api api = given.api();
    String user = given.argument(0);
    LinkedAccount account = LinkedAccount.of(user, api);
    ObjectNode operation = api.post(account.path("installations"), wish).body();
    return told(operation, Goal.of(operation).where(user), List.of(), api, given, terminal);
  }

  static int apply(Given given, Terminal terminal) {
    Api api = given.api();
    String plan = given.argument(0);
    ObjectNode operation =
        api.post("/v1/plans/" + Api.encoded(plan) + "/apply", Json.object()).body();
    return told(operation, "as planned in " + plan, List.of(), api, given, terminal);
  }

  /**
   * Shows an operation that succeeded.
   *
   * @param how the end of its heading
   * @param before the objects that the installation had before it
   */
  static int told(
      ObjectNode operation,
      String how,
      List<Deed.Known> before,
      Api api,
      Given given,
      Terminal terminal) {
    if (given.wantsJson()) {
      terminal.out().json(operation);
      return Exit.DONE;
    }
    String template = operation.path("template").asString("the template");
    String done = Goal.of(operation).done(template);
    terminal.out().print(Line.of(done + " " + how + ":", Style.BOLD));
    var known = new ArrayList<>(known(operation, api));
    known.addAll(before);
    terminal.out().print(page(operation, known));
    return Exit.DONE;
  }

  /** Actions have ids only; the installation knows the addresses. Without it, kinds must do. */
  private static List<Deed.Known> known(ObjectNode operation, Api api) {
    String installation = operation.path("installation").asString("");
    try {
      return new Installed(api.get("/v1/installations/" + Api.encoded(installation))).known();
    } catch (Refusal e) {
      // What was done is done, and must be told.
      return List.of();
    }
  }

  static List<Line> page(ObjectNode operation, List<Deed.Known> known) {
    var deeds = new ArrayList<Deed>();
    for (JsonNode action : operation.path("actions")) {
      deeds.add(Deed.of(action.asString(""), known));
    }
    var lines = new ArrayList<>(Deed.lines(deeds));
    if (deeds.isEmpty()) {
      lines.add(Line.of("There was nothing to do."));
    } else if (deeds.stream().allMatch(deed -> deed.done().equals("reused"))) {
      lines.add(Line.of("Everything was there already; nothing was changed."));
    }
    for (JsonNode diagnostic : operation.path("diagnostics")) {
      lines.addAll(Finding.of(diagnostic).lines(2));
    }
    return lines;
  }
}
