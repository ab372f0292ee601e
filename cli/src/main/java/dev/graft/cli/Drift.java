package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft drift}: how what is installed differs from what was applied, and by whose doing. */
final class Drift {
  private Drift() {}

  static int run(Given given, Terminal terminal) {
    Api api = given.api();
    LinkedAccount account = LinkedAccount.of(given.argument(0), api);
    List<ObjectNode> drifts =
        Installed.chosen(given, account, api).stream()
            .map(installed -> api.get(installed.path("drift")))
            .toList();
    if (given.wantsJson()) {
      ObjectNode all = Json.object();
      all.set("account", account.json());
      all.putArray("drifts").addAll(drifts);
      terminal.out().json(all);
    } else {
      terminal.out().print(lines(account.user(), drifts, terminal.out().width()));
    }
    return drifts.stream().anyMatch(drift -> drift.path("drifted").asBoolean(false))
        ? Exit.CHANGES
        : Exit.DONE;
  }

  private static List<Line> lines(String user, List<ObjectNode> drifts, int width) {
    var lines = new ArrayList<Line>();
    for (JsonNode drift : drifts) {
      if (!lines.isEmpty()) {
        lines.add(Line.EMPTY);
      }
      lines.addAll(new DriftPage(drift, width).lines(user));
    }
    return lines;
  }
}
