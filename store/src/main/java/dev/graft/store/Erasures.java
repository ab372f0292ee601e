package dev.graft.store;

import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Forgets what is left of an account after it was unlinked. */
public final class Erasures {
  private final Database database;

  public Erasures(Database database) {
    this.database = database;
  }

  /**
   * What was removed.
   *
   * @param users whose names in the audit trail lead nowhere from now on
   * @param apiKeys of Graft's own, that were for one of them
   * @param sessions in browsers, of one of them
   */
  public record Erased(List<String> users, int apiKeys, int sessions, int auditRecords) {
    public Erased {
      users = List.copyOf(users);
    }
  }

  /** Whether anything was ever recorded of an account. */
  public boolean isKnown(String accountId) {
    return database.read(sql ->
        sql.first("SELECT seq FROM audit_record WHERE account_id = ? LIMIT 1", accountId)
                .isPresent()
            || sql.first("SELECT id FROM audit_pending WHERE account_id = ? LIMIT 1", accountId)
                .isPresent()
            || sql.first("SELECT user_id FROM pseudonym WHERE account_id = ? LIMIT 1", accountId)
                .isPresent());
  }

  /**
   * Forgets the users of an account that is unlinked. Whoever is linked to another account by now
   * stays known.
   *
   * @param act what the audit trail says of it; how much was removed is added to it here
   */
  public Erased erase(String accountId, AuditRecord act) {
    return database.write(sql -> {
      List<String> users =
          sql.list(
              row -> row.text("user_id"),
              """
              SELECT p.user_id FROM pseudonym p WHERE p.account_id = ?
                AND NOT EXISTS (SELECT 1 FROM account_user u WHERE u.user_id = p.user_id)
              ORDER BY p.user_id
              """,
              accountId);
      int keys = 0;
      int sessions = 0;
      for (String user : users) {
        // A successor is named by the key before it.
        sql.execute("UPDATE api_key SET successor = NULL WHERE user_id = ?", user);
        keys += sql.execute("DELETE FROM api_key WHERE user_id = ?", user);
        sessions += sql.execute("DELETE FROM session WHERE subject = ?", user);
        sql.execute("DELETE FROM pseudonym WHERE user_id = ?", user);
      }
      int records =
          sql.count("SELECT count(*) AS n FROM audit_record WHERE account_id = ?", accountId);
      ObjectNode detail = act.detail().deepCopy();
      detail.put("users", users.size()).put("apiKeys", keys).put("sessions", sessions);
      AuditTrail.add(sql, act.with(detail));
      return new Erased(users, keys, sessions, records);
    });
  }
}
