package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.link.Linking;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import java.util.List;
import java.util.Set;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** Accounts over HTTP. */
final class AccountsApi {
  private static final int STANDARD_PAGE = 50;
  private static final int LARGEST_PAGE = 200;

  private final Links links;
  private final Accounts accounts;

  AccountsApi(Links links, Accounts accounts) {
    this.links = links;
    this.accounts = accounts;
  }

  ServerResponse link(ServerRequest request) {
    Body body = Body.of(request).only(Set.of("userId", "apiKey", "sealedApiKey", "region"));
    Linking.Result.Linked linked = links.link(body);
    return Routes.json(
        linked.isNew() ? 201 : 200,
        view(linked.account(), accounts.usersOf(linked.account().id())));
  }

  ServerResponse list(ServerRequest request) {
    var page = Json.object();
    var all = page.putArray("accounts");
    var userId = request.param("userId");
    if (userId.isPresent()) {
      accounts
          .ofUser(userId.get())
          .ifPresent(account -> all.add(view(account, accounts.usersOf(account.id()))));
      page.putNull("next");
      return Routes.json(200, page);
    }
    int limit = limit(request);
    List<Accounts.Line> lines = accounts.page(request.param("after").orElse(""), limit + 1);
    lines.stream().limit(limit).forEach(line -> all.add(view(line.account(), line.userIds())));
    page.put("next", lines.size() > limit ? lines.get(limit - 1).account().id() : null);
    return Routes.json(200, page);
  }

  private static int limit(ServerRequest request) {
    String text = request.param("limit").orElse(String.valueOf(STANDARD_PAGE));
    if (text.matches("\\d{1,4}")) {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= LARGEST_PAGE) {
        return limit;
      }
    }
    throw new Problem(
        400, "INVALID_LIMIT", "'limit' must be a number from 1 to " + LARGEST_PAGE + ".");
  }

  ServerResponse one(ServerRequest request) {
    Account account = named(request);
    return Routes.json(200, view(account, accounts.usersOf(account.id())));
  }

  /** The account in the path. */
  Account named(ServerRequest request) {
    return accounts
        .withId(request.pathVariable("account"))
        .orElseThrow(() ->
            new Problem(
                404,
                "ACCOUNT_NOT_FOUND",
                "There is no account of this id. GET /v1/accounts?userId=… finds the account of a"
                    + " user."));
  }

  private static ObjectNode view(Account account, List<String> userIds) {
    var json = Json.object();
    json.put("id", account.id());
    var users = json.putArray("userIds");
    userIds.forEach(users::add);
    json.put("orgId", account.orgId());
    json.put("region", account.host());
    json.put("linkedAt", account.linkedAt().toString());
    return json;
  }
}
