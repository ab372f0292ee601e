package dev.graft.store;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One event on its way to one webhook.
 *
 * @param tries how often it was sent
 * @param lastStatus what the receiver answered last, null when it never did
 * @param lastError what was wrong last, null when nothing was
 */
public record Delivery(
    Event event,
    String webhookId,
    State state,
    int tries,
    Instant nextTryAt,
    @Nullable Instant lastTriedAt,
    @Nullable Integer lastStatus,
    @Nullable String lastError) {

  /** Where a delivery stands. */
  public enum State {
    /** It is sent, or sent again, when its time comes. */
    WAITING,
    DELIVERED,
    /** It is not tried again unless someone asks for it. */
    DEAD;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
