package dev.graft.server.doctor;

import dev.graft.core.Diagnostic;
import java.util.List;

/**
 * One thing that was looked at.
 *
 * @param what in a word or two
 * @param found what was seen, for who wants to know that it was looked at
 * @param findings what is wrong with it
 */
public record Checked(String what, String found, List<Diagnostic> findings) {
  public Checked {
    findings = List.copyOf(findings);
  }

  static Checked good(String what, String found) {
    return new Checked(what, found, List.of());
  }

  static Checked bad(String what, Diagnostic finding) {
    return new Checked(what, finding.summary(), List.of(finding));
  }

  /** Whether a server would not do its work. */
  public boolean isFault() {
    return findings.stream().anyMatch(Diagnostic::isError);
  }
}
