package dev.graft.store;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A column in which something is sealed with the data key of the account that it belongs to. Every
 * such column stands here: what does not is left behind when the account gets a new data key.
 */
public enum SealedColumn {
  API_KEY("account", "api_key", "id = ?", false, "id"),
  LEDGER_APPLIED("ledger", "applied", ofInstallation(), true, "installation_id, address"),
  LEDGER_OBSERVED("ledger", "observed", ofInstallation(), true, "installation_id, address"),
  JOURNAL_MAKING("journal", "making", ofOperation(), true, "operation_id, step, seq"),
  JOURNAL_EARLIER("journal", "earlier", ofOperation(), true, "operation_id, step, seq"),
  PLAN("plan", "content", "account_id = ?", true, "id");

  private final String table;
  private final String column;
  private final String ofAccount;
  private final boolean holdsBodies;
  private final String keyColumns;

  SealedColumn(
      String table, String column, String ofAccount, boolean holdsBodies, String keyColumns) {
    this.table = table;
    this.column = column;
    this.ofAccount = ofAccount;
    this.holdsBodies = holdsBodies;
    this.keyColumns = keyColumns;
  }

  private static String ofInstallation() {
    return "installation_id IN (SELECT id FROM installation WHERE account_id = ?)";
  }

  private static String ofOperation() {
    return "operation_id IN (SELECT id FROM operation WHERE account_id = ?)";
  }

  /** Whether it is a body that is sealed, and not the account's API key. */
  public boolean holdsBodies() {
    return holdsBodies;
  }

  /** The table and the column, as the database calls them. */
  public String qualifiedName() {
    return table + "." + column;
  }

  /** Where something is: the values of the key of its row. */
  record Key(List<Object> values) {
    Key {
      values = List.copyOf(values);
    }
  }

  /** The rows of an account with something in this column, in the order of their keys. */
  List<SealedRecord> page(Sql sql, String accountId, Key after, int limit) {
    String beyond =
        after.values().isEmpty()
            ? ""
            : " AND (" + keyColumns + ") > (" + String.join(", ", marks()) + ")";
    Object[] values =
        Stream.of(List.<Object>of(accountId), after.values(), List.<Object>of(limit))
            .flatMap(List::stream)
            .toArray();
    return sql.list(
        this::record,
        "SELECT "
            + keyColumns
            + ", "
            + column
            + " FROM "
            + table
            + " WHERE "
            + ofAccount
            + " AND "
            + column
            + " IS NOT NULL"
            + beyond
            + " ORDER BY "
            + keyColumns
            + " LIMIT ?",
        values);
  }

  /** Replaces what is sealed where it still is what was read. */
  boolean replace(Sql sql, SealedRecord record, Sealed sealed) {
    Object[] values =
        Stream.of(
                List.<Object>of(sealed.bytes()),
                record.key().values(),
                List.<Object>of(record.sealed().bytes()))
            .flatMap(List::stream)
            .toArray();
    return sql.execute(
            "UPDATE "
                + table
                + " SET "
                + column
                + " = ? WHERE "
                + String.join(" AND ", key().stream().map(name -> name + " = ?").toList())
                + " AND "
                + column
                + " = ?",
            values)
        == 1;
  }

  private List<String> key() {
    return List.of(keyColumns.split(", ", -1));
  }

  private List<String> marks() {
    return key().stream().map(_ -> "?").toList();
  }

  private SealedRecord record(Sql.Row row) {
    return new SealedRecord(
        this, new Key(key().stream().map(row::value).toList()), place(row), sealed(row));
  }

  private Sealed sealed(Sql.Row row) {
    return new Sealed(row.bytes(column));
  }

  /** The place that it was sealed for, the same as whoever sealed it named. */
  private String place(Sql.Row row) {
    return switch (this) {
      case API_KEY -> row.text("id");
      case LEDGER_APPLIED -> ledger(row) + " applied";
      case LEDGER_OBSERVED -> ledger(row) + " observed";
      case JOURNAL_MAKING -> journal(row);
      case JOURNAL_EARLIER -> journal(row) + " earlier";
      case PLAN -> Plans.place(row.text("id"));
    };
  }

  private static String ledger(Sql.Row row) {
    return Installations.place(row.text("installation_id"), row.text("address"));
  }

  private static String journal(Sql.Row row) {
    return SqlJournal.place(row.text("operation_id"), (int) row.number("step"));
  }

  static Key nothing() {
    return new Key(List.of());
  }

  /** By their names in the database, for whoever looks whether all are here. */
  static Map<String, SealedColumn> byName() {
    return Stream.of(values())
        .collect(java.util.stream.Collectors.toMap(SealedColumn::qualifiedName, one -> one));
  }
}
