package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The database's clock as this machine knows it, carried on between two looks by a clock that
 * nobody sets. Nodes whose own clocks are wrong agree on what came first, what is due and who has
 * been silent for how long. While the database is away it goes on from the last look.
 */
final class DatabaseClock implements InstantSource {
  private static final long ASKED_EVERY = Duration.ofSeconds(30).toNanos();

  private final Database database;
  private final LongSupplier nanoTime;
  private volatile Look last;

  /** What the database said, and when that was here. */
  private record Look(long millis, long at) {}

  DatabaseClock(Database database) {
    this(database, System::nanoTime);
  }

  DatabaseClock(Database database, LongSupplier nanoTime) {
    this.database = database;
    this.nanoTime = nanoTime;
    this.last = look();
  }

  @Override
  public Instant instant() {
    Look known = last;
    long now = nanoTime.getAsLong();
    if (now - known.at() >= ASKED_EVERY) {
      known = renewed(known, now);
    }
    return Instant.ofEpochMilli(
        known.millis() + Math.floorDiv(nanoTime.getAsLong() - known.at(), 1_000_000L));
  }

  /** By one of those who ask for the time; the others go on with what is known. */
  private synchronized Look renewed(Look known, long now) {
    if (last.at() != known.at()) {
      return last;
    }
    // If the database is away, it is not asked again for every instant.
    Look carriedOn = new Look(known.millis() + Math.floorDiv(now - known.at(), 1_000_000L), now);
    last = carriedOn;
    try {
      last = look();
    } catch (StoreException e) {
      // So is everything else that is in it.
    }
    return last;
  }

  private Look look() {
    long asked = nanoTime.getAsLong();
    long there =
        database.read(sql ->
            sql.first("SELECT " + database.dialect().now() + " AS now")
                .orElseThrow()
                .number("now"));
    return new Look(there, asked + (nanoTime.getAsLong() - asked) / 2);
  }
}
