package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Version;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    Basis basis, List<Step> steps, List<Standing> standings, List<Diagnostic> notes) {
  public Plan {
    steps = List.copyOf(steps);
    standings = List.copyOf(standings);
    notes = List.copyOf(notes);
  }

  /** Whether Vapi would be written to. */
  public boolean writes() {
    return steps.stream().anyMatch(Step::writes);
  }

  /** Whether anything would come or go: at Vapi, or in what counts as ours. */
  public boolean changes() {
    return steps.stream().anyMatch(step -> !(step instanceof Step.Confirm));
  }

  /** The objects that would be changed or removed, by what happens to them. */
  public Map<ObjectId, Step> touched() {
    var touched = new LinkedHashMap<ObjectId, Step>();
    for (Step step : steps) {
      switch (step) {
        case Step.Update update when update.object() != null ->
            touched.put(update.object(), update);
        case Step.Delete delete -> touched.put(delete.object(), delete);
        case Step.Update _, Step.Create _, Step.Adopt _, Step.Confirm _, Step.Forget _ -> {}
      }
    }
    return touched;
  }

  /** Whether something would be removed. */
  public boolean deletes() {
    return steps.stream().anyMatch(Step.Delete.class::isInstance);
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

    /**
     * Makes an object.
     *
     * @param record what the ledger is to know of it, null for what follows from the body
     * @param replaces an object of ours that stands there now and goes later, null for none
     */
    record Create(
        Address address,
        ObjectNode body,
        Version version,
        @Nullable Owned record,
        @Nullable ObjectId replaces)
        implements Step {
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
     * @param applied what counts as applied afterwards: what the release wants, whole
     * @param observed what counts as observed afterwards, null for what follows from the reply
     * @param live the object as it was read for this plan
     * @param before the same as it is kept, with every address by which it knew others until now
     */
    record Update(
        Address address,
        @Nullable ObjectId object,
        ObjectNode body,
        List<Change> changes,
        ObjectNode applied,
        @Nullable ObjectNode observed,
        ObjectNode live,
        ObjectNode before,
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

    /**
     * Removes an object that Graft made.
     *
     * @param before the object as it was read for this plan
     */
    record Delete(Address address, ObjectId object, ObjectNode before) implements Step {
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
