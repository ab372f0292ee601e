package dev.graft.core.apply;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Digest;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Plan;
import dev.graft.core.plan.Planned;
import dev.graft.core.plan.Planner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings one installation to where it should be, and is the only way to do so: first clone, repeat,
 * upgrade and recovery are the same walk. It settles what an earlier run left open, looks, plans,
 * applies, and looks again only if the account changed under it.
 */
public final class Reconciler {
  private static final int ROUNDS = 5;

  private final VapiAccount account;
  private final Journal journal;
  private final Tempo tempo;

  public Reconciler(VapiAccount account, Journal journal, Tempo tempo) {
    this.account = account;
    this.journal = journal;
    this.tempo = tempo;
  }

  /**
   * One installation and what is wanted of it.
   *
   * @param operation the id of the operation that this run belongs to
   * @param orgId the organisation the account is known by, null when it is not known yet
   * @param others objects of other installations in the same account
   * @param lost creates of earlier operations that were looked for in vain
   * @param basis what the plan must still be made from, null when any plan will do
   */
  public record Task(
      String operation,
      Desired desired,
      Ledger ledger,
      Sighting sighting,
      @Nullable String orgId,
      Set<ObjectId> others,
      List<Lost> lost,
      @Nullable Digest basis) {
    public Task {
      others = Set.copyOf(others);
      lost = List.copyOf(lost);
    }
  }

  /** What came of it. */
  public sealed interface Result {
    /** The installation is as it should be. */
    record Converged(
        List<Action> actions, Sighting sighting, @Nullable String orgId, List<Diagnostic> notes)
        implements Result {
      public Converged {
        actions = List.copyOf(actions);
        notes = List.copyOf(notes);
      }
    }

    /** Someone has to decide first. Nothing was changed by this plan. */
    record Blocked(List<Diagnostic> blockers) implements Result {
      public Blocked {
        blockers = List.copyOf(blockers);
      }
    }

    /** Vapi refused a call: what it said, about which resource, and what was done before. */
    record Refused(@Nullable Address address, Reply.Refused reply, List<Action> done)
        implements Result {
      public Refused {
        done = List.copyOf(done);
      }
    }

    /** Vapi did not answer in time. What was done stands; the rest will be finished later. */
    record Unfinished(Reply reply, List<Action> done) implements Result {
      public Unfinished {
        done = List.copyOf(done);
      }
    }

    /** The plan that was asked for is made from what no longer holds. Nothing was changed. */
    record OtherBasis() implements Result {}

    /** The key opens another organisation than the one the account is known by. */
    record OtherOrg(String expected, String found) implements Result {}
  }

  public Result run(Task task) {
    var applier =
        new Applier(
            account,
            journal,
            tempo,
            task.desired().release(),
            task.operation(),
            task.ledger(),
            task.others());
    if (problem(applier.resume()) instanceof Result problem) {
      return problem;
    }
    if (applier.sweep(task.lost()) instanceof Applied unseen
        && problem(unseen) instanceof Result problem) {
      return problem;
    }
    Desired desired = journal.stories().isEmpty() ? task.desired() : begun(task.desired());
    Sighting sighting = task.sighting();
    for (int round = 0; round < ROUNDS; round++) {
      Ledger ledger = applier.ledger();
      Survey.Result looked =
          Survey.look(account, desired.release(), ledger, sighting, task.others());
      if (!(looked instanceof Survey.Result.Seen(var actual, var seen, var orgId))) {
        return unseen(((Survey.Result.Unseen) looked).reply());
      }
      if (task.orgId() != null && orgId != null && !task.orgId().equals(orgId)) {
        return new Result.OtherOrg(task.orgId(), orgId);
      }
      sighting = seen;
      Planned planned = Planner.plan(desired, ledger, actual);
      if (planned instanceof Planned.Ready(Plan first) && first.deletes()) {
        // What goes must not be missed by anyone: who points at it is looked up for that alone.
        Pointers.Found pointers = Pointers.look(account, ledger);
        if (pointers.unseen() != null) {
          return unseen(pointers.unseen());
        }
        actual = actual.with(pointers.pointers());
        planned = Planner.plan(desired, ledger, actual);
      }
      if (!(planned instanceof Planned.Ready(Plan plan))) {
        return new Result.Blocked(((Planned.Blocked) planned).blockers());
      }
      if (task.basis() != null
          && !task.basis().equals(plan.basis().digest())
          && journal.stories().isEmpty()) {
        return new Result.OtherBasis();
      }
      Applied applied = applier.apply(plan, Planner.naming(desired, ledger, actual));
      if (applied instanceof Applied.Outdated) {
        desired = begun(desired);
        continue;
      }
      if (problem(applied) instanceof Result problem) {
        return problem;
      }
      var notes = new ArrayList<>(plan.notes());
      notes.addAll(((Applied.Done) applied).notes());
      return new Result.Converged(
          Action.of(journal.stories(), plan.standings()),
          sighting,
          orgId == null ? applier.orgId() : orgId,
          notes);
    }
    return new Result.Unfinished(
        new Reply.Unknown(Reply.Trouble.BAD_ANSWER, "the account changed each time it was read"),
        done());
  }

  /** Once some of it is done, a decision whose collision is settled already is no mistake. */
  private static Desired begun(Desired desired) {
    return new Desired(desired.release(), desired.policy().afterTheFirstStep(), desired.earlier());
  }

  private @Nullable Result problem(Applied applied) {
    return switch (applied) {
      case Applied.Done _, Applied.Outdated _ -> null;
      case Applied.Refused(var address, var reply) -> new Result.Refused(address, reply, done());
      case Applied.Unfinished(var reply) -> new Result.Unfinished(reply, done());
    };
  }

  private Result unseen(Reply reply) {
    return reply instanceof Reply.Refused refused
        ? new Result.Refused(null, refused, done())
        : new Result.Unfinished(reply, done());
  }

  private List<Action> done() {
    return Action.of(journal.stories(), List.of());
  }
}
