package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Canonical;
import dev.graft.core.json.Digest;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Decides, and does nothing: the same four values give the same plan, step for step. */
public final class Planner {
  private final Release release;
  private final Ledger ledger;
  private final Actual actual;
  private final Policy policy;
  private final Naming naming;

  private Planner(Release release, Ledger ledger, Actual actual, Policy policy) {
    this.release = release;
    this.ledger = ledger;
    this.actual = actual;
    this.policy = policy;
    this.naming = naming(release, ledger, actual, policy);
  }

  public static Planned plan(Release release, Ledger ledger, Actual actual, Policy policy) {
    return new Planner(release, ledger, actual, policy).plan();
  }

  /**
   * Which objects stand for which resources before anything is done. A newer or equal object of the
   * same name stands before ours: it is what the account goes by.
   */
  public static Naming naming(Release release, Ledger ledger, Actual actual, Policy policy) {
    var ids = new HashMap<Address, ObjectId>();
    var addresses = new HashMap<ObjectId, Address>();
    var gone = new HashSet<ObjectId>();
    ledger
        .entries()
        .forEach((address, owned) -> {
          gone.addAll(owned.former());
          if (actual.owned().get(address) instanceof Actual.Live.Gone) {
            gone.add(owned.object());
          } else {
            ids.put(address, owned.object());
            addresses.put(owned.object(), address);
          }
        });
    for (Resource resource : release.resources()) {
      Namesakes.standIn(resource, ledger, actual, policy)
          .ifPresent(namesake -> {
            ids.put(resource.address(), namesake.object());
            addresses.put(namesake.object(), resource.address());
          });
    }
    return new Naming(ids, addresses, gone);
  }

  private Planned plan() {
    SequencedMap<Address, Verdict> verdicts = new LinkedHashMap<>();
    for (Resource resource : release.resources()) {
      verdicts.put(resource.address(), verdict(resource));
    }
    List<Diagnostic> blockers =
        verdicts.values().stream()
            .filter(Verdict.Blocked.class::isInstance)
            .flatMap(verdict -> ((Verdict.Blocked) verdict).reasons().stream())
            .toList();
    if (!blockers.isEmpty()) {
      return new Planned.Blocked(blockers);
    }
    return new Planned.Ready(new Plan(basis(), steps(verdicts), standings(verdicts), notes()));
  }

  private Verdict verdict(Resource resource) {
    var newer = Namesakes.newer(resource, actual);
    if (newer.isPresent()) {
      return new Verdict.NewerExists(newer.get().object());
    }
    var owned = ledger.at(resource.address());
    if (owned.isPresent()
        && actual.owned().get(resource.address()) instanceof Actual.Live.Present(ObjectNode body)) {
      return ofOurs(resource, owned.get(), body);
    }
    return ofOthers(resource);
  }

  private Verdict ofOurs(Resource resource, Owned owned, ObjectNode raw) {
    if (owned.version().isNewerThan(resource.version())
        || Namesakes.versionOf(release, resource, raw)
            .filter(version -> version.isNewerThan(resource.version()))
            .isPresent()) {
      return new Verdict.NewerExists(owned.object());
    }
    Kind kind = resource.kind();
    ObjectNode live = withWriteOnly(kind, canonical(kind, raw), owned.applied());
    ObjectNode observed = withWriteOnly(kind, owned.observed(), owned.applied());
    ObjectNode wanted = Names.keepRenamed(kind, owned.applied(), live, wanted(resource));
    Merge.Merged merged = Merge.merge(owned.applied(), observed, live, wanted);
    if (!merged.collisions().isEmpty()) {
      return new Verdict.Blocked(
          merged.collisions().stream()
              .map(collision -> Blockers.collision(resource, owned.object(), collision))
              .toList());
    }
    ObjectNode body = withReferences(kind, merged.body(), wanted);
    if (Canonical.same(body, live)) {
      var confirmed =
          Owned.first(
              owned.object(),
              wanted,
              Merge.observedAfter(observed, live, live),
              resource.version(),
              owned.origin());
      boolean known =
          owned.version().equals(resource.version()) && Canonical.same(owned.applied(), wanted);
      return new Verdict.InSync(owned.object(), known ? null : confirmed);
    }
    return new Verdict.Behind(owned.object(), null, live, body);
  }

