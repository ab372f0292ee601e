package dev.graft.server.access;

import org.jspecify.annotations.Nullable;

/**
 * The id of the request that the present thread answers: the same in the answer, the log and the
 * audit trail.
 */
public final class RequestId {
  /** Bound for every request. */
  public static final ScopedValue<String> CURRENT = ScopedValue.newInstance();

  private RequestId() {}

  /** The present request's id; null for work that no request asked for. */
  public static @Nullable String current() {
    return CURRENT.isBound() ? CURRENT.get() : null;
  }
}
