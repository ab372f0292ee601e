package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.CanonicalBody;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Naming;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.kind.References;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns verdicts into steps in the order in which they may run: what is referred to is made before
 * what refers, and what goes goes last, what refers before what is referred to.
 */
final class Steps {
  private final Desired desired;
  private final Release release;
  private final Ledger ledger;
  private final Actual actual;
  private final Naming naming;

  /** What stands for what until this plan is carried out. */
  private final Naming known;

  private final List<Plan.Step> steps = new ArrayList<>();

  /** Updates that wait for creates which come after them. */
  private final List<Plan.Step> closing = new ArrayList<>();

  private final List<Plan.Step> leaving = new ArrayList<>();
  private final Set<Address> standing;
  private final List<Diagnostic> blockers = new ArrayList<>();
  private final List<Diagnostic> notes = new ArrayList<>();

  Steps(Desired desired, Ledger ledger, Actual actual, Naming naming) {
    this.desired = desired;
    this.release = desired.release();
    this.ledger = ledger;
    this.actual = actual;
    this.naming = naming;
    this.known = ledger.naming();
    this.standing = new HashSet<>(naming.ids().keySet());
  }

  /** The steps; what stands in their way and what is to be told are known afterwards. */
  List<Plan.Step> of(SequencedMap<Address, Verdict> verdicts) {
    verdicts.forEach((address, verdict) -> add(release.resource(address).orElseThrow(), verdict));
    ledger.entries().forEach(this::leave);
    leaving.sort(Comparator.comparingInt(step -> -Kinds.ALL.indexOf(Kinds.of(step.address()))));
    var all = new ArrayList<>(steps);
    all.addAll(closing);
    all.addAll(leaving);
    return all;
  }

  List<Diagnostic> blockers() {
    return blockers;
  }

  List<Diagnostic> notes() {
    return notes;
  }

  private void add(Resource resource, Verdict verdict) {
    Address address = resource.address();
    switch (verdict) {
      case Verdict.Missing() -> {
        if (isOurs(address)) {
          create(resource, resource.body(), null);
        } else {
          ledger
              .at(address)
              .ifPresent(owned -> leaving.add(new Plan.Step.Forget(address, owned.object())));
        }
      }
      case Verdict.Unlike(var object, var merged) -> {
        create(resource, merged, object);
        retire(address, object);
      }
      case Verdict.Behind(var object, var adopted, var live, var merged) -> {
        if (adopted != null) {
          steps.add(new Plan.Step.Adopt(address, adopted));
        }
        // Everything that an update refers to is created before it, or stands already:
        // updates come after all creates of what they name.
        (isClosed(resource.kind(), merged) ? steps : closing)
            .add(update(resource, object, live, merged));
        letGo(address, object);
      }
      case Verdict.InSync(var object, var confirmed) -> {
        if (confirmed != null && isOurs(address)) {
          steps.add(
              naming.addresses().containsKey(object) && ledger.holds(object)
                  ? new Plan.Step.Confirm(address, confirmed)
                  : new Plan.Step.Adopt(address, confirmed));
        }
        letGo(address, object);
      }
      case Verdict.NewerExists _, Verdict.Found _, Verdict.Blocked _ -> {}
    }
  }

  /** Whether it is to be ours: not if it was not in the former state that is brought back. */
  private boolean isOurs(Address address) {
    return desired.earlier() == null || desired.earlier().at(address).isPresent();
  }

  private void letGo(Address address, ObjectId object) {
    if (!isOurs(address)) {
      leaving.add(new Plan.Step.Forget(address, object));
    }
  }

  /** What the ledger is to know, when that does not follow from the release. */
  private Optional<Owned> record(Address address) {
    Ledger earlier = desired.earlier();
    return earlier == null ? Optional.empty() : earlier.at(address);
  }

  /** A create; in a circle, one without the closing references, and an update that closes it. */
  private void create(Resource resource, ObjectNode body, @Nullable ObjectId replaces) {
    Kind kind = resource.kind();
    Address address = resource.address();
    Owned record = record(address).orElse(null);
    boolean closed = isClosed(kind, body);
    ObjectNode open = closed ? body : open(kind, body);
    steps.add(new Plan.Step.Create(address, open, resource.version(), record, replaces));
    standing.add(address);
    if (!closed) {
      ObjectNode wanted = CanonicalBody.of(kind, body, Naming.NONE);
      ObjectNode made = CanonicalBody.of(kind, open, Naming.NONE);
      closing.add(
          new Plan.Step.Update(
              address,
              null,
              sent(kind, made, wanted, wanted),
              Change.between(made, wanted),
              record == null ? wanted : record.applied(),
              record == null ? null : record.observed(),
              made,
              made,
              resource.version()));
    }
  }

  private ObjectNode open(Kind kind, ObjectNode body) {
    ObjectNode open = body.deepCopy();
    for (References.Reference reference : References.in(kind, body).reversed()) {
      if (reference.address().filter(address -> !standing.contains(address)).isPresent()) {
        Place element = reference.place().nearestElement();
        (element == null ? reference.place() : element).remove(open);
      }
    }
    return open;
  }

