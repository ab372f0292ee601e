package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.CanonicalBody;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.Naming;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import dev.graft.core.template.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Finds what is ours in an account of which no ledger is left, by the marks on it and by what those
 * point at, and enters it without a call that writes. What was applied follows from the release, so
 * only what is of the release at hand is entered unless more is asked for; whatever cannot be
 * proven is told.
 */
public final class Recognition {
  /** How far Vapi's clock and ours may be apart. */
  private static final Duration SKEW = Duration.ofMinutes(5);

  /** For so long after its operation began an object is taken to be made by it. */
  private static final Duration LATEST = Duration.ofHours(1);

  private static final int SHOWN = 12;

  private final Desired desired;
  private final Release release;
  private final Ledger ledger;
  private final Actual actual;
  private final Naming naming;
  private final List<Plan.Step> steps = new ArrayList<>();
  private final List<Plan.Standing> standings = new ArrayList<>();
  private final List<Diagnostic> notes = new ArrayList<>();
  private final Set<Instant> began = new LinkedHashSet<>();

  Recognition(Desired desired, Ledger ledger, Actual actual, Naming naming) {
    this.desired = desired;
    this.release = desired.release();
    this.ledger = ledger;
    this.actual = actual;
    this.naming = naming;
  }

  /** Whether, by what was told, all of the release is there as far as anyone can tell. */
  public static boolean isWhole(List<Diagnostic> notes) {
    return notes.stream()
        .noneMatch(note ->
            Set.of("RELEASE_UNKNOWN", "SEVERAL_CANDIDATES", "NOT_SEEN").contains(note.code()));
  }

  Plan plan(Basis basis) {
    boolean somethingIsThere =
        release.resources().stream().anyMatch(resource -> !candidates(resource).isEmpty());
    release.resources().stream()
        .flatMap(resource ->
            candidates(resource).stream()
                .flatMap(one -> Mark.on(resource.kind(), one.body()).stream()))
        .flatMap(mark -> mark.writtenAfter().stream())
        .forEach(began::add);
    for (Resource resource : release.resources()) {
      Optional<Owned> known = ledger.at(resource.address());
      if (known.isPresent()) {
        standings.add(new Plan.Standing(resource.address(), Outcome.REUSED, known.get().object()));
      } else if (somethingIsThere) {
        recognise(resource);
      }
    }
    return new Plan(basis, steps, standings, notes);
  }

  /** What carries our mark for a resource, or is vouched for; the one that a person chose. */
  private List<Actual.Namesake> candidates(Resource resource) {
    List<Actual.Namesake> all = actual.namesakesOf(resource.address());
    ObjectId chosen = desired.policy().chosen().get(resource.address());
    if (chosen != null) {
      return all.stream().filter(one -> one.object().equals(chosen)).toList();
    }
    List<Actual.Namesake> ours = all.stream().filter(Actual.Namesake::marked).toList();
    List<Actual.Namesake> originals =
        ours.stream().filter(one -> isOriginal(resource.kind(), one)).toList();
    return originals.size() == 1 ? originals : ours;
  }

  /** A copy made by hand has the mark of its original, and is made later. */
  private static boolean isOriginal(Kind kind, Actual.Namesake namesake) {
    return Mark.on(kind, namesake.body())
        .flatMap(Mark::writtenAfter)
        .filter(at -> isMadeSoonAfter(at, namesake))
        .isPresent();
  }

  private static boolean isMadeSoonAfter(Instant at, Actual.Namesake namesake) {
    return !namesake.createdAt().isBefore(at.minus(SKEW))
        && namesake.createdAt().isBefore(at.plus(LATEST));
  }

