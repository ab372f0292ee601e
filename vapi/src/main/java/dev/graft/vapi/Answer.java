package dev.graft.vapi;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What came back over HTTP, whole, before anyone asked what it means. */
sealed interface Answer {
  /**
   * A response that arrived to its end.
   *
   * @param json its body, null when that is not JSON; an empty body is an empty object
   */
  record Response(int status, @Nullable String retryAfter, @Nullable JsonNode json)
      implements Answer {}

  /** Nothing was sent: every connection was in use. */
  record NotSent() implements Answer {}

  /**
   * No response, or a part of one.
   *
   * @param unreached when there was no connection at all
   */
  record Broken(boolean timedOut, boolean unreached, String cause) implements Answer {}
}
