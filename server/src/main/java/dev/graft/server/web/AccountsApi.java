package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.install.Unlinking;
import dev.graft.server.link.Linking;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.KeyState;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** Accounts over HTTP. */
final class AccountsApi {
  private static final int STANDARD_PAGE = 50;
  private static final int LARGEST_PAGE = 200;

  private final Links links;
  private final Accounts accounts;
  private final Unlinking unlinking;

  AccountsApi(Links links, Accounts accounts, Unlinking unlinking) {
    this.links = links;
    this.accounts = accounts;
    this.unlinking = unlinking;
  }

  ServerResponse link(ServerRequest request) {
    Body body = Body.of(request).only(Set.of("userId", "apiKey", "sealedApiKey", "region"));
    Linking.Result.Linked linked = links.link(body);
    return Routes.json(linked.isNew() ? 201 : 200, view(linked.account().id()));
  }

  ServerResponse list(ServerRequest request) {
    var page = Json.object();
    var all = page.putArray("accounts");
    var userId = request.param("userId");
    int limit = limit(request);
    Boolean revoked = revoked(request);
    if (userId.isPresent()) {
      accounts.ofUser(userId.get()).ifPresent(account -> all.add(view(account.id())));
      page.putNull("next");
      return Routes.json(200, page);
    }
    List<Accounts.Line> lines =
        accounts.page(request.param("after").orElse(""), limit + 1, revoked);
    lines.stream().limit(limit).forEach(line -> all.add(view(line)));
    page.put("next", lines.size() > limit ? lines.get(limit - 1).account().id() : null);
    return Routes.json(200, page);
  }

  /** Whether only accounts with a revoked key are wanted, or only others; null for all. */
  private static @Nullable Boolean revoked(ServerRequest request) {
    return switch (request.param("state").orElse("")) {
      case "" -> null;
      case "active" -> false;
      case "revoked" -> true;
      default ->
          throw new Problem(
              400, "INVALID_STATE", "'state' must be active or revoked, or left out.");
    };
  }

  /** How many lines a page shall have. */
  static int limit(ServerRequest request) {
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
    return Routes.json(200, view(named(request).id()));
  }

  /**
   * Lets an account go. There is no default for what becomes of the clones: both mistakes are bad.
   */
  ServerResponse unlink(ServerRequest request) {
    Account account = named(request);
    String clones = request.param("clones").orElse("");
    if (!clones.equals("keep") && !clones.equals("remove")) {
      throw new Problem(
          400,
          "INVALID_CLONES",
          "Say what becomes of what Graft made in the account: ?clones=keep leaves it there,"
              + " ?clones=remove deletes it. The key is destroyed in either case.");
    }
    String evenIfUsed = request.param("evenIfUsed").orElse("false");
    if (!evenIfUsed.equals("true") && !evenIfUsed.equals("false")) {
      throw new Problem(400, "INVALID_FLAG", "'evenIfUsed' must be true or false, or left out.");
    }
    return switch (unlinking.unlink(account, clones.equals("remove"), evenIfUsed.equals("true"))) {
      case Unlinking.Result.Unlinked(var removed, var left, var refused) -> {
        var json = Json.object();
        json.put("account", account.id());
        json.put("keyDestroyed", true);
        var gone = json.putArray("actions");
        removed.forEach(action -> gone.add(action.toString()));
        var stays = json.putArray("left");
        left.forEach(entry ->
            stays
                .addObject()
                .put("address", entry.address().toString())
                .put("object", entry.object().value()));
        json.put(
            "note",
            refused == null
                ? null
                : "Vapi does not accept the key any more, so nothing could be removed: what is left is"
                    + " listed. Its owner can delete it in the Vapi dashboard.");
        yield Routes.json(200, json);
      }
      case Unlinking.Result.Stopped(var operation) -> {
        Works.succeeded(operation);
        throw new IllegalStateException("an operation that succeeded stopped an unlink");
      }
      case Unlinking.Result.Busy() -> throw Works.busy();
    };
  }

  /** The account of this id, which something else in the database refers to. */
  Account withId(String id) {
    return accounts.withId(id).orElseThrow(AccountsApi::notFound);
  }

  static Problem notFound() {
    return new Problem(
        404,
        "ACCOUNT_NOT_FOUND",
        "There is no account of this id. GET /v1/accounts?userId=… finds the account of a user.");
  }

  /** The account in the path. */
  Account named(ServerRequest request) {
    return accounts.withId(request.pathVariable("account")).orElseThrow(AccountsApi::notFound);
  }

  boolean isLinked(String id) {
    return accounts.withId(id).isPresent();
  }

  List<String> usersOf(String id) {
    return accounts.usersOf(id);
  }

  ObjectNode view(String id) {
    return accounts.line(id).map(AccountsApi::view).orElseThrow(AccountsApi::notFound);
  }

  private static ObjectNode view(Accounts.Line line) {
    Account account = line.account();
    var json = Json.object();
    json.put("id", account.id());
    var users = json.putArray("userIds");
    line.userIds().forEach(users::add);
    json.put("orgId", account.orgId());
    json.put("region", account.host());
    json.put("linkedAt", account.linkedAt().toString());
    KeyState state = line.key();
    ObjectNode key = json.putObject("key");
    key.put("state", state.revoked() ? "revoked" : "active");
    key.put("reason", state.reason());
    key.put("since", state.since() == null ? null : state.since().toString());
    key.put("checkedAt", state.checkedAt() == null ? null : state.checkedAt().toString());
    return json;
  }
}
