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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Decides, and does nothing: the same four values give the same plan, step for step. */
public final class Planner {
  private final Desired desired;
  private final Release release;
  private final Ledger ledger;
  private final Actual actual;
  private final Policy policy;
  private final Naming naming;
  private final Set<String> decided = new HashSet<>();

  private Planner(Desired desired, Ledger ledger, Actual actual) {
    this.desired = desired;
    this.release = desired.release();
    this.ledger = ledger;
    this.actual = actual;
    this.policy = desired.policy();
    this.naming = naming(desired, ledger, actual);
  }

  public static Planned plan(Desired desired, Ledger ledger, Actual actual) {
    return new Planner(desired, ledger, actual).plan();
  }

  /**
   * Which objects stand for which resources before anything is done. A newer or equal object of the
   * same name stands before ours: it is what the account goes by.
   */
  public static Naming naming(Desired desired, Ledger ledger, Actual actual) {
    var ids = new HashMap<Address, ObjectId>();
    var addresses = new HashMap<ObjectId, Address>();
    var gone = new HashSet<ObjectId>();
    ledger
        .entries()
        .forEach((address, owned) -> {
          gone.addAll(owned.earlier());
          if (actual.owned().get(address) instanceof Actual.Live.Gone
              || isUnlike(desired.release(), address, actual)) {
            gone.add(owned.object());
          } else {
            ids.put(address, owned.object());
            addresses.put(owned.object(), address);
          }
        });
    for (Resource resource : desired.release().resources()) {
      Namesakes.standIn(resource, ledger, actual, desired)
          .ifPresent(namesake -> {
            ids.put(resource.address(), namesake.object());
            addresses.put(namesake.object(), resource.address());
          });
    }
    return new Naming(ids, addresses, gone);
  }

  /** Whether our object differs from its resource in what Vapi cannot change in place. */
  private static boolean isUnlike(Release release, Address address, Actual actual) {
    return actual.owned().get(address) instanceof Actual.Live.Present(ObjectNode body)
        && release
            .resource(address)
            .filter(resource ->
                resource.kind().fixedAtCreation().stream()
                    .anyMatch(place -> !Canonical.same(place.in(body), place.in(resource.body()))))
            .isPresent();
  }

  private Planned plan() {
    if (policy.course() == Policy.Course.RECOVER) {
      return new Planned.Ready(
          new Recognition(desired, ledger, actual, naming).plan(new Basis(this::basis)));
    }
    SequencedMap<Address, Verdict> verdicts = new LinkedHashMap<>();
    for (Resource resource : release.resources()) {
      verdicts.put(resource.address(), verdict(resource));
    }
    List<Diagnostic> blockers =
        verdicts.values().stream()
            .filter(Verdict.Blocked.class::isInstance)
            .flatMap(verdict -> ((Verdict.Blocked) verdict).reasons().stream())
            .toList();
    Steps steps = new Steps(desired, ledger, actual, naming);
    List<Plan.Step> all = steps.of(verdicts);
    var problems = new ArrayList<>(blockers);
    problems.addAll(steps.blockers());
    policy.takes().fields().keySet().stream()
        .filter(field -> policy.takes().mustMatter() && !decided.contains(field))
        .sorted()
        .forEach(field -> problems.add(Blockers.noCollision(field)));
    if (!problems.isEmpty()) {
      return new Planned.Blocked(problems);
    }
    return new Planned.Ready(
        new Plan(new Basis(this::basis), all, standings(verdicts), steps.notes()));
  }

