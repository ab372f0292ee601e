package dev.graft.vapi;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How fast one account is called: some calls at once, and then so many a second. When Vapi says
 * that there are too many, the pace is halved, and it grows again bit by bit with what Vapi takes.
 * So it settles just below a limit that nobody publishes. Reads and writes count alike.
 */
public final class Pace {
  /** So many calls of one account are on their way at a time, however many it could make. */
  private static final int AT_A_TIME = 8;

  /** So much slower than asked for an account becomes at most. */
  private static final double SLOWEST = 1 / 16.0;

  /** By so much of the whole pace it grows with each answer. */
  private static final double GROWTH = 1 / 32.0;

  private static final Duration WITHOUT_A_WORD = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofHours(1);

  private final @Nullable Limit limit;
  private final LongSupplier nanoTime;
  private final Semaphore places = new Semaphore(AT_A_TIME, true);

  /** Calls that may be made at once; below zero when some wait for theirs. */
  private double ready;

  /** As of when {@link #ready} is right; later than now when Vapi said to wait. */
  private long asOf;

  private double perSecond;

  /** How often Vapi said that there are too many. */
  private long words;

  /**
   * A call's turn, which is worth nothing any more when Vapi says before it that there are too many
   * calls.
   *
   * @param pause how long until it comes; longer than anyone would when no turn was taken
   */
  record Turn(Duration pause, long words) {}

  /**
   * What is asked for.
   *
   * @param perSecond calls in a second, for as long as one likes
   * @param burst calls at once after a rest
   */
  public record Limit(double perSecond, int burst) {
    public Limit {
      if (perSecond <= 0 || burst < 1) {
        throw new IllegalArgumentException("no pace: " + perSecond + " a second");
      }
    }
  }

  /**
   * How far an account is, for whoever calls it next.
   *
   * @param ready calls that may be made at once, in thousandths
   * @param since as of how long ago that is right; negative when only then
   * @param perSecond calls in a second, in thousandths
   */
  public record State(long ready, Duration since, long perSecond) {}

  /** Keeps to a limit, or to none when null. */
  Pace(@Nullable Limit limit, LongSupplier nanoTime) {
    this.limit = limit;
    this.nanoTime = nanoTime;
    this.asOf = nanoTime.getAsLong();
    if (limit != null) {
      this.ready = limit.burst();
      this.perSecond = limit.perSecond();
    }
  }

  /** A pace that is none. */
  static Pace off() {
    return new Pace(null, System::nanoTime);
  }

  /**
   * Takes a turn.
   *
   * @param atMost how long anyone would wait for it
   */
  synchronized Turn turn(Duration atMost) {
    if (limit == null) {
      return new Turn(Duration.ZERO, words);
    }
    refill(limit);
    long untilOpen = Math.max(0, asOf - nanoTime.getAsLong());
    double missing = Math.max(0, 1 - ready);
    var wait = Duration.ofNanos(untilOpen + (long) (missing / perSecond * 1e9));
    if (wait.compareTo(atMost) <= 0) {
      ready -= 1;
    }
    return new Turn(wait, words);
  }

  /** Whether a call may still go when its turn has come; it has to take another one otherwise. */
  synchronized boolean isGood(Turn turn) {
    return turn.words() == words;
  }

  private void refill(Limit known) {
    long now = nanoTime.getAsLong();
    if (now - asOf > 0) {
      ready = Math.min(known.burst(), ready + (now - asOf) / 1e9 * perSecond);
      asOf = now;
    }
  }

  /** Vapi took a call. */
  synchronized void taken() {
    if (limit != null) {
      refill(limit);
      perSecond = Math.min(limit.perSecond(), perSecond + limit.perSecond() * GROWTH);
    }
  }

  /** Vapi says that there are too many calls: all of the account wait, not only this one. */
  synchronized void tooMany(@Nullable Duration retryAfter) {
    if (limit == null) {
      return;
    }
    refill(limit);
    long now = nanoTime.getAsLong();
    boolean isNews = asOf - now <= 0;
    if (isNews) {
      // Calls that were on their way together are refused together, which is one word of Vapi's.
      perSecond = Math.max(limit.perSecond() * SLOWEST, perSecond / 2);
    }
    Duration wait = retryAfter == null ? WITHOUT_A_WORD : retryAfter;
    long until = now + (wait.compareTo(LONGEST) < 0 ? wait : LONGEST).toNanos();
    if (until - asOf > 0) {
      asOf = until;
    }
    // All turns are taken anew. The first one then finds out whether Vapi goes on.
    ready = 1;
    words++;
  }

  /** One of the calls that an account may have on their way; false when none came free in time. */
  boolean enter(Duration atMost) throws InterruptedException {
    return places.tryAcquire(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  void leave() {
    places.release();
  }

  /** How far it is; null when there is no limit. */
  public synchronized @Nullable State state() {
    if (limit == null) {
      return null;
    }
    refill(limit);
    return new State(
        (long) (ready * 1000),
        Duration.ofNanos(nanoTime.getAsLong() - asOf),
        (long) (perSecond * 1000));
  }

  /** Goes on from where another node was, or more slowly if this one is further. */
  public synchronized void goOnFrom(State there) {
    if (limit == null) {
      return;
    }
    refill(limit);
    long now = nanoTime.getAsLong();
    perSecond =
        Math.clamp(there.perSecond() / 1000.0, limit.perSecond() * SLOWEST, limit.perSecond());
    long millis =
        Math.clamp(there.since().toMillis(), -LONGEST.toMillis(), Duration.ofDays(1).toMillis());
    double left = there.ready() / 1000.0 + Math.max(0, millis) / 1000.0 * perSecond;
    ready = Math.min(ready, Math.clamp(left, -limit.burst(), (double) limit.burst()));
    long open = now - Math.min(0, millis) * 1_000_000;
    if (open - asOf > 0) {
      asOf = open;
    }
  }

  /** Whether a new one would be the same. */
  synchronized boolean isAtRest() {
    if (limit != null) {
      refill(limit);
    }
    return places.availablePermits() == AT_A_TIME
        && (limit == null || ready >= limit.burst() && perSecond >= limit.perSecond());
  }

  /** Whether Vapi slowed it down, and it is not yet as fast as it may be. */
  synchronized boolean isSlowed() {
    return limit != null && perSecond < limit.perSecond();
  }
}
