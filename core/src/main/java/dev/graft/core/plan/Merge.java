package dev.graft.core.plan;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.template.Owner;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * The three-way merge of a body, field by field. Its base has two faces: what we applied last, and
 * what Vapi made of it. What the release changes is told from the first, what the customer changed
 * from the second, so neither Vapi's defaults nor its rewritings count as anyone's change.
 *
 * <p>Laws: nothing new keeps theirs; nothing of theirs takes new; the same change on both sides is
 * no collision.
 */
public final class Merge {
  /**
   * Fields that say what sort of thing an object is: under another sort, the rest means nothing.
   */
  private static final Set<String> SORTS = Set.of("provider", "type");

  private final Rules rules;
  private final List<Collision> collisions = new ArrayList<>();
  private final Set<String> decided = new HashSet<>();

  private Merge(Rules rules) {
    this.rules = rules;
  }

  /**
   * What holds beside the three laws.
   *
   * @param owners whose fields are
   * @param repairs whether what the customer changed in what we had written is written again
   */
  public record Rules(Address address, Map<Place, Owner> owners, Takes takes, boolean repairs) {
    public Rules {
      owners = Map.copyOf(owners);
    }

    Owner ownerOf(Place place) {
      return owners.entrySet().stream()
          .filter(entry -> place.startsWith(entry.getKey()))
          .max(Comparator.comparingInt(entry -> entry.getKey().steps().size()))
          .map(Map.Entry::getValue)
          .orElse(Owner.SHARED);
    }

    /** Whether something is said about what stands below this place. */
    boolean saysMoreBelow(Place place) {
      return owners.keySet().stream()
          .anyMatch(owned -> owned.startsWith(place) && !owned.equals(place));
    }
  }

  /**
   * The merged body, in which collisions stand as the customer has them.
   *
   * @param decided the names of the fields whose collisions were settled by {@link Takes}
   */
  public record Merged(ObjectNode body, List<Collision> collisions, Set<String> decided) {
    public Merged {
      collisions = List.copyOf(collisions);
      decided = Set.copyOf(decided);
    }
  }

  /** The same field changed by the release and by the customer, to different values. */
  public record Collision(
      Place place, @Nullable JsonNode base, @Nullable JsonNode theirs, @Nullable JsonNode ours) {}

  /** Merges canonical bodies. */
  public static Merged merge(
      ObjectNode applied, ObjectNode observed, ObjectNode live, ObjectNode wanted, Rules rules) {
    var merge = new Merge(rules);
    ObjectNode body = merge.objects(Place.ROOT, applied, observed, live, wanted);
    return new Merged(body, merge.collisions, merge.decided);
  }

  /**
   * A merged body without what only Vapi had added to the old object: a new one of another sort
   * gets additions of its own.
   */
  static ObjectNode withoutAdditions(
      ObjectNode merged, ObjectNode applied, ObjectNode observed, ObjectNode wanted) {
    var bare = merged.deepCopy();
    for (var field : merged.properties()) {
      String key = field.getKey();
      if (!wanted.has(key)
          && !applied.has(key)
          && Canonical.same(observed.get(key), field.getValue())) {
        bare.remove(key);
      } else if (field.getValue() instanceof ObjectNode inner) {
        bare.set(
            key,
            withoutAdditions(
                inner,
                objectOr(applied.get(key)),
                objectOr(observed.get(key)),
                objectOr(wanted.get(key))));
      }
    }
    return bare;
  }

  /**
   * What Vapi would make of {@code applied} alone, after a write that left the object as {@code
   * reply}: where the write changed nothing, what it made of it before; elsewhere, the reply. So a
   * field that keeps the customer's value stays known as the customer's.
   */
  public static ObjectNode observedAfter(ObjectNode observed, ObjectNode live, ObjectNode reply) {
    return blend(observed, live, reply);
  }

  /**
   * A body as Vapi showed it, in the words in which we would apply it: where it is what Vapi makes
   * of {@code applied}, that.
   */
  static ObjectNode asApplied(ObjectNode applied, ObjectNode observed, ObjectNode shown) {
    return blend(applied, observed, shown);
  }

  private static ObjectNode blend(ObjectNode observed, ObjectNode live, ObjectNode reply) {
    var result = Json.object();
    var keys = new LinkedHashSet<>(reply.propertyNames());
    keys.addAll(observed.propertyNames());
    for (String key : keys) {
      JsonNode before = observed.get(key);
      JsonNode old = live.get(key);
      JsonNode now = reply.get(key);
      if (Canonical.same(old, now)) {
        now = before;
      } else if (before instanceof ObjectNode a
          && old instanceof ObjectNode b
          && now instanceof ObjectNode c) {
        now = blend(a, b, c);
      }
      if (now != null) {
        result.set(key, now);
      }
    }
    return result;
  }

