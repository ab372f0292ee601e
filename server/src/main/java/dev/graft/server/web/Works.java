package dev.graft.server.web;

import dev.graft.core.json.Digest;
import dev.graft.core.template.Release;
import dev.graft.server.install.Installing;
import dev.graft.server.install.Report;
import dev.graft.server.install.Templates;
import dev.graft.server.install.Wish;
import dev.graft.store.Account;
import dev.graft.store.Operation;

/** Runs operations for a waiting caller, and turns what is not done into a problem. */
final class Works {
  private final Installing installing;

  Works(Installing installing) {
    this.installing = installing;
  }

  /** Clones and waits. */
  Operation clone(Account account, Templates.Template template, Wish wish) {
    return run(account, template.release().orElseThrow(), template.digest().orElseThrow(), wish);
  }

  /**
   * Does what is wished and waits.
   *
   * @throws Problem when it did not succeed, or not in time
   */
  Operation run(Account account, Release release, Digest digest, Wish wish) {
    Operation operation = installing.run(account, release, digest, wish).orElseThrow(Works::busy);
    return succeeded(operation);
  }

  static Problem busy() {
    return new Problem(
            503,
            "ACCOUNT_BUSY",
            "Another operation works on this account and has not finished in time. Nothing was begun."
                + " Try again.")
        .withHeader("Retry-After", "5");
  }

  static Operation succeeded(Operation operation) {
    Report report = Report.fromJson(operation.result());
    return switch (operation.state()) {
      case SUCCEEDED -> operation;
      case BLOCKED ->
          throw new Problem(
                  409,
                  report.diagnostics().getFirst().code(),
                  report.diagnostics().getFirst().detail())
              .withDiagnostics(report.diagnostics())
              .with("operation", operation.id());
      case RUNNING, FAILED -> throw failed(operation, report);
    };
  }

  private static Problem failed(Operation operation, Report report) {
    Problem problem =
        report.failure() == null
            ? new Problem(
                    503,
                    "VAPI_UNAVAILABLE",
                    "The operation is not finished yet; Graft finishes it by itself. Repeat the"
                        + " request to wait for it.")
                .withHeader("Retry-After", "5")
            : Problem.of(report.failure());
    return problem.withActions(report.actions()).with("operation", operation.id());
  }
}
