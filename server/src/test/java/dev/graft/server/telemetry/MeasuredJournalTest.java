package dev.graft.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.apply.InMemoryJournal;
import dev.graft.core.apply.Intent;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.JournalEntry;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Ledger;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which calls count as in doubt, and when they are settled. */
class MeasuredJournalTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final JournalEntry INTENDED = new JournalEntry.Intended(NOW);
  private static final JournalEntry DONE =
      new JournalEntry.Done(
          NOW, ObjectId.read("0b0ad5a1-0a8e-4a8a-8c6e-2d7f6f0a1b2c").orElseThrow());

  private final InMemoryJournal kept = new InMemoryJournal(Ledger.EMPTY);
  private final Metrics metrics = new Metrics("test", "local");

  private static void append(Journal journal, int step, JournalEntry entry) {
    var intent =
        new Intent(
            step,
            Intent.Verb.CREATE,
            new Address("tool", "book-visit"),
            null,
            null,
            Intent.Before.NOTHING);
    journal.append(List.of(new Journal.Written(intent, entry)), List.of());
  }

  private double figure(String start) {
    return metrics
        .text()
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private double settled(String how) {
    return figure("graft_calls_in_doubt_settled_total{how=\"" + how + "\"}");
  }

  @Test
  void aStepThatGoesWellWasNeverInDoubt() {
    Journal journal = new MeasuredJournal(kept, metrics);
    append(journal, 1, INTENDED);
    append(journal, 1, DONE);
    assertThat(figure("graft_steps_total{outcome=\"done\",verb=\"create\"}")).isEqualTo(1);
    assertThat(figure("graft_calls_in_doubt")).isZero();
  }

  @Test
  void aLostAnswerIsADoubtUntilSomeoneLooked() {
    Journal journal = new MeasuredJournal(kept, metrics);
    append(journal, 1, INTENDED);
    append(journal, 1, new JournalEntry.InDoubt(NOW, "the connection broke"));
    assertThat(figure("graft_calls_in_doubt_total")).isEqualTo(1);
    assertThat(figure("graft_calls_in_doubt_settled_total")).isZero();
    append(journal, 1, new JournalEntry.NotThere(NOW));
    assertThat(settled("not-there")).isEqualTo(1);
  }

  /** The next process finds an intent and nothing after it. */
  @Test
  void whatADeadProcessWasDoingIsADoubtForItsHeir() {
    append(new MeasuredJournal(kept, new Metrics("dead", "local")), 1, INTENDED);
    Journal heir = new MeasuredJournal(kept, metrics);
    heir.stories();
    heir.stories();
    assertThat(figure("graft_calls_in_doubt_total")).isEqualTo(1);
    append(heir, 1, DONE);
    assertThat(settled("found")).isEqualTo(1);
    assertThat(figure("graft_calls_in_doubt_settled_total")).isEqualTo(1);
  }

  @Test
  void aDoubtThatIsTakenUpIsCountedOnce() {
    Journal first = new MeasuredJournal(kept, metrics);
    append(first, 1, INTENDED);
    append(first, 1, new JournalEntry.InDoubt(NOW, "no answer"));
    Journal again = new MeasuredJournal(kept, metrics);
    again.stories();
    append(again, 1, new JournalEntry.NotDone(NOW, "seen not to be so"));
    assertThat(figure("graft_calls_in_doubt_total")).isEqualTo(1);
    assertThat(settled("not-done")).isEqualTo(1);
  }
}
