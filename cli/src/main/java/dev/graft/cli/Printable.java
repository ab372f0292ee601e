package dev.graft.cli;

/**
 * Text that a terminal shows and does not obey. Names and prompts are the customers' own text, and
 * an escape sequence in one of them must not move a cursor, recolour a screen or set a title; nor
 * may a character that turns the direction of writing make one line look like another.
 */
final class Printable {
  private Printable() {}

  /** The text on one line, with what is no visible character written as {@code \}{@code u001b}. */
  static String of(String text) {
    if (text.codePoints().allMatch(Printable::isHarmless)) {
      return text;
    }
    var safe = new StringBuilder(text.length() + 16);
    text.codePoints().forEach(c -> append(safe, c, isHarmless(c)));
    return safe.toString();
  }

  /** JSON that means the same; line breaks between its values stay. */
  static String json(String json) {
    var safe = new StringBuilder(json.length() + 16);
    json.codePoints().forEach(c -> append(safe, c, c == '\n' || isHarmless(c)));
    return safe.toString();
  }

  private static void append(StringBuilder out, int character, boolean asItIs) {
    if (asItIs) {
      out.appendCodePoint(character);
    } else if (character == '\n') {
      out.append("\\n");
    } else if (character == '\t') {
      out.append("\\t");
    } else {
      for (char unit : Character.toChars(character)) {
        out.append("\\u%04x".formatted((int) unit));
      }
    }
  }

  private static boolean isHarmless(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      // Of the invisible ones only the joiners that real words and emoji need.
      case Character.FORMAT -> character == 0x200C || character == 0x200D;
      default -> true;
    };
  }
}
