package dev.graft.core.plan;

import dev.graft.core.json.Canonical;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import dev.graft.core.template.Version;
import dev.graft.core.template.VersionedName;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Recognises objects that go by the name of a resource. Where names carry versions, the name
 * without its suffix counts; where a manifest declares the version, names are not unique enough to
 * mean anything and only Graft's own mark counts.
 */
public final class Namesakes {
  /** The newest first, then those with our mark, then the oldest made, which is most in use. */
  private static final Comparator<Actual.Namesake> BEST_FIRST =
      Comparator.comparing(Actual.Namesake::version)
          .reversed()
          .thenComparing(namesake -> !namesake.marked())
          .thenComparing(Actual.Namesake::createdAt)
          .thenComparing(Actual.Namesake::object);

  private Namesakes() {}

  /** The object as a namesake of the resource, nothing if it is none. */
  public static Optional<Actual.Namesake> read(
      Release release, Resource resource, ObjectId id, ObjectNode raw) {
    boolean marked = markOf(release, resource, raw).isPresent();
    if (!isSameInWhatIsFixed(resource, raw) || !marked && !sameName(release, resource, raw)) {
      return Optional.empty();
    }
    return Optional.of(
        new Actual.Namesake(
            id,
            versionOf(release, resource, raw).orElse(Version.NONE),
            raw,
            createdAt(raw),
            marked));
  }

  /**
   * An object that can carry no mark as a namesake that counts as marked, because one that carries
   * it points there; nothing if it is none. Where a resource has no name, neither may the object.
   */
  public static Optional<Actual.Namesake> vouchedFor(
      Release release, Resource resource, ObjectId id, ObjectNode raw, Mark voucher) {
    Optional<String> ours = name(release, resource, resource.body());
    if (!isSameInWhatIsFixed(resource, raw) || !ours.equals(name(release, resource, raw))) {
      return Optional.empty();
    }
    Optional<Version> version =
        release.declaresVersion()
            ? Optional.ofNullable(voucher.version()).flatMap(Version::parse)
            : versionOf(release, resource, raw);
    return Optional.of(
        new Actual.Namesake(id, version.orElse(Version.NONE), raw, createdAt(raw), true));
  }

  private static Optional<String> name(Release release, Resource resource, ObjectNode body) {
    Optional<String> name = resource.kind().nameOf(body);
    return release.declaresVersion() ? name : name.map(text -> VersionedName.of(text).base());
  }

  private static boolean isSameInWhatIsFixed(Resource resource, ObjectNode raw) {
    return resource.kind().fixedAtCreation().stream()
        .allMatch(place -> Canonical.same(place.in(raw), place.in(resource.body())));
  }

  /** The version that an object shows, by its name or by our mark. */
  static Optional<Version> versionOf(Release release, Resource resource, ObjectNode raw) {
    if (release.declaresVersion()) {
      return markOf(release, resource, raw)
          .flatMap(mark -> Optional.ofNullable(mark.version()).flatMap(Version::parse));
    }
    return resource.kind().nameOf(raw).flatMap(name -> VersionedName.of(name).version());
  }

  /** The namesake that is newer than the release, if there is one. */
  static Optional<Actual.Namesake> newer(Resource resource, Actual actual) {
    return actual.namesakesOf(resource.address()).stream()
        .filter(namesake -> namesake.version().isNewerThan(resource.version()))
        .min(BEST_FIRST);
  }

  /**
   * The namesake that references to the resource go to instead of an object of ours: one that is
   * newer, one that is just right, or one that the policy lets us take over.
   */
  static Optional<Actual.Namesake> standIn(
      Resource resource, Ledger ledger, Actual actual, Desired desired) {
    Policy policy = desired.policy();
    Optional<Actual.Namesake> newer =
        desired.goesBack() ? Optional.empty() : newer(resource, actual);
    boolean ours =
        ledger.at(resource.address()).isPresent()
            && !(actual.owned().get(resource.address()) instanceof Actual.Live.Gone);
    if (newer.isPresent() || ours) {
      return newer;
    }
    List<Actual.Namesake> candidates = candidates(resource, actual, desired);
    return candidates.size() == 1 && mayUse(candidates.getFirst(), resource, policy)
        ? Optional.of(candidates.getFirst())
        : Optional.empty();
  }

  private static boolean mayUse(Actual.Namesake namesake, Resource resource, Policy policy) {
    return namesake.marked()
        || namesake.version().equals(resource.version())
        || policy.adoption() == Policy.Adoption.BY_NAME
        || policy.chosen().containsKey(resource.address());
  }

  /**
   * The namesakes that could stand for the resource: the one that a person chose; else those of the
   * best version there is, one if it is the release's own or carries our mark.
   */
  static List<Actual.Namesake> candidates(Resource resource, Actual actual, Desired desired) {
    // Going back brings back what was ours, and nothing that merely goes by its name.
    List<Actual.Namesake> all =
        actual.namesakesOf(resource.address()).stream()
            .filter(namesake -> namesake.marked() || !desired.goesBack())
            .sorted(BEST_FIRST)
            .toList();
    ObjectId chosen = desired.policy().chosen().get(resource.address());
    if (chosen != null) {
      return all.stream().filter(namesake -> namesake.object().equals(chosen)).toList();
    }
    if (all.isEmpty()) {
      return all;
    }
    Actual.Namesake best = all.getFirst();
    if (best.marked() || best.version().equals(resource.version())) {
      return List.of(best);
    }
    return all.stream().filter(namesake -> namesake.version().equals(best.version())).toList();
  }

  private static boolean sameName(Release release, Resource resource, ObjectNode raw) {
    if (release.declaresVersion()) {
      return false;
    }
    Optional<String> ours = name(release, resource, resource.body());
    return ours.isPresent() && ours.equals(name(release, resource, raw));
  }

  private static Optional<Mark> markOf(Release release, Resource resource, ObjectNode raw) {
    return Mark.on(resource.kind(), raw)
        .filter(mark ->
            mark.template().equals(release.template())
                && mark.address().equals(resource.address()));
  }

  private static Instant createdAt(ObjectNode raw) {
    try {
      return raw.get("createdAt") instanceof JsonNode at && at.isString()
          ? Instant.parse(at.stringValue())
          : Instant.EPOCH;
    } catch (DateTimeParseException e) {
      return Instant.EPOCH;
    }
  }
}
