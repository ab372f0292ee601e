package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import java.util.List;

/** What came of planning. */
public sealed interface Planned {
  record Ready(Plan plan) implements Planned {}

  /** Someone has to decide something first; nothing was changed. */
  record Blocked(List<Diagnostic> blockers) implements Planned {
    public Blocked {
      blockers = List.copyOf(blockers);
    }
  }
}
