package dev.graft.store;

import java.util.UUID;

/** The records of who did what. They are only ever added. */
public final class AuditTrail {
  private final Database database;

  public AuditTrail(Database database) {
    this.database = database;
  }

  /**
   * Adds a record and returns when it is durable; an act that must not go unseen waits for that.
   */
  public void add(AuditRecord record) {
    database.write(sql -> {
      add(sql, record);
      return true;
    });
  }

  /** Adds a record in the transaction of what it is about. */
  static void add(Sql sql, AuditRecord record) {
    sql.execute(
        """
        INSERT INTO audit_record (id, at, actor, act, account_id, subject, request_id, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        "aud_" + UUID.randomUUID(),
        record.at().toEpochMilli(),
        record.actor(),
        record.act(),
        new Sql.Text(record.accountId()),
        new Sql.Text(record.subject()),
        new Sql.Text(record.requestId()),
        record.detailText());
  }
}
