package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The API keys of Graft's own. None is ever deleted, so that who did what can be told later. */
public final class ApiKeys {
  private static final String COLUMNS =
      "id, label, hash, scopes, user_id, made_at, made_by, expires_at, last_used_at, revoked_at,"
          + " successor, signing";

  private final Database database;

  public ApiKeys(Database database) {
    this.database = database;
  }

  public Optional<ApiKey> withId(String id) {
    return one("id = ?", id);
  }

  /** The key that this one was made to take the place of. */
  public Optional<ApiKey> predecessorOf(String id) {
    return one("successor = ?", id);
  }

  private Optional<ApiKey> one(String where, String value) {
    return database.read(sql ->
        sql.first("SELECT " + COLUMNS + " FROM api_key WHERE " + where, value)
            .map(ApiKeys::apiKey));
  }

  /** The keys that are for one user only. */
  public List<ApiKey> ofUser(String userId) {
    return database.read(sql ->
        sql.list(
            ApiKeys::apiKey,
            "SELECT " + COLUMNS + " FROM api_key WHERE user_id = ? ORDER BY id",
            userId));
  }

  /** Keys in the order in which they were made, those after {@code after}. */
  public List<ApiKey> page(String after, int limit) {
    return database.read(sql ->
        sql.list(
            ApiKeys::apiKey,
            "SELECT " + COLUMNS + " FROM api_key WHERE id > ? ORDER BY id LIMIT ?",
            after,
            limit));
  }

  public void add(ApiKey key, AuditRecord record) {
    database.write(sql -> {
      insert(sql, key);
      AuditTrail.add(sql, record);
      return true;
    });
  }

  /**
   * Puts a successor beside a key, which itself ends at {@code until}.
   *
   * @return false when it has a successor or was revoked meanwhile, and nothing happened
   */
  public boolean replace(String id, Instant until, ApiKey successor, AuditRecord record) {
    return database.write(sql -> {
      // The successor refers to nothing; the one before it refers to the successor.
      insert(sql, successor);
      boolean replaced =
          sql.execute(
                  """
                  UPDATE api_key SET successor = ?, expires_at = ?
                  WHERE id = ? AND successor IS NULL AND revoked_at IS NULL
                  """,
                  successor.id(),
                  until.toEpochMilli(),
                  id)
              == 1;
      if (replaced) {
        AuditTrail.add(sql, record);
      } else {
        sql.execute("DELETE FROM api_key WHERE id = ?", successor.id());
      }
      return replaced;
    });
  }

  /** Ends a key now, and for good; false when it was revoked already. */
  public boolean revoke(String id, Instant now, AuditRecord record) {
    return database.write(sql -> {
      boolean revoked =
          sql.execute(
                  "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                  now.toEpochMilli(),
                  id)
              == 1;
      if (revoked) {
        AuditTrail.add(sql, record);
      }
      return revoked;
    });
  }

  /** Notes that a key was used, unless that was noted within this time. */
  public void used(ApiKey key, Instant now, Duration atMostEvery) {
    Instant noted = key.lastUsedAt();
    if (noted != null && now.isBefore(noted.plus(atMostEvery))) {
      return;
    }
    long before = now.minus(atMostEvery).toEpochMilli();
    database.write(sql ->
        sql.execute(
            """
            UPDATE api_key SET last_used_at = ?
            WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)
            """,
            now.toEpochMilli(),
            key.id(),
            before));
  }

  private static void insert(Sql sql, ApiKey key) {
    Instant expiresAt = key.expiresAt();
    sql.execute(
        """
        INSERT INTO api_key (id, label, hash, scopes, user_id, made_at, made_by, signing)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        key.id(),
        key.label(),
        key.hash(),
        String.join(",", key.scopes().stream().sorted().toList()),
        new Sql.Text(key.userId()),
        key.madeAt().toEpochMilli(),
        key.madeBy(),
        new Sql.Text(key.signing()));
    if (expiresAt != null) {
      sql.execute(
          "UPDATE api_key SET expires_at = ? WHERE id = ?", expiresAt.toEpochMilli(), key.id());
    }
  }

  private static ApiKey apiKey(Sql.Row row) {
    return new ApiKey(
        row.text("id"),
        row.text("label"),
        row.text("hash"),
        Set.of(row.text("scopes").split(",", -1)),
        row.textOrNull("user_id"),
        Instant.ofEpochMilli(row.number("made_at")),
        row.text("made_by"),
        instant(row.numberOrNull("expires_at")),
        instant(row.numberOrNull("last_used_at")),
        instant(row.numberOrNull("revoked_at")),
        row.textOrNull("successor"),
        row.textOrNull("signing"));
  }

  private static @Nullable Instant instant(@Nullable Long milliseconds) {
    return milliseconds == null ? null : Instant.ofEpochMilli(milliseconds);
  }
}
