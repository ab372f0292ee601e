package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the store promises of the life of data keys, on either database. */
interface DataKeyContract extends StoreContract {
  /**
   * What is sealed with no account's data key: wrapped data keys themselves, what Graft's own data
   * key seals, and bytes that are no secret.
   */
  Set<String> NOT_OF_AN_ACCOUNT =
      Set.of(
          "data_key.wrapped",
          "webhook.secret",
          "webhook.former_secret",
          "kept_reply.reply",
          "audit_pending.mac",
          "audit_head.mac",
          "allowance.state",
          "scheduled_task.task_data");

  private Rewraps rewraps(Duration leaseTime) {
    return new Rewraps(database(), leaseTime);
  }

  private static AuditRecord record(String act) {
    return new AuditRecord(NOW, "node:graft", act, null, null, null, Json.object());
  }

  /** A rewrap of this test's own provider, so that it has nothing to do with other tests. */
  private static Rewraps.Rewrap wanted(@Nullable String from, String to) {
    return new Rewraps.Rewrap(
        StoreContract.id("rewrap_"),
        from,
        to,
        "k2",
        Rewraps.State.RUNNING,
        NOW.plusSeconds(60),
        null,
        0,
        null);
  }

  private Account account(String user, String provider) {
    var account =
        new Account(
            StoreContract.id("acc_"),
            null,
            "us",
            StoreContract.id("key_"),
            new Sealed(new byte[] {1, 2}),
            "print-" + user,
            NOW);
    var dataKey =
        new StoredDataKey(
            account.dataKey(), account.id(), provider, "k1", new Sealed(new byte[] {9}));
    assertThat(new Accounts(database()).link(user, null, account, dataKey, StoreContract.ACT))
        .isTrue();
    return account;
  }

  private StoredDataKey dataKey(Account account) {
    return new Accounts(database()).dataKey(account.dataKey()).orElseThrow();
  }

  private static StoredDataKey wrapped(StoredDataKey key, String provider, int bytes) {
    return new StoredDataKey(
        key.id(), key.owner(), provider, "k2", new Sealed(new byte[] {(byte) bytes}));
  }

  private int audited(String subject) {
    return database()
        .read(
            sql -> sql.count("SELECT count(*) AS n FROM audit_pending WHERE subject = ?", subject));
  }

  @Test
  default void everyColumnWithSomethingSealedIsKnownToWhoeverSealsAnew() {
    String columns =
        database().dialect() == Dialect.SQLITE
            ? """
            SELECT m.name || '.' || c.name AS name FROM sqlite_master m
            JOIN pragma_table_info(m.name) c
            WHERE m.type = 'table' AND m.name <> 'graft_migration' AND c.type = 'BLOB'
            """
            : """
            SELECT table_name || '.' || column_name AS name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type = 'bytea'
            """;
    Set<String> known = new TreeSet<>(SealedColumn.byName().keySet());
    known.addAll(NOT_OF_AN_ACCOUNT);
    List<String> sealed = database().read(sql -> sql.list(row -> row.text("name"), columns));
    assertThat(known)
        .as("a column that is missing here is lost when an account gets a new data key")
        .containsAll(sealed);
  }

  @Test
  default void theSameRewrapIsAskedForOnceAndAnotherOneReplacesIt() {
    Rewraps rewraps = rewraps(Duration.ofSeconds(30));
    String provider = StoreContract.id("provider");
    Rewraps.Rewrap first = wanted(null, provider);
    assertThat(rewraps.ask(first, record("asked"))).isEqualTo(first);
    assertThat(rewraps.ask(wanted(null, provider), record("asked"))).isEqualTo(first);
    assertThat(rewraps.running()).contains(first);

    Rewraps.Rewrap other = wanted(StoreContract.id("from"), provider);
    assertThat(rewraps.ask(other, record("asked"))).isEqualTo(other);
    assertThat(rewraps.running()).contains(other);
    assertThat(rewraps.take(first)).isEmpty();
    assertThat(rewraps.latest()).contains(other);
  }