  private @Nullable JsonNode values(
      Place here,
      @Nullable JsonNode applied,
      @Nullable JsonNode observed,
      @Nullable JsonNode live,
      @Nullable JsonNode wanted) {
    Owner owner = rules.ownerOf(here);
    boolean saysMore = rules.saysMoreBelow(here);
    if (owner == Owner.CUSTOMER && !saysMore) {
      boolean isNew = applied == null && observed == null && live == null;
      return isNew ? wanted : live;
    }
    boolean oursChanged = !Canonical.same(applied, wanted);
    boolean oursHolds = owner == Owner.VENDOR || rules.repairs();
    if (!oursHolds && !saysMore && (!oursChanged || Canonical.same(live, wanted))) {
      return live;
    }
    if (live instanceof ObjectNode theirs
        && wanted instanceof ObjectNode ours
        && sameSort(theirs, ours)) {
      return objects(here, objectOr(applied), objectOr(observed), theirs, ours);
    }
    boolean theirsChanged = !Canonical.same(observed, live) && !Canonical.same(applied, live);
    if (!oursChanged && (!oursHolds || !theirsChanged) || Canonical.same(live, wanted)) {
      return live;
    }
    if (!theirsChanged) {
      return wanted;
    }
    if (live instanceof ArrayNode theirs && wanted instanceof ArrayNode ours) {
      JsonNode merged = arrays(here, arrayOr(applied), arrayOr(observed), theirs, ours);
      if (merged != null) {
        return merged;
      }
    }
    if (oursHolds) {
      return oursAgain(owner, oursChanged, observed, live, wanted);
    }
    Optional<String> text = texts(observed, live, wanted);
    return text.isPresent()
        ? Json.text(text.get())
        : collision(new Collision(here, observed, live, wanted));
  }

  /** What comes in place of a customer's change that does not hold. */
  private static @Nullable JsonNode oursAgain(
      Owner owner,
      boolean oursChanged,
      @Nullable JsonNode observed,
      @Nullable JsonNode live,
      @Nullable JsonNode wanted) {
    if (wanted == null && !oursChanged) {
      // The release never said anything about it: an addition of the customer's.
      return owner == Owner.VENDOR ? observed : live;
    }
    // As Vapi showed it before, so that its rewriting does not look like a change for ever.
    return oursChanged || observed == null ? wanted : observed;
  }

  private @Nullable JsonNode collision(Collision collision) {
    Optional<Takes.Take> take = rules.takes().of(rules.address(), collision.place());
    if (take.isEmpty()) {
      collisions.add(collision);
      return collision.theirs();
    }
    decided.add(Takes.field(rules.address(), collision.place()));
    return switch (take.get()) {
      case Takes.Side.THEIRS -> collision.theirs();
      case Takes.Side.OURS -> collision.ours();
      case Takes.Value(JsonNode value) -> value;
    };
  }

  private static Optional<String> texts(
      @Nullable JsonNode base, @Nullable JsonNode theirs, @Nullable JsonNode ours) {
    return base instanceof StringNode a
            && theirs instanceof StringNode b
            && ours instanceof StringNode c
        ? Texts.merged(a.stringValue(), b.stringValue(), c.stringValue())
        : Optional.empty();
  }

  private ObjectNode objects(
      Place here, ObjectNode applied, ObjectNode observed, ObjectNode live, ObjectNode wanted) {
    var merged = Json.object();
    var keys = new LinkedHashSet<>(live.propertyNames());
    keys.addAll(wanted.propertyNames());
    for (String key : keys) {
      JsonNode value =
          values(
              here.field(key), applied.get(key), observed.get(key), live.get(key), wanted.get(key));
      if (value != null) {
        merged.set(key, value);
      }
    }
    return merged;
  }

  /** Element by element where elements can be told apart; null where they cannot. */
  private @Nullable ArrayNode arrays(
      Place here, ArrayNode applied, ArrayNode observed, ArrayNode live, ArrayNode wanted) {
    SequencedMap<String, JsonNode> a = Elements.byIdentity(applied);
    SequencedMap<String, JsonNode> o = Elements.byIdentity(observed);
    SequencedMap<String, JsonNode> l = Elements.byIdentity(live);
    SequencedMap<String, JsonNode> w = Elements.byIdentity(wanted);
    if (a == null || o == null || l == null || w == null) {
      return null;
    }
    var identities = new LinkedHashSet<>(l.sequencedKeySet());
    identities.addAll(w.sequencedKeySet());
    var merged = new LinkedHashMap<String, JsonNode>();
    int index = 0;
    for (String identity : identities) {
      JsonNode value =
          values(
              here.element(index++),
              a.get(identity),
              o.get(identity),
              l.get(identity),
              w.get(identity));
      if (value != null) {
        merged.put(identity, value);
      }
    }
    var result = Json.array();
    merged.values().forEach(result::add);
    return result;
  }

  private static boolean sameSort(ObjectNode a, ObjectNode b) {
    return SORTS.stream()
        .allMatch(sort -> !a.has(sort) || !b.has(sort) || Canonical.same(a.get(sort), b.get(sort)));
  }

  private static ObjectNode objectOr(@Nullable JsonNode node) {
    return node instanceof ObjectNode object ? object : Json.object();
  }

  private static ArrayNode arrayOr(@Nullable JsonNode node) {
    return node instanceof ArrayNode array ? array : Json.array();
  }
}
