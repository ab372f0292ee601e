package dev.graft.store;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Copies of the whole database, and when the last backup was made of one. */
public final class Backups {
  private static final String LAST = "last backup";

  private final Database database;

  public Backups(Database database) {
    this.database = database;
  }

  /** Whether this is a database that Graft copies itself; PostgreSQL has tools of its own. */
  public boolean canCopy() {
    return database.dialect() == Dialect.SQLITE;
  }

  /** The most bytes that a copy takes. */
  public long size() {
    return database.read(sql ->
        sql.fetch("PRAGMA page_count").getFirst().number("page_count")
            * sql.fetch("PRAGMA page_size").getFirst().number("page_size"));
  }

  /**
   * Copies the database as it is at one moment, while it is used.
   *
   * @param target a file that is empty or not there
   */
  public void copyInto(Path target) {
    database.copyInto(target);
  }

  /** When the last backup was made that is known here; nothing when none ever was. */
  public Optional<Instant> lastAt() {
    return database.read(sql ->
        sql.first("SELECT value FROM kept_value WHERE name = ?", LAST)
            .map(row -> Instant.ofEpochMilli(Long.parseLong(row.text("value")))));
  }

  /**
   * A backup was made.
   *
   * @param at the moment that it shows
   * @param act what the audit trail says of it
   */
  public void made(Instant at, AuditRecord act) {
    database.write(sql -> {
      AuditTrail.add(sql, act);
      return sql.execute(
          """
          INSERT INTO kept_value (name, value) VALUES (?, ?)
          ON CONFLICT (name) DO UPDATE SET value = excluded.value
          """,
          LAST,
          String.valueOf(at.toEpochMilli()));
    });
  }

  /**
   * What a copy holds, as far as it matters to whoever would go back to it.
   *
   * @param schema the number of the last migration
   * @param isTooFarAhead whether it is of a version of Graft that this one does not start on
   * @param keys what wraps its data keys: without those keys it cannot be opened
   */
  public record Contents(
      String schema,
      boolean isTooFarAhead,
      List<DataKeys.Wrapping> keys,
      AuditChain.Head audit,
      int accounts,
      int installations) {
    public Contents {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Reads a copy, page by page.
   *
   * @param thoroughly whether every index is compared with its table, too
   * @throws StoreException when it is damaged, or no database of Graft's
   */
  public static Contents contents(Path copy, boolean thoroughly) {
    try (Database database = Database.copy(copy)) {
      String damage = database.read(sql -> damage(sql, thoroughly));
      if (!damage.equals("ok")) {
        throw new StoreException("The copy " + copy + " is damaged: " + damage + ".");
      }
      return new Contents(
          database.read(Backups::schema),
          Database.isTooFarAhead(copy),
          new DataKeys(database).wrappings(),
          new AuditChain(database).head(),
          new Accounts(database).count(),
          database.read(sql -> sql.count("SELECT count(*) AS n FROM installation")));
    }
  }

  private static String damage(Sql sql, boolean thoroughly) {
    String check = thoroughly ? "integrity_check" : "quick_check";
    String said = sql.fetch("PRAGMA " + check + "(1)").getFirst().text(check);
    if (!said.equals("ok")) {
      return said;
    }
    List<String> dangling =
        sql.list(row -> row.text("table"), "PRAGMA foreign_key_check").stream().distinct().toList();
    return dangling.isEmpty() ? "ok" : "rows refer to what is not there in " + dangling;
  }

  private static String schema(Sql sql) {
    return sql.fetch(
            """
            SELECT version FROM graft_migration WHERE version IS NOT NULL AND success
            ORDER BY installed_rank DESC LIMIT 1
            """)
        .getFirst()
        .text("version");
  }
}