  @Test
  default void aRewrapIsOneNodesAtATimeAndChangesOnlyWhatItHasSeen() {
    String from = StoreContract.id("from");
    String to = StoreContract.id("to");
    var keys = new ArrayList<StoredDataKey>();
    for (int i = 0; i < 5; i++) {
      keys.add(dataKey(account(StoreContract.id("user"), from)));
    }
    account(StoreContract.id("user"), StoreContract.id("elsewhere"));
    Rewraps rewraps = rewraps(Duration.ofSeconds(30));
    Rewraps.Rewrap rewrap = rewraps.ask(wanted(from, to), record("asked"));
    Rewraps.Held held = rewraps.take(rewrap).orElseThrow();
    assertThat(new Rewraps(another(), Duration.ofSeconds(30)).take(rewrap)).isEmpty();
    assertThat(rewraps.due(rewrap, "", 100)).containsExactlyInAnyOrderElementsOf(keys);
    assertThat(rewraps.due(rewrap, rewraps.due(rewrap, "", 2).getLast().id(), 100)).hasSize(3);

    StoredDataKey changedMeanwhile =
        new StoredDataKey(
            keys.get(1).id(), keys.get(1).owner(), from, "k1", new Sealed(new byte[] {8}));
    assertThat(
            rewraps.keep(
                held,
                Map.of(
                    keys.get(0),
                    wrapped(keys.get(0), to, 7),
                    changedMeanwhile,
                    wrapped(keys.get(1), to, 7)),
                Map.of(keys.get(2).id(), "It does not unwrap.")))
        .isTrue();

    var accounts = new Accounts(another());
    assertThat(accounts.dataKey(keys.get(0).id())).contains(wrapped(keys.get(0), to, 7));
    assertThat(accounts.dataKey(keys.get(1).id())).contains(keys.get(1));
    assertThat(rewraps.latest().orElseThrow().rewrapped()).isEqualTo(1);
    assertThat(rewraps.remaining(rewrap)).isEqualTo(4);
    assertThat(new DataKeys(database()).faults(1_000))
        .contains(new DataKeys.Fault(keys.get(2).id(), keys.get(2).owner(), "It does not unwrap."));

    rewraps.endLease();
    Rewraps.Held heir = rewraps.take(rewrap).orElseThrow();
    assertThat(rewraps.keep(held, Map.of(keys.get(3), wrapped(keys.get(3), to, 7)), Map.of()))
        .as("the work has passed to another node")
        .isFalse();
    assertThat(rewraps.finish(held, NOW, record("rewrapped"))).isFalse();
    assertThat(rewraps.keep(heir, Map.of(keys.get(2), wrapped(keys.get(2), to, 7)), Map.of()))
        .isTrue();
    assertThat(new DataKeys(database()).faults(1_000))
        .extracting(DataKeys.Fault::dataKey)
        .doesNotContain(keys.get(2).id());
    assertThat(rewraps.finish(heir, NOW.plusSeconds(9), record("rewrapped"))).isTrue();
    assertThat(rewraps.finish(heir, NOW.plusSeconds(9), record("rewrapped"))).isFalse();
    assertThat(rewraps.running()).isEmpty();
    assertThat(new DataKeys(database()).wrappings())
        .contains(new DataKeys.Wrapping(to, "k2", 2), new DataKeys.Wrapping(from, "k1", 3));
  }

  @Test
  default void aRotationIsDueForEveryDataKeyThatWasThereAndForNewerOnesOfOtherSettings() {
    String provider = StoreContract.id("provider");
    Rewraps.Rewrap asked = wanted(null, provider);
    StoredDataKey old = dataKey(account(StoreContract.id("user"), provider));
    String user = StoreContract.id("user");
    var late =
        new Account(
            StoreContract.id("acc_"),
            null,
            "us",
            StoreContract.id("key_"),
            new Sealed(new byte[] {1}),
            "late",
            asked.askedAt().plusSeconds(1));
    var accounts = new Accounts(database());
    for (String wrappingKey : List.of("k1", "k2")) {
      var account =
          new Account(
              late.id() + wrappingKey,
              null,
              "us",
              late.dataKey() + wrappingKey,
              late.apiKey(),
              "late",
              late.linkedAt());
      accounts.link(
          user + wrappingKey,
          null,
          account,
          new StoredDataKey(
              account.dataKey(), account.id(), provider, wrappingKey, new Sealed(new byte[] {1})),
          StoreContract.ACT);
    }
    Rewraps rewraps = rewraps(Duration.ofSeconds(30));
    Rewraps.Rewrap rewrap = rewraps.ask(asked, record("asked"));
    assertThat(rewraps.due(rewrap, "", 100_000))
        .extracting(StoredDataKey::id)
        .contains(old.id(), late.dataKey() + "k1")
        .doesNotContain(late.dataKey() + "k2");
  }

  @Test
  default void aRewrapThatWaitsIsTakenUpByWhoeverComesAfterThePause() throws Exception {
    Rewraps rewraps = rewraps(Duration.ofSeconds(30));
    Rewraps.Rewrap rewrap = rewraps.ask(wanted(null, StoreContract.id("to")), record("asked"));
    Rewraps.Held held = rewraps.take(rewrap).orElseThrow();
    rewraps.pause(held, "The key provider does not answer.", Duration.ofMillis(100));
    assertThat(rewraps.latest().orElseThrow().trouble())
        .isEqualTo("The key provider does not answer.");
    Thread.sleep(150);
    Rewraps.Held heir = rewraps.take(rewrap).orElseThrow();
    assertThat(heir.fence()).isGreaterThan(held.fence());
    assertThat(rewraps.keep(heir, Map.of(), Map.of())).isTrue();
    assertThat(rewraps.latest().orElseThrow().trouble()).isNull();
  }

