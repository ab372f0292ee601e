package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft clone} and {@code graft apply}: what writes to an account, and what came of it. */
final class Work {
  private Work() {}

  static int clone(Given given, Terminal terminal) {
    ObjectNode wish = Wish.of(given);
    Api api = given.api();
    String user = given.argument(0);
    LinkedAccount account = LinkedAccount.of(user, api);
    ObjectNode operation = api.post(account.path("installations"), wish).body();
    return told(operation, "into the account of " + user, api, given, terminal);
  }

  static int apply(Given given, Terminal terminal) {
    Api api = given.api();
    String plan = given.argument(0);
    ObjectNode operation =
        api.post("/v1/plans/" + Api.encoded(plan) + "/apply", dev.graft.core.json.Json.object())
            .body();
    return told(operation, "as planned in " + plan, api, given, terminal);
  }

  private static int told(
      ObjectNode operation, String how, Api api, Given given, Terminal terminal) {
    if (given.wantsJson()) {
      terminal.out().json(operation);
      return Exit.DONE;
    }
    String template = operation.path("template").asString("the template");
    terminal.out().print(Line.of("Cloned " + template + " " + how + ":", Style.BOLD));
    terminal.out().print(page(operation, known(operation, api)));
    return Exit.DONE;
  }

  /** Actions have ids only; the installation knows the addresses. Without it, kinds must do. */
  private static List<Deed.Known> known(ObjectNode operation, Api api) {
    var known = new ArrayList<Deed.Known>();
    String installation = operation.path("installation").asString("");
    try {
      JsonNode objects = api.get("/v1/installations/" + Api.encoded(installation)).path("objects");
      for (JsonNode object : objects) {
        known.add(
            new Deed.Known(
                object.path("object").asString(""), object.path("address").asString("")));
      }
    } catch (Refusal e) {
      // What was done is done, and must be told.
      return known;
    }
    return known;
  }

  static List<Line> page(ObjectNode operation, List<Deed.Known> known) {
    var deeds = new ArrayList<Deed>();
    for (JsonNode action : operation.path("actions")) {
      deeds.add(Deed.of(action.asString(""), known));
    }
    var lines = new ArrayList<>(Deed.lines(deeds));
    if (!deeds.isEmpty() && deeds.stream().allMatch(deed -> deed.done().equals("reused"))) {
      lines.add(Line.of("Everything was there already; nothing was changed."));
    }
    for (JsonNode diagnostic : operation.path("diagnostics")) {
      lines.addAll(Finding.of(diagnostic).lines(2));
    }
    return lines;
  }
}
