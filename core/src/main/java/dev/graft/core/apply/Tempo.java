package dev.graft.core.apply;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * How long to wait for what.
 *
 * @param pause waits; it is given from outside so that nothing here blocks a thread by itself
 * @param deadline when whoever asked stops waiting: no pause goes beyond it
 * @param settling how long after a create with an unclear reply its object may still appear
 */
public record Tempo(
    InstantSource clock, Consumer<Duration> pause, Instant deadline, Duration settling) {
  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofSeconds(2);

  /** The pause before the n-th further try, n from 0: it doubles up to two seconds. */
  static Duration backOff(int n) {
    Duration pause = FIRST.multipliedBy(1L << Math.min(n, 10));
    return pause.compareTo(LONGEST) < 0 ? pause : LONGEST;
  }

  /** Waits this long if the deadline allows; otherwise does not wait and says so. */
  boolean waits(Duration duration) {
    if (clock.instant().plus(duration).isAfter(deadline)) {
      return false;
    }
    pause.accept(duration);
    return true;
  }
}
