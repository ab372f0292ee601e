package dev.graft.store;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * The names by which the audit trail knows users. Without the row that leads from one to the other
 * nobody can tell whose it is.
 */
public final class Pseudonyms {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Database database;

  public Pseudonyms(Database database) {
    this.database = database;
  }

  /** The name of a user, the same always until the user is forgotten. */
  public String of(String userId) {
    return database
        .read(sql -> sql.first("SELECT alias FROM pseudonym WHERE user_id = ?", userId))
        .map(row -> row.text("alias"))
        .orElseGet(() -> made(userId));
  }

  private String made(String userId) {
    byte[] random = new byte[12];
    RANDOM.nextBytes(random);
    return database.write(sql -> {
      sql.execute(
          "INSERT INTO pseudonym (user_id, alias) VALUES (?, ?) ON CONFLICT DO NOTHING",
          userId,
          "usr_" + HexFormat.of().formatHex(random));
      return sql.fetch("SELECT alias FROM pseudonym WHERE user_id = ?", userId)
          .getFirst()
          .text("alias");
    });
  }

  /** A user and the name that the audit trail has for them. */
  public record Pseudonym(String userId, String alias) {}

  /** Those of an account, which may be unlinked by now. */
  public List<Pseudonym> ofAccount(String accountId) {
    return database.read(sql ->
        sql.list(
            row -> new Pseudonym(row.text("user_id"), row.text("alias")),
            "SELECT user_id, alias FROM pseudonym WHERE account_id = ? ORDER BY user_id",
            accountId));
  }

  /** A user was linked to an account, so that the name goes when that is erased. */
  static void linked(Sql sql, String userId, String accountId) {
    sql.execute("UPDATE pseudonym SET account_id = ? WHERE user_id = ?", accountId, userId);
  }
}
