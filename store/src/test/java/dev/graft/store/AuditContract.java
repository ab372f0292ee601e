package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.audit.ChainedRecord;
import dev.graft.core.audit.Checkpoint;
import dev.graft.core.audit.LengthPrefixed;
import dev.graft.core.audit.Verification;
import dev.graft.core.json.Json;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every promise of the audit chain, on either database. */
interface AuditContract {
  Instant NOW = Instant.parse("2026-11-23T10:00:00.123Z");
  AuditChain.Head GENESIS = new AuditChain.Head(1, 0, ChainedRecord.GENESIS);

  /** Records of the chain that is tampered with. */
  int RECORDS = Boolean.getBoolean("graft.long") ? 60 : 10;

  List<String> NUMBERS = List.of("epoch", "seq", "at");
  List<String> HASHES = List.of("previous", "hash");
  List<String> TEXTS =
      List.of("id", "actor", "act", "account_id", "subject", "request_id", "detail");

  /** An empty database. */
  Database fresh();

  /** The same data for another process, or for the next one. */
  Database again(Database database);

  /** Takes away what refuses to change records, as whoever owns the database can. */
  List<String> withoutTriggers();

  /** Stands for the key of the audit trail. */
  static byte[] mac(byte[] content) {
    return LengthPrefixed.of(
        "secret", new String(content, java.nio.charset.StandardCharsets.UTF_8));
  }

  private static Database proven(Database database) {
    new AuditTrail(database).proveWith(AuditContract::mac);
    return database;
  }

  private static KeyPair pair() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static AuditRecord act(int i) {
    return new AuditRecord(
        NOW.plusMillis(i),
        i % 3 == 0 ? "node:graft" : "key:who? usér ❤ " + i,
        "thing.done",
        i % 2 == 0 ? null : "acc_" + i,
        i % 4 == 0 ? "op_" + i : null,
        i % 5 == 0 ? null : "req_" + i,
        Json.object().put("i", i).put("said", "quote \" and \\ and ü"));
  }

  private static List<String> export(List<ChainedRecord> records) {
    return records.stream().map(record -> Json.write(record.toJson())).toList();
  }

  private static List<ChainedRecord> all(Sql sql) {
    return AuditChain.page(sql, 0, 10_000, null);
  }

  private static Checkpoint checkpoint(KeyPair pair, AuditChain.Head head) {
    return Checkpoint.signed(
        head.epoch(), head.size(), head.hash(), NOW, pair.getPublic(), pair.getPrivate());
  }

  /** The rows as they are after a change that is then undone. */
  private static List<ChainedRecord> after(Sql sql, Consumer<Sql> change) {
    sql.execute("SAVEPOINT sound");
    change.accept(sql);
    List<ChainedRecord> rows = all(sql);
    sql.execute("ROLLBACK TO SAVEPOINT sound");
    return rows;
  }

