package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft plan}: what a clone would do, without doing it; and plans of other commands. */
final class Plan {
  private Plan() {}

  static int run(Given given, Terminal terminal) {
    ObjectNode wish = Wish.of(given);
    Api api = given.api();
    LinkedAccount account = LinkedAccount.of(given.argument(0), api);
    ObjectNode plan = api.post(account.path("plans"), wish).body();
    given.option("--out").ifPresent(file -> write(plan, file));
    return told(plan, account.user(), given, terminal);
  }

  /** Shows a plan and how it is applied; the exit code tells whether anything would change. */
  static int told(ObjectNode plan, String user, Given given, Terminal terminal) {
    var page = new PlanPage(plan, terminal.out().width());
    if (given.wantsJson()) {
      terminal.out().json(plan);
    } else {
      terminal.out().print(page.lines(user));
    }
    if (page.isBlocked()) {
      terminal
          .err()
          .print(
              Line.of("Error: ", Style.RED)
                  .and("The plan is blocked: something has to be decided first (")
                  .and(page.blockers())
                  .and("). Nothing was changed.")
                  .hanging(0));
      return Exit.FAILED;
    }
    if (!given.wantsJson() && page.hasSteps() && plan.path("id").isString()) {
      terminal.err().print("Next: graft apply " + Shell.word(plan.path("id").asString("")));
    }
    return page.isInSync() ? Exit.DONE : Exit.CHANGES;
  }

  private static void write(ObjectNode plan, String file) {
    try {
      Files.writeString(Path.of(file), Json.writePretty(plan) + "\n");
    } catch (IOException | InvalidPathException e) {
      throw Refusal.failed("The plan cannot be written to " + file + ": " + FileTrouble.why(e), e);
    }
  }
}
