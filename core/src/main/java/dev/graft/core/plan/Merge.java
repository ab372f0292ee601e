package dev.graft.core.plan;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

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

  private final List<Collision> collisions = new ArrayList<>();

  /** The merged body, in which collisions stand as the customer has them. */
  public record Merged(ObjectNode body, List<Collision> collisions) {
    public Merged {
      collisions = List.copyOf(collisions);
    }
  }

  /** The same field changed by the release and by the customer, to different values. */
  public record Collision(
      Place place, @Nullable JsonNode base, @Nullable JsonNode theirs, @Nullable JsonNode ours) {}

  private Merge() {}

  /** Merges canonical bodies. */
  public static Merged merge(
      ObjectNode applied, ObjectNode observed, ObjectNode live, ObjectNode wanted) {
    var merge = new Merge();
    ObjectNode body = merge.objects(Place.ROOT, applied, observed, live, wanted);
    return new Merged(body, merge.collisions);
  }

  /**
   * What Vapi would make of {@code applied} alone, after a write that left the object as {@code
   * reply}: where the write changed nothing, what it made of it before; elsewhere, the reply. So a
   * field that keeps the customer's value stays known as the customer's.
   */
  public static ObjectNode observedAfter(ObjectNode observed, ObjectNode live, ObjectNode reply) {
    return blend(observed, live, reply);
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
    boolean oursChanged = !Canonical.same(applied, wanted);
    if (!oursChanged || Canonical.same(live, wanted)) {
      return live;
    }
    boolean theirsChanged = !Canonical.same(observed, live) && !Canonical.same(applied, live);
    if (live instanceof ObjectNode theirs
        && wanted instanceof ObjectNode ours
        && sameSort(theirs, ours)) {
      return objects(here, objectOr(applied), objectOr(observed), theirs, ours);
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
    collisions.add(new Collision(here, observed, live, wanted));
    return live;
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
