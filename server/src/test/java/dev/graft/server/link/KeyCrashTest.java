package dev.graft.server.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.apply.Intent;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.JournalEntry;
import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Owned;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import dev.graft.core.template.Version;
import dev.graft.server.SwitchedKeyProvider;
import dev.graft.server.access.Acts;
import dev.graft.server.install.StoredPlans;
import dev.graft.server.install.Wish;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.AuditRecord;
import dev.graft.store.AuditTrail;
import dev.graft.store.BodySeal;
import dev.graft.store.DataKeys;
import dev.graft.store.Database;
import dev.graft.store.Installations;
import dev.graft.store.Operations;
import dev.graft.store.Plans;
import dev.graft.store.Renewals;
import dev.graft.store.Rewraps;
import dev.graft.store.Sealed;
import dev.graft.store.SealedColumn;
import dev.graft.store.SealedRecord;
import dev.graft.store.StoredDataKey;
import dev.graft.store.TestPostgres;
import dev.graft.vault.Secret;
import dev.graft.vault.Vault;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/**
 * The work on data keys, stopped for good at every call to the key provider and thereby between any
 * two transactions, and taken up by another worker. Nothing is remembered of an unwrapped data key,
 * so that every single use of one is such a call.
 */
class KeyCrashTest {
  private static final boolean LONG = Boolean.getBoolean("graft.long");
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Address TOOL = new Address("tool", "main");
  private static final Address ASSISTANT = new Address("assistant", "main");
  private static final ObjectNode CONTENT = Json.object().put("what", "a plan");

  @TempDir private Path folder;

  /** A database with accounts in it, and workers that come and go. */
  private static final class Bench implements AutoCloseable {
    final Database database;
    final Accounts accounts;
    final DataKeys dataKeys;
    final Operations operations;
    final Rewraps rewraps;
    final Renewals renewals;
    final Acts acts;
    private int made;

    Bench(Database database) {
      this.database = database;
      this.accounts = new Accounts(database);
      this.dataKeys = new DataKeys(database);
      this.operations = new Operations(database, Duration.ofSeconds(30));
      this.rewraps = new Rewraps(database, Duration.ofSeconds(30));
      this.renewals = new Renewals(database, Duration.ofSeconds(30));
      // As a server does with a key of its own, so that what is on record counts as Graft's.
      var trail = new AuditTrail(database);
      trail.proveWith(content -> Arrays.copyOf(content, 32));
      this.acts = new Acts(trail, () -> NOW);
    }

    Keys keys(SwitchedKeyProvider provider) {
      var forgetful = new Vault.CacheLimits(Duration.ofMinutes(5), 1, 1);
      var vault = new Vault(provider, List.of(), InstantSource.system(), forgetful);
      return new Keys(vault, accounts, dataKeys, () -> NOW, acts, List.of());
    }

    Rewrapping rewrapping(SwitchedKeyProvider provider) {
      Supplier<String> ids = () -> "rewrap_" + made++;
      return new Rewrapping(
          keys(provider),
          dataKeys,
          rewraps,
          acts,
          () -> NOW.plusSeconds(made),
          Duration.ofMillis(1),
          ids);
    }

    Renewing renewing(SwitchedKeyProvider provider) {
      Keys keys = keys(provider);
      return new Renewing(
          keys,
          accounts,
          renewals,
          operations,
          new Shredding(database, accounts, dataKeys, keys),
          acts,
          () -> NOW,
          "worker-" + made++);
    }

    /** As the time after which everyone believes that whoever held a lease is dead. */
    void outliveLeases() {
      operations.endAllLeases();
      rewraps.endLease();
    }

    Account linked(Keys keys) {
      String id = "acc_" + made++;
      StoredDataKey dataKey = keys.newDataKey(id);
      try (Secret apiKey = Secret.copyOf("key of " + id)) {
        var account =
            new Account(
                id, null, "us", dataKey.id(), keys.seal(id, dataKey, apiKey), "print " + id, NOW);
        assertThat(accounts.link("user of " + id, null, account, dataKey, act(id))).isTrue();
        return account;
      }
    }

    private AuditRecord act(String accountId) {
      return acts.record("account.linked", accountId, null, Json.object());
    }