  @Test
  default void whateverIsEditedAddedRemovedSwappedOrCutIsFoundByBothVerifiers(
      @TempDir Path folder) {
    try (Database database = proven(fresh())) {
      var trail = new AuditTrail(database);
      var chain = new AuditChain(database);
      KeyPair pair = pair();
      for (int i = 0; i < RECORDS - 1; i++) {
        trail.add(act(i));
      }
      AuditChain.Head first = chain.take(GENESIS, 5, NOW).head();
      AuditChain.Head then = chain.take(first, RECORDS, NOW).head();
      chain.restart(act(RECORDS), null);
      AuditChain.Head head = chain.head();
      assertThat(head).isEqualTo(new AuditChain.Head(2, RECORDS, head.hash()));
      List<String> checkpoints =
          List.of(
              checkpoint(pair, first).line(),
              "a line of a log that is about something else",
              "{\"message\":\"" + checkpoint(pair, then).line() + "\"}",
              checkpoint(pair, head).line());
      List<ChainedRecord> sound = chain.page(0, 1_000, null);

      List<List<ChainedRecord>> tampered =
          database.write(sql -> {
            withoutTriggers().forEach(sql::execute);
            return tampered(sql, sound);
          });
      var second = new SecondVerifier(folder);
      String key = Checkpoint.text(pair.getPublic());
      var accepted = new ArrayList<List<ChainedRecord>>();
      second.add(export(sound), checkpoints, key);
      assertThat(verified(sound, checkpoints, pair).faults()).isEmpty();
      for (List<ChainedRecord> rows : tampered) {
        assertThat(rows).isNotEqualTo(sound);
        second.add(export(rows), checkpoints, key);
        if (verified(rows, checkpoints, pair).isSound()) {
          accepted.add(rows);
        }
      }
      assertThat(accepted).isEmpty();
      // Half a character and a question mark are the same bytes in UTF-8, which is what is hashed.
      List<String> half =
          export(sound).stream().map(line -> line.replace("who?", "who\\ud800")).toList();
      assertThat(half).isNotEqualTo(export(sound));
      second.add(half, checkpoints, key);
      assertThat(
              Verification.of(half.iterator(), checkpoints.iterator(), pair.getPublic()).isSound())
          .isFalse();
      List<Boolean> verdicts = second.areSound();
      assertThat(verdicts.getFirst()).isTrue();
      assertThat(verdicts.subList(1, verdicts.size())).containsOnly(false);
      int fields = NUMBERS.size() + HASHES.size() + TEXTS.size();
      assertThat(tampered)
          .hasSize(
              RECORDS * (fields + TEXTS.size() + 2)
                  + 3 * (RECORDS - 1)
                  + RECORDS * (RECORDS - 1) / 2);
      System.out.println(
          "AUDIT " + tampered.size() + " tampered chains of " + RECORDS + " records, all found");
    }
  }

  private static Verification.Report verified(
      List<ChainedRecord> rows, List<String> checkpoints, KeyPair pair) {
    return Verification.of(export(rows).iterator(), checkpoints.iterator(), pair.getPublic());
  }

  /** Every field of every row edited, and rows added, removed, swapped and cut off. */
  private static List<List<ChainedRecord>> tampered(Sql sql, List<ChainedRecord> sound) {
    var all = new ArrayList<List<ChainedRecord>>();
    for (ChainedRecord row : sound) {
      long seq = row.seq();
      for (String column : NUMBERS) {
        all.add(after(sql, change -> edit(change, column + " + 100000", column, seq)));
      }
      for (String column : HASHES) {
        all.add(
            after(
                sql, change -> edit(change, "'f' || substr(" + column + ", 1, 63)", column, seq)));
      }
      for (String column : TEXTS) {
        String changed = "COALESCE(" + column + ", '') || 'x'";
        all.add(after(sql, change -> edit(change, changed, column, seq)));
        // With everything after it as if it had been so: the checkpoints tell.
        all.add(
            after(
                sql,
                change -> {
                  edit(change, changed, column, seq);
                  rechain(change);
                }));
      }
      all.add(after(sql, change -> remove(change, seq)));
      all.add(after(sql, change -> insertAfter(change, seq)));
      for (ChainedRecord other : sound.subList((int) seq, sound.size())) {
        all.add(after(sql, change -> swap(change, seq, other.seq())));
      }
      // One that is added at the very end is no matter of exports: the next record is not added
      // then.
      if (seq < sound.size()) {
        all.add(
            after(
                sql,
                change -> {
                  insertAfter(change, seq);
                  rechain(change);
                }));
        all.add(
            after(sql, change -> change.execute("DELETE FROM audit_record WHERE seq > ?", seq)));
        all.add(
            after(
                sql,
                change -> {
                  remove(change, seq);
                  rechain(change);
                }));
      }
    }
    return all;
  }

  private static void edit(Sql sql, String value, String column, long seq) {
    assertThat(
            sql.execute(
                "UPDATE audit_record SET " + column + " = " + value + " WHERE seq = ?", seq))
        .isEqualTo(1);
  }

  private static void remove(Sql sql, long seq) {
    assertThat(sql.execute("DELETE FROM audit_record WHERE seq = ?", seq)).isEqualTo(1);
  }

