package dev.graft.server.install;

import dev.graft.core.Diagnostic;
import dev.graft.core.apply.Action;
import dev.graft.core.apply.Marks;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Outcome;
import dev.graft.core.plan.Plan;
import dev.graft.core.plan.Planned;
import dev.graft.core.plan.Policy;
import dev.graft.core.plan.Recognition;
import dev.graft.core.plan.Takes;
import dev.graft.store.Account;
import dev.graft.store.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds what Graft made in an account of which its database knows nothing, or too little, and
 * enters it there. The account is read and never written to.
 */
public final class Recovering {
  private final Installing installing;
  private final Templates templates;

  public Recovering(Installing installing, Templates templates) {
    this.installing = installing;
    this.templates = templates;
  }

  /**
   * What is asked for.
   *
   * @param template the only one to look for, null for every one that left a mark
   * @param chosen objects that a person named for resources of that template
   * @param unproven whether what is of another release than the one at hand is entered as it is
   * @param looksOnly whether nothing is entered
   */
  public record Request(
      @Nullable String template,
      Map<Address, ObjectId> chosen,
      boolean unproven,
      boolean looksOnly) {
    public Request {
      chosen = Map.copyOf(chosen);
    }
  }

  /** How a template stands in the account. */
  public enum Status {
    /** All of it was entered, and is as the release at hand has it as far as can be told. */
    RECOVERED,
    /** Some of it was entered, or all of it with something that is not known. */
    PARTLY,
    /** Nothing was entered: what there is cannot be proven. */
    UNPROVEN,
    /** All of it stood in the ledger before. */
    KNOWN,
    /** The server has no such template, or it is broken. */
    NO_TEMPLATE
  }

  /**
   * What came of one template.
   *
   * @param operation the one that entered it, null when nothing was entered
   * @param objects what stands for its resources now
   */
  public record Finding(
      String template,
      Status status,
      @Nullable String operation,
      List<Action> objects,
      List<Diagnostic> diagnostics) {
    public Finding {
      objects = List.copyOf(objects);
      diagnostics = List.copyOf(diagnostics);
    }
  }

  /** What came of it. */
  public sealed interface Result {
    record Looked(List<Finding> findings) implements Result {
      public Looked {
        findings = List.copyOf(findings);
      }
    }

    /** Vapi did not show the account. */
    record Unseen(Failure failure) implements Result {}

    /** An operation did not get through; what it is at, others finish. */
    record Stopped(Operation operation) implements Result {}

    /** Someone else works on the account. */
    record Busy() implements Result {}
  }

  public Result recover(Account account, Request request) {
    Marks.Found marks = installing.marks(account);
    if (marks.unseen() != null) {
      return new Result.Unseen(Installing.unseen(marks.unseen()));
    }
    Set<String> names =
        request.template() == null
            ? new TreeSet<>(marks.byTemplate().keySet())
            : Set.of(request.template());
    var findings = new ArrayList<Finding>();
    for (String name : names) {
      Templates.Template template = templates.named(name).orElse(null);
      if (template == null || template.release().isEmpty()) {
        findings.add(noTemplate(name, marks.byTemplate().getOrDefault(name, List.of())));
        continue;
      }
      switch (recover(account, template, request)) {
        case Result.Looked(var found) -> findings.addAll(found);
        case Result other -> {
          return other;
        }
      }
    }
    return new Result.Looked(findings);
  }

  private static Finding noTemplate(String name, List<Marks.Marked> marked) {
    List<Diagnostic> diagnostics = marked.stream().map(Marks.Marked::withoutTemplate).toList();
    return new Finding(name, Status.NO_TEMPLATE, null, List.of(), diagnostics);
  }

  private Result recover(Account account, Templates.Template template, Request request) {
    var wish =
        Wish.of(
            new Goal.Recover(),
            new Policy(
                request.unproven() ? Policy.Adoption.BY_NAME : Policy.Adoption.ASK,
                request.chosen(),
                Takes.NONE,
                Policy.Course.RECOVER,
                false));
    return switch (installing.plan(account, template.release().orElseThrow(), wish)) {
      case Installing.Preview.Unseen(var failure) -> new Result.Unseen(failure);
      case Installing.Preview.Made(Planned.Ready(Plan plan), var _) ->
          plan.steps().isEmpty() || request.looksOnly()
              ? new Result.Looked(List.of(finding(template.name(), plan)))
              : enter(account, template, wish);
      case Installing.Preview.Made _, Installing.Preview.Compared _ ->
          throw new IllegalStateException("a recovery is a plan that nothing blocks");
    };
  }

  private static Finding finding(String template, Plan plan) {
    List<Action> objects =
        plan.standings().stream()
            .filter(standing -> standing.object() != null)
            .map(standing ->
                new Action(
                    standing.address(),
                    standing.outcome(),
                    Objects.requireNonNull(standing.object())))
            .toList();
    return new Finding(template, status(objects, plan.notes()), null, objects, plan.notes());
  }

  private static Status status(List<Action> objects, List<Diagnostic> notes) {
    boolean entered = objects.stream().anyMatch(one -> one.outcome() == Outcome.ADOPTED);
    if (entered) {
      return Recognition.isWhole(notes) ? Status.RECOVERED : Status.PARTLY;
    }
    return notes.isEmpty() && !objects.isEmpty() ? Status.KNOWN : Status.UNPROVEN;
  }

  private Result enter(Account account, Templates.Template template, Wish wish) {
    Operation operation =
        installing
            .run(account, template.release().orElseThrow(), template.digest().orElseThrow(), wish)
            .orElse(null);
    if (operation == null) {
      return new Result.Busy();
    }
    if (operation.state() != Operation.State.SUCCEEDED) {
      return new Result.Stopped(operation);
    }
    Report report = Report.fromJson(operation.result());
    return new Result.Looked(
        List.of(
            new Finding(
                template.name(),
                status(report.actions(), report.diagnostics()),
                operation.id(),
                report.actions(),
                report.diagnostics())));
  }
}
