package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.Arrays;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft link}: gives Graft the key of a user's account. */
final class Link {
  static final String NO_ARGUMENT =
      "graft link takes one argument, the user. The key is never an argument: it would stay in the"
          + " shell's history and show in the list of processes. Type it when it is asked for, or"
          + " pipe it in: graft link USER < FILE. If a key was just given as an argument, make a new"
          + " one in the Vapi dashboard.";

  private Link() {}

  static int run(Given given, Terminal terminal) {
    if (given.optionalArgument(1).isPresent()) {
      throw Refusal.usage(NO_ARGUMENT);
    }
    String user = given.argument(0);
    boolean sealed = given.has("--sealed");
    ObjectNode body = Json.object().put("userId", user);
    given.option("--region").ifPresent(region -> body.put("region", region));
    Api api = given.api();
    if (api.isOpenToOthers()) {
      terminal
          .err()
          .print(
              Line.of("Warning: ", Style.YELLOW)
                  .and(
                      "the key goes to "
                          + api.url()
                          + " unencrypted. Use https unless that network is yours alone.")
                  .hanging(0));
    }
    Api.Answer answer;
    String what = (sealed ? "Sealed key record of " : "Vapi API key of ") + user;
    try (ApiKey key = ApiKey.read(terminal, what)) {
      byte[] request = key.within(body, sealed ? "sealedApiKey" : "apiKey");
      try {
        answer = api.post("/v1/accounts", request);
      } finally {
        Arrays.fill(request, (byte) 0);
      }
    }
    if (given.wantsJson()) {
      terminal.out().json(answer.body());
      return Exit.DONE;
    }
    String account = answer.body().path("id").asString("");
    terminal
        .out()
        .print(
            answer.status() == 201
                ? "Linked " + user + " to the new account " + account + "."
                : "Linked " + user + " to account " + account + ", which was known already.");
    terminal.err().print("Next: graft clone " + Shell.word(user));
    return Exit.DONE;
  }
}
