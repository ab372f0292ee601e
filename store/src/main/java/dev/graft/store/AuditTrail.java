package dev.graft.store;

import dev.graft.core.audit.LengthPrefixed;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The records of who did what. They are only ever added; {@link AuditChain} gives each its place a
 * moment later.
 */
public final class AuditTrail {
  private static final AtomicLong ADDED = new AtomicLong();
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Database database;

  public AuditTrail(Database database) {
    this.database = database;
  }

  /**
   * Proves from now on that records are Graft's own.
   *
   * @param mac a code under a key that is not in the database
   */
  public void proveWith(UnaryOperator<byte[]> mac) {
    database.auditMac().use(mac);
  }

  /**
   * Adds records and returns when they are durable; an act that must not go unseen waits for that.
   */
  public void add(AuditRecord... records) {
    database.write(sql -> {
      add(sql, List.of(records));
      return true;
    });
  }

  /** Adds a record in the transaction of what it is about. */
  static void add(Sql sql, AuditRecord record) {
    add(sql, List.of(record));
  }

  /** Adds records in the transaction of what they are about. */
  static void add(Sql sql, List<AuditRecord> records) {
    sql.executeEach(
        """
        INSERT INTO audit_pending
          (id, at, actor, act, account_id, subject, request_id, detail, mac)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        records.stream().map(record -> row(sql, record)).toList());
  }

  private static @Nullable Object[] row(Sql sql, AuditRecord record) {
    long at = record.at().toEpochMilli();
    String id = newId(at);
    String detail = record.detailText();
    return new @Nullable Object[] {
      id,
      at,
      record.actor(),
      record.act(),
      new Sql.Text(record.accountId()),
      new Sql.Text(record.subject()),
      new Sql.Text(record.requestId()),
      detail,
      sql.auditMac()
          .of(
              content(
                  id,
                  at,
                  record.actor(),
                  record.act(),
                  record.accountId(),
                  record.subject(),
                  record.requestId(),
                  detail))
    };
  }

  /** Ids that sort in the order in which a node made them, within a millisecond, too. */
  static String newId(long at) {
    HexFormat hex = HexFormat.of();
    return "aud_"
        + hex.toHexDigits(at, 12)
        + hex.toHexDigits(ADDED.getAndIncrement(), 8)
        + hex.toHexDigits(RANDOM.nextLong(), 12);
  }

  /** What the code of a record that waits is made of. */
  static byte[] content(
      String id,
      long at,
      String actor,
      String act,
      @Nullable String accountId,
      @Nullable String subject,
      @Nullable String requestId,
      String detail) {
    return LengthPrefixed.of(
        "graft.audit.pending.1",
        id,
        String.valueOf(at),
        actor,
        act,
        accountId,
        subject,
        requestId,
        detail);
  }
}
