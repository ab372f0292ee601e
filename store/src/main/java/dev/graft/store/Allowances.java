package dev.graft.store;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.Function;

/**
 * What is left to callers of what they may do in a time, shared by all nodes and counted by the
 * database's clock. What a state means is for whoever made it.
 */
public final class Allowances {
  private final Database database;

  public Allowances(Database database) {
    this.database = database;
  }

  /**
   * What is left now.
   *
   * @param states by id; none for an allowance that nothing was taken from
   */
  public record Stock(Instant now, Map<String, byte[]> states) {
    public Stock {
      states = Map.copyOf(states);
    }
  }

  /**
   * What is left after something was taken.
   *
   * @param fullAt from when on it is as if nothing had been taken
   */
  public record Left(Sealed state, Instant fullAt) {}

  /** What is to be kept by id, nothing when nothing is taken; and what the caller wants to know. */
  public record Ruling<T>(Map<String, Left> kept, T result) {
    public Ruling {
      kept = Map.copyOf(kept);
    }
  }

  /** Looks, and changes nothing. */
  public Stock look(SortedSet<String> ids) {
    return database.read(sql -> stock(sql, ids));
  }

  /** Takes from several at once or from none, as the rule says. Nobody else takes meanwhile. */
  public <T> T take(SortedSet<String> ids, Function<Stock, Ruling<T>> rule) {
    return database.write(sql -> {
      for (String id : ids) {
        // Makes the row or takes its lock, so that it is not swept away before it is used. In the
        // order of the ids, so that no two wait for each other.
        sql.execute(
            """
            INSERT INTO allowance (id, state, full_at) VALUES (?, ?, 0)
            ON CONFLICT (id) DO UPDATE SET full_at = allowance.full_at
            """,
            id,
            new byte[0]);
      }
      Ruling<T> ruling = rule.apply(stock(sql, ids));
      ruling
          .kept()
          .forEach((id, left) ->
              sql.execute(
                  "UPDATE allowance SET state = ?, full_at = ? WHERE id = ?",
                  left.state().bytes(),
                  left.fullAt().toEpochMilli(),
                  id));
      return ruling.result();
    });
  }

  private Stock stock(Sql sql, SortedSet<String> ids) {
    var states = new HashMap<String, byte[]>();
    var ends = new HashMap<String, Long>();
    for (String id : ids) {
      sql.first("SELECT state, full_at FROM allowance WHERE id = ?", id)
          .ifPresent(row -> {
            states.put(id, row.bytes("state"));
            ends.put(id, row.number("full_at"));
          });
    }
    long now =
        sql.first("SELECT " + database.dialect().now() + " AS now").orElseThrow().number("now");
    states.keySet().removeIf(id -> ends.getOrDefault(id, 0L) <= now);
    return new Stock(Instant.ofEpochMilli(now), states);
  }

  /** Forgets those from which nothing is missing any more. */
  public int sweep() {
    return Sweep.of(database, "allowance", "full_at");
  }
}
