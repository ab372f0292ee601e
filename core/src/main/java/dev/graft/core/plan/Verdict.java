package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import dev.graft.core.kind.ObjectId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** How one resource stands between what is wanted and what is there. */
sealed interface Verdict {
  /** Nothing in the account stands for it. */
  record Missing() implements Verdict {}

  /** Ours, and as it should be; {@code confirmed} when the ledger has yet to learn that. */
  record InSync(ObjectId object, @Nullable Owned confirmed) implements Verdict {}

  /**
   * There, and not as it should be.
   *
   * @param adopted what the ledger has to learn first, null when the object is ours already
   * @param merged what it should be, canonical
   */
  record Behind(ObjectId object, @Nullable Owned adopted, ObjectNode live, ObjectNode merged)
      implements Verdict {}

  /**
   * Ours, and of a sort that Vapi cannot change in place: another one has to stand here.
   *
   * @param merged what it should be, canonical
   */
  record Unlike(ObjectId object, ObjectNode merged) implements Verdict {}

  /** Something of the same name in the account is newer than the release: hands off. */
  record NewerExists(ObjectId object) implements Verdict {}

  /**
   * Something of the same name and version is there that Graft did not make: it is used as it is.
   */
  record Found(ObjectId object) implements Verdict {}

  /** Someone has to decide. */
  record Blocked(List<Diagnostic> reasons) implements Verdict {}
}
