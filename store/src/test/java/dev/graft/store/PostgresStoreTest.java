package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresStoreTest
    implements StoreContract,
        CrashContract,
        DataKeyContract,
        ScheduleContract,
        OutboxContract,
        RequestsContract {
  private static Database database;
  private static Database another;

  @BeforeAll
  static void open() {
    URI url = TestPostgres.freshDatabase();
    database = Database.postgres(url, 20);
    another = Database.postgres(url, 5);
  }

  @AfterAll
  static void close() {
    database.close();
    another.close();
  }

  @Override
  public Database database() {
    return database;
  }

  @Override
  public Database another() {
    return another;
  }

  /** Whoever waits for a lease while an operation ends with it does not do it once more. */
  @Test
  void anOperationThatEndsMeanwhileIsNotTakenUp() throws Exception {
    Account account = account(StoreContract.id("user"));
    // It is over between the first line of the transaction and the last.
    Duration leaseTime = Duration.ofSeconds(2);
    var heir = new AtomicReference<@Nullable Thread>();
    var takenUp = new AtomicReference<>(Optional.<Operations.Claim.Yours>empty());
    var id = new AtomicReference<String>();
    // The pacing is asked for within the transaction that ends the operation.
    var ending =
        new Operations(
            database,
            leaseTime,
            _ -> {
              while (!isOver(account)) {
                Thread.onSpinWait();
              }
              Thread thread =
                  new Thread(() ->
                      takenUp.set(
                          new Operations(another, leaseTime)
                              .takeUp(id.get(), "heir", "node:heir", StoreContract.NOW)));
              thread.start();
              heir.set(thread);
              untilSomeoneWaitsForALock(thread);
              return null;
            });
    var claim =
        StoreContract.yours(ending.begin(StoreContract.aRequest(account), "a", StoreContract.NOW));
    id.set(claim.operation().id());

    assertThat(StoreContract.finish(ending, claim.lease(), claim.operation())).isTrue();

    Objects.requireNonNull(heir.get()).join();
    assertThat(takenUp.get()).isEmpty();
    assertThat(new Operations(another, leaseTime).take(account.id(), "next")).isPresent();
  }

  private static boolean isOver(Account account) {
    return another.read(sql ->
        sql.first(
                "SELECT fence FROM lease WHERE account_id = ? AND until <= "
                    + another.dialect().now(),
                account.id())
            .isPresent());
  }

  private static void untilSomeoneWaitsForALock(Thread thread) {
    int waiting = 0;
    while (waiting == 0 && thread.isAlive()) {
      waiting =
          another.read(sql ->
              sql.count(
                  """
                  SELECT count(*) AS n FROM pg_stat_activity
                  WHERE datname = current_database() AND wait_event_type = 'Lock'
                  """));
    }
  }

  @Test
  void bothDatabasesHaveTheSameTablesAndColumns(@TempDir Path folder) {
    List<String> postgres =
        database.read(sql ->
            sql.list(
                row -> row.text("c"),
                """
                SELECT table_name || '.' || column_name || ' ' || data_type || ' '
                                     || is_nullable AS c
                                   FROM information_schema.columns WHERE table_schema = 'public'
                                     AND table_name <> 'graft_migration' ORDER BY 1
                """));
    try (Database file = Database.sqlite(folder.resolve("graft.db"))) {
      List<String> sqlite =
          file.read(sql ->
              sql.list(
                  row -> row.text("c"),
                  """
                  SELECT m.name || '.' || c.name || ' ' || c.type || ' '
                                         || CASE WHEN c."notnull" = 1 THEN 'NO' ELSE 'YES' END AS c
                                       FROM sqlite_master m JOIN pragma_table_info(m.name) c
                                       WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
                                         AND m.name <> 'graft_migration' ORDER BY 1
                  """));
      assertThat(sqlite.stream().map(PostgresStoreTest::inPostgresWords).sorted())
          .containsExactlyElementsOf(postgres.stream().sorted().toList());
    }
  }

  private static String inPostgresWords(String column) {
    return column
        .replace(" INTEGER ", " bigint ")
        .replace(" BLOB ", " bytea ")
        .replace(" TEXT ", " text ")
        .toLowerCase(Locale.ROOT)
        .replace(" no", " NO")
        .replace(" yes", " YES");
  }

  @Test
  void twoNodesShareTheWorkAndNeverDoItAtTheSameTime() throws Exception {
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    Set<String> workers = ConcurrentHashMap.newKeySet();
    var runs = new AtomicInteger();
    String name = StoreContract.id("shared-");
    Function<String, List<Schedule.Task>> tasks =
        node ->
            List.of(
                new Schedule.Task(
                    name,
                    ScheduleContract.EVERY,
                    () -> {
                      most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                      workers.add(node);
                      ScheduleContract.pause(20);
                      inside.decrementAndGet();
                      runs.incrementAndGet();
                    }));
    try (var one = Schedule.start(database, "one", tasks.apply("one"), ScheduleContract.QUICK);
        var two = Schedule.start(another, "two", tasks.apply("two"), ScheduleContract.QUICK)) {
      assertThat(one).isNotSameAs(two);
      ScheduleContract.until(() -> runs.get() >= 20 && workers.size() == 2);
    }
    assertThat(most).hasValue(1);
  }

  /** As the row of a node looks that was killed in the middle of its work. */
  @Test
  void theWorkOfADeadNodeIsTakenOver() throws Exception {
    var runs = new AtomicInteger();
    String name = StoreContract.id("orphaned-");
    long longAgo = System.currentTimeMillis() - 60_000;
    database.write(sql ->
        sql.execute(
            """
            INSERT INTO scheduled_task
              (task_name, task_instance, execution_time, picked, picked_by, last_heartbeat, version)
            VALUES (?, 'recurring', ?, TRUE, 'a dead node', ?, 7)
            """,
            name,
            longAgo,
            longAgo));
    var task = new Schedule.Task(name, ScheduleContract.EVERY, runs::incrementAndGet);
    try (var one = Schedule.start(database, "one", List.of(task), ScheduleContract.QUICK)) {
      assertThat(one).isNotNull();
      ScheduleContract.until(() -> runs.get() >= 2);
    }
  }

  @Test
  void aServerThatIsNotThereIsToldInASentence() {
    assertThatThrownBy(
            () -> Database.postgres(URI.create("postgresql://u:hidden@127.0.0.1:1/x"), 2))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("cannot be reached")
        .hasMessageNotContaining("hidden");
  }
}
