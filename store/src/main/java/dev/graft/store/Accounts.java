package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The accounts, who uses them, and the data keys that seal what is theirs. */
public final class Accounts {
  private static final String COLUMNS =
      "a.id, a.org_id, a.host, a.data_key, a.api_key, a.key_fingerprint, a.linked_at";

  private final Database database;

  public Accounts(Database database) {
    this.database = database;
  }

  /** The account that a user of the product is linked to. */
  public Optional<Account> ofUser(String userId) {
    return database.read(sql -> ofUser(sql, userId));
  }

  private static Optional<Account> ofUser(Sql sql, String userId) {
    return sql.first(
            "SELECT "
                + COLUMNS
                + " FROM account a JOIN account_user u ON u.account_id = a.id WHERE u.user_id = ?",
            userId)
        .map(Accounts::account);
  }

  public Optional<Account> withId(String id) {
    return one("a.id = ?", id);
  }

  public Optional<Account> ofOrg(String orgId) {
    return one("a.org_id = ?", orgId);
  }

  /** The account that was linked with the same key, the oldest if there are several. */
  public Optional<Account> withFingerprint(String fingerprint) {
    return one("a.key_fingerprint = ? ORDER BY a.linked_at, a.id LIMIT 1", fingerprint);
  }

  private Optional<Account> one(String where, String value) {
    return database.read(sql ->
        sql.first("SELECT " + COLUMNS + " FROM account a WHERE " + where, value)
            .map(Accounts::account));
  }

  /** Links as below, and tells nobody. */
  public boolean link(
      String userId,
      @Nullable String expected,
      Account account,
      @Nullable StoredDataKey newDataKey,
      AuditRecord act) {
    return link(userId, expected, account, newDataKey, act, List.of());
  }

  /**
   * Links a user to an account, which is made or gets this key. Either all of it happens or
   * nothing.
   *
   * @param expected the account that the user had when the decision was made, null for none
   * @param account as it shall be
   * @param newDataKey its data key when the account is new, null when it exists
   * @param act what the audit trail says of it
   * @param events what others are told of it
   * @return false when the user's account is not the expected one any more: decide again
   */
  public boolean link(
      String userId,
      @Nullable String expected,
      Account account,
      @Nullable StoredDataKey newDataKey,
      AuditRecord act,
      List<Event> events) {
    try {
      database.write(sql -> {
        String present = ofUser(sql, userId).map(Account::id).orElse(null);
        if (!Objects.equals(present, expected)) {
          throw new Crossed();
        }
        if (newDataKey != null) {
          insert(sql, newDataKey, account.linkedAt());
        }
        if (!put(sql, account, newDataKey != null) || !join(sql, userId, expected, account)) {
          throw new Crossed();
        }
        Pseudonyms.linked(sql, userId, account.id());
        AuditTrail.add(sql, act);
        events.forEach(event -> Outbox.add(sql, event));
        return true;
      });
      return true;
    } catch (Crossed e) {
      return false;
    }
  }

