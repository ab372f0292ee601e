package dev.graft.store;

import dev.graft.core.audit.ChainedRecord;
import dev.graft.core.audit.Verification;
import dev.graft.core.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the audit trail costs: not a test, run by name. A transaction with the three records of a
 * repeated clone is held against the same one without them, in turns; and sealing is timed alone.
 */
class AuditCost {
  private static final int ROUNDS = 20;
  private static final int EACH = 50;

  private final AtomicInteger names = new AtomicInteger();

  @Test
  void onBothDatabases(@TempDir Path folder) {
    try (Database sqlite = Database.sqlite(folder.resolve("graft.db"));
        Database postgres = Database.postgres(TestPostgres.freshDatabase(), 5)) {
      measure("SQLite", sqlite);
      measure("PostgreSQL", postgres);
    }
  }

  private void measure(String name, Database database) {
    new AuditTrail(database).proveWith(AuditCost::mac);
    var chain = new AuditChain(database);
    var without = new double[ROUNDS];
    var with = new double[ROUNDS];
    var sealing = new double[ROUNDS];
    var head = new AuditChain.Head(1, 0, ChainedRecord.GENESIS);
    for (int round = -3; round < ROUNDS; round++) {
      double plain = microsEach(() -> write(database, 0));
      double recorded = microsEach(() -> write(database, 3));
      long start = System.nanoTime();
      head = chain.take(head, 3 * EACH, Instant.EPOCH).head();
      double sealed = (System.nanoTime() - start) / 1000.0 / (3 * EACH);
      if (round >= 0) {
        without[round] = plain;
        with[round] = recorded;
        sealing[round] = sealed;
      }
    }
    long start = System.nanoTime();
    var records = chain.page(0, 1_000_000, null);
    double read = (System.nanoTime() - start) / 1000.0 / records.size();
    start = System.nanoTime();
    var report =
        Verification.of(
            records.stream().map(record -> Json.write(record.toJson())).iterator(), null, null);
    double verifying = (System.nanoTime() - start) / 1000.0 / records.size();
    if (!report.isSound()) {
      throw new AssertionError(report.faults());
    }
    System.out.printf(
        Locale.ROOT,
        "AUDIT COST %s: a transaction %.0f us, with 3 records %.0f us; sealing %.0f us a record;"
            + " reading %.0f us, verifying %.1f us a record (%d records)%n",
        name,
        median(without),
        median(with),
        median(sealing),
        read,
        verifying,
        records.size());
  }

  private static double microsEach(Runnable work) {
    long start = System.nanoTime();
    for (int i = 0; i < EACH; i++) {
      work.run();
    }
    return (System.nanoTime() - start) / 1000.0 / EACH;
  }

  private void write(Database database, int records) {
    String name = "value " + names.incrementAndGet();
    database.write(sql -> {
      // As a clone does it: two when it begins, one when it ends.
      if (records == 3) {
        AuditTrail.add(sql, List.of(record(), record()));
        AuditTrail.add(sql, record());
      }
      return KeptValues.putIfAbsent(sql, name, "x");
    });
  }

  private static AuditRecord record() {
    return new AuditRecord(
        Instant.EPOCH,
        "key:01a206ca05a75c05903f",
        "operation.begun",
        "acc_01a206ca05a75c05903f106a0505f683",
        "op_01a206ca08c12ccfcba5eb9958277f5b",
        "req_993ee72264ef4efdb6d2c251c6afc3d8",
        Json.object().put("kind", "clone").put("template", "front-desk"));
  }

  private static byte[] mac(byte[] content) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(
          new SecretKeySpec(
              "a key of the audit trail".getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
      return mac.doFinal(content);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
