package dev.graft.core.apply;

import dev.graft.core.kind.ObjectId;
import java.time.Instant;
import java.util.List;

/**
 * What happened to one step, in order, appended and never changed. An {@link Intended} is durable
 * before the first byte goes to Vapi; everything else is what was learned afterwards.
 */
public sealed interface JournalEntry {
  Instant at();

  record Intended(Instant at) implements JournalEntry {}

  record Done(Instant at, ObjectId object) implements JournalEntry {}

  record Refused(Instant at, String reason) implements JournalEntry {}

  /** Sent, and no answer that can be believed: Vapi may or may not have acted. */
  record InDoubt(Instant at, String cause) implements JournalEntry {}

  /** Certainly not done: refused for now, or seen not to be so. */
  record NotDone(Instant at, String how) implements JournalEntry {}

  /**
   * A create whose object was looked for until it had to be there, and is not: it may come late.
   */
  record NotThere(Instant at) implements JournalEntry {}

  /** What to do about a step that was left in the middle. */
  enum Next {
    /** Nothing: it is over, one way or the other. */
    NOTHING,
    /** Find out whether Vapi acted. */
    LOOK
  }

  /** What to do about a step, given its story so far. */
  static Next next(List<JournalEntry> story) {
    return switch (story.getLast()) {
      case Intended _, InDoubt _ -> Next.LOOK;
      case Done _, Refused _, NotDone _, NotThere _ -> Next.NOTHING;
    };
  }
}
