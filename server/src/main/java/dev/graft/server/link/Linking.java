package dev.graft.server.link;

import dev.graft.core.apply.Call;
import dev.graft.core.apply.Reply;
import dev.graft.core.audit.ForeignText;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Kinds;
import dev.graft.server.access.Acts;
import dev.graft.server.event.Events;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.Event;
import dev.graft.store.Installation;
import dev.graft.store.Installations;
import dev.graft.store.Pseudonyms;
import dev.graft.store.Sealed;
import dev.graft.store.StoredDataKey;
import dev.graft.vapi.Host;
import dev.graft.vapi.HttpVapiAccount;
import dev.graft.vapi.KeyProbe;
import dev.graft.vapi.Manner;
import dev.graft.vapi.VapiHttp;
import dev.graft.vault.Secret;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Links a user of the product to the account that a key opens. One organisation is one account,
 * however many users and keys lead to it. A link that does not succeed changes nothing.
 */
public final class Linking {
  private static final int DECISIONS = 5;

  private final KeyProbe probe;
  private final VapiHttp http;
  private final List<Host> hosts;
  private final Accounts accounts;
  private final Installations installations;
  private final Keys keys;
  private final Acts acts;
  private final InstantSource clock;
  private final Duration callLimit;
  private final Supplier<String> newId;
  private final Events events;
  private final Pseudonyms pseudonyms;

  public Linking(
      VapiHttp http,
      List<Host> hosts,
      Accounts accounts,
      Installations installations,
      Keys keys,
      Acts acts,
      InstantSource clock,
      Duration callLimit,
      Supplier<String> newId,
      Events events,
      Pseudonyms pseudonyms) {
    this.probe = new KeyProbe(http, callLimit, clock, false);
    this.http = http;
    this.hosts = List.copyOf(hosts);
    this.accounts = accounts;
    this.installations = installations;
    this.keys = keys;
    this.acts = acts;
    this.clock = clock;
    this.callLimit = callLimit;
    this.newId = newId;
    this.events = events;
    this.pseudonyms = pseudonyms;
  }

  /** What came of a link. */
  public sealed interface Result {
    /**
     * It is linked.
     *
     * @param isNew whether the account was not known before
     */
    record Linked(Account account, boolean isNew) implements Result {}

    /** Vapi does not accept the key. */
    record Refused(List<String> messages) implements Result {
      public Refused {
        messages = List.copyOf(messages);
      }
    }

    /** Vapi could not be asked. */
    record Unclear(Reply reply) implements Result {}

    /** The key opens another organisation than the one in which this user has clones. */
    record OtherOrg(Account account) implements Result {}

    /** Nothing shows that the key opens the organisation in which this user has clones. */
    record Unproven(Account account) implements Result {}
  }

  /**
   * Checks a key and links it.
   *
   * @param region the name of the only host to try, null to try all
   */
  public Result link(String userId, Secret key, @Nullable String region) {
    List<Host> tried =
        region == null || hosts.size() == 1
            ? hosts
            : hosts.stream().filter(host -> host.name().equals(region)).toList();
    Result result =
        switch (probe.probe(key, tried)) {
          case KeyProbe.Result.Invalid(var messages) -> new Result.Refused(messages);
          case KeyProbe.Result.Unclear(var reply) -> new Result.Unclear(reply);
          case KeyProbe.Result.Valid(var host, var orgId) -> decide(userId, key, host, orgId);
        };
    switch (result) {
      case Result.Linked _ -> {}
      case Result.Refused(var messages) ->
          refused(userId, null, "refused", String.join("; ", messages));
      case Result.Unclear _ -> refused(userId, null, "unclear", null);
      case Result.OtherOrg(var account) ->
          refused(userId, account.id(), "other-organisation", null);
      case Result.Unproven(var account) -> refused(userId, account.id(), "unproven", null);
    }
    return result;
  }

  private void refused(
      String userId, @Nullable String accountId, String why, @Nullable String said) {
    ObjectNode detail = Json.object().put("user", pseudonyms.of(userId)).put("why", why);
    if (said != null) {
      detail.put("said", ForeignText.masked(said));
    }
    acts.add("link.refused", accountId, null, detail);
  }

