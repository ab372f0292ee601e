package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteStoreTest
    implements StoreContract,
        CrashContract,
        DataKeyContract,
        ScheduleContract,
        OutboxContract,
        RequestsContract {
  private static Path file;
  private static Database database;

  @BeforeAll
  static void open(@TempDir Path folder) {
    file = folder.resolve("graft.db");
    database = Database.sqlite(file);
  }

  @AfterAll
  static void close() {
    database.close();
  }

  @Override
  public Database database() {
    return database;
  }

  @Override
  public Database another() {
    return database;
  }

  @Test
  void aFileBelongsToOneProcess() {
    assertThatThrownBy(() -> Database.sqlite(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("Another process of Graft has the database file");
  }

  @Test
  void whatWasWrittenIsThereAfterClosingAndOpening(@TempDir Path folder) {
    Path own = folder.resolve("deep/er/graft.db");
    try (Database first = Database.sqlite(own)) {
      new KeptValues(first).putIfAbsent("a", "b");
    }
    try (Database second = Database.sqlite(own)) {
      assertThat(new KeptValues(second).get("a")).contains("b");
      assertThat(second.isUp()).isTrue();
    }
  }

  @Test
  void whoeverReadsOrWritesAfterTheEndIsToldAndDoesNotWait(@TempDir Path folder) throws Exception {
    Database ended = Database.sqlite(folder.resolve("graft.db"));
    ended.close();
    var values = new KeptValues(ended);
    var threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      List<Future<?>> late = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        late.add(threads.submit(() -> values.get("a")));
        late.add(threads.submit(() -> values.putIfAbsent("a", "b")));
      }
      for (Future<?> each : late) {
        assertThatThrownBy(() -> each.get(20, TimeUnit.SECONDS))
            .hasRootCauseInstanceOf(IllegalStateException.class)
            .hasRootCauseMessage("the database is closed");
      }
    } finally {
      // Who waits for ever must not be waited for.
      threads.shutdownNow();
    }
  }

  @Test
  void aFileOfANewerVersionIsRefusedWithASentence(@TempDir Path folder) throws Exception {
    Path own = folder.resolve("graft.db");
    Database.sqlite(own).close();
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + own);
        var statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO graft_migration (installed_rank, version, description, type, script,"
              + " checksum, installed_by, installed_on, execution_time, success) VALUES (99, '99',"
              + " 'future', 'SQL', 'V99__future.sql', 1, 'x', '2030-01-01 00:00:00', 1, 1)");
    }
    assertThatThrownBy(() -> Database.sqlite(own))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("made by a newer version of Graft");
  }

  @Test
  void aFileThatIsNoDatabaseIsRefusedWithASentence(@TempDir Path folder) throws IOException {
    Path own = folder.resolve("graft.db");
    Files.writeString(own, "this is not a database, and it is long enough to be one".repeat(50));
    assertThatThrownBy(() -> Database.sqlite(own)).isInstanceOf(StoreException.class);
  }

  @Test
  void anIntentIsFlushedToTheDiskBeforeItCounts() {
    int synchronous =
        database.write(
            sql -> (int) sql.fetch("PRAGMA synchronous").getFirst().number("synchronous"));
    String journal =
        database.write(sql -> sql.fetch("PRAGMA journal_mode").getFirst().text("journal_mode"));
    assertThat(synchronous).as("FULL").isEqualTo(2);
    assertThat(journal).isEqualTo("wal");
  }

  @Test
  void readersCannotWrite() {
    assertThatThrownBy(() -> database.read(sql -> sql.execute("DELETE FROM kept_value")))
        .isInstanceOf(RuntimeException.class);
  }

  @Test
  void whatIsErasedIsOverwrittenInTheFile(@TempDir Path folder) throws Exception {
    Path own = folder.resolve("graft.db");
    byte[] wrapped = "a wrapped data key that must go".getBytes(StandardCharsets.UTF_8);
    try (Database fresh = Database.sqlite(own)) {
      var account =
          new Account(
              "acc_1",
              null,
              "us",
              "key_1",
              new Sealed(new byte[] {1}),
              "print",
              Instant.parse("2026-11-23T10:00:00Z"));
      var accounts = new Accounts(fresh);
      accounts.link(
          "user",
          null,
          account,
          new StoredDataKey("key_1", "acc_1", "local:", "k1", new Sealed(wrapped)),
          StoreContract.ACT);
      var operations = new Operations(fresh, Duration.ofSeconds(30));
      Lease lease = operations.take("acc_1", "a").orElseThrow();
      assertThat(accounts.erase(lease, Duration.ofSeconds(30), StoreContract.ACT)).isTrue();
      assertThat(holds(own.resolveSibling("graft.db-wal"), wrapped))
          .as("SQLite's log keeps what a page was before")
          .isTrue();
      assertThat(fresh.scrub()).isTrue();
      for (String file : List.of("graft.db", "graft.db-wal")) {
        assertThat(holds(own.resolveSibling(file), wrapped)).as(file).isFalse();
      }
    }
    assertThat(holds(own, wrapped)).isFalse();
  }

  /** While it waits for a reader nobody can write, and a backup reads for long. */
  @Test
  void whatIsDeletedIsCutOffLaterWhenSomeoneReadsForLong(@TempDir Path folder) throws Exception {
    Path own = folder.resolve("graft.db");
    try (Database fresh = Database.sqlite(own);
        var reader = DriverManager.getConnection("jdbc:sqlite:" + own);
        var reading = reader.createStatement()) {
      reading.execute("BEGIN");
      reading.executeQuery("SELECT count(*) FROM kept_value").close();
      new KeptValues(fresh).putIfAbsent("later", "than what is read");
      var scrubbed = CompletableFuture.supplyAsync(fresh::scrub);
      assertThat(scrubbed.get(5, TimeUnit.SECONDS)).isFalse();
      reading.execute("COMMIT");
      assertThat(fresh.scrub()).isTrue();
    }
  }

  @Test
  void oneThatFindsNoRoomTakesNobodyDownWithIt(@TempDir Path folder) throws Exception {
    try (Database fresh = Database.sqlite(folder.resolve("graft.db"))) {
      var values = new KeptValues(fresh);
      values.putIfAbsent("first", "so that there is a page");
      FullDisk.leave(fresh, 2);
      var large = new FutureTask<>(() -> values.putIfAbsent("large", "x".repeat(100_000)));
      var small = new FutureTask<>(() -> values.putIfAbsent("small", "fits"));
      // Both wait while this one is written, and are committed together.
      fresh.write(_ -> {
        for (FutureTask<Boolean> one : List.of(large, small)) {
          Thread waiting = Thread.ofPlatform().start(one);
          while (waiting.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
          }
        }
        return true;
      });
      assertThat(small.get()).isTrue();
      assertThatThrownBy(large::get).hasMessageContaining("is full");
      assertThat(values.get("small")).contains("fits");
      assertThat(values.get("large")).isEmpty();
    }
  }

  private static boolean holds(Path file, byte[] bytes) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
        .contains(new String(bytes, StandardCharsets.ISO_8859_1));
  }
}
