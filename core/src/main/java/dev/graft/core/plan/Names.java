package dev.graft.core.plan;

import dev.graft.core.json.Place;
import dev.graft.core.kind.Kind;
import dev.graft.core.template.VersionedName;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Keeps a customer's own name for an object when a release only moves the version suffix. */
final class Names {
  private Names() {}

  /** What is wanted, under the customer's name if they gave one and the release's is no new one. */
  static ObjectNode keepRenamed(Kind kind, ObjectNode applied, ObjectNode live, ObjectNode wanted) {
    Optional<Place> place = kind.nameplace(wanted);
    if (place.isEmpty()
        || !(place.get().in(applied) instanceof JsonNode before)
        || !(place.get().in(live) instanceof JsonNode theirs)
        || !(place.get().in(wanted) instanceof JsonNode ours)
        || !before.isString()
        || !theirs.isString()) {
      return wanted;
    }
    String base = VersionedName.of(before.stringValue()).base();
    boolean onlySuffixMoves = base.equals(VersionedName.of(ours.stringValue()).base());
    boolean renamed = !base.equals(VersionedName.of(theirs.stringValue()).base());
    if (!onlySuffixMoves || !renamed) {
      return wanted;
    }
    var kept = wanted.deepCopy();
    place.get().set(kept, theirs);
    return kept;
  }
}
