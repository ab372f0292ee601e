package dev.graft.core.apply;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Owned;
import dev.graft.core.template.Version;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * One write that was decided on, as the journal keeps it.
 *
 * @param step its number in the operation
 * @param object what is written to, null for a create
 * @param making what is needed to recognise a create, null for others: they can be told from the
 *     object itself
 * @param before what it changes, as it was: whoever wants to go back finds it here
 */
public record Intent(
    int step,
    Verb verb,
    Address address,
    @Nullable ObjectId object,
    @Nullable Making making,
    Before before) {

  /** What is done to an object, at Vapi or in the ledger alone. */
  public enum Verb {
    CREATE,
    UPDATE,
    DELETE,
    ADOPT,
    CONFIRM,
    FORGET
  }

  /**
   * What a create makes.
   *
   * @param sent the body as it goes to Vapi
   * @param applied what counts as applied afterwards, canonical
   * @param observed what counts as observed afterwards, null for what follows from the reply
   * @param replaces an object of ours that stands there and goes later, null for none
   */
  public record Making(
      ObjectNode sent,
      ObjectNode applied,
      Version version,
      @Nullable ObjectNode observed,
      @Nullable ObjectId replaces) {}

  /**
   * What was before a step.
   *
   * @param body the live object, canonical, null when the step changes none
   * @param owned what the ledger knew at the address, null when it knew nothing
   */
  public record Before(@Nullable ObjectNode body, @Nullable Owned owned) {
    public static final Before NOTHING = new Before(null, null);
  }
}