  private boolean isClosed(Kind kind, ObjectNode body) {
    return standing.containsAll(References.addresses(kind, body));
  }

  private Plan.Step.Update update(
      Resource resource, ObjectId object, ObjectNode live, ObjectNode merged) {
    Kind kind = resource.kind();
    ObjectNode wanted = CanonicalBody.of(kind, resource.body(), naming);
    Optional<Owned> record = record(resource.address());
    return new Plan.Step.Update(
        resource.address(),
        object,
        sent(kind, live, merged, wanted),
        Change.between(live, merged),
        record.map(Owned::applied).orElse(wanted),
        record.map(Owned::observed).orElse(null),
        live,
        before(resource.address(), object),
        resource.version());
  }

  /**
   * The fields that a PATCH carries: those that change, each whole, because Vapi replaces them
   * whole; for kinds of which that is not certain, every field that the release has. A field that
   * goes is sent as null, a list as empty: leaving it out would keep it.
   */
  private static ObjectNode sent(Kind kind, ObjectNode live, ObjectNode merged, ObjectNode wanted) {
    var body = Json.object();
    for (var field : merged.properties()) {
      String key = field.getKey();
      boolean changed = !Canonical.same(live.get(key), field.getValue());
      boolean fixed = kind.fixedAtCreation().contains(Place.ROOT.field(key));
      if (!fixed && (changed || kind.patchedWhole() && wanted.has(key))) {
        body.set(key, field.getValue());
      }
    }
    for (var field : live.properties()) {
      if (!merged.has(field.getKey())) {
        body.set(field.getKey(), field.getValue().isArray() ? Json.array() : body.nullNode());
      }
    }
    return body;
  }

  /** What stands in the ledger and is not desired, and what stood there before. */
  private void leave(Address address, Owned owned) {
    if (release.resource(address).isEmpty()) {
      switch (desired.policy().course()) {
        case FORWARD, REPAIR -> notes.add(Blockers.surplus(address, owned.object()));
        case BACK -> leaveForGood(address, owned);
        case STAY, RECOVER -> {}
      }
    }
    for (ObjectId old : owned.retired().stream().sorted().toList()) {
      retire(address, old);
    }
  }

  private void leaveForGood(Address address, Owned owned) {
    boolean isThere = actual.owned().get(address) instanceof Actual.Live.Present;
    if (isThere && goes(owned)) {
      remove(address, owned.object());
      return;
    }
    if (isThere) {
      takeOutReferences(address, owned);
    }
    leaving.add(new Plan.Step.Forget(address, owned.object()));
  }

  private static boolean goes(Owned owned) {
    return owned.origin() == Owned.Origin.MADE;
  }

  /** What was taken over stays, and must not point at what goes: Graft had put that there. */
  private void takeOutReferences(Address address, Owned owned) {
    Kind kind = Kinds.of(address);
    ObjectNode live = before(address, owned.object());
    ObjectNode without = live.deepCopy();
    for (References.Reference reference : References.in(kind, live).reversed()) {
      if (reference
          .address()
          .filter(target -> release.resource(target).isEmpty())
          .flatMap(ledger::at)
          .filter(Steps::goes)
          .isPresent()) {
        Place element = reference.place().nearestElement();
        (element == null ? reference.place() : element).remove(without);
      }
    }
    if (!Canonical.same(live, without)) {
      closing.add(
          new Plan.Step.Update(
              address,
              owned.object(),
              sent(kind, live, without, without),
              Change.between(live, without),
              owned.applied(),
              owned.observed(),
              live,
              live,
              owned.version()));
    }
  }

  private void remove(Address address, ObjectId object) {
    List<Pointer> pointers = actual.pointersAt(object);
    if (!pointers.isEmpty() && !desired.policy().evenIfUsed()) {
      blockers.add(Blockers.inUse(address, object, pointers));
    }
    leaving.add(new Plan.Step.Delete(address, object, before(address, object)));
  }

  /** Nobody asked for this one to go, so it stays as long as it is used. */
  private void retire(Address address, ObjectId old) {
    List<Pointer> pointers = actual.pointersAt(old);
    if (!pointers.isEmpty()) {
      notes.add(Blockers.oldInUse(address, old, pointers));
    } else {
      leaving.addFirst(new Plan.Step.Delete(address, old, before(address, old)));
    }
  }

  /** An object as it is kept before it is changed: whoever wants it back needs to know it whole. */
  private ObjectNode before(Address address, ObjectId object) {
    Kind kind = Kinds.of(address);
    ObjectNode body =
        actual
            .bodyOf(address, object)
            .map(raw -> CanonicalBody.of(kind, raw, known))
            .orElseGet(Json::object);
    return ledger
        .at(address)
        .filter(owned -> owned.object().equals(object))
        .map(owned -> owned.withWriteOnly(kind, body))
        .orElse(body);
  }
}
