package dev.graft.vapi;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request to Vapi and what came back, as those hear of it who measure: nothing that was sent or
 * received is in it, and no id.
 *
 * @param route the path without ids and query, such as {@code /assistant/{id}}
 * @param status what was answered, 0 for no answer
 * @param timedOut whether there was no answer because of the time
 * @param trace its place in a trace, null when nobody asked for it
 */
public record Exchange(
    Host host,
    String method,
    String route,
    int status,
    boolean timedOut,
    Instant began,
    Duration took,
    @Nullable Trace trace) {

  /** The path that a request was sent to, without what is different for every account. */
  static String route(String pathAndQuery) {
    String path = pathAndQuery.split("\\?", 2)[0];
    int second = path.indexOf('/', 1);
    return second < 0 ? path : path.substring(0, second) + "/{id}";
  }

  /** What came of it, in one of a few words. */
  public String outcome() {
    if (status == 0) {
      return timedOut ? "timeout" : "unreachable";
    }
    return KNOWN.contains(status) ? String.valueOf(status) : status / 100 + "xx";
  }

  /** Whoever answers chooses the status, and must not choose how many figures there are. */
  private static final Set<Integer> KNOWN =
      Set.of(200, 201, 204, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504);
}
