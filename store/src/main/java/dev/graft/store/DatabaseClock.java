package dev.graft.store;

import java.time.Duration;
import java.time.Instant;

/**
 * The database's clock as this machine knows it: nodes whose own clocks are apart agree on who has
 * been silent for how long. While the database is away, the last known difference holds.
 */
final class DatabaseClock {
  private static final long ASKED_EVERY = Duration.ofSeconds(30).toMillis();

  private final Database database;
  private volatile long ahead;
  private volatile long askedAt;

  DatabaseClock(Database database) {
    this.database = database;
    this.ahead = difference();
    this.askedAt = System.currentTimeMillis();
  }

  Instant now() {
    if (Math.abs(System.currentTimeMillis() - askedAt) >= ASKED_EVERY) {
      askedAt = System.currentTimeMillis();
      try {
        ahead = difference();
      } catch (StoreException e) {
        // The database is away, and so is every schedule on it until it is back.
      }
    }
    return Instant.ofEpochMilli(System.currentTimeMillis() + ahead);
  }

  private long difference() {
    long asked = System.currentTimeMillis();
    long there =
        database.read(sql ->
            sql.first("SELECT " + database.dialect().now() + " AS now")
                .orElseThrow()
                .number("now"));
    return there - (asked + System.currentTimeMillis()) / 2;
  }
}
