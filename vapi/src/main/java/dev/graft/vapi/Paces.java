package dev.graft.vapi;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The pace of each account that this node calls. It travels with the account's lease, so that nodes
 * that work on an account one after the other keep one pace together.
 */
public final class Paces {
  /** So many are kept before those at rest are dropped: they come back as they were. */
  private static final int MANY = 10_000;

  private final Pace.@Nullable Limit limit;
  private final Map<String, Pace> paces = new ConcurrentHashMap<>();
  private final LongAdder asked = new LongAdder();
  private final LongAdder waited = new LongAdder();
  private final LongAdder millis = new LongAdder();
  private final LongAdder refused = new LongAdder();

  /** All accounts to the same limit, or to none when null. */
  public Paces(Pace.@Nullable Limit limit) {
    this.limit = limit;
  }

  /** The pace of one account. */
  public Pace of(String accountId) {
    asked.increment();
    if (paces.size() >= MANY && asked.sum() % 1000 == 0) {
      paces.values().removeIf(Pace::isAtRest);
    }
    return paces.computeIfAbsent(accountId, _ -> new Pace(limit, System::nanoTime));
  }

  /** How far an account is, null when it is at rest, or there is no limit. */
  public Pace.@Nullable State stateOf(String accountId) {
    Pace pace = paces.get(accountId);
    return pace == null || pace.isAtRest() ? null : pace.state();
  }

  int size() {
    return paces.size();
  }

  void waited(Duration wait) {
    if (wait.isPositive()) {
      waited.increment();
      millis.add(wait.toMillis());
    }
  }

  void refused() {
    refused.increment();
  }

  /**
   * What came of it since the start.
   *
   * @param waited calls that waited for their turn
   * @param millis how long, all of them together
   * @param refused answers of Vapi's that there are too many
   * @param slowed accounts that are called more slowly than they may be, now
   */
  public record Seen(long waited, long millis, long refused, long slowed) {}

  /** For whoever watches over this node. */
  public Seen seen() {
    return new Seen(
        waited.sum(),
        millis.sum(),
        refused.sum(),
        paces.values().stream().filter(Pace::isSlowed).count());
  }
}
