package dev.graft.core.apply;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
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
 */
public record Intent(
    int step, Verb verb, Address address, @Nullable ObjectId object, @Nullable Making making) {

  /** What is done to an object, at Vapi or in the ledger alone. */
  public enum Verb {
    CREATE,
    UPDATE,
    DELETE,
    ADOPT,
    FORGET
  }

  /**
   * What a create makes.
   *
   * @param sent the body as it goes to Vapi
   * @param applied the same, canonical
   */
  public record Making(ObjectNode sent, ObjectNode applied, Version version) {}
}
