package dev.graft.core.apply;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What is known after a call. */
public sealed interface Reply {
  /** Done. For a whole listing the body is an array. */
  record Ok(JsonNode body) implements Reply {}

  /**
   * Certainly nothing was done.
   *
   * @param status Vapi's HTTP status
   * @param code Vapi's machine-readable word for it, empty when it gave none
   * @param messages Vapi's sentences, without anything secret
   */
  record Refused(int status, String code, List<String> messages) implements Reply {
    public Refused {
      messages = List.copyOf(messages);
    }

    /** The object does not exist, or not in this account. */
    public boolean isMissing() {
      return status == 404;
    }

    /** The key is not accepted, or not for this. */
    public boolean isOfTheKey() {
      return status == 401 || status == 403;
    }
  }

  /**
   * Certainly nothing was done yet: it was not sent, or refused unread.
   *
   * @param retryAfter when it may be taken, null when nobody said
   */
  record Throttled(@Nullable Duration retryAfter, Brake brake) implements Reply {
    /** Vapi says that there are too many requests. */
    public Throttled(@Nullable Duration retryAfter) {
      this(retryAfter, Brake.VAPI);
    }

    /** Whether waiting for it is better than to say at once that it cannot be done now. */
    public boolean isWorthWaiting() {
      return brake == Brake.VAPI;
    }
  }

  /** What held a request back. */
  enum Brake {
    /** Vapi's own limit. */
    VAPI,
    /** The pace that we keep for each account: its turn does not come in time. */
    PACE,
    /** Vapi's host has not answered anyone for a while. */
    CIRCUIT,
    /** This node has no connection free. */
    CONNECTIONS,
    /** This node is about to stop. */
    STOPPING
  }

  /** Vapi may or may not have acted: no answer came that can be believed. */
  record Unknown(Trouble trouble, String cause) implements Reply {}

  /** Why there is no answer that can be believed. */
  enum Trouble {
    /** An error of Vapi's own, or an answer that is none. */
    BAD_ANSWER,
    /** No connection, or it broke. */
    UNREACHABLE,
    /** It took too long. */
    TIMED_OUT
  }
}
