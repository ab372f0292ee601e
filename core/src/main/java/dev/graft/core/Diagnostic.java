package dev.graft.core;

import org.jspecify.annotations.Nullable;

/**
 * A problem that a person can act on.
 *
 * @param code stable, in capitals, for programs and searches
 * @param summary the same every time
 * @param detail full sentences: what is wrong, why it matters, what to do
 * @param where a file or a place in a body, null when it is about the whole
 */
public record Diagnostic(
    Severity severity, String code, String summary, String detail, @Nullable String where) {

  /** Whether work can go on. */
  public enum Severity {
    /** It cannot. */
    ERROR,
    /** It can, and someone should look. */
    WARNING,
    /** It can; said so that nothing happens silently. */
    NOTE
  }

  public static Diagnostic error(
      String code, String summary, String detail, @Nullable String where) {
    return new Diagnostic(Severity.ERROR, code, summary, detail, where);
  }

  public static Diagnostic warning(
      String code, String summary, String detail, @Nullable String where) {
    return new Diagnostic(Severity.WARNING, code, summary, detail, where);
  }

  public static Diagnostic note(
      String code, String summary, String detail, @Nullable String where) {
    return new Diagnostic(Severity.NOTE, code, summary, detail, where);
  }

  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /** On one line, for logs and terminals. */
  @Override
  public String toString() {
    return (where == null ? "" : where + ": ") + detail;
  }
}
