package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.apply.Intent;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.JournalEntry;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Owned;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import dev.graft.core.template.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Every promise of the store, on either database. */
interface StoreContract {
  Database database();

  /** A second handle on the same data, as another node or a restart has it. */
  Database another();

  Instant NOW = Instant.parse("2026-11-23T10:00:00.123Z");
  Address TOOL = new Address("tool", "main");
  AtomicInteger SERIAL = new AtomicInteger();
  AuditRecord ACT = new AuditRecord(NOW, "key:test", "test.done", null, null, null, Json.object());
  BodySeal SEAL = new BodySeal(StoreContract::flipped, StoreContract::flipped);

  /** Stands for the vault: what is kept is not what was given, and only opens at its own place. */
  private static byte[] flipped(String place, byte[] bytes) {
    byte[] out = bytes.clone();
    for (int i = 0; i < out.length; i++) {
      out[i] ^= (byte) (0x55 + place.hashCode());
    }
    return out;
  }

  static String id(String prefix) {
    return prefix + SERIAL.incrementAndGet();
  }

  private static Release release(String version) {
    return new Release(
        "front-desk",
        false,
        Version.parse(version).orElseThrow(),
        List.of(
            new Resource(
                TOOL,
                Version.parse(version).orElseThrow(),
                Json.parseObject("{\"type\":\"endCall\",\"n\":1.10,\"none\":null}"))));
  }

  default Account account(String user) {
    return linked(database(), user);
  }

  static Account linked(Database database, String user) {
    var account =
        new Account(
            id("acc_"),
            null,
            "us",
            id("key_"),
            new Sealed(new byte[] {1, 2}),
            "print-" + user,
            NOW);
    var dataKey =
        new StoredDataKey(
            account.dataKey(), account.id(), "local:", "k1", new Sealed(new byte[] {9}));
    assertThat(new Accounts(database).link(user, null, account, dataKey, ACT)).isTrue();
    return account;
  }

  private static Operations.Request request(Account account, Release release) {
    return new Operations.Request(
        account.id(),
        "clone",
        release,
        release.digest(),
        Json.parse("{\"adoption\":\"BY_NAME\"}"),
        id("op_"),
        id("ins_"),
        "key:test",
        "req_1");
  }

  static Operations.Request aRequest(Account account) {
    return request(account, release("1"));
  }

  private Operations operations(Duration leaseTime) {
    return new Operations(database(), leaseTime);
  }

  static Operations.Claim.Yours yours(Operations.Claim claim) {
    assertThat(claim).isInstanceOf(Operations.Claim.Yours.class);
    return (Operations.Claim.Yours) claim;
  }

  @Test
  default void aLinkedAccountIsFoundByUserOrgAndKey() {
    String user = id("usér ❤ ");
    Account account = account(user);
    var accounts = new Accounts(database());
    assertThat(accounts.ofUser(user)).contains(account);
    assertThat(accounts.ofUser("nobody")).isEmpty();
    assertThat(accounts.withId(account.id())).contains(account);
    assertThat(accounts.withFingerprint(account.fingerprint())).contains(account);
    assertThat(accounts.usersOf(account.id())).containsExactly(user);
    assertThat(accounts.dataKey(account.dataKey()).orElseThrow().owner()).isEqualTo(account.id());
    assertThat(accounts.hasDataKeys()).isTrue();
  }

  @Test
  default void aRelinkReplacesTheKeyAndKeepsTheOrganisation() {
    String user = id("user");
    Account account = account(user);
    var accounts = new Accounts(database());
    var known =
        new Account(
            account.id(),
            id("org"),
            "eu",
            account.dataKey(),
            new Sealed(new byte[] {3}),
            "other",
            NOW.plusSeconds(1));
    assertThat(accounts.link(user, account.id(), known, null, ACT)).isTrue();
    assertThat(accounts.ofUser(user)).contains(known);
    assertThat(accounts.ofOrg(String.valueOf(known.orgId()))).contains(known);
    var emptyNow =
        new Account(
            account.id(), null, "eu", account.dataKey(), new Sealed(new byte[] {4}), "third", NOW);
    assertThat(accounts.link(user, account.id(), emptyNow, null, ACT)).isTrue();
    assertThat(accounts.ofUser(user).orElseThrow().orgId()).isEqualTo(known.orgId());
  }

