package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.diff.DiffAlgorithm;
import org.eclipse.jgit.diff.Edit;
import org.eclipse.jgit.diff.EditList;
import org.eclipse.jgit.diff.HistogramDiff;
import org.eclipse.jgit.diff.MyersDiff;
import org.eclipse.jgit.diff.Sequence;
import org.eclipse.jgit.diff.SequenceComparator;

/**
 * The difference between two texts of lines, with one line around each change to tell where it is.
 */
final class TextDiff {
  /** Beyond this many comparisons, a minimal diff may take seconds. */
  private static final long MOST_COMPARISONS = 4_000_000;

  private final List<String> before;
  private final List<String> after;
  private final int room;
  private final List<Line> lines = new ArrayList<>();

  private TextDiff(List<String> before, List<String> after, int room) {
    this.before = before;
    this.after = after;
    this.room = room;
  }

  /**
   * The lines that differ, marked with {@code -} and {@code +}.
   *
   * @param room for a line, its mark included
   */
  static List<Line> between(String before, String after, int room) {
    var diff = new TextDiff(lines(before), lines(after), room - 2);
    diff.walk();
    return diff.lines;
  }

  /** Nothing is dropped, so that texts with other line breaks differ in their lines, too. */
  private static List<String> lines(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split("\n", -1));
  }

  /** Lines as a diff compares them. */
  private static final class Lines extends Sequence {
    private final List<String> lines;

    Lines(List<String> lines) {
      this.lines = lines;
    }

    @Override
    public int size() {
      return lines.size();
    }
  }

  private static final class Sameness extends SequenceComparator<Lines> {
    @Override
    public boolean equals(Lines one, int line, Lines other, int otherLine) {
      return one.lines.get(line).equals(other.lines.get(otherLine));
    }

    @Override
    public int hash(Lines lines, int line) {
      return lines.lines.get(line).hashCode();
    }
  }

  private void walk() {
    EditList edits = algorithm().diff(new Sameness(), new Lines(before), new Lines(after));
    if (edits.isEmpty()) {
      return;
    }
    int shown = 0;
    for (int i = 0; i < edits.size(); i++) {
      Edit edit = edits.get(i);
      int lead = Math.max(shown, edit.getBeginA() - 1);
      if (lead > shown) {
        lines.add(Line.of("  …", Style.DIM));
      }
      context(lead, edit.getBeginA());
      replaced(
          before.subList(edit.getBeginA(), edit.getEndA()),
          after.subList(edit.getBeginB(), edit.getEndB()));
      // Two edits may touch: the line after the first one is then the second one's.
      int next = i + 1 < edits.size() ? edits.get(i + 1).getBeginA() : before.size();
      shown = Math.min(edit.getEndA() + 1, next);
      context(edit.getEndA(), shown);
    }
    if (!before.subList(shown, before.size()).stream().allMatch(String::isBlank)) {
      lines.add(Line.of("  …", Style.DIM));
    }
  }

  /** One that shows no line more than differs; for very long texts, one that is quick. */
  private DiffAlgorithm algorithm() {
    if ((long) before.size() * after.size() <= MOST_COMPARISONS) {
      return MyersDiff.INSTANCE;
    }
    var quick = new HistogramDiff();
    // Where it does not get on it would do as the slow one does.
    quick.setFallbackAlgorithm(null);
    return quick;
  }

  private void context(int from, int to) {
    for (String text : before.subList(from, to)) {
      if (!text.isBlank()) {
        lines.add(Line.of("  " + Shown.start(text, room), Style.DIM));
      }
    }
  }

  /** Lines that pair up are shown where they differ, the others from their beginning. */
  private void replaced(List<String> old, List<String> now) {
    boolean paired = old.size() == now.size();
    for (int i = 0; i < old.size(); i++) {
      String text = old.get(i);
      lines.add(removed(paired ? around(text, now.get(i)) : Shown.start(text, room)));
    }
    for (int i = 0; i < now.size(); i++) {
      String text = now.get(i);
      lines.add(added(paired ? around(text, old.get(i)) : Shown.start(text, room)));
    }
  }

  static Line removed(String text) {
    return Line.of("- " + text, Style.RED);
  }

  static Line added(String text) {
    return Line.of("+ " + text, Style.GREEN);
  }

  /** The part of a line in which it differs from another one. */
  private String around(String text, String other) {
    int prefix = 0;
    int shorter = Math.min(text.length(), other.length());
    while (prefix < shorter && text.charAt(prefix) == other.charAt(prefix)) {
      prefix++;
    }
    if (text.length() <= room || prefix < room / 2) {
      return Shown.start(text, room);
    }
    return Shown.start(Shown.end(text, text.length() - prefix + room / 3), room);
  }
}
