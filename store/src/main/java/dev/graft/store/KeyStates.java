package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What Vapi says of the accounts' keys. Whatever is written names the key that it is about, by its
 * fingerprint, and has no effect when the account has another one by now.
 */
public final class KeyStates {
  /** How often in a row a key is refused before it counts as revoked. */
  private static final int TWICE = 2;

  private final Database database;

  public KeyStates(Database database) {
    this.database = database;
  }

  public Optional<KeyState> of(String accountId) {
    return database.read(sql ->
        sql.first("SELECT " + KeyState.COLUMNS + " FROM account a WHERE a.id = ?", accountId)
            .map(KeyState::of));
  }

  /**
   * Takes accounts whose keys are due to be checked, the longest due first. They are not due again
   * for so long, in case that nothing comes of it.
   *
   * @param every the period of the check
   */
  public List<String> claim(Instant now, Duration every, Duration claimedFor, int most) {
    long due = now.minus(every).toEpochMilli();
    return database.write(sql ->
        sql.list(
            row -> row.text("id"),
            """
            UPDATE account SET key_check_from = ? WHERE key_check_from <= ? AND id IN
              (SELECT id FROM account WHERE key_check_from <= ? ORDER BY key_check_from LIMIT ?)
            RETURNING id
            """,
            due + claimedFor.toMillis(),
            due,
            due,
            most));
  }

  /**
   * The key works; true when it did not before.
   *
   * @param record what the audit trail says when it did not
   */
  public boolean works(
      String accountId, String fingerprint, Instant now, Instant checkFrom, AuditRecord record) {
    return database.write(sql -> {
      boolean healed = heal(sql, accountId, fingerprint, now);
      if (healed) {
        AuditTrail.add(sql, record);
      }
      sql.execute(
          """
          UPDATE account SET key_refusals = 0, key_checked_at = ?, key_check_from = ?
          WHERE id = ? AND key_fingerprint = ?
          """,
          now.toEpochMilli(),
          checkFrom.toEpochMilli(),
          accountId,
          fingerprint);
      return healed;
    });
  }

  private static boolean heal(Sql sql, String accountId, String fingerprint, Instant now) {
    return sql.execute(
            """
            UPDATE account SET key_state = 'active', key_reason = NULL, key_since = ?
            WHERE id = ? AND key_fingerprint = ? AND key_state <> 'active'
            """,
            now.toEpochMilli(),
            accountId,
            fingerprint)
        == 1;
  }

  /**
   * Vapi refused the key.
   *
   * @param soon from when the next check counts when this was the first refusal
   * @param later from when it counts when the key is known to be revoked
   * @param event tells of it, when this makes the key a revoked one
   * @param record what the audit trail says then
   * @return true when it does
   */
  public boolean refused(
      String accountId,
      String fingerprint,
      String reason,
      Instant now,
      Instant soon,
      Instant later,
      Event event,
      AuditRecord record) {
    return database.write(sql -> {
      boolean twice =
          sql
              .fetch(
                  """
                  UPDATE account SET key_refusals = key_refusals + 1, key_checked_at = ?,
                    key_check_from = CASE WHEN key_refusals = 0 THEN ? ELSE ? END
                  WHERE id = ? AND key_fingerprint = ? RETURNING key_refusals
                  """,
                  now.toEpochMilli(),
                  soon.toEpochMilli(),
                  later.toEpochMilli(),
                  accountId,
                  fingerprint)
              .stream()
              .anyMatch(row -> row.number("key_refusals") >= TWICE);
      boolean revoked =
          twice
              && sql.execute(
                      """
                      UPDATE account SET key_state = 'revoked', key_reason = ?, key_since = ?
                      WHERE id = ? AND key_fingerprint = ? AND key_state = 'active'
                      """,
                      reason,
                      now.toEpochMilli(),
                      accountId,
                      fingerprint)
                  == 1;
      if (revoked) {
        AuditTrail.add(sql, record);
        Outbox.add(sql, event);
      }
      return revoked;
    });
  }

  /** How many keys are revoked. */
  public int countRevoked() {
    return database.read(
        sql -> sql.count("SELECT count(*) AS n FROM account WHERE key_state = 'revoked'"));
  }
}
