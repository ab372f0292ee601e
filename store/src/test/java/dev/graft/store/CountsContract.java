package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is counted for the figures, on both databases. */
interface CountsContract {
  Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  /** The long run has as many accounts as the figures are to be cheap with. */
  int ACCOUNTS = Boolean.getBoolean("graft.long") ? 1_000_000 : 5_000;

  Database database();

  @Test
  default void whatThereIsIsCountedAndQuickly() {
    Database database = database();
    var counts = new Counts(database);
    Counts.Now nothing = counts.now(NOW);
    assertThat(nothing.unfinished()).isZero();
    assertThat(nothing.oldest()).isEmpty();
    assertThat(nothing.revoked()).isZero();
    assertThat(counts.totals()).isEqualTo(new Counts.Totals(0, 0));

    fill(database);
    Counts.Now now = counts.now(NOW);
    assertThat(now.unfinished()).as("a sweep that has time is not unfinished").isEqualTo(4);
    assertThat(now.oldest()).as("of those that were tried").contains(NOW.minusSeconds(600));
    assertThat(now.revoked()).isEqualTo(7);
    assertThat(now.drifted()).isEqualTo(5);
    assertThat(now.deliveriesWaiting()).isEqualTo(2);
    assertThat(now.deliveriesDead()).isEqualTo(1);
    assertThat(counts.totals()).isEqualTo(new Counts.Totals(ACCOUNTS, ACCOUNTS));

    Duration often = quickest(() -> counts.now(NOW));
    Duration seldom = quickest(counts::totals);
    System.out.printf(
        "%s, %,d accounts: what changes is counted in %,d us, all accounts and installations in %,d"
            + " us%n",
        database.description(), ACCOUNTS, often.toNanos() / 1_000, seldom.toNanos() / 1_000);
    assertThat(often).isLessThan(Duration.ofMillis(100));
    assertThat(seldom).isLessThan(Duration.ofSeconds(2));
  }

  private static Duration quickest(Runnable look) {
    Duration quickest = Duration.ofDays(1);
    for (int i = 0; i < 5; i++) {
      long began = System.nanoTime();
      look.run();
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      quickest = took.compareTo(quickest) < 0 ? took : quickest;
    }
    return quickest;
  }

  private static void fill(Database database) {
    String numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
            + ACCOUNTS
            + ") ";
    var statements = new ArrayList<String>();
    statements.add(
        "INSERT INTO release (digest, template, version, content, first_used_at) VALUES ('r',"
            + " 'front-desk', '1', '{}', 0)");
    statements.add(
        numbers
            + "INSERT INTO account (id, host, data_key, api_key, key_fingerprint, linked_at, key_state)"
            + " SELECT 'acc_' || i, 'us', 'd', "
            + (database.dialect() == Dialect.SQLITE ? "X'00'" : "''::bytea")
            + ", 'f' || i, 0, CASE WHEN i <= 7 THEN 'revoked' ELSE 'active' END FROM n");
    statements.add(
        numbers
            + "INSERT INTO installation (id, account_id, template, sighting, created_at, told_drift)"
            + " SELECT 'ins_' || i, 'acc_' || i, 'front-desk', '{}', 0, CASE WHEN i <= 5 THEN 'x' END"
            + " FROM n");
    long now = NOW.toEpochMilli();
    String operation =
        "INSERT INTO operation (id, account_id, installation_id, kind, release_digest, request, state,"
            + " created_at, tries, next_try_at, waits) VALUES ";
    statements.add(
        numbers
            + "INSERT INTO operation (id, account_id, installation_id, kind, release_digest, request,"
            + " state, created_at, tries, next_try_at, waits) SELECT 'old_' || i, 'acc_' || i, 'ins_' ||"
            + " i, 'clone', 'r', '{}', 'succeeded', 0, 1, 0, 0 FROM n");
    for (String one :
        List.of(
            values("op_1", now - 100_000, 1, now, 0),
            values("op_2", now - 5_000, 1, now + 60_000, 0),
            // Sweeps: one is due, one has time, one was tried and put off.
            values("op_3", now - 900_000, 0, now - 1_000, 1),
            values("op_4", now - 900_000, 0, now + 60_000, 1),
            values("op_5", now - 600_000, 3, now + 60_000, 1))) {
      statements.add(operation + one);
    }
    statements.add(
        "INSERT INTO webhook (id, url, types, description, state, since, secret, created_at) VALUES"
            + " ('w', 'https://x', '', '', 'enabled', 0, "
            + (database.dialect() == Dialect.SQLITE ? "X'00'" : "''::bytea")
            + ", 0)");
    for (String event : List.of("a-waiting", "b-waiting", "c-dead", "d-delivered")) {
      statements.add(
          "INSERT INTO event (id, type, at, data) VALUES ('" + event + "', 't', 0, '{}')");
      statements.add(
          "INSERT INTO delivery (webhook_id, event_id, state, tries, next_try_at, claimed_until)"
              + " VALUES ('w', '"
              + event
              + "', '"
              + event.substring(2)
              + "', 0, 0, 0)");
    }
    statements.forEach(statement -> database.write(sql -> sql.execute(statement)));
  }

  private static String values(String id, long created, int tries, long next, int waits) {
    return "('%s', 'acc_1', 'ins_1', 'clone', 'r', '{}', 'running', %d, %d, %d, %d)"
        .formatted(id, created, tries, next, waits);
  }
}
