package dev.graft.server.fuzz;

import java.util.ArrayList;
import java.util.List;

/**
 * Makes texts that a regular expression matches: literals, classes, groups, alternatives, counts
 * and dots, which is all that the description uses.
 */
final class Regular {
  private final String pattern;
  private final Chance chance;
  private int at;

  private Regular(String pattern, Chance chance) {
    this.pattern = pattern;
    this.chance = chance;
  }

  static String sample(String pattern, Chance chance) {
    return new Regular(pattern.replaceAll("^\\^|\\$$", ""), chance).alternatives();
  }

  private String alternatives() {
    var all = new ArrayList<String>();
    var one = new StringBuilder();
    while (at < pattern.length() && pattern.charAt(at) != ')') {
      if (pattern.charAt(at) == '|') {
        at++;
        all.add(one.toString());
        one.setLength(0);
      } else {
        int start = at;
        String part = part();
        int end = at;
        int count = count();
        int after = at;
        for (int i = 0; i < count; i++) {
          at = start;
          part = i == 0 ? part : part();
          one.append(part);
        }
        at = Math.max(after, end);
      }
    }
    all.add(one.toString());
    return chance.of(all);
  }

  private String part() {
    char first = pattern.charAt(at++);
    return switch (first) {
      case '(' -> {
        if (pattern.startsWith("?:", at)) {
          at += 2;
        }
        String inside = alternatives();
        at++;
        yield inside;
      }
      case '[' -> String.valueOf(chance.of(letters()));
      case '.' -> String.valueOf(chance.of(List.of('a', 'Z', '7', '-', '.')));
      case '\\' -> String.valueOf(escaped());
      default -> String.valueOf(first);
    };
  }

  private char escaped() {
    char escaped = pattern.charAt(at++);
    return switch (escaped) {
      case 'd' -> (char) ('0' + chance.below(10));
      case 'w' -> 'w';
      case 's' -> ' ';
      case 'x' -> {
        at += 2;
        yield (char) Integer.parseInt(pattern.substring(at - 2, at), 16);
      }
      default -> escaped;
    };
  }

  private List<Character> letters() {
    boolean not = pattern.charAt(at) == '^';
    var letters = new ArrayList<Character>();
    if (not) {
      at++;
    }
    while (pattern.charAt(at) != ']') {
      char from = pattern.charAt(at++);
      from = from == '\\' ? escaped() : from;
      char to = from;
      if (pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']') {
        at++;
        to = pattern.charAt(at++);
        to = to == '\\' ? escaped() : to;
      }
      for (char one = from; one <= to; one++) {
        letters.add(one);
      }
    }
    at++;
    if (!not) {
      return letters;
    }
    var others = new ArrayList<Character>();
    for (char one = '!'; one < 0x7f; one++) {
      if (!letters.contains(one)) {
        others.add(one);
      }
    }
    return others;
  }

  private int count() {
    if (at >= pattern.length()) {
      return 1;
    }
    char sign = pattern.charAt(at);
    if (sign == '{') {
      int end = pattern.indexOf('}', at);
      String[] bounds = pattern.substring(at + 1, end).split(",", -1);
      at = end + 1;
      int least = Integer.parseInt(bounds[0]);
      String most = bounds[bounds.length - 1];
      return chance.between(least, most.isEmpty() ? least + 8 : Integer.parseInt(most));
    }
    if ("?*+".indexOf(sign) >= 0) {
      at++;
    }
    return switch (sign) {
      case '?' -> chance.below(2);
      case '*' -> chance.below(6);
      case '+' -> 1 + chance.below(12);
      default -> 1;
    };
  }
}