  private Result decide(String userId, Secret key, Host host, @Nullable String orgId) {
    String fingerprint = keys.fingerprint(key);
    for (int i = 0; i < DECISIONS; i++) {
      Optional<Account> present = accounts.ofUser(userId);
      Optional<Account> target = target(present, orgId, fingerprint);
      if (present.isPresent() && !isSame(present, target) && hasObjects(present.get())) {
        return new Result.OtherOrg(present.get());
      }
      if (target.isPresent()
          && !isCertain(target.get(), orgId, fingerprint)
          && hasObjects(target.get())
          && !showsOurObjects(target.get(), key, host)) {
        return new Result.Unproven(target.get());
      }
      Account linked = put(userId, present, target, key, host, orgId, fingerprint);
      if (linked != null) {
        return new Result.Linked(linked, target.isEmpty());
      }
    }
    throw new IllegalStateException("links of the same user kept crossing each other");
  }

  private static boolean isCertain(Account account, @Nullable String orgId, String fingerprint) {
    return account.fingerprint().equals(fingerprint)
        || orgId != null && orgId.equals(account.orgId());
  }

  private static boolean isSame(Optional<Account> a, Optional<Account> b) {
    return a.map(Account::id).equals(b.map(Account::id));
  }

  /**
   * The account that the key opens, as far as that is known: by organisation, by the very same key,
   * or because the user's account may well be the one. Nothing means a new account.
   */
  private Optional<Account> target(
      Optional<Account> present, @Nullable String orgId, String fingerprint) {
    if (orgId != null) {
      Optional<Account> known = accounts.ofOrg(orgId);
      if (known.isPresent()) {
        return known;
      }
    }
    Optional<Account> sameKey =
        accounts
            .withFingerprint(fingerprint)
            .filter(account ->
                orgId == null || account.orgId() == null || account.orgId().equals(orgId));
    if (sameKey.isPresent()) {
      return sameKey;
    }
    return present.filter(account ->
        orgId == null
            ? hasObjects(account)
            : account.orgId() == null || account.orgId().equals(orgId));
  }

  private boolean hasObjects(Account account) {
    return installations.countObjects(account.id()) > 0;
  }

  /** Whether the key can see an object that is ours: then it opens the organisation we know. */
  private boolean showsOurObjects(Account account, Secret key, Host host) {
    var vapi =
        new HttpVapiAccount(
            http,
            host,
            key,
            callLimit,
            clock.instant().plus(callLimit),
            clock,
            Manner.ofStranger(false));
    for (Installation installation : installations.ofAccount(account.id())) {
      for (Installations.Entry entry : installations.entries(installation.id())) {
        Reply reply =
            vapi.send(List.of(new Call.Get(Kinds.of(entry.address()), entry.object()))).getFirst();
        if (reply instanceof Reply.Ok) {
          return true;
        }
      }
    }
    return false;
  }

  private @Nullable Account put(
      String userId,
      Optional<Account> present,
      Optional<Account> target,
      Secret key,
      Host host,
      @Nullable String orgId,
      String fingerprint) {
    Instant now = clock.instant();
    Account account;
    StoredDataKey newDataKey = null;
    if (target.isPresent()) {
      Account known = target.get();
      Optional<Sealed> sealed = keys.seal(known, key);
      if (sealed.isEmpty()) {
        return null;
      }
      account =
          new Account(
              known.id(),
              orgId == null ? known.orgId() : orgId,
              host.name(),
              known.dataKey(),
              sealed.get(),
              fingerprint,
              now);
    } else {
      String id = newId.get();
      newDataKey = keys.newDataKey(id);
      account =
          new Account(
              id,
              orgId,
              host.name(),
              newDataKey.id(),
              keys.seal(id, newDataKey, key),
              fingerprint,
              now);
    }
    boolean linked =
        accounts.link(
            userId,
            present.map(Account::id).orElse(null),
            account,
            newDataKey,
            acts.record(
                target.isEmpty() ? "account.linked" : "account.relinked",
                account.id(),
                null,
                Json.object()
                    .put("user", pseudonyms.of(userId))
                    .put("region", host.name())
                    .put("org", orgId)),
            List.of(told(userId, target, account)));
    return linked ? account : null;
  }

  private Event told(String userId, Optional<Account> known, Account account) {
    List<String> others =
        known
            .map(present ->
                accounts.usersOf(present.id()).stream()
                    .filter(user -> !user.equals(userId))
                    .toList())
            .orElse(List.of());
    boolean sameKey =
        known.filter(there -> there.fingerprint().equals(account.fingerprint())).isPresent();
    return events.linked(
        account,
        userId,
        Stream.concat(others.stream(), Stream.of(userId)).sorted().toList(),
        known.isEmpty(),
        sameKey ? others : List.of());
  }
}
