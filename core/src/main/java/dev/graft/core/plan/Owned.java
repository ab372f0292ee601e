package dev.graft.core.plan;

import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Version;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.node.ObjectNode;

/**
 * An object that is ours, as the ledger knows it.
 *
 * @param applied what the release wanted when we last wrote it, canonical
 * @param observed what Vapi makes of {@code applied}, canonical: its answer to our last write, less
 *     what the customer had changed before
 * @param version of the resource it was last written from
 * @param former ids of objects that stood here before and are gone: references to them are dead
 */
public record Owned(
    ObjectId object,
    ObjectNode applied,
    ObjectNode observed,
    Version version,
    Origin origin,
    Set<ObjectId> former) {
  public Owned {
    former = Set.copyOf(former);
  }

  /** An object that nothing stood for before. */
  public static Owned first(
      ObjectId object, ObjectNode applied, ObjectNode observed, Version version, Origin origin) {
    return new Owned(object, applied, observed, version, origin, Set.of());
  }

  /** The same, standing where this other one stood. */
  public Owned after(Owned before) {
    if (before.object.equals(object)) {
      return new Owned(object, applied, observed, version, before.origin, before.former);
    }
    var all = new TreeSet<>(before.former);
    all.add(before.object);
    return new Owned(object, applied, observed, version, origin, all);
  }

  /** How an object became ours. */
  public enum Origin {
    MADE,
    ADOPTED
  }
}
