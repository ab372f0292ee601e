package dev.graft.store;

/** Forgets rows whose time is up, so many at a time that others can write in between. */
final class Sweep {
  private static final int TOGETHER = 1_000;

  private Sweep() {}

  /**
   * Deletes what has ended.
   *
   * @param end the column that says when, by the database's clock
   * @return how many rows there were
   */
  static int of(Database database, String table, String end) {
    // A row that was used again since the inner query saw it stays.
    String statement =
        "DELETE FROM %1$s WHERE %2$s <= %3$s AND id IN (SELECT id FROM %1$s WHERE %2$s <= %3$s LIMIT ?)"
            .formatted(table, end, database.dialect().now());
    int all = 0;
    int some;
    do {
      some = database.write(sql -> sql.execute(statement, TOGETHER));
      all += some;
    } while (some == TOGETHER);
    return all;
  }
}
