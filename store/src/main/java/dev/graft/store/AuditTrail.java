package dev.graft.store;

import dev.graft.core.audit.LengthPrefixed;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The records of who did what. They are only ever added; {@link AuditChain} gives each its place a
 * moment later.
 */
public final class AuditTrail {
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
      List.of(records).forEach(record -> add(sql, record));
      return true;
    });
  }

  /** Adds a record in the transaction of what it is about. */
  static void add(Sql sql, AuditRecord record) {
    String id = "aud_" + UUID.randomUUID();
    long at = record.at().toEpochMilli();
    String detail = record.detailText();
    sql.execute(
        """
        INSERT INTO audit_pending
          (id, at, actor, act, account_id, subject, request_id, detail, mac)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
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
                    detail)));
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
