package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.link.Keys;
import dev.graft.server.link.Renewing;
import dev.graft.server.link.Rewrapping;
import dev.graft.store.DataKeys;
import dev.graft.store.Renewals;
import dev.graft.store.Rewraps;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.VaultException;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** The life of data keys over HTTP: what wraps them, and that they are wrapped again or renewed. */
final class KeysApi {
  private static final int MOST_FAULTS = 100;

  private final AccountsApi accounts;
  private final Keys keys;
  private final DataKeys dataKeys;
  private final Rewraps rewraps;
  private final Renewals renewals;
  private final Rewrapping rewrapping;
  private final Renewing renewing;

  KeysApi(
      AccountsApi accounts,
      Keys keys,
      DataKeys dataKeys,
      Rewraps rewraps,
      Renewals renewals,
      Rewrapping rewrapping,
      Renewing renewing) {
    this.accounts = accounts;
    this.keys = keys;
    this.dataKeys = dataKeys;
    this.rewraps = rewraps;
    this.renewals = renewals;
    this.rewrapping = rewrapping;
    this.renewing = renewing;
  }

  ServerResponse status(ServerRequest request) {
    // First, so that of a rewrap that is finished everything else shows what came of it.
    Optional<Rewraps.Rewrap> rewrap = rewraps.latest();
    var json = Json.object();
    json.put("provider", keys.provider());
    String current = wrappingKey(json);
    var older = json.putArray("older");
    keys.providers().stream().skip(1).forEach(older::add);
    var wrappings = json.putArray("dataKeys");
    for (DataKeys.Wrapping wrapping : dataKeys.wrappings()) {
      wrappings
          .addObject()
          .put("provider", wrapping.provider())
          .put("wrappingKey", wrapping.wrappingKey())
          .put("count", wrapping.count())
          .put(
              "current",
              wrapping.provider().equals(keys.provider())
                  && wrapping.wrappingKey().equals(current));
    }
    json.set("rewrap", rewrap.map(this::view).orElse(null));
    json.put("faultCount", dataKeys.countFaults());
    var faults = json.putArray("faults");
    for (DataKeys.Fault fault : dataKeys.faults(MOST_FAULTS)) {
      faults
          .addObject()
          .put("dataKey", fault.dataKey())
          .put("owner", fault.owner())
          .put("reason", fault.reason());
    }
    var renewing = json.putObject("renewals");
    renewing.put("waiting", renewals.waiting());
    var stuck = renewing.putArray("faults");
    for (Renewals.Renewal renewal : renewals.faulty(MOST_FAULTS)) {
      stuck.addObject().put("account", renewal.accountId()).put("reason", renewal.fault());
    }
    return Routes.json(200, json);
  }

  /** The status is of most use when the provider is away, so that is a part of it. */
  private @Nullable String wrappingKey(ObjectNode json) {
    try {
      String version = keys.wrappingKey();
      json.put("wrappingKey", version);
      json.putNull("trouble");
      return version;
    } catch (VaultException e) {
      json.putNull("wrappingKey");
      json.put("trouble", e.getMessage());
      return null;
    }
  }

  private ObjectNode view(Rewraps.Rewrap rewrap) {
    var json = Json.object();
    json.put("id", rewrap.id());
    json.put("from", rewrap.from());
    json.put("to", rewrap.provider());
    json.put("wrappingKey", rewrap.wrappingKey());
    json.put("status", rewrap.state().text());
    json.put("askedAt", rewrap.askedAt().toString());
    json.put("finishedAt", rewrap.finishedAt() == null ? null : rewrap.finishedAt().toString());
    json.put("rewrapped", rewrap.rewrapped());
    json.put("remaining", rewrap.state() == Rewraps.State.REPLACED ? 0 : rewraps.remaining(rewrap));
    json.put("trouble", rewrap.trouble());
    return json;
  }

  ServerResponse rewrap(ServerRequest request) {
    Body body = Body.ofOptional(request).only(Set.of("from", "to"));
    Optional<String> from = body.optional("from", "INVALID_REWRAP", "the uri of a key provider");
    Optional<String> to = body.optional("to", "INVALID_REWRAP", "the uri of a key provider");
    if (from.isPresent() != to.isPresent()) {
      throw new Problem(
          400,
          "INVALID_REWRAP",
          "Give both 'from' and 'to' to move data keys from one key provider to another, or neither"
              + " to wrap all of them under the newest key of the current one.");
    }
    Rewrapping.Asked asked =
        from.isPresent()
            ? rewrapping.move(identity(from.get()), identity(to.orElseThrow()))
            : rewrapping.rotate();
    return switch (asked) {
      case Rewrapping.Asked.Accepted(var rewrap) -> Routes.json(202, view(rewrap));
      case Rewrapping.Asked.Mismatch(var why) ->
          throw new Problem(409, "KEY_PROVIDER_MISMATCH", why);
    };
  }

  /** An address without the way there, which is what data keys are stored with. */
  private static String identity(String address) {
    try {
      return ProviderUri.parse(address.strip()).identity();
    } catch (VaultException e) {
      throw new Problem(400, "INVALID_REWRAP", String.valueOf(e.getMessage()));
    }
  }

  ServerResponse renew(ServerRequest request) {
    Body body = Body.of(request).only(Set.of("account", "all"));
    Optional<String> account = body.optional("account", "INVALID_RENEWAL", "the id of an account");
    boolean all = body.flag("all", "INVALID_RENEWAL");
    if (account.isPresent() == all) {
      throw new Problem(
          400,
          "INVALID_RENEWAL",
          "Give either 'account', the id of the account that gets a new data key, or 'all': true for"
              + " every account.");
    }
    if (all) {
      renewing.askAll();
    } else {
      renewing.ask(accounts.withId(account.orElseThrow()));
    }
    return Routes.json(202, Json.object().put("waiting", renewals.waiting()));
  }
}