  private void recognise(Resource resource) {
    List<Actual.Namesake> candidates = candidates(resource);
    if (candidates.isEmpty()) {
      notes.add(notSeen(resource));
    } else if (candidates.size() > 1) {
      notes.add(severalCandidates(resource, candidates));
    } else if (candidates.getFirst().version().equals(resource.version())) {
      enter(resource, candidates.getFirst());
    } else if (desired.policy().adoption() == Policy.Adoption.BY_NAME) {
      enterAsItIs(resource, candidates.getFirst());
    } else {
      notes.add(releaseUnknown(resource, candidates.getFirst(), false));
    }
  }

  private void enter(Resource resource, Actual.Namesake found) {
    Kind kind = resource.kind();
    ObjectNode wanted = CanonicalBody.of(kind, resource.body(), naming);
    ObjectNode live = CanonicalBody.of(kind, found.body(), naming);
    ObjectNode observed = unchanged(wanted, live);
    var owned =
        Owned.first(found.object(), wanted, observed, found.version(), origin(resource, found));
    enter(resource.address(), owned);
    List<Change> different = Change.between(observed, owned.withWriteOnly(kind, live));
    if (!different.isEmpty()) {
      notes.add(differs(resource, found, different));
    }
    List<Change> added =
        Change.between(wanted, observed).stream().filter(one -> one.before() == null).toList();
    if (!added.isEmpty()) {
      notes.add(addedByOthers(resource, found, added));
    }
  }

  /** Nothing is known of what was applied, so that the next release decides about all of it. */
  private void enterAsItIs(Resource resource, Actual.Namesake found) {
    ObjectNode live = CanonicalBody.of(resource.kind(), found.body(), naming);
    enter(
        resource.address(),
        Owned.first(found.object(), Json.object(), live, found.version(), origin(resource, found)));
    notes.add(releaseUnknown(resource, found, true));
  }

  private void enter(Address address, Owned owned) {
    steps.add(new Plan.Step.Adopt(address, owned));
    standings.add(new Plan.Standing(address, Outcome.ADOPTED, owned.object()));
  }

  /** What is made just after an operation began that left a mark was made by it. */
  private Owned.Origin origin(Resource resource, Actual.Namesake found) {
    Optional<Instant> own = Mark.on(resource.kind(), found.body()).flatMap(Mark::writtenAfter);
    Stream<Instant> times = own.isPresent() ? own.stream() : began.stream();
    if (times.anyMatch(at -> isMadeSoonAfter(at, found))) {
      return Owned.Origin.MADE;
    }
    notes.add(originUnknown(resource, found));
    return Owned.Origin.ADOPTED;
  }

  /**
   * What Vapi would show of {@code wanted} if nobody had changed it, as far as that can be told
   * from what it shows now: fields that the release says nothing about are taken for Vapi's, all
   * else for the release's.
   */
  static ObjectNode unchanged(ObjectNode wanted, ObjectNode live) {
    var observed = Json.object();
    var keys = new LinkedHashSet<>(live.propertyNames());
    keys.addAll(wanted.propertyNames());
    for (String key : keys) {
      observed.set(key, unchanged(wanted.get(key), live.get(key)));
    }
    return observed;
  }

  private static JsonNode unchanged(@Nullable JsonNode wanted, @Nullable JsonNode live) {
    if (wanted == null) {
      return Objects.requireNonNull(live);
    }
    return switch (wanted) {
      case ObjectNode ours when live instanceof ObjectNode theirs -> unchanged(ours, theirs);
      case ArrayNode ours when live instanceof ArrayNode theirs -> unchanged(ours, theirs);
      default -> wanted;
    };
  }

  private static JsonNode unchanged(ArrayNode wanted, ArrayNode live) {
    SequencedMap<String, JsonNode> ours = Elements.byIdentity(wanted);
    SequencedMap<String, JsonNode> theirs = Elements.byIdentity(live);
    var observed = Json.array();
    if (ours != null && theirs != null && ours.keySet().equals(theirs.keySet())) {
      ours.forEach((identity, element) -> observed.add(unchanged(element, theirs.get(identity))));
      return observed;
    }
    if (wanted.size() != live.size() || !wanted.valueStream().allMatch(JsonNode::isObject)) {
      return wanted;
    }
    for (int i = 0; i < wanted.size(); i++) {
      observed.add(unchanged(wanted.get(i), live.get(i)));
    }
    return observed;
  }

