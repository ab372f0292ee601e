package dev.graft.cli;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft accounts}: every linked account, page by page as they come. */
final class AccountList {
  private static final int PAGE = 200;
  private static final String ROW = "%-19s  %-6s  %-36s  %s";

  private AccountList() {}

  static int run(Given given, Terminal terminal) {
    long limit = given.option("--limit").map(AccountList::number).orElse(Long.MAX_VALUE);
    Api api = given.api();
    String after = "";
    long shown = 0;
    while (shown < limit && !terminal.out().isBroken()) {
      ObjectNode page =
          api.get(
              "/v1/accounts?limit="
                  + Math.min(PAGE, limit - shown)
                  + (given.has("--revoked") ? "&state=revoked" : "")
                  + (after.isEmpty() ? "" : "&after=" + Api.encoded(after)));
      for (JsonNode account : page.path("accounts")) {
        if (given.wantsJson()) {
          terminal.out().jsonLine(account);
        } else {
          terminal.out().print(shown == 0 ? List.of(head(), row(account)) : List.of(row(account)));
        }
        shown++;
      }
      after = page.path("next").asString("");
      if (after.isEmpty()) {
        break;
      }
    }
    if (shown == 0) {
      terminal
          .err()
          .print(
              given.has("--revoked")
                  ? "No account has a revoked key."
                  : "No account is linked yet. Link one: graft link USER");
    }
    return Exit.DONE;
  }

  private static long number(String text) {
    if (!text.matches("[1-9]\\d{0,8}")) {
      throw Refusal.usage("--limit needs a number from 1 on.");
    }
    return Long.parseLong(text);
  }

  private static Line head() {
    return Line.of(ROW.formatted("LINKED (UTC)", "REGION", "ACCOUNT", "USERS"), Style.BOLD);
  }

  private static Line row(JsonNode account) {
    JsonNode key = account.path("key");
    boolean revoked = key.path("state").asString("").equals("revoked");
    return Line.of(
            ROW.formatted(
                When.of(account.path("linkedAt")),
                account.path("region").asString(""),
                account.path("id").asString(""),
                String.join(
                    ", ",
                    account.path("userIds").valueStream().map(user -> user.asString("")).toList())))
        .and(revoked ? "  key revoked " + When.of(key.path("since")) : "", Style.RED);
  }
}