    /** An account with something in every column that is sealed. */
    Account installed(Keys keys) {
      Account account = linked(keys);
      BodySeal seal = keys.bodies(account);
      Version version = Version.parse("1").orElseThrow();
      var release =
          new Release(
              "front-desk",
              false,
              version,
              List.of(new Resource(TOOL, version, Json.parseObject("{\"type\":\"endCall\"}"))));
      var claim =
          (Operations.Claim.Yours)
              operations.begin(
                  new Operations.Request(
                      account.id(),
                      "clone",
                      release,
                      release.digest(),
                      Json.object(),
                      "op_" + made++,
                      "ins_" + made++,
                      "test",
                      null),
                  "a",
                  NOW);
      Journal journal = operations.journal(claim.operation(), claim.lease(), seal, "test");
      Owned owned = owned(version);
      var create =
          new Intent(
              0,
              Intent.Verb.CREATE,
              TOOL,
              null,
              new Intent.Making(
                  Json.object().put("sent", 1), Json.object().put("sent", 2), version, null, null),
              Intent.Before.NOTHING);
      var update =
          new Intent(
              1,
              Intent.Verb.UPDATE,
              ASSISTANT,
              new ObjectId("o-1"),
              null,
              new Intent.Before(Json.object().put("was", 1), owned));
      journal.append(
          List.of(
              new Journal.Written(create, new JournalEntry.Intended(NOW)),
              new Journal.Written(update, new JournalEntry.Intended(NOW))),
          List.of());
      journal.append(
          List.of(new Journal.Written(create, new JournalEntry.Done(NOW, new ObjectId("o-2")))),
          List.of(
              new Journal.LedgerChange.Put(TOOL, owned),
              new Journal.LedgerChange.Put(ASSISTANT, owned)));
      operations.giveBack(claim.lease());
      new Plans(database)
          .keep(
              plan(account),
              CONTENT,
              seal,
              account.dataKey(),
              NOW.minusSeconds(1),
              act(account.id()));
      return account;
    }

    private static Owned owned(Version version) {
      return new Owned(
          new ObjectId("o-2"),
          Json.object().put("applied", true),
          Json.object().put("observed", true),
          version,
          Owned.Origin.ADOPTED,
          Set.of(),
          Set.of());
    }

    private static Plans.Row plan(Account account) {
      var digest = new Digest("0".repeat(64));
      return new Plans.Row(
          "plan of " + account.id(), account.id(), "front-desk", digest, digest, "{}", NOW);
    }

    /** Everything of an account, read by someone who knows nothing of what went before. */
    List<Object> everything(Account account, SwitchedKeyProvider provider) {
      Keys keys = keys(provider);
      Account now = accounts.withId(account.id()).orElseThrow();
      BodySeal seal = keys.bodies(now);
      var all = new ArrayList<Object>();
      try (Secret apiKey = keys.apiKey(now, "test", null)) {
        assertThat(apiKey).isEqualTo(Secret.copyOf("key of " + account.id()));
      }
      for (var operation : operations.ofAccount(account.id(), 10)) {
        all.add(operations.stories(operation, seal));
      }
      for (var installation : new Installations(database).ofAccount(account.id())) {
        all.add(new Installations(database).ledger(installation.id(), seal).entries());
      }
      all.add(new Plans(database).content(plan(account), seal));
      return all;
    }

    /** What is sealed with the data key that the account has now. */
    Map<List<String>, Sealed> sealedWithItsKey(Account account) {
      Account now = accounts.withId(account.id()).orElseThrow();
      Map<List<String>, Sealed> sealed = new HashMap<>();
      for (SealedColumn column : SealedColumn.values()) {
        for (SealedRecord record : renewals.page(account.id(), column, null, 1_000)) {
          if (Keys.isCurrent(now, record)) {
            sealed.put(List.of(column.name(), record.place()), record.sealed());
          }
        }
      }
      return sealed;
    }

    @Override
    public void close() {
      database.close();
    }
  }

  private static SwitchedKeyProvider local(int generation, int... older) {
    return new SwitchedKeyProvider(
        "local:",
        SwitchedKeyProvider.masterKey(generation),
        Arrays.stream(older)
            .mapToObj(SwitchedKeyProvider::masterKey)
            .toArray(dev.graft.vault.MasterKey[]::new));
  }

  @Test
  void aRenewalCanStopAnywhereOnSqlite() {
    try (var bench = new Bench(Database.sqlite(folder.resolve("graft.db")))) {
      stopRenewalEverywhere(bench);
    }
  }

  @Test
  void aRenewalCanStopAnywhereOnPostgres() {
    try (var bench = new Bench(Database.postgres(TestPostgres.freshDatabase(), 10))) {
      stopRenewalEverywhere(bench);
    }
  }

  private static void stopRenewalEverywhere(Bench bench) {
    SwitchedKeyProvider provider = local(0x11);
    Account undisturbed = bench.installed(bench.keys(provider));
    bench.renewing(provider).ask(undisturbed);
    int before = provider.calls();
    assertThat(bench.renewing(provider).round()).isTrue();
    int calls = provider.calls() - before;
    // Two to make the data key, and for each of the eight records one to open and one to seal.
    assertThat(calls).isEqualTo(18);

    for (int at = 0; at < calls; at++) {
      Account account = bench.installed(bench.keys(provider));
      List<Object> everything = bench.everything(account, provider);
      Renewing doomed = bench.renewing(provider);
      doomed.ask(account);
      provider.breakAt(at);
      SwitchedKeyProvider.Crash crash = null;
      try {
        doomed.round();
      } catch (SwitchedKeyProvider.Crash e) {
        crash = e;
      }
      assertThat(crash).as("it stops at %d", at).isNotNull();
      bench.outliveLeases();
      assertThat(bench.everything(account, provider))
          .as("while it stands still at %d", at)
          .isEqualTo(everything);
      String begun = bench.renewals.of(account.id()).orElseThrow().dataKey();
      Map<List<String>, Sealed> done = begun == null ? Map.of() : bench.sealedWithItsKey(account);

      assertThat(bench.renewing(provider).round()).isTrue();

      assertThat(bench.renewals.of(account.id())).isEmpty();
      Account now = bench.accounts.withId(account.id()).orElseThrow();
      assertThat(now.dataKey()).isNotEqualTo(account.dataKey());
      assertThat(begun == null || now.dataKey().equals(begun))
          .as("the new data key is made once")
          .isTrue();
      assertThat(bench.dataKeys.ofOwner(account.id()))
          .extracting(StoredDataKey::id)
          .containsExactly(now.dataKey());
      assertThat(bench.sealedWithItsKey(account))
          .as("every record once: what was done before is as it was")
          .hasSize(8)
          .containsAllEntriesOf(done);
      assertThat(bench.everything(account, provider)).isEqualTo(everything);
    }
    assertThat(bench.renewing(provider).round()).as("nothing is left").isFalse();
  }