  private Verdict verdict(Resource resource) {
    var newer = Namesakes.newer(resource, actual);
    if (newer.isPresent() && !desired.goesBack()) {
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
    if (!desired.goesBack()
        && (owned.version().isNewerThan(resource.version())
            || Namesakes.versionOf(release, resource, raw)
                .filter(version -> version.isNewerThan(resource.version()))
                .isPresent())) {
      return new Verdict.NewerExists(owned.object());
    }
    Kind kind = resource.kind();
    ObjectNode live = owned.withWriteOnly(kind, canonical(kind, raw));
    ObjectNode observed = owned.withWriteOnly(kind, owned.observed());
    ObjectNode wanted = wanted(resource);
    wanted =
        desired.earlier() == null
            ? Names.keepRenamed(kind, owned.applied(), live, wanted)
            : Merge.asApplied(owned.applied(), observed, wanted);
    Merge.Merged merged = Merge.merge(owned.applied(), observed, live, wanted, rules(resource));
    decided.addAll(merged.decided());
    if (!merged.collisions().isEmpty()) {
      return new Verdict.Blocked(
          merged.collisions().stream()
              .map(collision -> Blockers.collision(resource, owned.object(), collision))
              .toList());
    }
    ObjectNode body = withReferences(kind, merged.body(), wanted);
    if (isUnlike(release, resource.address(), actual)) {
      return new Verdict.Unlike(
          owned.object(), Merge.withoutAdditions(body, owned.applied(), observed, wanted));
    }
    if (!Canonical.same(body, live)) {
      return new Verdict.Behind(owned.object(), null, live, body);
    }
    Optional<Owned> earlier = earlier(resource.address());
    Owned confirmed =
        earlier.isPresent()
            ? earlier.get().as(owned.object())
            : Owned.first(
                owned.object(),
                wanted,
                Merge.observedAfter(observed, live, live),
                resource.version(),
                owned.origin());
    boolean known =
        owned.version().equals(confirmed.version())
            && Canonical.same(owned.applied(), confirmed.applied())
            && (earlier.isEmpty() || Canonical.same(owned.observed(), confirmed.observed()));
    return new Verdict.InSync(owned.object(), known ? null : confirmed);
  }

  /** What the ledger knew of the resource in the former state that is brought back. */
  private Optional<Owned> earlier(Address address) {
    Ledger earlier = desired.earlier();
    return earlier == null ? Optional.empty() : earlier.at(address);
  }

  private Merge.Rules rules(Resource resource) {
    return new Merge.Rules(
        resource.address(),
        resource.owners(),
        policy.takes(),
        policy.course() == Policy.Course.REPAIR);
  }

  private Verdict ofOthers(Resource resource) {
    List<Actual.Namesake> candidates = Namesakes.candidates(resource, actual, desired);
    boolean wasNotOurs = desired.earlier() != null && earlier(resource.address()).isEmpty();
    if (candidates.isEmpty() || wasNotOurs) {
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
    ObjectNode merged = Merge.merge(adopted.applied(), live, live, wanted, rules(resource)).body();
    ObjectNode body = withReferences(kind, merged, wanted);
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

  private List<Plan.Standing> standings(SequencedMap<Address, Verdict> verdicts) {
    var standings = new ArrayList<Plan.Standing>();
    verdicts.forEach((address, verdict) ->
        standings.add(
            switch (verdict) {
              case Verdict.Missing() -> new Plan.Standing(address, Outcome.CREATED, null);
              case Verdict.Behind(var object, _, _, _) ->
                  new Plan.Standing(address, Outcome.UPDATED, object);
              case Verdict.Unlike _ -> new Plan.Standing(address, Outcome.CREATED, null);
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

  private ObjectNode basis() {
    var basis = Json.object();
    basis.put("release", release.digest().hex());
    basis.put("adoption", policy.adoption().name());
    basis.put("course", policy.course().name());
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
                .add(owned.version().toString())
                .add(new TreeSet<>(owned.retired()).toString()));
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
    return basis;
  }

  private ObjectNode wanted(Resource resource) {
    return CanonicalBody.of(resource.kind(), resource.body(), naming);
  }

  private ObjectNode canonical(Kind kind, ObjectNode raw) {
    return CanonicalBody.of(kind, raw, naming);
  }
}