  /** Another link came first, and nothing of this one may stay. */
  private static final class Crossed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Crossed() {
      super(null, null, false, false);
    }
  }

  /** Another node may link the same user in the same moment, and has not ended when this looks. */
  private static boolean join(Sql sql, String userId, @Nullable String expected, Account account) {
    return sql.execute(
            """
            INSERT INTO account_user (user_id, account_id, linked_at) VALUES (?, ?, ?)
            ON CONFLICT (user_id)
            DO UPDATE SET account_id = excluded.account_id, linked_at = excluded.linked_at
            WHERE account_user.account_id = ?
            """,
            userId,
            account.id(),
            account.linkedAt().toEpochMilli(),
            expected == null ? account.id() : expected)
        == 1;
  }

  private static boolean put(Sql sql, Account account, boolean isNew) {
    if (isNew) {
      return sql.execute(
              """
              INSERT INTO account (id, org_id, host, data_key, api_key, key_fingerprint, linked_at,
                key_check_from)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
              """,
              account.id(),
              new Sql.Text(account.orgId()),
              account.host(),
              account.dataKey(),
              account.apiKey().bytes(),
              account.fingerprint(),
              account.linkedAt().toEpochMilli(),
              account.linkedAt().toEpochMilli())
          == 1;
    }
    return sql.execute(
            """
            UPDATE account SET host = ?, api_key = ?, key_fingerprint = ?, linked_at = ?,
              org_id = COALESCE(org_id, ?), key_check_from = ?, key_refusals = 0, key_reason = NULL,
              key_since = CASE WHEN key_state = 'active' THEN key_since ELSE ? END,
              key_state = 'active'
            WHERE id = ? AND data_key = ?
            """,
            account.host(),
            account.apiKey().bytes(),
            account.fingerprint(),
            account.linkedAt().toEpochMilli(),
            new Sql.Text(account.orgId()),
            account.linkedAt().toEpochMilli(),
            account.linkedAt().toEpochMilli(),
            account.id(),
            account.dataKey())
        == 1;
  }

  /** One line of the list of accounts. */
  public record Line(Account account, List<String> userIds, KeyState key) {
    public Line {
      userIds = List.copyOf(userIds);
    }
  }

  /** Accounts in the order of their ids, those after {@code after}, at most {@code limit}. */
  public List<Line> page(String after, int limit) {
    return page(after, limit, null);
  }

  /**
   * A page as above.
   *
   * @param revoked only accounts whose key is revoked, or is not; null for all
   */
  public List<Line> page(String after, int limit, @Nullable Boolean revoked) {
    return database.read(sql -> {
      List<Line> accounts =
          sql.list(
              row -> new Line(account(row), List.of(), KeyState.of(row)),
              "SELECT "
                  + COLUMNS
                  + ", "
                  + KeyState.COLUMNS
                  + " FROM account a WHERE a.id > ?"
                  + (revoked == null
                      ? ""
                      : revoked ? " AND a.key_state = 'revoked'" : " AND a.key_state = 'active'")
                  + " ORDER BY a.id LIMIT ?",
              after,
              limit);
      if (accounts.isEmpty()) {
        return List.<Line>of();
      }
      Map<String, List<String>> users = new HashMap<>();
      for (Sql.Row row :
          sql.fetch(
              """
              SELECT account_id, user_id FROM account_user
              WHERE account_id >= ? AND account_id <= ? ORDER BY account_id, user_id
              """,
              accounts.getFirst().account().id(),
              accounts.getLast().account().id())) {
        users
            .computeIfAbsent(row.text("account_id"), _ -> new ArrayList<>())
            .add(row.text("user_id"));
      }
      return accounts.stream()
          .map(line ->
              new Line(
                  line.account(), users.getOrDefault(line.account().id(), List.of()), line.key()))
          .toList();
    });
  }

  /** One account as the list shows it. */
  public Optional<Line> line(String id) {
    return database.read(sql ->
        sql.first(
                "SELECT " + COLUMNS + ", " + KeyState.COLUMNS + " FROM account a WHERE a.id = ?",
                id)
            .map(row -> new Line(account(row), usersOf(sql, id), KeyState.of(row))));
  }

  public List<String> usersOf(String accountId) {
    return database.read(sql -> usersOf(sql, accountId));
  }

  private static List<String> usersOf(Sql sql, String accountId) {
    return sql.list(
        row -> row.text("user_id"),
        "SELECT user_id FROM account_user WHERE account_id = ? ORDER BY user_id",
        accountId);
  }

  /**
   * Forgets an account with everything that belongs to it: its key, its data keys, what was made in
   * it and how. What was sealed for it cannot be opened by anyone from then on.
   *
   * @param act what the audit trail says of it; the trail itself stays
   * @return false when the lease has passed to someone else, and nothing happened
   */
  public boolean erase(Lease lease, Duration leaseTime, AuditRecord act) {
    String id = lease.accountId();
    return database.write(sql -> {
      if (!Operations.renew(sql, database.dialect(), lease, leaseTime)) {
        return false;
      }
      AuditTrail.add(sql, act);
      String ofAccount = " IN (SELECT id FROM installation WHERE account_id = ?)";
      Outbox.forget(sql, id);
      sql.execute("DELETE FROM plan WHERE account_id = ?", id);
      sql.execute(
          "DELETE FROM journal WHERE operation_id IN (SELECT id FROM operation WHERE account_id = ?)",
          id);
      sql.execute("DELETE FROM operation WHERE account_id = ?", id);
      sql.execute("DELETE FROM ledger WHERE installation_id" + ofAccount, id);
      sql.execute("DELETE FROM installation WHERE account_id = ?", id);
      sql.execute("DELETE FROM lease WHERE account_id = ?", id);
      sql.execute("DELETE FROM renewal WHERE account_id = ?", id);
      sql.execute("DELETE FROM account_user WHERE account_id = ?", id);
      sql.execute("DELETE FROM data_key WHERE owner = ?", id);
      sql.execute("DELETE FROM account WHERE id = ?", id);
      return true;
    });
  }

  /** How many accounts there are. */
  public int count() {
    return database.read(sql -> sql.count("SELECT count(*) AS n FROM account"));
  }

  public Optional<StoredDataKey> dataKey(String id) {
    return database.read(sql ->
        sql.first("SELECT " + DataKeys.COLUMNS + " FROM data_key WHERE id = ?", id)
            .map(DataKeys::dataKey));
  }

  /** The data key that belongs to no account, if anything needed it yet. */
  public Optional<StoredDataKey> systemDataKey(String owner) {
    return database.read(sql -> systemDataKey(sql, owner));
  }

  private static Optional<StoredDataKey> systemDataKey(Sql sql, String owner) {
    return sql.first(
            """
            SELECT d.id, d.owner, d.provider, d.wrapping_key, d.wrapped
            FROM data_key d JOIN kept_value v ON v.value = d.id WHERE v.name = ?
            """,
            nameOfSystemDataKey(owner))
        .map(DataKeys::dataKey);
  }

  private static String nameOfSystemDataKey(String owner) {
    return "data key of " + owner;
  }

  /** The data key that belongs to no account, made by whoever needs it first. */
  public StoredDataKey systemDataKey(StoredDataKey proposed, Instant now) {
    return database.write(sql -> {
      if (KeptValues.putIfAbsent(sql, nameOfSystemDataKey(proposed.owner()), proposed.id())) {
        insert(sql, proposed, now);
      }
      return systemDataKey(sql, proposed.owner()).orElseThrow();
    });
  }

  /** Whether anything was ever sealed, so that a new master key could not open it. */
  public boolean hasDataKeys() {
    return database.read(sql -> sql.first("SELECT id FROM data_key LIMIT 1")).isPresent();
  }

  static void insert(Sql sql, StoredDataKey key, Instant now) {
    sql.execute(
        """
        INSERT INTO data_key (id, owner, provider, wrapping_key, wrapped, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        key.id(),
        key.owner(),
        key.provider(),
        key.wrappingKey(),
        key.wrapped().bytes(),
        now.toEpochMilli());
  }

  private static Account account(Sql.Row row) {
    return new Account(
        row.text("id"),
        row.textOrNull("org_id"),
        row.text("host"),
        row.text("data_key"),
        new Sealed(row.bytes("api_key")),
        row.text("key_fingerprint"),
        Instant.ofEpochMilli(row.number("linked_at")));
  }
}