  @Test
  default void aLinkThatWasDecidedOnOldKnowledgeChangesNothing() {
    String user = id("user");
    Account account = account(user);
    var other =
        new Account(id("acc_"), null, "us", id("key_"), new Sealed(new byte[] {7}), "late", NOW);
    var dataKey =
        new StoredDataKey(other.dataKey(), other.id(), "local:", "k1", new Sealed(new byte[] {9}));
    var accounts = new Accounts(database());
    assertThat(accounts.link(user, null, other, dataKey, ACT)).isFalse();
    assertThat(accounts.ofUser(user)).contains(account);
    assertThat(accounts.withId(other.id())).isEmpty();
  }

  @Test
  default void accountsComeInPages() {
    for (int i = 0; i < 5; i++) {
      account(id("paged"));
    }
    var accounts = new Accounts(database());
    var seen = new ArrayList<String>();
    String after = "";
    for (List<Accounts.Line> page = accounts.page(after, 2);
        !page.isEmpty();
        page = accounts.page(after, 2)) {
      assertThat(page.size()).isLessThanOrEqualTo(2);
      page.forEach(line -> seen.add(line.account().id()));
      after = seen.getLast();
    }
    assertThat(seen).doesNotHaveDuplicates().hasSize(accounts.count()).isSorted();
  }

  @Test
  default void theSystemsDataKeyIsMadeOnce() throws Exception {
    var accounts = new Accounts(database());
    List<Callable<StoredDataKey>> tasks = new ArrayList<>();
    String owner = id("system");
    for (int i = 0; i < 20; i++) {
      var proposed =
          new StoredDataKey(id("sys"), owner, "local:", "k", new Sealed(new byte[] {(byte) i}));
      tasks.add(() -> accounts.systemDataKey(proposed, NOW));
    }
    var chosen = Collections.synchronizedSet(new java.util.HashSet<StoredDataKey>());
    together(tasks).forEach(chosen::add);
    StoredDataKey later =
        accounts.systemDataKey(
            new StoredDataKey(id("sys"), owner, "local:", "k", new Sealed(new byte[] {99})), NOW);
    chosen.add(later);
    assertThat(chosen).hasSize(1);
  }

