package dev.graft.core.kind;

import tools.jackson.databind.node.ObjectNode;

/**
 * A body as it is compared: without what Vapi sets or recomputes by itself, without our mark, and
 * with addresses in place of object ids. Doing it twice changes nothing.
 */
public final class CanonicalBody {
  private CanonicalBody() {}

  public static ObjectNode of(Kind kind, ObjectNode body, Naming naming) {
    var bare = Mark.strip(kind, Cleaning.withoutSetByVapi(kind, body));
    for (Kind.Recomputed recomputed : kind.recomputed()) {
      if (recomputed.when().test(bare)) {
        recomputed.place().remove(bare);
      }
    }
    return References.toAddresses(kind, bare, naming);
  }
}
