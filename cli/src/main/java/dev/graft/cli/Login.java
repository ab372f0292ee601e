package dev.graft.cli;

import dev.graft.core.json.Json;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft login}: a link that signs a person in once. */
final class Login {
  private Login() {}

  static int run(Given given, Terminal terminal) {
    ObjectNode link = given.api().post("/v1/login-links", Json.object()).body();
    if (given.wantsJson()) {
      terminal.out().json(link);
      return Exit.DONE;
    }
    terminal.out().print(link.path("url").asString(""));
    terminal
        .err()
        .print(
            Line.prose(
                0,
                "Open it in a browser before "
                    + When.of(link.path("expiresAt"))
                    + " UTC. It signs in as an admin, once."));
    return Exit.DONE;
  }
}
