package dev.graft.core.apply;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A create that was looked for in vain, and whose object may still come late. */
public record Lost(Intent intent, Instant intendedAt) {

  /** Those among the steps of an operation. */
  public static List<Lost> among(List<Journal.Story> stories) {
    var lost = new ArrayList<Lost>();
    for (Journal.Story story : stories) {
      if (story.entries().getLast() instanceof JournalEntry.NotThere) {
        lost.add(new Lost(story.intent(), story.entries().getFirst().at()));
      }
    }
    return lost;
  }
}
