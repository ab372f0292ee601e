package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What events, webhooks and the states of keys may count on, on either database. */
interface OutboxContract {
  Database database();

  Database another();

  Instant NOW = StoreContract.NOW;
  Duration LONG = Duration.ofMinutes(10);

  static AuditRecord record() {
    return new AuditRecord(NOW, "test", "test.done", null, null, null, Json.object());
  }

  static Event event(String type, @Nullable String account) {
    return new Event(
        StoreContract.id("evt_"), type, account, NOW, Json.object().put("account", account));
  }

  default Webhook webhook(String... types) {
    var webhook =
        new Webhook(
            StoreContract.id("wh_"),
            "https://example.com/x",
            Set.of(types),
            "",
            true,
            null,
            NOW,
            null,
            new Sealed(new byte[] {1, 2, 3}),
            null,
            null,
            NOW);
    new Webhooks(database()).add(webhook, record());
    return webhook;
  }

  default Account account() {
    String id = StoreContract.id("acc_");
    var dataKey =
        new StoredDataKey(
            StoreContract.id("dk-"), id, "local:test", "k1", new Sealed(new byte[] {9}));
    var account =
        new Account(id, null, "us", dataKey.id(), new Sealed(new byte[] {7}), "fp-" + id, NOW);
    assertThat(new Accounts(database()).link("user of " + id, null, account, dataKey, record()))
        .isTrue();
    return account;
  }

  /** How many records of the audit trail there are; nothing gives them their place meanwhile. */
  default int pending() {
    return database().read(sql -> sql.count("SELECT count(*) AS n FROM audit_pending"));
  }

  default List<Delivery> claim(Webhook webhook, Instant now) {
    return new Outbox(database()).claim(webhook.id(), now, 100, LONG);
  }

  @Test
  default void anEventGoesToThoseThatWantItAndToNobodyElse() {
    var outbox = new Outbox(database());
    Webhook all = webhook();
    Webhook some = webhook("a.b", "c.d");
    Webhook other = webhook("a.bc");
    Event event = event("a.b", "x");
    outbox.add(event);
    assertThat(claim(all, NOW)).extracting(Delivery::event).contains(event);
    assertThat(claim(some, NOW)).extracting(Delivery::event).containsExactly(event);
    assertThat(claim(other, NOW)).isEmpty();
    assertThat(outbox.one(some.id(), event.id()).orElseThrow().state())
        .isEqualTo(Delivery.State.WAITING);
  }

  @Test
  default void anEventOfWhatIsRolledBackIsNotThere() {
    Webhook webhook = webhook("a.b");
    Event event = event("a.b", "x");
    assertThatThrownBy(() ->
            database()
                .write(sql -> {
                  Outbox.add(sql, event);
                  throw new IllegalStateException("as ordered by a test");
                }))
        .hasMessage("as ordered by a test");
    assertThat(claim(webhook, NOW)).isEmpty();
    assertThat(new Outbox(database()).one(webhook.id(), event.id())).isEmpty();
  }

