package dev.graft.store;

import dev.graft.core.json.Digest;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One asked-for piece of work on one installation.
 *
 * @param request what was asked for, beside the release
 * @param result what came of it, null while it runs
 * @param tries how often it was begun
 * @param actor who began it, as the audit trail names callers
 * @param requestId in answer to which request, null when nobody asked
 */
public record Operation(
    String id,
    String accountId,
    String installationId,
    String template,
    String kind,
    Digest release,
    JsonNode request,
    State state,
    @Nullable JsonNode result,
    Instant createdAt,
    @Nullable Instant finishedAt,
    int tries,
    String actor,
    @Nullable String requestId) {

  /** Where an operation stands. */
  public enum State {
    /** Not over: someone works on it, or will. */
    RUNNING,
    SUCCEEDED,
    /** Someone has to decide something; a new operation is needed then. */
    BLOCKED,
    /** Vapi refused it; trying again as it is cannot help. */
    FAILED;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    static State of(String text) {
      return valueOf(text.toUpperCase(Locale.ROOT));
    }
  }

  public boolean isOver() {
    return state != State.RUNNING;
  }
}
