package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an operation did about one resource, in words. The API writes {@code created-tool:ID}.
 *
 * @param done in words, for instance {@code created}
 * @param what the resource's address, or its kind where the address is not known
 * @param object Vapi's id
 */
record Deed(String done, String what, String object) {
  private static final Pattern ACTION = Pattern.compile("([a-z]+)-([a-z-]+?)(-newer-exists)?:(.+)");
  private static final Map<String, String> WORDS =
      Map.of("adopted", "took over", "skipped", "left alone: newer", "forgot", "let go");

  /** An object and the address by which the installation knows it. */
  record Known(String object, String address) {}

  static Deed of(String action, List<Known> objects) {
    Matcher matcher = ACTION.matcher(action);
    if (!matcher.matches()) {
      return new Deed(action, "", "");
    }
    String object = matcher.group(4);
    String address =
        objects.stream()
            .filter(known -> known.object().equals(object))
            .map(Known::address)
            .findFirst()
            .orElse(matcher.group(2));
    return new Deed(WORDS.getOrDefault(matcher.group(1), matcher.group(1)), address, object);
  }

  String words() {
    return String.join(" ", done, what, object).strip();
  }

  private Style style() {
    return switch (done) {
      case "created" -> Style.GREEN;
      case "updated", "took over" -> Style.YELLOW;
      case "deleted", "let go" -> Style.RED;
      default -> Style.DIM;
    };
  }

  /** All of them, one below the other. */
  static List<Line> lines(List<Deed> deeds) {
    int first = deeds.stream().mapToInt(deed -> deed.done().length()).max().orElse(0);
    int second = deeds.stream().mapToInt(deed -> deed.what().length()).max().orElse(0);
    var lines = new ArrayList<Line>();
    for (Deed deed : deeds) {
      lines.add(
          Line.of("  ")
              .and(deed.done(), deed.style())
              .and(" ".repeat(first - deed.done().length() + 2) + deed.what())
              .and(" ".repeat(second - deed.what().length() + 2) + deed.object()));
    }
    return lines;
  }
}