  private static Diagnostic notSeen(Resource resource) {
    return Diagnostic.warning(
        "NOT_SEEN",
        "A resource of the release was not found in the account.",
        "Nothing in the account carries Graft's mark for "
            + resource.address()
            + (resource.kind().mark() == null
                ? ", which can carry none, or is alone in being of its name and type where one with a"
                    + " mark points."
                : ".")
            + " If it is gone, the next clone makes it anew. If it was renamed or lost its mark, it is"
            + " not known any more, and the next clone makes another one beside it.",
        resource.address().toString());
  }

  private static Diagnostic severalCandidates(Resource resource, List<Actual.Namesake> candidates) {
    return Diagnostic.warning(
        "SEVERAL_CANDIDATES",
        "Several objects carry the mark of one resource.",
        "The account has "
            + candidates.size()
            + " objects that could be "
            + resource.address()
            + ": "
            + candidates.stream().map(one -> one.object().value()).collect(Collectors.joining(", "))
            + ". All but one are copies, and nothing shows which, so none was entered. Say which one"
            + " it is with 'adopt'.",
        resource.address().toString());
  }

  private static Diagnostic releaseUnknown(
      Resource resource, Actual.Namesake found, boolean isEntered) {
    String version =
        found.version().equals(Version.NONE) ? "no version" : "version " + found.version();
    return Diagnostic.warning(
        "RELEASE_UNKNOWN",
        "An object is of another release than the one at hand.",
        found.object()
            + " shows "
            + version
            + " of "
            + resource.address()
            + ", and the template that the server has is "
            + resource.version()
            + ". What Graft had written to it is not known"
            + (isEntered
                ? ", so the next upgrade writes all that the release says, and what the customer"
                    + " changed in those fields is lost then."
                : ", so it was not entered. Let the server have the template as it was in that"
                    + " version, and recover again; or have it entered as it is ('unproven')."),
        resource.address().toString());
  }

  private static Diagnostic differs(
      Resource resource, Actual.Namesake found, List<Change> different) {
    return Diagnostic.warning(
        "DIFFERS_FROM_RELEASE",
        "An object differs from the release that it shows.",
        found.object()
            + " differs from "
            + resource.version()
            + " of "
            + resource.address()
            + " at "
            + places(different)
            + ". Whether the customer changed that, or Vapi wrote it in a form of its own, cannot be"
            + " told: it counts as the customer's, so an upgrade keeps it.",
        resource.address().toString());
  }

  private static Diagnostic addedByOthers(
      Resource resource, Actual.Namesake found, List<Change> added) {
    return Diagnostic.note(
        "ADDED_BY_OTHERS",
        "An object has fields that the release says nothing about.",
        found.object()
            + " has "
            + places(added)
            + " beside what "
            + resource.address()
            + " says. Vapi fills in such fields, and a customer can, too: they count as Vapi's, and"
            + " stay as they are unless a later release sets them.",
        resource.address().toString());
  }

  private static Diagnostic originUnknown(Resource resource, Actual.Namesake found) {
    return Diagnostic.note(
        "ORIGIN_UNKNOWN",
        "It cannot be told who made an object.",
        "Nothing shows that Graft made "
            + found.object()
            + " ("
            + resource.address()
            + ") rather than took it over, so it counts as taken over: an uninstall leaves it.",
        resource.address().toString());
  }

  private static String places(List<Change> changes) {
    String shown =
        changes.stream()
            .limit(SHOWN)
            .map(change -> change.place().toString())
            .collect(Collectors.joining(", "));
    return changes.size() <= SHOWN
        ? shown
        : shown + " and " + (changes.size() - SHOWN) + " more places";
  }
}
