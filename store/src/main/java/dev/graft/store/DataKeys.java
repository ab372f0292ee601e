package dev.graft.store;

import java.util.List;

/** The data keys, whoever they belong to: what wrapped them, and what is wrong with which. */
public final class DataKeys {
  static final String COLUMNS = "id, owner, provider, wrapping_key, wrapped";

  private final Database database;

  public DataKeys(Database database) {
    this.database = database;
  }

  /** How many data keys are wrapped by one key of one provider. */
  public record Wrapping(String provider, String wrappingKey, int count) {}

  public List<Wrapping> wrappings() {
    return database.read(sql ->
        sql.list(
            row ->
                new Wrapping(row.text("provider"), row.text("wrapping_key"), (int) row.number("n")),
            """
            SELECT provider, wrapping_key, count(*) AS n FROM data_key
            GROUP BY provider, wrapping_key ORDER BY provider, wrapping_key
            """));
  }

  /** One data key of each wrapping. */
  public List<StoredDataKey> samples() {
    return database.read(sql ->
        sql.list(
            DataKeys::dataKey,
            "SELECT "
                + COLUMNS
                + " FROM data_key WHERE id IN"
                + " (SELECT min(id) FROM data_key GROUP BY provider, wrapping_key) ORDER BY id"));
  }

  /** The data keys of an account: one, or several while it gets a new one. */
  public List<StoredDataKey> ofOwner(String owner) {
    return database.read(sql ->
        sql.list(DataKeys::dataKey, "SELECT " + COLUMNS + " FROM data_key WHERE owner = ?", owner));
  }

  /** A data key that could not be wrapped again the last time that was tried, and why. */
  public record Fault(String dataKey, String owner, String reason) {}

  public List<Fault> faults(int limit) {
    return database.read(sql ->
        sql.list(
            row -> new Fault(row.text("id"), row.text("owner"), row.text("fault")),
            "SELECT id, owner, fault FROM data_key WHERE fault IS NOT NULL ORDER BY id LIMIT ?",
            limit));
  }

  public int count() {
    return database.read(sql -> sql.count("SELECT count(*) AS n FROM data_key"));
  }

  public int countFaults() {
    return database.read(
        sql -> sql.count("SELECT count(*) AS n FROM data_key WHERE fault IS NOT NULL"));
  }

  static StoredDataKey dataKey(Sql.Row row) {
    return new StoredDataKey(
        row.text("id"),
        row.text("owner"),
        row.text("provider"),
        row.text("wrapping_key"),
        new Sealed(row.bytes("wrapped")));
  }
}
