package dev.graft.core.apply;

import dev.graft.core.Diagnostic;
import dev.graft.core.kind.Address;
import dev.graft.core.plan.Ledger;
import java.util.List;

/** What came of carrying out a plan. What was done is in the journal in every case. */
public sealed interface Applied {
  /**
   * All of it.
   *
   * @param notes what Vapi made different from what it was sent
   */
  record Done(Ledger ledger, List<Diagnostic> notes) implements Applied {
    public Done {
      notes = List.copyOf(notes);
    }
  }

  /** Vapi refused a step. Trying again as it is cannot help. */
  record Refused(Address address, Reply.Refused reply) implements Applied {}

  /** The account is no longer as it was read: look and plan anew. */
  record Outdated(String why) implements Applied {}

  /** Time ran out before Vapi answered. It will be finished later. */
  record Unfinished(Reply reply) implements Applied {}
}
