package dev.graft.sandbox;

import java.time.Instant;

/** How many requests an account has made in the present window of its rate limit. */
final class RateWindow {
  private Instant start = Instant.EPOCH;
  private long requests;

  /** Counts one more request, and says whether it still fits. */
  synchronized boolean admits(Options options) {
    long limit = options.value(Dial.RATE_LIMIT);
    if (limit == 0) {
      return true;
    }
    Instant now = options.clock().instant();
    if (!now.isBefore(start.plus(options.time(Dial.RATE_WINDOW_MS)))) {
      start = now;
      requests = 0;
    }
    requests++;
    return requests <= limit;
  }

  synchronized void clear() {
    requests = 0;
  }
}
