package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** How much there is of what an operator keeps an eye on; nothing of any one customer. */
public final class Counts {
  private final Database database;

  public Counts(Database database) {
    this.database = database;
  }

  /**
   * What changes from second to second. Each number is found by an index over no more than is
   * counted.
   *
   * @param unfinished operations that are due and not over
   * @param oldest since when the oldest of them waits to be over, nothing when there is none
   * @param revoked accounts whose key Vapi does not take any more
   * @param drifted installations in which the last look found drift
   * @param deliveriesWaiting events that a webhook has not got yet
   * @param deliveriesDead events that a webhook will never get by itself
   * @param auditWaiting audit records that have no place in the chain yet
   * @param overdue for how long scheduled tasks are due that no node has begun; empty where there
   *     is one process, which needs no list
   */
  public record Now(
      long unfinished,
      Optional<Instant> oldest,
      long revoked,
      long drifted,
      long deliveriesWaiting,
      long deliveriesDead,
      long auditWaiting,
      Map<String, Duration> overdue) {
    public Now {
      overdue = Map.copyOf(overdue);
    }
  }

  /** What there is in all. Takes a look at every row, so that nobody should ask often. */
  public record Totals(long accounts, long installations) {}

  public Now now(Instant now) {
    return database.read(sql -> {
      Sql.Row operations =
          sql.first(
                  """
                  SELECT count(*) AS n, MIN(CASE WHEN waits = 0 OR tries > 0 THEN created_at
                    ELSE next_try_at END) AS oldest
                  FROM operation
                  WHERE state = 'running' AND (waits = 0 OR tries > 0 OR next_try_at <= ?)
                  """,
                  now.toEpochMilli())
              .orElseThrow();
      return new Now(
          operations.number("n"),
          Optional.ofNullable(operations.numberOrNull("oldest")).map(Instant::ofEpochMilli),
          sql.count("SELECT count(*) AS n FROM account WHERE key_state = 'revoked'"),
          sql.count("SELECT count(*) AS n FROM installation WHERE told_drift IS NOT NULL"),
          sql.count("SELECT count(*) AS n FROM delivery WHERE state = 'waiting'"),
          sql.count("SELECT count(*) AS n FROM delivery WHERE state = 'dead'"),
          sql.count("SELECT count(*) AS n FROM audit_pending"),
          overdue(sql));
    });
  }

  private Map<String, Duration> overdue(Sql sql) {
    var overdue = new TreeMap<String, Duration>();
    for (Sql.Row row :
        sql.fetch(
            "SELECT task_name, CASE WHEN picked THEN 0 ELSE "
                + database.dialect().now()
                + " - execution_time END AS late FROM scheduled_task")) {
      overdue.put(row.text("task_name"), Duration.ofMillis(Math.max(0, row.number("late"))));
    }
    return overdue;
  }

  public Totals totals() {
    return database.read(sql ->
        new Totals(
            sql.count("SELECT count(*) AS n FROM account"),
            sql.count("SELECT count(*) AS n FROM installation")));
  }
}