  private Verdict ofOthers(Resource resource) {
    List<Actual.Namesake> candidates = Namesakes.candidates(resource, actual, policy);
    if (candidates.isEmpty()) {
      return new Verdict.Missing();
    }
    Actual.Namesake best = candidates.getFirst();
    Kind kind = resource.kind();
    ObjectNode live = canonical(kind, best.body());
    ObjectNode wanted = wanted(resource);
    boolean chosen = policy.chosen().containsKey(resource.address());
    if (!chosen && best.version().equals(resource.version())) {
      return ofSameVersion(resource, best, live, wanted);
    }
    if (!chosen && !best.marked()) {
      if (policy.adoption() == Policy.Adoption.NEVER) {
        return new Verdict.Missing();
      }
      if (policy.adoption() == Policy.Adoption.ASK) {
        return new Verdict.Blocked(List.of(Blockers.adoptionNeeded(resource, candidates)));
      }
    }
    if (candidates.size() > 1) {
      return new Verdict.Blocked(List.of(Blockers.ambiguous(resource, candidates)));
    }
    var adopted =
        Owned.first(best.object(), Json.object(), live, best.version(), Owned.Origin.ADOPTED);
    ObjectNode body =
        withReferences(kind, Merge.merge(adopted.applied(), live, live, wanted).body(), wanted);
    return Canonical.same(body, live)
        ? new Verdict.InSync(
            best.object(),
            Owned.first(best.object(), wanted, live, resource.version(), Owned.Origin.ADOPTED))
        : new Verdict.Behind(best.object(), adopted, live, body);
  }

  /** An object of the release's own version stays as it is, but it must use the current tools. */
  private Verdict ofSameVersion(
      Resource resource, Actual.Namesake found, ObjectNode live, ObjectNode wanted) {
    ObjectNode body = withReferences(resource.kind(), live, wanted);
    if (Canonical.same(body, live) || policy.adoption() == Policy.Adoption.NEVER) {
      return new Verdict.Found(found.object());
    }
    if (policy.adoption() == Policy.Adoption.ASK && !found.marked()) {
      return new Verdict.Blocked(List.of(Blockers.adoptionNeeded(resource, List.of(found))));
    }
    var adopted =
        Owned.first(found.object(), wanted, wanted, found.version(), Owned.Origin.ADOPTED);
    return new Verdict.Behind(found.object(), adopted, live, body);
  }

  /** A merged body in which everything that the release refers to is referred to. */
  private ObjectNode withReferences(Kind kind, ObjectNode merged, ObjectNode wanted) {
    var body = merged.deepCopy();
    Set<Address> there = References.addresses(kind, merged);
    for (References.Reference reference : References.in(kind, wanted)) {
      if (reference.address().filter(address -> !there.contains(address)).isEmpty()) {
        continue;
      }
      Place place = reference.place();
      boolean inList = place.steps().getLast() instanceof Place.Step.Element;
      JsonNode holder = place.parent().in(body);
      if (inList && holder instanceof ArrayNode list) {
        list.add(reference.value());
      } else if (inList && place.parent().parent().in(body) instanceof ObjectNode) {
        place.parent().set(body, Json.array().add(reference.value()));
      } else if (holder instanceof ObjectNode && isFree(place.in(body))) {
        place.set(body, Json.text(reference.value()));
      }
    }
    return body;
  }

  private boolean isFree(@Nullable JsonNode id) {
    return id == null
        || id.isString()
            && ObjectId.read(id.stringValue()).filter(naming.gone()::contains).isPresent();
  }

  private List<Plan.Step> steps(SequencedMap<Address, Verdict> verdicts) {
    var steps = new ArrayList<Plan.Step>();
    var closing = new ArrayList<Plan.Step>();
    var standing = new HashSet<>(naming.ids().keySet());
    verdicts.forEach((address, verdict) -> {
      Resource resource = release.resource(address).orElseThrow();
      switch (verdict) {
        case Verdict.Missing() -> {
          create(resource, standing, steps, closing);
          standing.add(address);
        }
        case Verdict.Behind(var object, var adopted, var live, var merged) -> {
          if (adopted != null) {
            steps.add(new Plan.Step.Adopt(address, adopted));
          }
          // Everything that an update refers to is created before it, or stands already:
          // updates come after all creates of what they name.
          (isClosed(resource.kind(), merged, standing) ? steps : closing)
              .add(update(resource, object, live, merged));
        }
        case Verdict.InSync(var _, Owned confirmed) when confirmed != null ->
            steps.add(
                naming.addresses().containsKey(confirmed.object())
                        && ledger.holds(confirmed.object())
                    ? new Plan.Step.Confirm(address, confirmed)
                    : new Plan.Step.Adopt(address, confirmed));
        case Verdict.InSync _, Verdict.NewerExists _, Verdict.Found _, Verdict.Blocked _ -> {}
      }
    });
    steps.addAll(closing);
    return steps;
  }

