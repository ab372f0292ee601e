package dev.graft.server.web;

import dev.graft.core.audit.ChainedRecord;
import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.audit.Sealing;
import dev.graft.store.Account;
import dev.graft.store.ApiKeys;
import dev.graft.store.AuditChain;
import dev.graft.store.DataKeys;
import dev.graft.store.Erasures;
import dev.graft.store.Installations;
import dev.graft.store.Operations;
import dev.graft.store.Outbox;
import dev.graft.store.Pseudonyms;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** All that is stored of one account, for whoever it is about: told, and forgotten. */
final class AccountDataApi {
  private static final int TOGETHER = 1_000;

  private final AccountsApi accounts;
  private final ApiKeysApi apiKeysApi;
  private final Stored stored;
  private final Sealing sealing;
  private final Acts acts;
  private final InstantSource clock;

  /** Where something of an account stands. */
  record Stored(
      Installations installations,
      Operations operations,
      Outbox outbox,
      ApiKeys apiKeys,
      DataKeys dataKeys,
      AuditChain chain,
      Pseudonyms pseudonyms,
      Erasures erasures) {}

  AccountDataApi(
      AccountsApi accounts,
      ApiKeysApi apiKeysApi,
      Stored stored,
      Sealing sealing,
      Acts acts,
      InstantSource clock) {
    this.accounts = accounts;
    this.apiKeysApi = apiKeysApi;
    this.stored = stored;
    this.sealing = sealing;
    this.acts = acts;
    this.clock = clock;
  }

  ServerResponse export(ServerRequest request) {
    Account account = accounts.named(request);
    acts.add("account.exported", account.id(), null, Json.object());
    // So that this act is among them.
    sealing.turn();
    return Routes.json(200, export(account));
  }

  private ObjectNode export(Account account) {
    var json = Json.object();
    json.put("format", 1);
    json.put("exportedAt", clock.instant().toString());
    json.set("account", accounts.view(account.id()));
    var users = json.putArray("users");
    for (String user : accounts.usersOf(account.id())) {
      users.addObject().put("userId", user).put("alias", stored.pseudonyms().of(user));
    }
    var dataKeys = json.putArray("dataKeys");
    stored
        .dataKeys()
        .ofOwner(account.id())
        .forEach(key ->
            dataKeys
                .addObject()
                .put("id", key.id())
                .put("provider", key.provider())
                .put("wrappingKey", key.wrappingKey()));
    var installations = json.putArray("installations");
    stored
        .installations()
        .ofAccount(account.id())
        .forEach(one -> installations.add(WorkApi.view(one, stored.installations())));
    var operations = json.putArray("operations");
    stored
        .operations()
        .ofAccount(account.id(), Integer.MAX_VALUE)
        .forEach(one -> operations.add(WorkApi.view(one)));
    var events = json.putArray("events");
    stored
        .outbox()
        .ofAccount(account.id())
        .forEach(event ->
            events
                .addObject()
                .put("id", event.id())
                .put("type", event.type())
                .put("at", event.at().toString())
                .set("data", event.data()));
    var apiKeys = json.putArray("apiKeys");
    accounts.usersOf(account.id()).stream()
        .flatMap(user -> stored.apiKeys().ofUser(user).stream())
        .forEach(key -> apiKeys.add(apiKeysApi.view(key)));
    var audit = json.putArray("audit");
    long after = 0;
    List<ChainedRecord> page;
    do {
      page = stored.chain().page(after, TOGETHER, account.id());
      page.forEach(record -> audit.add(record.toJson()));
      after = page.isEmpty() ? after : page.getLast().seq();
    } while (page.size() == TOGETHER);
    return json;
  }

  /** There must be nothing left that someone could still need: the key goes first, by an unlink. */
  ServerResponse erase(ServerRequest request) {
    Body.ofOptional(request).only(Set.of());
    String id = request.pathVariable("account");
    if (accounts.isLinked(id)) {
      throw new Problem(
          409,
          "ACCOUNT_LINKED",
          "The account is linked, so nothing was erased. Unlink it first, which says what becomes of"
              + " the clones and destroys its key.");
    }
    sealing.turn();
    if (!stored.erasures().isKnown(id)) {
      throw AccountsApi.notFound();
    }
    Erasures.Erased erased =
        stored.erasures().erase(id, acts.record("account.erased", id, null, Json.object()));
    var json = Json.object();
    json.put("account", id);
    json.put("users", erased.users().size());
    json.put("apiKeys", erased.apiKeys());
    json.put("sessions", erased.sessions());
    json.put("auditRecords", erased.auditRecords());
    json.put(
        "stays",
        "The audit trail keeps its records of the account, under ids that lead to nobody any more."
            + " Backups that were made before keep what was in them, until they are gone; so does the"
            + " log of the server.");
    return Routes.json(200, json);
  }
}