  /** A record of nobody's between this one and the next. */
  private static void insertAfter(Sql sql, long seq) {
    sql.execute("UPDATE audit_record SET seq = -seq - 1 WHERE seq > ?", seq);
    sql.execute("UPDATE audit_record SET seq = -seq WHERE seq < 0");
    sql.execute(
        """
        INSERT INTO audit_record
        SELECT seq + 1, epoch, hash, 'aud_added', at, actor, 'thing.done', account_id, subject,
          request_id, detail, hash
        FROM audit_record WHERE seq = ?
        """,
        seq);
  }

  /** Makes numbers and hashes fit again, as whoever knows the format can. */
  private static void rechain(Sql sql) {
    List<ChainedRecord> rows = all(sql);
    sql.execute("DELETE FROM audit_record");
    String previous = ChainedRecord.GENESIS;
    long seq = 1;
    for (ChainedRecord row : rows) {
      ChainedRecord put =
          new ChainedRecord(
                  row.epoch(),
                  seq,
                  previous,
                  row.id(),
                  row.at(),
                  row.actor(),
                  row.act(),
                  row.account(),
                  row.subject(),
                  row.request(),
                  row.detail(),
                  "")
              .hashed();
      sql.execute(
          "INSERT INTO audit_record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          put.seq(),
          put.epoch(),
          put.previous(),
          put.id(),
          Instant.parse(put.at()).toEpochMilli(),
          put.actor(),
          put.act(),
          new Sql.Text(put.account()),
          new Sql.Text(put.subject()),
          new Sql.Text(put.request()),
          put.detail(),
          put.hash());
      previous = put.hash();
      seq++;
    }
  }

  private static void swap(Sql sql, long a, long b) {
    sql.execute("UPDATE audit_record SET seq = -1 WHERE seq = ?", a);
    sql.execute("UPDATE audit_record SET seq = ? WHERE seq = ?", a, b);
    sql.execute("UPDATE audit_record SET seq = ? WHERE seq = -1", b);
  }

  @Test
  default void recordsAndCheckpointsAreNotChangedByAccident() {
    try (Database database = proven(fresh())) {
      new AuditTrail(database).add(act(1));
      var chain = new AuditChain(database);
      chain.keep(checkpoint(pair(), chain.take(GENESIS, 10, NOW).head()));
      new AuditTrail(database).add(act(2));
      for (String statement :
          List.of(
              "UPDATE audit_record SET actor = 'x'",
              "DELETE FROM audit_record",
              "UPDATE audit_checkpoint SET line = 'x'",
              "DELETE FROM audit_checkpoint",
              "UPDATE audit_pending SET actor = 'x'",
              "DELETE FROM audit_head")) {
        assertThatThrownBy(() -> database.write(sql -> sql.execute(statement)))
            .as(statement)
            .isInstanceOf(StoreException.class)
            .hasStackTraceContaining("The audit trail is only added to.");
      }
    }
  }

  @Test
  default void aRecordThatWaitsIsSealedByWhoeverComesAfterACrash() {
    Database crashed = proven(fresh());
    new AuditTrail(crashed).add(act(1), act(2));
    AuditChain.Head head = new AuditChain(crashed).take(GENESIS, 10, NOW).head();
    new AuditTrail(crashed).add(act(3));
    try (Database heir = proven(again(crashed))) {
      var chain = new AuditChain(heir);
      assertThat(chain.isWaiting()).isTrue();
      assertThat(chain.take(head, 10, NOW).taken()).isEqualTo(1);
      assertThat(chain.waiting()).isZero();
      assertThat(chain.page(0, 10, null))
          .extracting(ChainedRecord::seq)
          .containsExactly(1L, 2L, 3L);
      assertThat(chain.page(0, 10, "acc_3")).hasSize(1);
      assertThat(Verification.of(export(chain.page(0, 10, null)).iterator(), null, null).faults())
          .isEmpty();
    }
  }

