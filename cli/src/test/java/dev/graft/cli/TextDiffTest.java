package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextDiffTest {
  private static final int ROOM = 60;

  private static List<String> diff(String before, String after) {
    return diff(before, after, ROOM);
  }

  private static List<String> diff(String before, String after, int room) {
    return TextDiff.between(before, after, room).stream().map(line -> line.text(false, 0)).toList();
  }

  private static List<String> marked(List<String> diff, String mark) {
    return diff.stream()
        .filter(line -> line.startsWith(mark))
        .map(line -> line.substring(2))
        .toList();
  }

  private static List<String> lines(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split("\n", -1));
  }

  private static List<String> without(List<String> lines, List<String> taken) {
    var rest = new ArrayList<>(lines);
    taken.forEach(line -> assertThat(rest.remove(line)).as(line).isTrue());
    return rest;
  }

  /** Whether the lines stand in the others in this order. */
  private static boolean isWithin(List<String> lines, List<String> others) {
    int found = 0;
    for (String other : others) {
      if (found < lines.size() && lines.get(found).equals(other)) {
        found++;
      }
    }
    return found == lines.size();
  }

  /** The length of the longest common sequence, worked out in another way than the diff does. */
  private static int common(List<String> before, List<String> after) {
    int[] best = new int[after.size() + 1];
    for (String line : before) {
      int diagonal = 0;
      for (int i = 0; i < after.size(); i++) {
        int above = best[i + 1];
        best[i + 1] = line.equals(after.get(i)) ? diagonal + 1 : Math.max(above, best[i]);
        diagonal = above;
      }
    }
    return best[after.size()];
  }

  private static String text(Random random) {
    int lines = random.nextInt(12);
    var text = new ArrayList<String>();
    for (int i = 0; i < lines; i++) {
      text.add(random.nextInt(5) == 0 ? "" : "line " + random.nextInt(6));
    }
    return String.join("\n", text);
  }

  /** A text in which some lines were taken out, changed or put in. */
  private static String edited(String text, Random random) {
    var lines = new ArrayList<>(lines(text));
    for (int i = random.nextInt(4); i > 0; i--) {
      int at = random.nextInt(lines.size() + 1);
      if (at < lines.size() && random.nextBoolean()) {
        lines.remove(at);
      } else {
        lines.add(at, random.nextInt(4) == 0 ? "" : "new " + random.nextInt(3));
      }
    }
    return String.join("\n", lines);
  }

  @Test
  void takingOutTheRemovedAndPuttingInTheAddedLinesMakesTheOtherText() {
    for (long seed = 0; seed < 3000; seed++) {
      var random = new Random(seed);
      String before = text(random);
      String after = random.nextInt(3) == 0 ? text(random) : edited(before, random);
      List<String> diff = diff(before, after);
      List<String> removed = marked(diff, "- ");
      List<String> added = marked(diff, "+ ");
      String what = "seed " + seed + "\n" + before + "\n---\n" + after + "\n---\n" + diff;
      assertThat(isWithin(removed, lines(before))).as(what).isTrue();
      assertThat(isWithin(added, lines(after))).as(what).isTrue();
      assertThat(without(lines(before), removed))
          .as(what)
          .containsExactlyInAnyOrderElementsOf(without(lines(after), added));
      assertThat(lines(before).size() - removed.size())
          .as(what)
          .isEqualTo(common(lines(before), lines(after)));
      assertThat(diff.isEmpty()).as(what).isEqualTo(before.equals(after));
      assertThat(diff)
          .as(what)
          .filteredOn(line -> line.startsWith("  ") && !line.equals("  …"))
          .allMatch(line -> lines(before).contains(line.substring(2)));
    }
  }

  @Test
  void noLineIsLongerThanItsRoom() {
    for (long seed = 0; seed < 500; seed++) {
      var random = new Random(seed);
      String before = text(random).replace("line", "wörd 😀 ".repeat(random.nextInt(1, 30)));
      String after = edited(before, random).replace(" 3", " 3 and more ");
      int room = random.nextInt(20, 80);
      assertThat(diff(before, after, room))
          .as("seed " + seed)
          .allMatch(line -> line.length() <= room)
          .noneMatch(line -> line.contains("\\ud"));
    }
  }

  @Test
  void aChangeIsShownWithOneLineAroundIt() {
    assertThat(diff("a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nD\ne\nf\ng"))
        .containsExactly("  …", "  c", "- d", "+ D", "  e", "  …");
    assertThat(diff("a\nb\n", "a\nB\n")).containsExactly("  a", "- b", "+ B");
    assertThat(diff("a\nb", "a\nb\nc")).containsExactly("  …", "  b", "+ c");
    assertThat(diff("", "a")).containsExactly("+ a");
    assertThat(diff("a", "")).containsExactly("- a");
  }

  @Test
  void longLinesAreShownWhereTheyDiffer() {
    String start = "The same beginning. ".repeat(20);
    List<String> diff = diff(start + "old end", start + "new end");
    assertThat(diff).hasSize(2);
    assertThat(diff.getFirst()).startsWith("- …").endsWith("old end");
    assertThat(diff.getLast()).startsWith("+ …").endsWith("new end");
    assertThat(diff("old start, " + start, "new start, " + start))
        .satisfiesExactly(
            removed -> assertThat(removed).startsWith("- old start").endsWith("…"),
            added -> assertThat(added).startsWith("+ new start").endsWith("…"));
  }

  @Test
  void veryLongTextsThatDifferInPlacesAreComparedInLittleTime() {
    List<String> old = IntStream.range(0, 9000).mapToObj(i -> "line " + i).toList();
    var now = new ArrayList<>(old);
    now.set(8000, "changed");
    now.remove(4000);
    now.add(100, "new");
    List<String> diff = diff(String.join("\n", old), String.join("\n", now));
    assertThat(marked(diff, "- ")).containsExactly("line 4000", "line 8000");
    assertThat(marked(diff, "+ ")).containsExactly("new", "changed");
  }

  @Test
  void textsWithNearlyNothingInCommonAreReplacedWholeInLittleTime() {
    List<String> old = IntStream.range(0, 3000).mapToObj(i -> "old " + i).toList();
    List<String> now = IntStream.range(0, 3000).mapToObj(i -> "new " + i).toList();
    List<String> diff = diff("head\n" + String.join("\n", old), "head\n" + String.join("\n", now));
    assertThat(marked(diff, "- ")).isEqualTo(old);
    assertThat(marked(diff, "+ ")).isEqualTo(now);
  }
}