  @Test
  default void whatOneTakesNobodyElseTakesUntilItsTimeIsUp() throws Exception {
    Webhook webhook = webhook("a.b");
    for (int i = 0; i < 60; i++) {
      new Outbox(database()).add(event("a.b", "x"));
    }
    var taken = new HashSet<String>();
    int count = 0;
    List<Callable<List<Delivery>>> takers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      Database handle = i % 2 == 0 ? database() : another();
      takers.add(() -> new Outbox(handle).claim(webhook.id(), NOW, 10, LONG));
    }
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var result : executor.invokeAll(takers)) {
        for (Delivery delivery : result.get()) {
          taken.add(delivery.event().id());
          count++;
        }
      }
    }
    // Takers that meet may find each other's rows taken and get less than there is, never the same.
    assertThat(count).isEqualTo(taken.size()).isGreaterThan(0);
    taken.addAll(
        new Outbox(database())
            .claim(webhook.id(), NOW, 100, Duration.ofMillis(1)).stream()
                .map(delivery -> delivery.event().id())
                .toList());
    assertThat(taken).hasSize(60);

    Webhook quick = webhook("c.d");
    new Outbox(database()).add(event("c.d", "x"));
    var outbox = new Outbox(database());
    assertThat(outbox.claim(quick.id(), NOW, 10, Duration.ofMillis(1))).hasSize(1);
    Thread.sleep(20);
    assertThat(outbox.due(NOW)).contains(quick.id());
    assertThat(outbox.claim(quick.id(), NOW, 10, LONG)).hasSize(1);
    assertThat(outbox.claim(quick.id(), NOW, 10, LONG)).isEmpty();
    assertThat(outbox.due(NOW)).doesNotContain(quick.id());
  }

  @Test
  default void whatFailsIsDueAgainWhenItsTimeComesAndWhatIsDeadWhenSomeoneAsks() {
    var outbox = new Outbox(database());
    Webhook webhook = webhook("a.b");
    outbox.add(event("a.b", "x"));
    Delivery first = claim(webhook, NOW).getFirst();
    Instant later = NOW.plusSeconds(60);
    Instant since =
        outbox.failed(first, new Outbox.Attempt(NOW, 500, "it answered with status 500"), later);
    assertThat(since).isEqualTo(NOW);
    assertThat(claim(webhook, NOW.plusSeconds(59))).isEmpty();
    Delivery again = claim(webhook, later).getFirst();
    assertThat(again.tries()).isEqualTo(1);
    assertThat(again.lastStatus()).isEqualTo(500);
    assertThat(again.lastError()).isEqualTo("it answered with status 500");

    assertThat(outbox.failed(again, new Outbox.Attempt(later, null, "no connection to it"), null))
        .isEqualTo(NOW);
    assertThat(claim(webhook, later.plusSeconds(100_000))).isEmpty();
    assertThat(outbox.count(webhook.id(), Delivery.State.DEAD)).isEqualTo(1);
    assertThat(outbox.page(webhook.id(), Delivery.State.DEAD, null, 10)).hasSize(1);

    assertThat(outbox.replay(webhook.id(), again.event().id(), later)).isTrue();
    assertThat(outbox.replay(webhook.id(), "evt_none", later)).isFalse();
    Delivery replayed = claim(webhook, later).getFirst();
    assertThat(replayed.tries()).isZero();
    outbox.delivered(replayed, new Outbox.Attempt(later, 204, null));
    assertThat(outbox.page(webhook.id(), null, null, 10).getFirst().state())
        .isEqualTo(Delivery.State.DELIVERED);
    assertThat(new Webhooks(database()).withId(webhook.id()).orElseThrow().failingSince()).isNull();
  }

  @Test
  default void aFailureThatIsToldTooLateChangesNothing() throws InterruptedException {
    var outbox = new Outbox(database());
    var webhooks = new Webhooks(database());
    Webhook webhook = webhook("a.b");
    outbox.add(event("a.b", "x"));
    Delivery slow = outbox.claim(webhook.id(), NOW, 10, Duration.ofMillis(1)).getFirst();
    Thread.sleep(20);
    Delivery quick = claim(webhook, NOW).getFirst();
    outbox.delivered(quick, new Outbox.Attempt(NOW, 204, null));
    outbox.failed(slow, new Outbox.Attempt(NOW, null, "it took too long"), NOW.plusSeconds(1));
    assertThat(outbox.one(webhook.id(), slow.event().id()).orElseThrow().state())
        .isEqualTo(Delivery.State.DELIVERED);
    assertThat(webhooks.withId(webhook.id()).orElseThrow().failingSince()).isNull();
    assertThat(claim(webhook, NOW.plusSeconds(10))).isEmpty();

    outbox.add(event("a.b", "x"));
    Delivery given = claim(webhook, NOW).getFirst();
    webhooks.disable(webhook.id(), "It is gone.", event("webhook.disabled", null), record());
    outbox.failed(given, new Outbox.Attempt(NOW, 500, "it failed"), NOW.plusSeconds(1));
    assertThat(outbox.one(webhook.id(), given.event().id()).orElseThrow().state())
        .isEqualTo(Delivery.State.DEAD);
  }

  @Test
  default void aWebhookThatIsRemovedJustThenUndoesNothingThatIsTold() throws Exception {
    String type = StoreContract.id("t.");
    List<Callable<Boolean>> work = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Database handle = i % 2 == 0 ? database() : another();
      work.add(() -> {
        for (int n = 0; n < 60; n++) {
          new Outbox(handle).add(event(type, "x"));
        }
        return true;
      });
      work.add(() -> {
        for (int n = 0; n < 30; n++) {
          assertThat(new Webhooks(handle).remove(webhook(type).id(), record())).isTrue();
        }
        return true;
      });
    }
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var done : executor.invokeAll(work)) {
        assertThat(done.get()).isTrue();
      }
    }
    int told =
        database().read(sql -> sql.count("SELECT count(*) AS n FROM event WHERE type = ?", type));
    assertThat(told).isEqualTo(240);
  }

  @Test
  default void aReplayBringsWhatWasMissed() {
    var outbox = new Outbox(database());
    String type = StoreContract.id("t.");
    Event early = event(type, "x");
    outbox.add(early);
    Webhook webhook = webhook(type);
    Event told = event(type, "x");
    outbox.add(told);
    outbox.delivered(claim(webhook, NOW).getFirst(), new Outbox.Attempt(NOW, 200, null));
    assertThat(outbox.replaySince(webhook.id(), NOW.plusSeconds(1), false, NOW)).isZero();
    assertThat(outbox.replaySince(webhook.id(), NOW, false, NOW)).isEqualTo(1);
    assertThat(claim(webhook, NOW)).extracting(Delivery::event).containsExactly(early);
    assertThat(outbox.replaySince(webhook.id(), NOW, true, NOW)).isEqualTo(1);
  }

  @Test
  default void aDisabledWebhookIsLeftAloneAndTheOthersAreTold() {
    var outbox = new Outbox(database());
    var webhooks = new Webhooks(database());
    Webhook broken = webhook("a.b");
    Webhook listening = webhook("webhook.disabled");
    outbox.add(event("a.b", "x"));
    Event told = event("webhook.disabled", null);
    assertThat(webhooks.disable(broken.id(), "It is gone.", told, record())).isTrue();
    assertThat(webhooks.disable(broken.id(), "It is gone.", told, record())).isFalse();
    outbox.add(event("a.b", "x"));
    assertThat(outbox.page(broken.id(), null, null, 10))
        .extracting(Delivery::state)
        .containsExactly(Delivery.State.DEAD);
    assertThat(claim(listening, NOW)).extracting(Delivery::event).containsExactly(told);
    assertThat(webhooks.withId(broken.id()).orElseThrow().enabled()).isFalse();
  }

  @Test
  default void aRotatedSecretLeavesItsFormerOneForAWhile() {
    var webhooks = new Webhooks(database());
    Webhook webhook = webhook();
    Sealed second = new Sealed(new byte[] {4, 5});
    assertThat(webhooks.rotate(webhook.id(), second, NOW.plusSeconds(10), record())).isTrue();
    Webhook rotated = webhooks.withId(webhook.id()).orElseThrow();
    assertThat(rotated.secret()).isEqualTo(second);
    assertThat(rotated.formerSecret()).isEqualTo(webhook.secret());
    webhooks.dropFormerSecrets(NOW.plusSeconds(9));
    assertThat(webhooks.withId(webhook.id()).orElseThrow().formerSecret()).isNotNull();
    webhooks.dropFormerSecrets(NOW.plusSeconds(10));
    assertThat(webhooks.withId(webhook.id()).orElseThrow().formerSecret()).isNull();
  }

  @Test
  default void oldEventsAreForgottenAndSoAreThoseOfAnAccountThatIsErased() {
    var outbox = new Outbox(database());
    String type = StoreContract.id("t.");
    Webhook webhook = webhook(type);
    Account account = account();
    outbox.add(event(type, account.id()));
    assertThat(outbox.page(webhook.id(), null, null, 10)).hasSize(1);
    var operations = new Operations(database(), Duration.ofMinutes(1));
    Lease lease = operations.take(account.id(), "test").orElseThrow();
    assertThat(new Accounts(database()).erase(lease, operations.leaseTime(), record())).isTrue();
    assertThat(outbox.page(webhook.id(), null, null, 10)).isEmpty();

    outbox.add(event(type, "y"));
    outbox.drop(NOW, 1_000);
    assertThat(outbox.page(webhook.id(), null, null, 10)).hasSize(1);
    while (outbox.drop(NOW.plusMillis(1), 1_000) > 0) {
      assertThat(webhook.id()).isNotEmpty();
    }
    assertThat(outbox.page(webhook.id(), null, null, 10)).isEmpty();
    assertThat(new Webhooks(database()).remove(webhook.id(), record())).isTrue();
    assertThat(new Webhooks(database()).remove(webhook.id(), record())).isFalse();
  }

  default boolean refused(Account account, Instant now) {
    return new KeyStates(database())
        .refused(
            account.id(),
            account.fingerprint(),
            "Vapi answers with status 401.",
            now,
            now,
            now,
            event("account.revoked", account.id()),
            record());
  }

  default boolean works(Account account, Instant now, Instant checkFrom) {
    return new KeyStates(database())
        .works(account.id(), account.fingerprint(), now, checkFrom, record());
  }

  @Test
  default void aKeyIsRevokedWhenItIsRefusedTwiceInARowAndToldOnce() {
    var states = new KeyStates(database());
    Webhook webhook = webhook("account.revoked");
    Account account = account();
    assertThat(states.of(account.id()).orElseThrow())
        .isEqualTo(new KeyState(false, null, null, null));

    assertThat(refused(account, NOW)).isFalse();
    assertThat(states.of(account.id()).orElseThrow().revoked()).isFalse();
    assertThat(works(account, NOW, NOW)).isFalse();
    assertThat(refused(account, NOW)).isFalse();
    assertThat(refused(account, NOW.plusSeconds(1))).isTrue();
    assertThat(refused(account, NOW.plusSeconds(2))).isFalse();
    KeyState revoked = states.of(account.id()).orElseThrow();
    assertThat(revoked.revoked()).isTrue();
    assertThat(revoked.reason()).isEqualTo("Vapi answers with status 401.");
    assertThat(revoked.since()).isEqualTo(NOW.plusSeconds(1));
    assertThat(claim(webhook, NOW)).hasSize(1);
    assertThat(
            new Accounts(database())
                .page("", 10_000, true).stream().map(line -> line.account().id()))
        .contains(account.id());

    int records = pending();
    assertThat(works(account, NOW.plusSeconds(3), NOW)).isTrue();
    assertThat(works(account, NOW.plusSeconds(3), NOW)).isFalse();
    assertThat(pending()).isEqualTo(records + 1);
    assertThat(states.of(account.id()).orElseThrow().revoked()).isFalse();
    assertThat(states.of(account.id()).orElseThrow().reason()).isNull();
  }

  @Test
  default void whatIsSaidOfAFormerKeyIsNotSaidOfTheNewOne() {
    var states = new KeyStates(database());
    Account account = account();
    refused(account, NOW);
    refused(account, NOW);
    assertThat(states.of(account.id()).orElseThrow().revoked()).isTrue();
    var relinked =
        new Account(
            account.id(),
            null,
            "us",
            account.dataKey(),
            new Sealed(new byte[] {8}),
            "another " + account.fingerprint(),
            NOW);
    assertThat(
            new Accounts(database())
                .link("user of " + account.id(), account.id(), relinked, null, record()))
        .isTrue();
    assertThat(states.of(account.id()).orElseThrow().revoked()).isFalse();
    refused(account, NOW);
    refused(account, NOW);
    assertThat(states.of(account.id()).orElseThrow().revoked()).isFalse();
    assertThat(refused(relinked, NOW)).isFalse();
    assertThat(refused(relinked, NOW)).isTrue();
  }

  @Test
  default void keysAreDueOnePeriodAfterTheyWereLinkedAndOnceAPeriod() {
    var states = new KeyStates(database());
    Account account = account();
    Duration day = Duration.ofDays(1);
    assertThat(states.claim(NOW.plus(day).minusMillis(1), day, LONG, 1_000))
        .doesNotContain(account.id());
    Instant due = NOW.plus(day);
    assertThat(states.claim(due, day, LONG, 10_000)).contains(account.id());
    assertThat(states.claim(due, day, LONG, 10_000)).doesNotContain(account.id());
    // Nothing came of it: it is due again after a while, and not only a day later.
    assertThat(states.claim(due.plus(LONG), day, LONG, 10_000)).contains(account.id());
    works(account, due, due);
    assertThat(states.claim(due.plus(LONG), day, LONG, 10_000)).doesNotContain(account.id());
  }
}
