package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Wrapping data keys again: what is asked for, who does it, and how far it has got. A data key is
 * replaced only where it still is what was read, so that it does not matter who else is at it; no
 * record is touched.
 */
public final class Rewraps {
  private static final String COLUMNS =
      """
      SELECT id, from_provider, provider, wrapping_key, state, asked_at, finished_at, rewrapped,
        trouble
      FROM rewrap
      """;

  private final Database database;
  private final Duration leaseTime;

  /**
   * The rewraps of this database.
   *
   * @param leaseTime how long a node that says nothing keeps the work on one
   */
  public Rewraps(Database database, Duration leaseTime) {
    this.database = database;
    this.leaseTime = leaseTime;
  }

  /**
   * One asked-for rewrap.
   *
   * @param from the provider whose data keys are meant, null for all
   * @param provider the one that wraps them from then on
   * @param wrappingKey the key that it does so with
   * @param rewrapped how many are done
   * @param trouble what it waits for, null for nothing
   */
  public record Rewrap(
      String id,
      @Nullable String from,
      String provider,
      String wrappingKey,
      State state,
      Instant askedAt,
      @Nullable Instant finishedAt,
      int rewrapped,
      @Nullable String trouble) {}

  /** Where a rewrap stands. */
  public enum State {
    RUNNING,
    /** Every data key was tried; those that could not be wrapped again have a fault. */
    FINISHED,
    /** Another one was asked for before it was finished. */
    REPLACED;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The work on a rewrap, which is one node's until a time that the database knows. */
  public record Held(Rewrap rewrap, long fence) {}

  /**
   * Asks for a rewrap. One that runs and is the same is given back; another one is replaced.
   *
   * @param asked has nothing done yet
   */
  public Rewrap ask(Rewrap asked, AuditRecord record) {
    return database.write(sql -> {
      Optional<Rewrap> running = running(sql);
      if (running.isPresent() && isSame(running.get(), asked)) {
        return running.get();
      }
      sql.execute(
          "UPDATE rewrap SET state = 'replaced', finished_at = ? WHERE state = 'running'",
          asked.askedAt().toEpochMilli());
      int made =
          sql.execute(
              """
              INSERT INTO rewrap (id, from_provider, provider, wrapping_key, state, asked_at,
                rewrapped, fence, until)
              VALUES (?, ?, ?, ?, 'running', ?, 0, 0, 0) ON CONFLICT DO NOTHING
              """,
              asked.id(),
              new Sql.Text(asked.from()),
              asked.provider(),
              asked.wrappingKey(),
              asked.askedAt().toEpochMilli());
      if (made == 0) {
        // Someone else asked in the same moment, and was first.
        return running(sql).orElse(asked);
      }
      AuditTrail.add(sql, record);
      return asked;
    });
  }

  private static boolean isSame(Rewrap running, Rewrap asked) {
    return String.valueOf(running.from()).equals(String.valueOf(asked.from()))
        && running.provider().equals(asked.provider())
        && running.wrappingKey().equals(asked.wrappingKey());
  }

  private static Optional<Rewrap> running(Sql sql) {
    return sql.first(COLUMNS + "WHERE state = 'running'").map(Rewraps::rewrap);
  }

  /** The rewrap that was asked for last, if there ever was one. */
  public Optional<Rewrap> latest() {
    return database.read(
        sql -> sql.first(COLUMNS + "ORDER BY asked_at DESC, id DESC LIMIT 1").map(Rewraps::rewrap));
  }

  public Optional<Rewrap> running() {
    return database.read(Rewraps::running);
  }

  /** The work on a rewrap, nothing when another node has it or it is over. */
  public Optional<Held> take(Rewrap rewrap) {
    String now = database.dialect().now();
    return database.write(sql ->
        sql.first(
                "UPDATE rewrap SET fence = fence + 1, until = "
                    + now
                    + " + ? WHERE id = ? AND state = 'running' AND until <= "
                    + now
                    + " RETURNING fence",
                leaseTime.toMillis(),
                rewrap.id())
            .map(row -> new Held(rewrap, row.number("fence"))));
  }

  /** Data keys that a rewrap has yet to try, in the order of their ids from {@code after} on. */
  public List<StoredDataKey> due(Rewrap rewrap, String after, int limit) {
    var values = new ArrayList<@Nullable Object>(List.of(after));
    String where = due(rewrap, values);
    values.add(limit);
    return database.read(sql ->
        sql.list(
            DataKeys::dataKey,
            "SELECT "
                + DataKeys.COLUMNS
                + " FROM data_key WHERE id > ? AND "
                + where
                + " ORDER BY id LIMIT ?",
            values.toArray()));
  }