  @Test
  default void manyWritersAndTwoSealersMakeOneChain() throws Exception {
    try (Database database = proven(fresh());
        Database other = proven(another(database))) {
      int writers = 8;
      int each = Boolean.getBoolean("graft.long") ? 500 : 15;
      var writing = new AtomicBoolean(true);
      List<Callable<Set<Long>>> tasks = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        int from = writer * each;
        var trail = new AuditTrail(writer % 2 == 0 ? database : other);
        tasks.add(() -> {
          for (int i = 0; i < each; i++) {
            trail.add(act(from + i));
          }
          return Set.of();
        });
      }
      List<Callable<Long>> sealers = new ArrayList<>();
      for (Database one : List.of(database, other)) {
        sealers.add(() -> {
          var chain = new AuditChain(one);
          AuditChain.Head known = GENESIS;
          long taken = 0;
          while (writing.get() || chain.isWaiting()) {
            AuditChain.Turn turn = chain.take(known, 7, NOW);
            known = turn.head();
            taken += turn.taken();
            assertThat(turn.forged()).isEmpty();
          }
          return taken;
        });
      }
      try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
        var sealing = sealers.stream().map(executor::submit).toList();
        for (var written : executor.invokeAll(tasks)) {
          written.get();
        }
        writing.set(false);
        long taken = 0;
        for (var sealed : sealing) {
          taken += sealed.get();
        }
        assertThat(taken).isEqualTo((long) writers * each);
      }
      List<ChainedRecord> chain = new AuditChain(other).page(0, 10_000, null);
      assertThat(chain).hasSize(writers * each);
      assertThat(new HashSet<>(chain.stream().map(ChainedRecord::id).toList()))
          .hasSize(writers * each);
      assertThat(Verification.of(export(chain).iterator(), null, null).faults()).isEmpty();
    }
  }

  /** Another node where there can be one; SQLite has the one process. */
  default Database another(Database database) {
    return again(database);
  }

  @Test
  default void whatSomeoneElsePutInTheDatabaseIsNotTakenForGrafts() {
    try (Database database = proven(fresh())) {
      var trail = new AuditTrail(database);
      var chain = new AuditChain(database);
      trail.add(act(1), act(2), act(3));
      database.write(sql -> {
        withoutTriggers().forEach(sql::execute);
        sql.execute(
            "UPDATE audit_pending SET actor = ? WHERE act = 'thing.done' AND at = ?",
            "node:" + "x".repeat(94) + "\uD83D\uDE00 and more",
            NOW.plusMillis(2).toEpochMilli());
        return sql.execute(
            """
            INSERT INTO audit_pending SELECT 'aud_forged', at, actor, act, account_id, subject,
              request_id, detail, mac FROM audit_pending WHERE at = ?
            """,
            NOW.plusMillis(3).toEpochMilli());
      });
      AuditChain.Turn turn = chain.take(GENESIS, 10, NOW);
      assertThat(turn.taken()).isEqualTo(2);
      assertThat(turn.forged()).hasSize(2).contains("aud_forged");
      assertThat(chain.page(0, 10, null))
          .extracting(ChainedRecord::act)
          .containsExactlyInAnyOrder(
              "thing.done", "thing.done", "audit.forgery-found", "audit.forgery-found");
      assertThat(chain.page(0, 10, null)).allMatch(record -> record.hashed().equals(record));
    }
  }

  @Test
  default void aChainThatIsNotAsItWasIsNotAddedTo() {
    try (Database database = proven(fresh())) {
      var trail = new AuditTrail(database);
      var chain = new AuditChain(database);
      trail.add(act(1), act(2), act(3));
      AuditChain.Head known = chain.take(GENESIS, 10, NOW).head();
      trail.add(act(4));
      for (Consumer<Sql> change :
          List.<Consumer<Sql>>of(
              sql ->
                  sql.execute(
                      "UPDATE audit_head SET hash ="
                          + " CASE substr(hash, 1, 1) WHEN 'f' THEN '0' ELSE 'f' END"
                          + " || substr(hash, 2)"),
              sql -> sql.execute("UPDATE audit_head SET size = 2"),
              sql -> sql.execute("UPDATE audit_head SET epoch = 2"),
              sql -> remove(sql, 3),
              sql -> insertAfter(sql, 3),
              sql -> {
                insertAfter(sql, 3);
                rechain(sql);
              },
              sql -> {
                edit(sql, "'x'", "actor", 1);
                rechain(sql);
              })) {
        assertThatThrownBy(() ->
                database.write(sql -> {
                  withoutTriggers().forEach(sql::execute);
                  change.accept(sql);
                  AuditChain.take(sql, known, 10, NOW);
                  return true;
                }))
            .isInstanceOf(AuditChain.Broken.class);
      }
      assertThat(chain.take(known, 10, NOW).taken()).isEqualTo(1);
    }
  }

  @Test
  default void aRestoreFromABackupIsNoticedAndDeclared() {
    try (Database database = proven(fresh())) {
      var trail = new AuditTrail(database);
      var chain = new AuditChain(database);
      KeyPair pair = pair();
      trail.add(act(1), act(2));
      AuditChain.Head backup = chain.take(GENESIS, 10, NOW).head();
      trail.add(act(3), act(4));
      AuditChain.Head lost = chain.take(backup, 10, NOW).head();
      List<String> outside =
          new ArrayList<>(List.of(checkpoint(pair, backup).line(), checkpoint(pair, lost).line()));
      // What a restore does: the rows of an earlier day, and the end that Graft had proven then.
      database.write(sql -> {
        withoutTriggers().forEach(sql::execute);
        sql.execute("DELETE FROM audit_record WHERE seq > 2");
        sql.execute(
            "UPDATE audit_head SET size = 2, hash = ?, mac = ?",
            backup.hash(),
            mac(AuditChain.content(backup)));
        return true;
      });
      trail.add(act(5));
      assertThatThrownBy(() -> chain.take(lost, 10, NOW))
          .isInstanceOf(AuditChain.Broken.class)
          .hasMessageContaining("ends at record 2 of epoch 1");
      assertThat(verified(chain.page(0, 10, null), outside, pair).faults())
          .singleElement()
          .asString()
          .contains("ends at record 2", "cut off, or the database was restored");

      AuditChain.Head begun = chain.restart(act(6), checkpoint(pair, lost));
      assertThat(begun.epoch()).isEqualTo(2);
      assertThat(chain.take(lost, 10, NOW).head().size()).isEqualTo(4);
      // The declaration counts once Graft has signed it.
      assertThat(verified(chain.page(0, 10, null), outside, pair).isSound()).isFalse();
      outside.add(checkpoint(pair, begun).line());
      Verification.Report report = verified(chain.page(0, 10, null), outside, pair);
      assertThat(report.faults()).isEmpty();
      assertThat(report.notes()).anyMatch(note -> note.contains("Lost are the records after 2"));
    }
  }

  @Test
  default void withoutTheRecordThereIsNoActEither() {
    try (Database database = proven(fresh())) {
      database.write(sql -> sql.execute("ALTER TABLE audit_pending RENAME TO gone"));
      var accounts = new Accounts(database);
      var account =
          new Account("acc_1", null, "us", "key_1", new Sealed(new byte[] {1}), "print", NOW);
      var dataKey = new StoredDataKey("key_1", "acc_1", "local:", "k1", new Sealed(new byte[] {9}));
      assertThatThrownBy(() -> accounts.link("user", null, account, dataKey, act(1)))
          .isInstanceOf(StoreException.class);
      assertThat(accounts.count()).isZero();
      database.write(sql -> sql.execute("ALTER TABLE gone RENAME TO audit_pending"));
      assertThat(accounts.link("user", null, account, dataKey, act(1))).isTrue();
      Lease lease =
          new Operations(database, Duration.ofSeconds(30)).take("acc_1", "a").orElseThrow();
      database.write(sql -> sql.execute("ALTER TABLE audit_pending RENAME TO gone"));
      assertThatThrownBy(() -> accounts.erase(lease, Duration.ofSeconds(30), act(2)))
          .isInstanceOf(StoreException.class);
      assertThat(accounts.withId("acc_1")).isPresent();
      assertThat(accounts.dataKey("key_1")).isPresent();
    }
  }
}
