package dev.graft.store;

import dev.graft.core.json.Digest;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Plans as they were shown; their content is sealed like every body. */
public final class Plans {
  private final Database database;

  public Plans(Database database) {
    this.database = database;
  }

  /** A kept plan without its content. */
  public record Row(
      String id,
      String accountId,
      String template,
      Digest release,
      Digest basis,
      String request,
      Instant createdAt) {}

  /**
   * Keeps a plan, and drops those of the account that are older than said.
   *
   * @param dataKey the account's data key, with which the content is sealed
   * @param act what the audit trail says of it
   * @return false when the account has another data key by now, and nothing was kept
   */
  public boolean keep(
      Row row,
      ObjectNode content,
      BodySeal seal,
      String dataKey,
      Instant olderThan,
      AuditRecord act) {
    var sealed = new Sealed(seal.sealed(place(row.id()), content));
    return database.write(sql -> {
      // Holds the account's row: a plan is in time to be sealed anew, or it is not kept.
      if (sql.execute(
              "UPDATE account SET data_key = data_key WHERE id = ? AND data_key = ?",
              row.accountId(),
              dataKey)
          == 0) {
        return false;
      }
      AuditTrail.add(sql, act);
      sql.execute(
          "DELETE FROM plan WHERE account_id = ? AND created_at < ?",
          row.accountId(),
          olderThan.toEpochMilli());
      sql.execute(
          """
          INSERT INTO plan
            (id, account_id, template, release_digest, basis, request, content, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
          row.id(),
          row.accountId(),
          row.template(),
          row.release().hex(),
          row.basis().hex(),
          row.request(),
          sealed.bytes(),
          row.createdAt().toEpochMilli());
      return true;
    });
  }

  /** Drops plans that are older than said, at most so many; how many it dropped. */
  public int drop(Instant olderThan, int most) {
    return database.write(sql ->
        sql.execute(
            """
            DELETE FROM plan WHERE id IN
              (SELECT id FROM plan WHERE created_at < ? ORDER BY created_at LIMIT ?)
            """,
            olderThan.toEpochMilli(),
            most));
  }

  public Optional<Row> withId(String id) {
    return database.read(sql ->
        sql.first(
                """
                SELECT id, account_id, template, release_digest, basis, request, created_at
                FROM plan WHERE id = ?
                """,
                id)
            .map(row ->
                new Row(
                    row.text("id"),
                    row.text("account_id"),
                    row.text("template"),
                    new Digest(row.text("release_digest")),
                    new Digest(row.text("basis")),
                    row.text("request"),
                    Instant.ofEpochMilli(row.number("created_at")))));
  }

  public ObjectNode content(Row row, BodySeal seal) {
    byte[] sealed =
        database.read(sql ->
            sql.first("SELECT content FROM plan WHERE id = ?", row.id())
                .orElseThrow()
                .bytes("content"));
    return seal.opened(place(row.id()), sealed);
  }

  static String place(String id) {
    return "plan " + id;
  }
}
