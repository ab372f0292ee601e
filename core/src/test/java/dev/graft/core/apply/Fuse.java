package dev.graft.core.apply;

import java.util.ArrayList;
import java.util.List;

/** Counts effects, on the journal and on Vapi, and stops for good before or after the n-th. */
public final class Fuse {
  /** The process is gone. */
  public static final class Crash extends RuntimeException {}

  private final int stopAt;
  private final boolean lastFirst;
  private int passed;

  /**
   * A fuse.
   *
   * @param stopAt where to stop, from 0; negative for nowhere
   * @param lastFirst whether calls that are made at the same time arrive in reverse order
   */
  public Fuse(int stopAt, boolean lastFirst) {
    this.stopAt = stopAt;
    this.lastFirst = lastFirst;
  }

  /** How many effects there were, both sides of each counted. */
  public int passed() {
    return passed;
  }

  private void pass() {
    if (passed++ == stopAt) {
      throw new Crash();
    }
  }

  public VapiAccount wrap(VapiAccount account) {
    return calls -> {
      var replies = new ArrayList<Reply>();
      for (Call call : lastFirst ? calls.reversed() : calls) {
        boolean writes = !(call instanceof Call.Get) && !(call instanceof Call.All);
        if (writes) {
          pass();
        }
        replies.addAll(account.send(List.of(call)));
        if (writes) {
          pass();
        }
      }
      return lastFirst ? replies.reversed() : replies;
    };
  }

  public Journal wrap(Journal journal) {
    return new Journal() {
      @Override
      public List<Story> stories() {
        return journal.stories();
      }

      @Override
      public void append(List<Written> entries, List<LedgerChange> changes) {
        pass();
        journal.append(entries, changes);
        pass();
      }
    };
  }
}
