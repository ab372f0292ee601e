package dev.graft.store;

import java.util.Optional;

/** Single values that outlive a restart, such as the hash of the admin token. */
public final class KeptValues {
  private final Database database;

  public KeptValues(Database database) {
    this.database = database;
  }

  public Optional<String> get(String name) {
    return database.read(sql ->
        sql.first("SELECT value FROM kept_value WHERE name = ?", name)
            .map(row -> row.text("value")));
  }

  /** Keeps a value unless there is one; true when it was kept. */
  public boolean putIfAbsent(String name, String value) {
    return database.write(sql -> putIfAbsent(sql, name, value));
  }

  static boolean putIfAbsent(Sql sql, String name, String value) {
    return sql.execute(
            "INSERT INTO kept_value (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
            name,
            value)
        == 1;
  }
}