  /** A create; in a circle, one without the closing references, and an update that closes it. */
  private static void create(
      Resource resource, Set<Address> standing, List<Plan.Step> steps, List<Plan.Step> closing) {
    Kind kind = resource.kind();
    ObjectNode body = resource.body();
    if (isClosed(kind, body, standing)) {
      steps.add(new Plan.Step.Create(resource.address(), body, resource.version()));
      return;
    }
    ObjectNode open = body.deepCopy();
    for (References.Reference reference : References.in(kind, body).reversed()) {
      if (reference.address().filter(address -> !standing.contains(address)).isPresent()) {
        Place element = reference.place().nearestElement();
        (element == null ? reference.place() : element).remove(open);
      }
    }
    steps.add(new Plan.Step.Create(resource.address(), open, resource.version()));
    ObjectNode wanted = CanonicalBody.of(kind, body, Naming.NONE);
    ObjectNode made = CanonicalBody.of(kind, open, Naming.NONE);
    closing.add(
        new Plan.Step.Update(
            resource.address(),
            null,
            sent(kind, made, wanted, wanted),
            Change.between(made, wanted),
            wanted,
            made,
            resource.version()));
  }

  private static boolean isClosed(Kind kind, ObjectNode body, Set<Address> standing) {
    return standing.containsAll(References.addresses(kind, body));
  }

  private Plan.Step.Update update(
      Resource resource, ObjectId object, ObjectNode live, ObjectNode merged) {
    Kind kind = resource.kind();
    ObjectNode wanted = wanted(resource);
    return new Plan.Step.Update(
        resource.address(),
        object,
        sent(kind, live, merged, wanted),
        Change.between(live, merged),
        wanted,
        live,
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

  private List<Plan.Standing> standings(SequencedMap<Address, Verdict> verdicts) {
    var standings = new ArrayList<Plan.Standing>();
    verdicts.forEach((address, verdict) ->
        standings.add(
            switch (verdict) {
              case Verdict.Missing() -> new Plan.Standing(address, Outcome.CREATED, null);
              case Verdict.Behind(var object, _, _, _) ->
                  new Plan.Standing(address, Outcome.UPDATED, object);
              case Verdict.NewerExists(var object) ->
                  new Plan.Standing(address, Outcome.SKIPPED, object);
              case Verdict.Found(var object) -> new Plan.Standing(address, Outcome.REUSED, object);
              case Verdict.InSync(var object, var _) ->
                  new Plan.Standing(address, Outcome.REUSED, object);
              case Verdict.Blocked _ ->
                  throw new IllegalStateException("a blocked plan has no standings");
            }));
    return standings;
  }

  private List<Diagnostic> notes() {
    var notes = new ArrayList<Diagnostic>();
    ledger
        .entries()
        .forEach((address, owned) -> {
          if (release.resource(address).isEmpty()) {
            notes.add(Blockers.surplus(address, owned.object()));
          }
        });
    return notes;
  }

  private Digest basis() {
    var basis = Json.object();
    basis.put("release", release.digest().hex());
    basis.put("adoption", policy.adoption().name());
    var chosen = basis.putObject("chosen");
    policy.chosen().forEach((address, id) -> chosen.put(address.toString(), id.value()));
    var ours = basis.putObject("ledger");
    ledger
        .entries()
        .forEach((address, owned) ->
            ours.putArray(address.toString())
                .add(owned.object().value())
                .add(owned.applied())
                .add(owned.observed())
                .add(owned.version().toString()));
    var there = basis.putObject("actual");
    actual
        .owned()
        .forEach((address, live) ->
            there.set(
                address.toString(),
                live instanceof Actual.Live.Present(ObjectNode body)
                    ? canonical(Kinds.of(address), body)
                    : there.nullNode()));
    actual
        .namesakes()
        .forEach((address, namesakes) -> {
          var all = basis.putObject("namesakes " + address);
          namesakes.forEach(namesake ->
              all.set(namesake.object().value(), canonical(Kinds.of(address), namesake.body())));
        });
    return Digest.of(basis);
  }

  private ObjectNode wanted(Resource resource) {
    return CanonicalBody.of(resource.kind(), resource.body(), naming);
  }

  private ObjectNode canonical(Kind kind, ObjectNode raw) {
    return CanonicalBody.of(kind, raw, naming);
  }

  /** A body with what Vapi never shows put back as we last sent it: nobody can tell otherwise. */
  private static ObjectNode withWriteOnly(Kind kind, ObjectNode body, ObjectNode applied) {
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
}
