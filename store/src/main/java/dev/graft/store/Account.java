package dev.graft.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One linked Vapi organisation.
 *
 * @param orgId Vapi's own id for it, null until an object of the account has shown it
 * @param host where its key is valid
 * @param dataKey the id of the data key that seals what belongs to it
 * @param fingerprint the same for the same key, and tells nothing about it
 */
public record Account(
    String id,
    @Nullable String orgId,
    String host,
    String dataKey,
    Sealed apiKey,
    String fingerprint,
    Instant linkedAt) {}
