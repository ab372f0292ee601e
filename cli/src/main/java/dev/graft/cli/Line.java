package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * One line for people, in pieces that each have a style. Whatever a piece holds, it is made
 * harmless when the line becomes text, so that no page has to think of it.
 *
 * @param hang where the line goes on when it is wrapped between words; negative for a line that is
 *     never wrapped, because someone may want to copy it
 */
record Line(List<Piece> pieces, int hang) {
  static final Line EMPTY = new Line(List.of(), -1);

  private static final int UNWRAPPED = -1;

  /** A text and its style. */
  record Piece(String text, Style style) {}

  Line {
    pieces = List.copyOf(pieces);
  }

  static Line of(String text) {
    return of(text, Style.PLAIN);
  }

  static Line of(String text, Style style) {
    return new Line(List.of(new Piece(text, style)), UNWRAPPED);
  }

  /** Sentences, indented, that may be wrapped. */
  static Line prose(int indent, String text) {
    return of(" ".repeat(indent) + text).hanging(indent);
  }

  Line and(String text) {
    return and(text, Style.PLAIN);
  }

  Line and(String text, Style style) {
    var longer = new ArrayList<>(pieces);
    longer.add(new Piece(text, style));
    return new Line(longer, hang);
  }

  Line hanging(int columns) {
    return new Line(pieces, columns);
  }

  /** The same line further to the right. */
  Line indented(int columns) {
    if (pieces.isEmpty()) {
      return this;
    }
    var moved = new ArrayList<Piece>();
    moved.add(new Piece(" ".repeat(columns), Style.PLAIN));
    moved.addAll(pieces);
    return new Line(moved, hang < 0 ? hang : hang + columns);
  }

  /**
   * The line as it is printed, without the last line break.
   *
   * @param width where to wrap what may be wrapped, 0 for nowhere
   */
  String text(boolean colours, int width) {
    var out = new StringBuilder();
    int column = 0;
    for (Piece piece : pieces) {
      String safe = Printable.of(piece.text());
      if (hang >= 0 && width > 0) {
        var wrapped = new StringBuilder();
        column = wrap(safe, column, width, wrapped);
        safe = wrapped.toString();
      }
      out.append(colours ? piece.style().around(safe) : safe);
    }
    return out.toString();
  }

  private int wrap(String text, int from, int width, StringBuilder out) {
    int column = from;
    int at = 0;
    while (at < text.length()) {
      int word = at;
      while (word < text.length() && text.charAt(word) == ' ') {
        word++;
      }
      int end = word;
      while (end < text.length() && text.charAt(end) != ' ') {
        end++;
      }
      if (column + end - at > width && column > hang && word > at) {
        out.append('\n').append(" ".repeat(hang));
        column = hang;
        at = word;
      }
      out.append(text, at, end);
      column += end - at;
      at = end;
    }
    return column;
  }
}
