package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * New data keys for accounts: which are due one, and the way there. The new key seals from the
 * moment it is the account's; what the old one sealed is sealed anew, record by record; at the end
 * the old one is deleted. Everything but the asking is done under the account's lease.
 */
public final class Renewals {
  private final Database database;
  private final Duration leaseTime;

  public Renewals(Database database, Duration leaseTime) {
    this.database = database;
    this.leaseTime = leaseTime;
  }

  /**
   * An account that gets a new data key.
   *
   * @param tries how often it was begun
   * @param dataKey the new one, null until there is one
   * @param fault why the last try did not end it, null before one failed
   */
  public record Renewal(
      String accountId, int tries, @Nullable String dataKey, @Nullable String fault) {}

  /** Asks for a new data key for an account; one that was asked for and is not over counts. */
  public void ask(String accountId, Instant now, AuditRecord record) {
    database.write(sql -> {
      int asked =
          sql.execute(
              """
              INSERT INTO renewal (account_id, asked_at, next_try_at, tries)
              SELECT id, ?, ?, 0 FROM account WHERE id = ? ON CONFLICT DO NOTHING
              """,
              now.toEpochMilli(),
              now.toEpochMilli(),
              accountId);
      if (asked > 0) {
        AuditTrail.add(sql, record);
      }
      return asked;
    });
  }

  /** Asks for a new data key for every account. */
  public void askAll(Instant now, AuditRecord record) {
    database.write(sql -> {
      AuditTrail.add(sql, record);
      return sql.execute(
          """
          INSERT INTO renewal (account_id, asked_at, next_try_at, tries)
          SELECT id, ?, ?, 0 FROM account WHERE 1 = 1 ON CONFLICT DO NOTHING
          """,
          now.toEpochMilli(),
          now.toEpochMilli());
    });
  }

  /** How many accounts wait for a new data key. */
  public int waiting() {
    return database.read(sql -> sql.count("SELECT count(*) AS n FROM renewal"));
  }

  public Optional<Renewal> of(String accountId) {
    return database.read(sql ->
        sql.first(
                "SELECT account_id, tries, data_key, fault FROM renewal WHERE account_id = ?",
                accountId)
            .map(Renewals::renewal));
  }

  /** Those that did not get through the last time. */
  public List<Renewal> faulty(int limit) {
    return database.read(sql ->
        sql.list(
            Renewals::renewal,
            """
            SELECT account_id, tries, data_key, fault FROM renewal
            WHERE fault IS NOT NULL ORDER BY account_id LIMIT ?
            """,
            limit));
  }

  /** Accounts whose time has come and that nobody works on. */
  public List<String> due(Instant now, int limit) {
    return database.read(sql ->
        sql.list(
            row -> row.text("account_id"),
            """
            SELECT r.account_id FROM renewal r LEFT JOIN lease l ON l.account_id = r.account_id
            WHERE r.next_try_at <= ? AND (l.until IS NULL OR l.until <= %s)
            ORDER BY r.next_try_at, r.account_id LIMIT ?
            """
                .formatted(database.dialect().now()),
            now.toEpochMilli(),
            limit));
  }

  /**
   * Gives an account its new data key. From then on everything new is sealed with it.
   *
   * @param account as it was read
   * @return false when the lease is lost or the account has another data key by now
   */
  public boolean begin(Lease lease, Account account, StoredDataKey newDataKey, Instant now) {
    return database.write(sql -> {
      if (!holdOn(sql, lease)
          || sql.execute(
                  "UPDATE account SET data_key = ? WHERE id = ? AND data_key = ?",
                  newDataKey.id(),
                  account.id(),
                  account.dataKey())
              == 0) {
        return false;
      }
      Accounts.insert(sql, newDataKey, now);
      sql.execute(
          "UPDATE renewal SET data_key = ? WHERE account_id = ?", newDataKey.id(), account.id());
      return true;
    });
  }

  private boolean holdOn(Sql sql, Lease lease) {
    return Operations.renew(sql, database.dialect(), lease, leaseTime);
  }

  /**
   * What is sealed in a column for an account, in the order of the keys.
   *
   * @param after the last one of the page before, null for the first page
   */
  public List<SealedRecord> page(
      String accountId, SealedColumn column, @Nullable SealedRecord after, int limit) {
    SealedColumn.Key from = after == null ? SealedColumn.nothing() : after.key();
    return database.read(sql -> column.page(sql, accountId, from, limit));
  }

  /**
   * Puts newly sealed records in the place of those that were read. One that is another by now
   * stays as it is: whoever changed it did so with the new data key.
   *
   * @return false when the lease is lost, and nothing happened
   */
  public boolean replace(Lease lease, Map<SealedRecord, Sealed> replacements) {
    var inOrder = new LinkedHashMap<>(replacements);
    return database.write(sql -> {
      if (!holdOn(sql, lease)) {
        return false;
      }
      inOrder.forEach((record, sealed) -> record.column().replace(sql, record, sealed));
      return true;
    });
  }

  /**
   * Ends a renewal: deletes every data key of the account but the one that it has.
   *
   * @param account as it was read after it got the new one
   * @return the ids of those deleted; nothing when the lease is lost or the account has changed
   */
  public Optional<List<String>> finish(Lease lease, Account account, AuditRecord record) {
    return database.write(sql -> {
      if (!holdOn(sql, lease)
          || sql.first(
                  "SELECT id FROM account WHERE id = ? AND data_key = ?",
                  account.id(),
                  account.dataKey())
              .isEmpty()) {
        return Optional.<List<String>>empty();
      }
      List<String> old =
          sql.list(
              row -> row.text("id"),
              "SELECT id FROM data_key WHERE owner = ? AND id <> ? ORDER BY id",
              account.id(),
              account.dataKey());
      sql.execute(
          "DELETE FROM data_key WHERE owner = ? AND id <> ?", account.id(), account.dataKey());
      sql.execute("DELETE FROM renewal WHERE account_id = ?", account.id());
      AuditTrail.add(sql, record);
      return Optional.of(old);
    });
  }

  /** Leaves a renewal to a later try. */
  public void postpone(String accountId, String fault, Instant nextTry) {
    database.write(sql ->
        sql.execute(
            """
            UPDATE renewal SET fault = ?, next_try_at = ?, tries = tries + 1 WHERE account_id = ?
            """,
            fault,
            nextTry.toEpochMilli(),
            accountId));
  }

  private static Renewal renewal(Sql.Row row) {
    return new Renewal(
        row.text("account_id"),
        (int) row.number("tries"),
        row.textOrNull("data_key"),
        row.textOrNull("fault"));
  }
}