  @Test
  default void anOperationIsBegunByOneHolderAtATime() throws Exception {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    List<Callable<Operations.Claim>> tasks = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Operations.Request request = request(account, release("1"));
      String holder = "holder " + i;
      tasks.add(() -> operations.begin(request, holder, NOW));
    }
    List<Operations.Claim> claims = together(tasks);
    assertThat(claims).filteredOn(Operations.Claim.Yours.class::isInstance).hasSize(1);
    Operation running =
        yours(claims.stream().filter(Operations.Claim.Yours.class::isInstance).findFirst().get())
            .operation();
    assertThat(claims)
        .filteredOn(Operations.Claim.Busy.class::isInstance)
        .allSatisfy(
            claim -> assertThat(((Operations.Claim.Busy) claim).operation()).isEqualTo(running));
  }

  @Test
  default void workOnAnAccountThatIsGoneSaysSo() {
    var gone =
        new Operations.Request(
            id("acc_gone"),
            "clone",
            release("1"),
            release("1").digest(),
            Json.parse("{}"),
            id("op_"),
            id("ins_"),
            "key:test",
            "req_1");
    assertThatThrownBy(() -> operations(Duration.ofSeconds(30)).begin(gone, "a", NOW))
        .isInstanceOfSatisfying(
            StoreException.class,
            e -> {
              assertThat(e.isOfSomethingGone()).isTrue();
              assertThat(e.mayHelpToTryAgain()).isTrue();
            });
  }

  @Test
  default void aFinishedOperationFreesTheAccountAndIsRemembered() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    assertThat(claim.isOlder()).isFalse();
    String org = id("org");
    boolean finished =
        operations.finish(
            claim.lease(),
            claim.operation(),
            Operation.State.SUCCEEDED,
            Json.parse("{\"actions\":[]}"),
            new Operations.Convergence(
                claim.operation().release(), "1", Json.parse("{\"x\":1}"), org),
            null,
            List.of(),
            "key:test",
            NOW.plusSeconds(2));
    assertThat(finished).isTrue();
    Operation over = operations.withId(claim.operation().id()).orElseThrow();
    assertThat(over.state()).isEqualTo(Operation.State.SUCCEEDED);
    assertThat(over.finishedAt()).isEqualTo(NOW.plusSeconds(2));
    assertThat(new Accounts(database()).withId(account.id()).orElseThrow().orgId()).isEqualTo(org);
    Installation installation =
        new Installations(database()).of(account.id(), "front-desk").orElseThrow();
    assertThat(installation.release()).isEqualTo(claim.operation().release());
    assertThat(installation.sighting()).isEqualTo(Json.parse("{\"x\":1}"));
    var next = yours(operations.begin(request(account, release("2")), "b", NOW));
    assertThat(next.lease().fence()).isGreaterThan(claim.lease().fence());
    assertThat(next.operation().installationId()).isEqualTo(installation.id());
    assertThat(operations.ofAccount(account.id(), 10)).hasSize(2);
    assertThat(new Releases(database()).withDigest(release("1").digest()).orElseThrow().toJson())
        .isEqualTo(release("1").toJson());
  }

  @Test
  default void anOrganisationIsKnownUnderOneAccountOnly() {
    Account first = account(id("user"));
    Account second = account(id("user"));
    String org = id("org");
    Operations operations = operations(Duration.ofSeconds(30));
    for (Account account : List.of(first, second)) {
      var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
      operations.finish(
          claim.lease(),
          claim.operation(),
          Operation.State.SUCCEEDED,
          Json.object(),
          new Operations.Convergence(claim.operation().release(), "1", Json.object(), org),
          null,
          List.of(),
          "key:test",
          NOW);
    }
    assertThat(new Accounts(database()).ofOrg(org).map(Account::id)).contains(first.id());
    assertThat(new Accounts(database()).withId(second.id()).orElseThrow().orgId()).isNull();
  }

  @Test
  default void whatADeadHolderLeftIsTakenUpWhenItsLeaseEnds() throws Exception {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofMillis(300));
    Operations.Request request = request(account, release("1"));
    var dead = yours(operations.begin(request, "dead", NOW));
    assertThat(operations.takeUp(dead.operation().id(), "early", "node:test", NOW)).isEmpty();
    assertThat(operations.due(NOW, 1000, List.of())).doesNotContain(dead.operation().id());
    Thread.sleep(400);
    assertThat(operations.due(NOW, 1000, List.of())).contains(dead.operation().id());

    var heir = yours(operations.begin(request(account, release("2")), "heir", NOW));
    assertThat(heir.isOlder()).isTrue();
    assertThat(dead.lease().isTakenOver()).isFalse();
    assertThat(heir.lease().isTakenOver()).as("nobody gave it back").isTrue();
    assertThat(heir.operation().id()).isEqualTo(dead.operation().id());
    assertThat(heir.operation().release()).isEqualTo(release("1").digest());

    assertThat(operations.renew(dead.lease())).isFalse();
    Journal outlived = operations.journal(dead.operation(), dead.lease(), SEAL, "key:test");
    assertThatThrownBy(() ->
            outlived.append(
                List.of(new Journal.Written(intent(0), new JournalEntry.Intended(NOW))), List.of()))
        .isInstanceOf(Journal.LeaseLost.class);
    assertThat(
            operations.finish(
                dead.lease(),
                dead.operation(),
                Operation.State.SUCCEEDED,
                Json.object(),
                null,
                null,
                List.of(),
                "key:test",
                NOW))
        .isFalse();
    operations.giveBack(dead.lease());
    assertThat(operations.renew(heir.lease())).isTrue();
    assertThat(operations.withId(dead.operation().id()).orElseThrow().isOver()).isFalse();
    assertThat(outlived.stories()).isEmpty();
    operations.giveBack(heir.lease());
    assertThat(operations.take(account.id(), "next").orElseThrow().isTakenOver()).isFalse();
  }

  @Test
  default void aPostponedOperationIsDueAgainAtItsTime() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    operations.postpone(claim.lease(), claim.operation(), NOW.plusSeconds(60), Json.object());
    assertThat(operations.withId(claim.operation().id()).orElseThrow().result())
        .isEqualTo(Json.object());
    assertThat(operations.due(NOW.plusSeconds(59), 1000, List.of()))
        .doesNotContain(claim.operation().id());
    assertThat(operations.due(NOW.plusSeconds(60), 1000, List.of()))
        .contains(claim.operation().id());
    assertThat(
            operations
                .takeUp(claim.operation().id(), "b", "node:test", NOW)
                .orElseThrow()
                .operation()
                .tries())
        .isEqualTo(1);
    assertThat(operations.withId(claim.operation().id()).orElseThrow().tries()).isEqualTo(2);
  }

  private static Intent intent(int step) {
    return new Intent(
        step,
        Intent.Verb.CREATE,
        TOOL,
        null,
        new Intent.Making(
            Json.parseObject("{\"type\":\"endCall\",\"metadata\":{\"graft\":\"m\"}}"),
            Json.parseObject("{\"type\":\"endCall\"}"),
            Version.parse("1.10").orElseThrow(),
            Json.parseObject("{\"type\":\"endCall\",\"seen\":true}"),
            new ObjectId("o-0")),
        Intent.Before.NOTHING);
  }

  @Test
  default void theJournalAndTheLedgerAreReadBackAsTheyWereWritten() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    Journal journal = operations.journal(claim.operation(), claim.lease(), SEAL, "key:test");
    var owned =
        new Owned(
            new ObjectId("o-2"),
            Json.parseObject("{\"n\":1.10,\"none\":null}"),
            Json.parseObject("{\"n\":1.1,\"more\":[]}"),
            Version.parse("1.10").orElseThrow(),
            Owned.Origin.ADOPTED,
            Set.of(new ObjectId("old-1"), new ObjectId("old-2")),
            Set.of(new ObjectId("old-3")));
    Intent create = intent(0);
    var update =
        new Intent(
            1,
            Intent.Verb.UPDATE,
            TOOL,
            new ObjectId("o-1"),
            null,
            new Intent.Before(Json.object().put("was", 1), owned));
    journal.append(
        List.of(
            new Journal.Written(create, new JournalEntry.Intended(NOW)),
            new Journal.Written(update, new JournalEntry.Intended(NOW))),
        List.of());
    journal.append(
        List.of(
            new Journal.Written(create, new JournalEntry.InDoubt(NOW.plusMillis(1), "lost")),
            new Journal.Written(update, new JournalEntry.Refused(NOW.plusMillis(2), "no"))),
        List.of());
    journal.append(
        List.of(
            new Journal.Written(
                create, new JournalEntry.Done(NOW.plusMillis(3), new ObjectId("o-2")))),
        List.of(new Journal.LedgerChange.Put(TOOL, owned)));

    Journal seen =
        new Operations(another(), Duration.ofSeconds(30))
            .journal(claim.operation(), claim.lease(), SEAL, "key:test");
    assertThat(seen.stories())
        .containsExactly(
            new Journal.Story(
                create,
                List.of(
                    new JournalEntry.Intended(NOW),
                    new JournalEntry.InDoubt(NOW.plusMillis(1), "lost"),
                    new JournalEntry.Done(NOW.plusMillis(3), new ObjectId("o-2")))),
            new Journal.Story(
                update,
                List.of(
                    new JournalEntry.Intended(NOW),
                    new JournalEntry.Refused(NOW.plusMillis(2), "no"))));
    String installation = claim.operation().installationId();
    var installations = new Installations(another());
    assertThat(installations.ledger(installation, SEAL).entries()).containsEntry(TOOL, owned);
    assertThat(installations.entries(installation)).hasSize(1);
    assertThat(installations.countObjects(account.id())).isEqualTo(1);
    assertThat(installations.objectsOfOthers(account.id(), "another"))
        .containsExactly(new ObjectId("o-2"));
    assertThat(installations.objectsOfOthers(account.id(), installation)).isEmpty();

    journal.append(List.of(), List.of(new Journal.LedgerChange.Drop(TOOL)));
    assertThat(installations.ledger(installation, SEAL).entries()).isEmpty();
  }

  @Test
  default void noBodyIsKeptInClear() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    operations
        .journal(claim.operation(), claim.lease(), SEAL, "key:test")
        .append(List.of(new Journal.Written(intent(0), new JournalEntry.Intended(NOW))), List.of());
    List<String> texts =
        database()
            .read(sql ->
                sql.fetch("SELECT making FROM journal WHERE making IS NOT NULL").stream()
                    .map(row ->
                        new String(
                            row.bytes("making"), java.nio.charset.StandardCharsets.ISO_8859_1))
                    .toList());
    assertThat(texts).isNotEmpty().noneMatch(text -> text.contains("endCall"));
  }

  @Test
  default void aTransactionThatFailsLeavesNothingBehind() {
    var values = new KeptValues(database());
    String name = id("value");
    assertThatThrownBy(() ->
            database()
                .write(sql -> {
                  sql.execute("INSERT INTO kept_value VALUES (?, ?)", name, "x");
                  throw new IllegalStateException("stop");
                }))
        .hasMessage("stop");
    assertThat(values.get(name)).isEmpty();
    assertThat(values.putIfAbsent(name, "first")).isTrue();
    assertThat(values.putIfAbsent(name, "second")).isFalse();
    assertThat(values.get(name)).contains("first");
  }

  @Test
  default void manyWritersAtOnceLoseNothing() throws Exception {
    var values = new KeptValues(database());
    List<Callable<Boolean>> tasks = new ArrayList<>();
    String prefix = id("many");
    for (int i = 0; i < 400; i++) {
      String name = prefix + "-" + i;
      boolean fails = i % 7 == 0;
      tasks.add(() -> {
        if (fails) {
          try {
            database()
                .write(sql -> {
                  sql.execute("INSERT INTO kept_value VALUES (?, ?)", name, "x");
                  throw new IllegalStateException("stop");
                });
          } catch (IllegalStateException e) {
            return false;
          }
        }
        return values.putIfAbsent(name, "v");
      });
    }
    List<Boolean> kept = together(tasks);
    assertThat(kept).filteredOn(done -> done).hasSize(342);
    int there =
        database()
            .read(sql ->
                sql.count("SELECT count(*) AS n FROM kept_value WHERE name LIKE ?", prefix + "-%"));
    assertThat(there).isEqualTo(342);
  }

  private static <T> List<T> together(List<Callable<T>> tasks) throws Exception {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var results = new ArrayList<T>();
      for (var future : executor.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    }
  }

  @Test
  default void whatIsOverIsNotEndedAgainAndGivesTheAccountBack() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    assertThat(finish(operations, claim.lease(), claim.operation())).isTrue();
    Lease late = operations.take(account.id(), "b").orElseThrow();

    assertThat(finish(operations, late, claim.operation())).isFalse();

    assertThat(finishingRecords(claim.operation())).isEqualTo(1);
    assertThat(operations.take(account.id(), "c")).isPresent();
  }

  static boolean finish(Operations operations, Lease lease, Operation operation) {
    return operations.finish(
        lease,
        operation,
        Operation.State.SUCCEEDED,
        Json.object(),
        null,
        null,
        List.of(),
        "key:test",
        NOW);
  }

  default int finishingRecords(Operation operation) {
    return database()
        .read(sql ->
            sql.count(
                """
                SELECT count(*) AS n FROM audit_pending
                WHERE act = 'operation.succeeded' AND subject = ?
                """,
                operation.id()));
  }

  @Test
  default void accountsOfAHostThatIsAwayAreLeftOut() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    operations.giveBack(claim.lease());
    assertThat(operations.due(NOW, 1000, List.of("eu"))).contains(claim.operation().id());
    assertThat(operations.due(NOW, 1000, List.of("eu", "us")))
        .doesNotContain(claim.operation().id());
    assertThat(
            finish(operations, operations.take(account.id(), "a").orElseThrow(), claim.operation()))
        .isTrue();
  }

  @Test
  default void whatWasLookedAtIsNotDueForAPeriodAndWhatWasClaimedInVainForAWhile() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    operations.finish(
        claim.lease(),
        claim.operation(),
        Operation.State.SUCCEEDED,
        Json.object(),
        new Operations.Convergence(claim.operation().release(), "1", Json.object(), null),
        null,
        List.of(),
        "key:test",
        NOW);
    String installation = claim.operation().installationId();
    var tellings = new Tellings(database());
    Duration day = Duration.ofDays(1);
    Duration minute = Duration.ofMinutes(1);
    Instant due = NOW.plus(day);
    assertThat(tellings.claimForDrift(due, day, minute, 1000)).contains(installation);
    assertThat(tellings.claimForDrift(due.plusSeconds(59), day, minute, 1000))
        .doesNotContain(installation);
    assertThat(tellings.claimForDrift(due.plusSeconds(60), day, minute, 1000))
        .contains(installation);
    tellings.lookedForDrift(installation, due);
    assertThat(tellings.claimForDrift(due.plus(day).minusMillis(1), day, minute, 1000))
        .doesNotContain(installation);
    assertThat(tellings.claimForDrift(due.plus(day), day, minute, 1000)).contains(installation);
  }

  @Test
  default void workThatHasTimeWaitsAndStandsInNobodysWay() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    String later = id("op_");
    operations.finish(
        claim.lease(),
        claim.operation(),
        Operation.State.SUCCEEDED,
        Json.object(),
        null,
        new Operations.Later(later, "sweep", Json.object().put("a", 1), NOW.plusSeconds(60)),
        List.of(),
        "key:test",
        NOW);
    assertThat(operations.due(NOW.plusSeconds(59), 1000, List.of())).doesNotContain(later);
    assertThat(operations.due(NOW.plusSeconds(60), 1000, List.of())).contains(later);

    var next = yours(operations.begin(request(account, release("2")), "a", NOW.plusSeconds(1)));
    assertThat(next.isOlder()).isFalse();
    operations.finish(
        next.lease(),
        next.operation(),
        Operation.State.FAILED,
        Json.object(),
        null,
        null,
        List.of(),
        "key:test",
        NOW);
    Operation swept = operations.takeUp(later, "b", "node:test", NOW).orElseThrow().operation();
    assertThat(swept.kind()).isEqualTo("sweep");
    assertThat(swept.request()).isEqualTo(Json.object().put("a", 1));
    assertThat(swept.installationId()).isEqualTo(claim.operation().installationId());
  }

  @Test
  default void anInstallationsPastIsReadInOrder() {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var done = new ArrayList<Operation>();
    for (int i = 0; i < 4; i++) {
      var claim =
          yours(
              operations.begin(
                  request(account, release(String.valueOf(i))), "a", NOW.plusSeconds(i)));
      operations.finish(
          claim.lease(),
          claim.operation(),
          i == 2 ? Operation.State.FAILED : Operation.State.SUCCEEDED,
          Json.object(),
          null,
          null,
          List.of(),
          "key:test",
          NOW.plusSeconds(i));
      done.add(claim.operation());
    }
    assertThat(operations.since(done.get(1), null))
        .extracting(Operation::id)
        .containsExactly(done.get(1).id(), done.get(2).id(), done.get(3).id());
    assertThat(operations.since(done.get(1), done.get(3)))
        .extracting(Operation::id)
        .containsExactly(done.get(1).id(), done.get(2).id());
    assertThat(operations.lastBefore(done.get(3)).orElseThrow().id()).isEqualTo(done.get(1).id());
    assertThat(operations.lastBefore(done.get(0))).isEmpty();
    var releases = new Releases(database());
    String installation = done.get(0).installationId();
    assertThat(releases.ofInstallation(installation, "1")).containsExactly(done.get(1).release());
    assertThat(releases.ofInstallation(installation, done.get(2).release().hex())).hasSize(1);
    assertThat(releases.ofInstallation(installation, "9")).isEmpty();
  }

  /** Whatever is thrown, a stack that overflows included: nothing is half done, nobody waits. */
  @Test
  default void whateverBreaksATransactionNothingOfItStaysAndTheNextOneRuns() throws Exception {
    String name = id("value ");
    var error = new StackOverflowError("as ordered by a test");
    var threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      Future<Boolean> broken =
          threads.submit(() ->
              database()
                  .write(sql -> {
                    KeptValues.putIfAbsent(sql, name, "half");
                    throw error;
                  }));
      assertThatThrownBy(() -> broken.get(20, TimeUnit.SECONDS)).hasCause(error);
      assertThat(new KeptValues(database()).get(name)).isEmpty();
      Future<Boolean> next =
          threads.submit(() -> new KeptValues(database()).putIfAbsent(name, "whole"));
      assertThat(next.get(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      // Who waits for ever must not be waited for.
      threads.shutdownNow();
    }
    assertThat(new KeptValues(another()).get(name)).contains("whole");
  }

  /** A key provider that is slow for some accounts must not keep the others from the database. */
  @Test
  default void whileBodiesAreOpenedNoConnectionIsHeld() throws Exception {
    Account account = account(id("user"));
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    String installation = claim.operation().installationId();
    operations
        .journal(claim.operation(), claim.lease(), SEAL, "key:test")
        .append(
            List.of(new Journal.Written(intent(0), new JournalEntry.Intended(NOW))),
            List.of(
                new Journal.LedgerChange.Put(
                    TOOL,
                    new Owned(
                        new ObjectId("o-1"),
                        Json.object(),
                        Json.object(),
                        Version.parse("1").orElseThrow(),
                        Owned.Origin.ADOPTED,
                        Set.of(),
                        Set.of()))));
    int more = 32;
    var all = new CyclicBarrier(more);
    var together = new ThreadLocal<Boolean>();
    var slow =
        new BodySeal(
            SEAL.seal(),
            (place, sealed) -> {
              if (together.get() == null) {
                together.set(true);
                try {
                  all.await(20, TimeUnit.SECONDS);
                } catch (Exception e) {
                  throw new IllegalStateException("not all could read at the same time", e);
                }
              }
              return SEAL.open().apply(place, sealed);
            });
    List<Callable<Boolean>> readers = new ArrayList<>();
    for (int i = 0; i < more; i++) {
      boolean ledger = i % 2 == 0;
      readers.add(() ->
          ledger
              ? !new Installations(database()).ledger(installation, slow).entries().isEmpty()
              : !operations.stories(claim.operation(), slow).isEmpty());
    }
    try (var threads = Executors.newFixedThreadPool(more)) {
      for (Future<Boolean> read : threads.invokeAll(readers)) {
        assertThat(read.get()).isTrue();
      }
    }
  }

  @Test
  default void ofTwoFirstLinksOfAUserAtOnceOneComesFirstAndNothingOfTheOtherStays()
      throws Exception {
    for (int i = 0; i < 30; i++) {
      String user = id("user");
      var together = new CyclicBarrier(2);
      List<Callable<Boolean>> links = new ArrayList<>();
      List<Account> accounts = new ArrayList<>();
      for (Database node : List.of(database(), another())) {
        var account =
            new Account(
                id("acc_"), null, "us", id("key_"), new Sealed(new byte[] {1}), "print", NOW);
        accounts.add(account);
        var dataKey =
            new StoredDataKey(
                account.dataKey(), account.id(), "local:", "k1", new Sealed(new byte[] {9}));
        links.add(() -> {
          together.await(20, TimeUnit.SECONDS);
          return new Accounts(node).link(user, null, account, dataKey, ACT);
        });
      }
      var linked = new ArrayList<Boolean>();
      try (var threads = Executors.newFixedThreadPool(2)) {
        for (Future<Boolean> link : threads.invokeAll(links)) {
          linked.add(link.get());
        }
      }
      assertThat(linked).containsExactlyInAnyOrder(true, false);
      Account first = accounts.get(linked.indexOf(true));
      Account second = accounts.get(linked.indexOf(false));
      assertThat(new Accounts(database()).ofUser(user)).contains(first);
      assertThat(new Accounts(database()).withId(second.id())).isEmpty();
      assertThat(new Accounts(database()).dataKey(second.dataKey())).isEmpty();
    }
  }

  @Test
  default void anErasedAccountLeavesNothingBehind() {
    String user = id("user");
    Account account = account(user);
    Operations operations = operations(Duration.ofSeconds(30));
    var claim = yours(operations.begin(request(account, release("1")), "a", NOW));
    Journal journal = operations.journal(claim.operation(), claim.lease(), SEAL, "key:test");
    journal.append(
        List.of(new Journal.Written(intent(0), new JournalEntry.Intended(NOW))), List.of());
    var accounts = new Accounts(database());
    assertThat(operations.take(account.id(), "b")).isEmpty();
    assertThat(
            accounts.erase(
                new Lease(account.id(), "b", claim.lease().fence() + 1),
                Duration.ofSeconds(30),
                ACT))
        .isFalse();
    assertThat(accounts.withId(account.id())).isPresent();

    assertThat(accounts.erase(claim.lease(), Duration.ofSeconds(30), ACT)).isTrue();

    assertThat(accounts.withId(account.id())).isEmpty();
    assertThat(accounts.ofUser(user)).isEmpty();
    assertThat(accounts.dataKey(account.dataKey())).isEmpty();
    assertThat(operations.withId(claim.operation().id())).isEmpty();
    assertThat(operations.stories(claim.operation(), SEAL)).isEmpty();
    assertThat(new Installations(database()).ofAccount(account.id())).isEmpty();
  }

  @Test
  default void howFastAnAccountMayBeCalledGoesWithItsLease() throws Exception {
    Account account = account(id("user"));
    var said = new AtomicReference<Lease.Pacing>();
    var first = new Operations(database(), Duration.ofSeconds(30), _ -> said.get());
    Lease fresh = first.take(account.id(), "a").orElseThrow();
    assertThat(fresh.pacing()).isNull();

    said.set(new Lease.Pacing(-2_500, Duration.ofSeconds(-4), 1_250));
    first.giveBack(fresh);
    Lease next = operations(Duration.ofMillis(300)).take(account.id(), "b").orElseThrow();
    assertThat(next.pacing())
        .satisfies(pacing -> {
          assertThat(pacing.ready()).isEqualTo(-2_500);
          assertThat(pacing.perSecond()).isEqualTo(1_250);
          assertThat(pacing.since()).isBetween(Duration.ofSeconds(-4), Duration.ZERO);
        });

    Thread.sleep(400);
    Lease heir = operations(Duration.ofSeconds(30)).take(account.id(), "c").orElseThrow();
    assertThat(heir.pacing())
        .as("of a holder that died nobody knows what it called last")
        .satisfies(pacing -> {
          assertThat(pacing.ready()).isZero();
          assertThat(pacing.perSecond()).isEqualTo(1_250);
          assertThat(pacing.since()).isPositive();
        });

    said.set(new Lease.Pacing(7_000, Duration.ZERO, 2_000));
    assertThat(first.renew(heir)).isTrue();
    first.giveBack(new Lease(account.id(), "b", next.fence()));
    assertThat(operations(Duration.ofSeconds(30)).take(account.id(), "d"))
        .as("who outlived its lease says nothing of it")
        .isEmpty();
  }
}