  @Test
  default void anAccountGetsANewDataKeyUnderItsLeaseOnly() {
    Account account = account(StoreContract.id("user"));
    var operations = new Operations(database(), Duration.ofSeconds(30));
    var renewals = new Renewals(database(), Duration.ofSeconds(30));
    renewals.ask(
        account.id(),
        NOW,
        new AuditRecord(NOW, "x", "asked", account.id(), account.id(), null, Json.object()));
    renewals.ask(
        account.id(),
        NOW,
        new AuditRecord(NOW, "x", "asked", account.id(), account.id(), null, Json.object()));
    assertThat(audited(account.id())).as("asked for once").isEqualTo(1);
    assertThat(renewals.due(NOW, 100_000)).contains(account.id());
    assertThat(renewals.due(NOW.minusMillis(1), 100_000)).doesNotContain(account.id());

    Lease lease = operations.take(account.id(), "a").orElseThrow();
    assertThat(renewals.due(NOW, 100_000)).as("someone works on it").doesNotContain(account.id());
    var anew =
        new StoredDataKey(
            StoreContract.id("key_"), account.id(), "local:", "k1", new Sealed(new byte[] {5}));
    var outlived = new Lease(account.id(), "b", lease.fence() - 1);
    assertThat(renewals.begin(outlived, account, anew, NOW)).isFalse();
    assertThat(renewals.begin(lease, account, anew, NOW)).isTrue();
    assertThat(renewals.begin(lease, account, anew, NOW)).as("it has another by now").isFalse();
    assertThat(renewals.of(account.id()).orElseThrow().dataKey()).isEqualTo(anew.id());
    Account now = new Accounts(another()).withId(account.id()).orElseThrow();
    assertThat(now.dataKey()).isEqualTo(anew.id());
    assertThat(new DataKeys(another()).ofOwner(account.id())).hasSize(2);

    SealedRecord apiKey = renewals.page(account.id(), SealedColumn.API_KEY, null, 10).getFirst();
    assertThat(apiKey.place()).isEqualTo(account.id());
    assertThat(renewals.page(account.id(), SealedColumn.API_KEY, apiKey, 10)).isEmpty();
    var stale = new SealedRecord(apiKey.column(), apiKey.key(), apiKey.place(), sealed(3));
    assertThat(renewals.replace(lease, Map.of(stale, sealed(4)))).isTrue();
    assertThat(new Accounts(another()).withId(account.id()).orElseThrow().apiKey())
        .as("it was another than what was read")
        .isEqualTo(account.apiKey());
    assertThat(renewals.replace(outlived, Map.of(apiKey, sealed(4)))).isFalse();
    assertThat(renewals.replace(lease, Map.of(apiKey, sealed(4)))).isTrue();
    assertThat(new Accounts(another()).withId(account.id()).orElseThrow().apiKey())
        .isEqualTo(sealed(4));

    assertThat(renewals.finish(outlived, now, record("renewed"))).isEmpty();
    assertThat(renewals.finish(lease, account, record("renewed"))).isEmpty();
    assertThat(renewals.finish(lease, now, record("renewed")))
        .isEqualTo(Optional.of(List.of(account.dataKey())));
    assertThat(new DataKeys(another()).ofOwner(account.id())).containsExactly(anew);
    assertThat(renewals.of(account.id())).isEmpty();
  }

  private static Sealed sealed(int bytes) {
    return new Sealed(new byte[] {(byte) bytes});
  }

  @Test
  default void everyAccountCanBeAskedForAtOnceAndAnErasedOneIsForgotten() {
    Account account = account(StoreContract.id("user"));
    var renewals = new Renewals(database(), Duration.ofSeconds(30));
    renewals.askAll(NOW, record("asked"));
    int all = new Accounts(database()).count();
    assertThat(renewals.waiting()).isEqualTo(all);
    renewals.postpone(account.id(), "The key provider does not answer.", NOW.plusSeconds(60));
    assertThat(renewals.due(NOW, 100_000)).hasSize(all - 1).doesNotContain(account.id());
    assertThat(renewals.faulty(10)).hasSize(1);
    Lease lease =
        new Operations(database(), Duration.ofSeconds(30)).take(account.id(), "a").orElseThrow();
    assertThat(new Accounts(database()).erase(lease, Duration.ofSeconds(30), StoreContract.ACT))
        .isTrue();
    assertThat(renewals.waiting()).isEqualTo(all - 1);
    database().write(sql -> sql.execute("DELETE FROM renewal"));
  }

  @Test
  default void aPlanIsNotKeptUnderADataKeyThatTheAccountNoLongerHas() {
    Account account = account(StoreContract.id("user"));
    var plans = new Plans(database());
    var row =
        new Plans.Row(
            StoreContract.id("plan_"),
            account.id(),
            "front-desk",
            new Digest("0".repeat(64)),
            new Digest("1".repeat(64)),
            "{}",
            NOW);
    assertThat(plans.keep(row, Json.object(), SEAL, "an older one", NOW, StoreContract.ACT))
        .isFalse();
    assertThat(plans.withId(row.id())).isEmpty();
    assertThat(plans.keep(row, Json.object(), SEAL, account.dataKey(), NOW, StoreContract.ACT))
        .isTrue();
    assertThat(plans.withId(row.id())).contains(row);
  }

  @Test
  default void whatIsDeletedCanBeCutOffTheLog() {
    assertThat(database().scrub()).isTrue();
  }
}