  /** How many data keys a rewrap has not wrapped. */
  public int remaining(Rewrap rewrap) {
    var values = new ArrayList<@Nullable Object>();
    String where = due(rewrap, values);
    return database.read(
        sql -> sql.count("SELECT count(*) AS n FROM data_key WHERE " + where, values.toArray()));
  }

  /**
   * Not every provider shows that its key is a newer one, so that all data keys are due that were
   * there when it was asked for; and later ones that a node of older settings wrapped.
   */
  private static String due(Rewrap rewrap, List<@Nullable Object> values) {
    values.add(rewrap.id());
    if (rewrap.from() instanceof String from) {
      values.add(from);
      return "(rewrap IS NULL OR rewrap <> ?) AND provider = ?";
    }
    values.add(rewrap.askedAt().toEpochMilli());
    values.add(rewrap.provider());
    values.add(rewrap.wrappingKey());
    return "(rewrap IS NULL OR rewrap <> ?)"
        + " AND (created_at <= ? OR provider <> ? OR wrapping_key <> ?)";
  }

  /**
   * Keeps what came of some data keys, all in one transaction.
   *
   * @param done what each was, and what it is now
   * @param faults why others could not be wrapped again, by their ids
   * @return false when the work has passed to someone else, and nothing was kept
   */
  public boolean keep(
      Held held, Map<StoredDataKey, StoredDataKey> done, Map<String, String> faults) {
    String id = held.rewrap().id();
    return database.write(sql -> {
      if (!holdOn(sql, held)) {
        return false;
      }
      int rewrapped = 0;
      for (Map.Entry<StoredDataKey, StoredDataKey> one : done.entrySet()) {
        StoredDataKey now = one.getValue();
        rewrapped +=
            sql.execute(
                """
                UPDATE data_key SET provider = ?, wrapping_key = ?, wrapped = ?, rewrap = ?,
                  fault = NULL
                WHERE id = ? AND wrapped = ?
                """,
                now.provider(),
                now.wrappingKey(),
                now.wrapped().bytes(),
                id,
                one.getKey().id(),
                one.getKey().wrapped().bytes());
      }
      faults.forEach((dataKey, reason) ->
          sql.execute("UPDATE data_key SET fault = ? WHERE id = ?", reason, dataKey));
      sql.execute(
          "UPDATE rewrap SET rewrapped = rewrapped + ?, trouble = NULL WHERE id = ?",
          rewrapped,
          id);
      return true;
    });
  }

  private boolean holdOn(Sql sql, Held held) {
    String now = database.dialect().now();
    return sql.execute(
            "UPDATE rewrap SET until = "
                + now
                + " + ? WHERE id = ? AND fence = ? AND state = 'running' AND until > "
                + now,
            leaseTime.toMillis(),
            held.rewrap().id(),
            held.fence())
        == 1;
  }

  /** Leaves the rest to a later try, by whichever node. */
  public void pause(Held held, String trouble, Duration pause) {
    database.write(sql ->
        sql.execute(
            "UPDATE rewrap SET trouble = ?, until = "
                + database.dialect().now()
                + " + ? WHERE id = ? AND fence = ? AND state = 'running'",
            trouble,
            pause.toMillis(),
            held.rewrap().id(),
            held.fence()));
  }

  /** Ends a rewrap after which nothing is left to try; false when it has passed to someone else. */
  public boolean finish(Held held, Instant now, AuditRecord record) {
    return database.write(sql -> {
      boolean finished =
          holdOn(sql, held)
              && sql.execute(
                      """
                      UPDATE rewrap SET state = 'finished', finished_at = ?, trouble = NULL
                      WHERE id = ? AND state = 'running'
                      """,
                      now.toEpochMilli(),
                      held.rewrap().id())
                  == 1;
      if (finished) {
        AuditTrail.add(sql, record);
      }
      return finished;
    });
  }

  /** For a process that is alone on the database: whoever worked before is dead. */
  public void endLease() {
    database.write(sql -> sql.execute("UPDATE rewrap SET until = 0 WHERE state = 'running'"));
  }

  private static Rewrap rewrap(Sql.Row row) {
    return new Rewrap(
        row.text("id"),
        row.textOrNull("from_provider"),
        row.text("provider"),
        row.text("wrapping_key"),
        State.valueOf(row.text("state").toUpperCase(Locale.ROOT)),
        Instant.ofEpochMilli(row.number("asked_at")),
        Installations.instant(row, "finished_at"),
        (int) row.number("rewrapped"),
        row.textOrNull("trouble"));
  }
}
