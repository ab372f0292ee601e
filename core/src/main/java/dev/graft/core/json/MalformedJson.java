package dev.graft.core.json;

import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;

/**
 * Text that is not the JSON it should be. The message never quotes the text: it may be a secret.
 */
public final class MalformedJson extends RuntimeException {
  private final int line;
  private final int column;

  MalformedJson(String what, int line, int column) {
    super(what);
    this.line = line;
    this.column = column;
  }

  static MalformedJson of(JacksonException e) {
    TokenStreamLocation at = e.getLocation();
    return new MalformedJson(
        what(e), at == null ? 1 : at.getLineNr(), at == null ? 1 : at.getColumnNr());
  }

  private static String what(JacksonException e) {
    String original = String.valueOf(e.getOriginalMessage());
    if (original.contains("Duplicate")) {
      return "the same key stands twice in one object";
    }
    if (original.contains("nesting depth")) {
      return "it is nested too deeply";
    }
    if (original.contains("end-of-input") || original.contains("end of input")) {
      return "it ends in the middle";
    }
    if (original.contains("railing token")) {
      return "something follows after its end";
    }
    return "it is not well-formed JSON";
  }

  /** Line of the fault, from 1. */
  public int line() {
    return line;
  }

  /** Column of the fault, from 1. */
  public int column() {
    return column;
  }
}
