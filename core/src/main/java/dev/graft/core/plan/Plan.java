package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Digest;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Version;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What it takes to bring one installation from what is to what is wanted. Only data: it can be
 * shown, stored, approved, and applied later, as long as {@code basis} still describes the account.
 *
 * @param steps in the order in which they may run; empty when there is nothing to do
 * @param standings how each resource of the release stands, in the order of writing
 * @param notes what someone may want to know and need not act on
 */
public record Plan(
    Digest basis, List<Step> steps, List<Standing> standings, List<Diagnostic> notes) {
  public Plan {
    steps = List.copyOf(steps);
    standings = List.copyOf(standings);
    notes = List.copyOf(notes);
  }

  /** Whether Vapi would be written to. */
  public boolean writes() {
    return steps.stream().anyMatch(Step::writes);
  }

  /**
   * How one resource stands: what is to be done about it, and the object that stands for it, if
   * there is one yet.
   */
  public record Standing(Address address, Outcome outcome, @Nullable ObjectId object) {}

  /** One write, to Vapi or to the ledger alone. Bodies name other resources by address. */
  public sealed interface Step {
    Address address();

    /** Whether Vapi is called. */
    boolean writes();

    record Create(Address address, ObjectNode body, Version version) implements Step {
      @Override
      public boolean writes() {
        return true;
      }
    }

    /**
     * Changes an object in place.
     *
     * @param object null when an earlier step of the same plan creates it
     * @param body the top-level fields that are sent, whole
     * @param wanted what the release wants, whole
     * @param live the object as it was read for this plan
     */
    record Update(
        Address address,
        @Nullable ObjectId object,
        ObjectNode body,
        List<Change> changes,
        ObjectNode wanted,
        ObjectNode live,
        Version version)
        implements Step {
      public Update {
        changes = List.copyOf(changes);
      }

      @Override
      public boolean writes() {
        return true;
      }
    }

    record Delete(Address address, ObjectId object) implements Step {
      @Override
      public boolean writes() {
        return true;
      }
    }

    /** Takes an object that is already there into the ledger. Vapi is not called. */
    record Adopt(Address address, Owned owned) implements Step {
      @Override
      public boolean writes() {
        return false;
      }
    }

    /** Notes that an object of ours already is what the release wants. Vapi is not called. */
    record Confirm(Address address, Owned owned) implements Step {
      @Override
      public boolean writes() {
        return false;
      }
    }

    /** Drops an object from the ledger and leaves it in the account. Vapi is not called. */
    record Forget(Address address, ObjectId object) implements Step {
      @Override
      public boolean writes() {
        return false;
      }
    }
  }
}
