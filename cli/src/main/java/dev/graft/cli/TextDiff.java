package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * The difference between two texts of lines, with one line around each change to tell where it is.
 */
final class TextDiff {
  /** Beyond this many comparisons, what differs is shown as replaced whole. */
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
    var diff = new TextDiff(before.lines().toList(), after.lines().toList(), room - 2);
    diff.walk();
    return diff.lines;
  }

  /** A stretch of lines that are no longer there, and those that stand in their place. */
  private record Hunk(int from, int to, int newFrom, int newTo) {}

  private void walk() {
    int shown = 0;
    for (Hunk hunk : hunks()) {
      int lead = Math.max(shown, hunk.from() - 1);
      if (lead > shown) {
        lines.add(Line.of("  …", Style.DIM));
      }
      context(lead, hunk.from());
      replaced(before.subList(hunk.from(), hunk.to()), after.subList(hunk.newFrom(), hunk.newTo()));
      shown = Math.min(hunk.to() + 1, before.size());
      context(hunk.to(), shown);
    }
    if (shown < before.size()) {
      lines.add(Line.of("  …", Style.DIM));
    }
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

  private List<Hunk> hunks() {
    int head = 0;
    while (head < Math.min(before.size(), after.size())
        && before.get(head).equals(after.get(head))) {
      head++;
    }
    int tail = 0;
    while (tail < Math.min(before.size(), after.size()) - head
        && before.get(before.size() - 1 - tail).equals(after.get(after.size() - 1 - tail))) {
      tail++;
    }
    int oldEnd = before.size() - tail;
    int newEnd = after.size() - tail;
    if ((long) (oldEnd - head) * (newEnd - head) > MOST_COMPARISONS) {
      return List.of(new Hunk(head, oldEnd, head, newEnd));
    }
    return hunks(head, oldEnd, newEnd);
  }

  /** What is left of both when their longest common sequence of lines is taken out. */
  private List<Hunk> hunks(int head, int oldEnd, int newEnd) {
    int[][] common = common(head, oldEnd, newEnd);
    var hunks = new ArrayList<Hunk>();
    int old = head;
    int now = head;
    int oldStart = old;
    int newStart = now;
    while (old < oldEnd || now < newEnd) {
      if (old < oldEnd && now < newEnd && before.get(old).equals(after.get(now))) {
        if (old > oldStart || now > newStart) {
          hunks.add(new Hunk(oldStart, old, newStart, now));
        }
        oldStart = ++old;
        newStart = ++now;
      } else if (now == newEnd
          || old < oldEnd
              && common[old - head + 1][now - head] >= common[old - head][now - head + 1]) {
        old++;
      } else {
        now++;
      }
    }
    if (old > oldStart || now > newStart) {
      hunks.add(new Hunk(oldStart, old, newStart, now));
    }
    return hunks;
  }

  /** How many lines two remainders have in common, for every two remainders. */
  private int[][] common(int head, int oldEnd, int newEnd) {
    var common = new int[oldEnd - head + 1][newEnd - head + 1];
    for (int old = oldEnd - 1; old >= head; old--) {
      for (int now = newEnd - 1; now >= head; now--) {
        int row = old - head;
        int column = now - head;
        common[row][column] =
            before.get(old).equals(after.get(now))
                ? common[row + 1][column + 1] + 1
                : Math.max(common[row + 1][column], common[row][column + 1]);
      }
    }
    return common;
  }
}
