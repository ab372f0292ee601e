package dev.graft.server.telemetry;

import dev.graft.core.apply.Intent;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.JournalEntry;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A journal whose entries are counted once they are durable. */
final class MeasuredJournal implements Journal {
  private final Journal journal;
  private final Metrics metrics;

  /** The steps whose effect nobody knows; the work of an operation reads its stories first. */
  private final Set<Integer> inDoubt = new HashSet<>();

  MeasuredJournal(Journal journal, Metrics metrics) {
    this.journal = journal;
    this.metrics = metrics;
  }

  @Override
  public List<Story> stories() {
    List<Story> stories = journal.stories();
    stories.stream()
        .filter(Story::isOpen)
        .filter(story -> !(story.entries().getLast() instanceof JournalEntry.InDoubt))
        .filter(story -> inDoubt.add(story.intent().step()))
        // A process that died between the intent and the answer left the same doubt.
        .forEach(_ -> metrics.doubt());
    stories.stream().filter(Story::isOpen).forEach(story -> inDoubt.add(story.intent().step()));
    return stories;
  }

  @Override
  public void append(List<Written> entries, List<LedgerChange> changes) {
    journal.append(entries, changes);
    entries.forEach(written -> count(written.intent(), written.entry()));
  }

  private void count(Intent intent, JournalEntry entry) {
    switch (entry) {
      case JournalEntry.Intended _ -> {}
      case JournalEntry.InDoubt _ -> {
        if (inDoubt.add(intent.step())) {
          metrics.doubt();
        }
      }
      case JournalEntry.Done _ -> over(intent, "done", Metrics.Settled.FOUND);
      case JournalEntry.Refused _ -> over(intent, "refused", Metrics.Settled.REFUSED);
      case JournalEntry.NotDone _ -> over(intent, "not-done", Metrics.Settled.NOT_DONE);
      case JournalEntry.NotThere _ -> over(intent, "not-there", Metrics.Settled.NOT_THERE);
    }
  }

  private void over(Intent intent, String outcome, Metrics.Settled how) {
    metrics.step(intent.verb().name().toLowerCase(Locale.ROOT), outcome);
    if (inDoubt.remove(intent.step())) {
      metrics.settled(how);
    }
  }
}
