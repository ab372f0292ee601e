package dev.graft.store;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An address to which events are told.
 *
 * @param types the types of events that it wants; none means all
 * @param reason why it is not enabled, null when it is
 * @param since when it was last enabled or disabled
 * @param failingSince when the first of a row of deliveries failed that all failed, null when the
 *     last one got through
 * @param formerSecret signs beside the new one until {@code formerUntil}
 */
public record Webhook(
    String id,
    String url,
    Set<String> types,
    String description,
    boolean enabled,
    @Nullable String reason,
    Instant since,
    @Nullable Instant failingSince,
    Sealed secret,
    @Nullable Sealed formerSecret,
    @Nullable Instant formerUntil,
    Instant createdAt) {
  public Webhook {
    types = Set.copyOf(types);
  }
}
