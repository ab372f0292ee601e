package dev.graft.store;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An API key of Graft's own, without the key itself.
 *
 * @param id stands in the key, too, and is no secret
 * @param label what it is for, in words of whoever made it
 * @param hash by which the key is recognised
 * @param scopes what it may do, in the words of the server
 * @param userId the only user whose account it may touch; null when it may touch all
 * @param madeBy who made it, as the audit trail names callers
 * @param expiresAt from when on it is refused, null for never
 * @param lastUsedAt within a minute, null when it was never used
 * @param successor the key that was made to take its place, null for none
 * @param signing how requests with it have to be signed, in the words of the server; null when they
 *     need not be
 */
public record ApiKey(
    String id,
    String label,
    String hash,
    Set<String> scopes,
    @Nullable String userId,
    Instant madeAt,
    String madeBy,
    @Nullable Instant expiresAt,
    @Nullable Instant lastUsedAt,
    @Nullable Instant revokedAt,
    @Nullable String successor,
    @Nullable String signing) {

  public ApiKey {
    scopes = Set.copyOf(scopes);
  }

  /** Whether it opens anything at this time. */
  public boolean isValidAt(Instant time) {
    return revokedAt == null && (expiresAt == null || time.isBefore(expiresAt));
  }
}
