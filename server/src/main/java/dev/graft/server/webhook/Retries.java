package dev.graft.server.webhook;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** When a delivery that failed is sent again: soon, then ever later, for three days in all. */
final class Retries {
  private static final Duration LONGEST_WISH = Duration.ofHours(6);

  static final List<Duration> PAUSES =
      List.of(
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofMinutes(2),
          Duration.ofMinutes(10),
          Duration.ofMinutes(30),
          Duration.ofHours(1),
          Duration.ofHours(2),
          Duration.ofHours(4),
          Duration.ofHours(8),
          Duration.ofHours(12),
          Duration.ofHours(12),
          Duration.ofHours(12),
          Duration.ofHours(12),
          Duration.ofHours(12));

  private Retries() {}

  /**
   * When to send again.
   *
   * @param tries how often it was sent so far
   * @param wish what the receiver asks for, null for nothing
   * @param chance spreads what failed together by a fifth to either side
   * @return nothing when that was the last time
   */
  static Optional<Instant> next(
      int tries, Instant now, @Nullable Duration wish, RandomGenerator chance) {
    if (tries > PAUSES.size()) {
      return Optional.empty();
    }
    long millis = PAUSES.get(tries - 1).toMillis();
    Duration pause = Duration.ofMillis(millis * 4 / 5 + chance.nextLong(millis * 2 / 5 + 1));
    Duration wished = wish == null || wish.compareTo(LONGEST_WISH) > 0 ? Duration.ZERO : wish;
    return Optional.of(now.plus(pause.compareTo(wished) > 0 ? pause : wished));
  }
}