  /**
   * The plan takes a while, and the account gets a new data key meanwhile: twice, for good measure.
   */
  @Test
  void aPlanOfAnAccountThatGotANewDataKeyMeanwhileIsKeptAllTheSame() {
    try (var bench = new Bench(Database.sqlite(folder.resolve("graft.db")))) {
      SwitchedKeyProvider provider = local(0x11);
      Keys keys = bench.keys(provider);
      Account asItWas = bench.installed(keys);
      for (int i = 0; i < 2; i++) {
        bench.renewing(provider).ask(asItWas);
        assertThat(bench.renewing(provider).round()).isTrue();
      }
      assertThat(bench.dataKeys.ofOwner(asItWas.id()))
          .extracting(StoredDataKey::id)
          .doesNotContain(asItWas.dataKey());
      var plans =
          new StoredPlans(
              new Plans(bench.database),
              bench.accounts,
              keys,
              bench.acts,
              () -> NOW,
              () -> "plan_late");
      Plans.Row row = Bench.plan(asItWas);

      String id =
          plans.keep(asItWas, "front-desk", row.release(), row.basis(), Wish.PLAIN, CONTENT);

      assertThat(plans.withId(id).orElseThrow().content()).isEqualTo(CONTENT);
    }
  }

  @Test
  void aRewrapCanStopAnywhereOnSqlite() {
    try (var bench = new Bench(Database.sqlite(folder.resolve("graft.db")))) {
      stopRewrapEverywhere(bench);
    }
  }

  @Test
  void aRewrapCanStopAnywhereOnPostgres() {
    try (var bench = new Bench(Database.postgres(TestPostgres.freshDatabase(), 10))) {
      stopRewrapEverywhere(bench);
    }
  }

  /** Each time from one master key to the next, which alone has to open everything in the end. */
  private static void stopRewrapEverywhere(Bench bench) {
    int generation = 1;
    SwitchedKeyProvider first = local(generation);
    Account installed = bench.installed(bench.keys(first));
    List<Object> everything = bench.everything(installed, first);
    var accounts = new ArrayList<Account>();
    for (int i = 0; i < 119; i++) {
      accounts.add(bench.linked(bench.keys(first)));
    }
    // The check of the round, and three calls for each data key.
    int calls = 1 + 3 * 120;
    int interrupted = 0;
    for (int at = 1; at < calls; at += LONG ? 1 : 24) {
      generation++;
      SwitchedKeyProvider doomed = local(generation % 251, (generation - 1) % 251);
      Rewrapping rewrapping = bench.rewrapping(doomed);
      rewrapping.rotate();
      doomed.breakAt(at);
      try {
        rewrapping.round();
      } catch (SwitchedKeyProvider.Crash e) {
        interrupted++;
      }
      int left = bench.rewraps.remaining(bench.rewraps.latest().orElseThrow());
      assertThat(left).as("stopped at %d", at).isPositive();
      SwitchedKeyProvider both = local(generation % 251, (generation - 1) % 251);
      assertThat(bench.everything(installed, both)).isEqualTo(everything);
      bench.outliveLeases();

      bench.rewrapping(both).round();

      Rewraps.Rewrap over = bench.rewraps.latest().orElseThrow();
      assertThat(over.state()).isEqualTo(Rewraps.State.FINISHED);
      assertThat(over.rewrapped()).as("each once").isEqualTo(120);
      assertThat(bench.rewraps.remaining(over)).isZero();
      SwitchedKeyProvider alone = local(generation % 251);
      assertThat(bench.dataKeys.wrappings())
          .containsExactly(
              new DataKeys.Wrapping(
                  "local:", SwitchedKeyProvider.masterKey(generation % 251).id(), 120));
      assertThat(bench.everything(installed, alone)).isEqualTo(everything);
      Account some = accounts.get(at % accounts.size());
      try (Secret apiKey =
          bench.keys(alone).apiKey(bench.accounts.withId(some.id()).orElseThrow(), "test", null)) {
        assertThat(apiKey).isEqualTo(Secret.copyOf("key of " + some.id()));
      }
    }
    assertThat(interrupted).isEqualTo(LONG ? 360 : 15);
  }
}
