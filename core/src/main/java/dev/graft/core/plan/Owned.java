package dev.graft.core.plan;

import dev.graft.core.json.Place;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Version;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An object that is ours, as the ledger knows it.
 *
 * @param applied what the release wanted when we last wrote it, canonical
 * @param observed what Vapi makes of {@code applied}, canonical: its answer to our last write, less
 *     what the customer had changed before
 * @param version of the resource it was last written from
 * @param former ids of objects that stood here before and are gone: references to them are dead
 * @param retired objects of ours that stood here before and are still in the account: they go as
 *     soon as nothing points at them
 */
public record Owned(
    ObjectId object,
    ObjectNode applied,
    ObjectNode observed,
    Version version,
    Origin origin,
    Set<ObjectId> former,
    Set<ObjectId> retired) {
  public Owned {
    former = Set.copyOf(former);
    retired = Set.copyOf(retired);
  }

  /** An object that nothing stood for before. */
  public static Owned first(
      ObjectId object, ObjectNode applied, ObjectNode observed, Version version, Origin origin) {
    return new Owned(object, applied, observed, version, origin, Set.of(), Set.of());
  }

  /** A body with what Vapi never shows put back as we last sent it: nobody can tell otherwise. */
  ObjectNode withWriteOnly(Kind kind, ObjectNode body) {
    var filled = body.deepCopy();
    for (Place place : kind.writeOnly()) {
      JsonNode sent = place.in(applied);
      if (sent != null
          && place.in(filled) == null
          && (place.steps().size() == 1 || place.parent().in(filled) instanceof ObjectNode)) {
        place.set(filled, sent);
      }
    }
    return filled;
  }

  /** The same knowledge of another object. */
  public Owned as(ObjectId other) {
    return first(other, applied, observed, version, origin);
  }

  /** The same, standing where this other one stood until it was gone. */
  public Owned after(Owned before) {
    if (before.object.equals(object)) {
      return new Owned(
          object, applied, observed, version, before.origin, before.former, before.retired);
    }
    return new Owned(
        object,
        applied,
        observed,
        version,
        origin,
        with(before.former, before.object),
        without(before.retired, object));
  }

  /** The same, standing where this other one stood, which is still there. */
  public Owned replacing(Owned before) {
    return new Owned(
        object,
        applied,
        observed,
        version,
        origin,
        before.former,
        with(before.retired, before.object));
  }

  /** The same, and this object of ours is to go. */
  public Owned retiring(ObjectId other) {
    return new Owned(object, applied, observed, version, origin, former, with(retired, other));
  }

  /** The same, and this retired object is gone. */
  public Owned withoutRetired(ObjectId other) {
    return new Owned(
        object, applied, observed, version, origin, with(former, other), without(retired, other));
  }

  /** Every object that stood here before. */
  public Set<ObjectId> earlier() {
    var all = new TreeSet<>(former);
    all.addAll(retired);
    return all;
  }

  private static Set<ObjectId> with(Set<ObjectId> some, ObjectId one) {
    var more = new TreeSet<>(some);
    more.add(one);
    return more;
  }

  private static Set<ObjectId> without(Set<ObjectId> some, ObjectId one) {
    var fewer = new TreeSet<>(some);
    fewer.remove(one);
    return fewer;
  }

  /** How an object became ours. */
  public enum Origin {
    MADE,
    ADOPTED
  }
}
