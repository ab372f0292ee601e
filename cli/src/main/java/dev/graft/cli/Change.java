package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code graft repair}, {@code graft rollback} and {@code graft uninstall}: what is done with
 * something that is installed, or a plan of it.
 */
final class Change {
  private Change() {}

  static int repair(Given given, Terminal terminal) {
    return run(wish("repair", given), given, terminal);
  }

  static int rollback(Given given, Terminal terminal) {
    Optional<String> release = given.option("--to");
    Optional<String> operation = given.option("--before");
    if (release.isPresent() == operation.isPresent()) {
      throw Refusal.usage(
          "graft rollback needs either --to, the version or digest to go back to, or --before, the"
              + " operation to undo with all that came after it.");
    }
    ObjectNode wish = wish("rollback", given);
    release.ifPresent(named -> wish.put("release", named));
    operation.ifPresent(id -> wish.put("operation", id));
    return run(wish, given, terminal);
  }

  static int uninstall(Given given, Terminal terminal) {
    return run(wish("uninstall", given), given, terminal);
  }

  private static ObjectNode wish(String kind, Given given) {
    ObjectNode wish = Json.object().put("kind", kind);
    Take.of(given.options("--take")).ifPresent(take -> wish.set("take", take));
    if (given.has("--even-if-used")) {
      wish.put("evenIfUsed", true);
    }
    return wish;
  }

  private static int run(ObjectNode wish, Given given, Terminal terminal) {
    Api api = given.api();
    LinkedAccount account = LinkedAccount.of(given.argument(0), api);
    Installed installed = Installed.one(given, account, api);
    if (given.has("--plan")) {
      ObjectNode plan = api.post(installed.path("plans"), wish).body();
      return Plan.told(plan, account.user(), given, terminal);
    }
    ObjectNode operation = api.post(installed.path("operations"), wish).body();
    // What goes is in the installation no more when it is asked for afterwards.
    return Work.told(
        operation,
        Goal.of(operation).where(account.user()),
        installed.known(),
        api,
        given,
        terminal);
  }
}
