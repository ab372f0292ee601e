package dev.graft.core.apply;

import dev.graft.core.kind.Address;
import dev.graft.core.plan.Owned;
import java.util.List;

/**
 * The append-only story of one operation, kept by whoever holds the account's lease. What is
 * appended is durable when the call returns, together with the change to the ledger, or neither is.
 */
public interface Journal {
  /** All steps of the operation so far, in order. */
  List<Story> stories();

  /**
   * Appends.
   *
   * @throws LeaseLost when another holder may have taken over: nothing was written, and nothing may
   *     be sent
   */
  void append(List<Written> entries, List<LedgerChange> changes);

  /** One step: what was intended and what became of it. */
  record Story(Intent intent, List<JournalEntry> entries) {
    public Story {
      entries = List.copyOf(entries);
    }

    public boolean isOpen() {
      return JournalEntry.next(entries) == JournalEntry.Next.LOOK;
    }
  }

  /** One entry of one step. */
  record Written(Intent intent, JournalEntry entry) {}

  /** A change to what is ours. */
  sealed interface LedgerChange {
    Address address();

    record Put(Address address, Owned owned) implements LedgerChange {}

    record Drop(Address address) implements LedgerChange {}
  }

  /** The right to write to this account has passed to someone else. */
  final class LeaseLost extends RuntimeException {
    public LeaseLost() {
      super("the lease on this account has passed to another holder");
    }
  }
}
