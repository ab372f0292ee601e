package dev.graft.core.apply;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.kind.References;
import dev.graft.core.plan.Actual;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Namesakes;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A look at the account, in one round trip: every object of the ledger and every known namesake by
 * its id, and per kind the list of what changed since the last look. An object counts as gone only
 * when Vapi says so for its id.
 */
public final class Survey {
  /** What came of looking. */
  public sealed interface Result {
    /**
     * The account as it is.
     *
     * @param orgId the organisation that the objects belong to, null when there were none
     */
    record Seen(Actual actual, Sighting sighting, @Nullable String orgId) implements Result {}

    /** Vapi did not show the account; nothing may be concluded. */
    record Unseen(Reply reply) implements Result {}
  }

  private final Release release;
  private final Ledger ledger;
  private final Sighting before;
  private final Set<ObjectId> others;

  /** What was read by its id: an object of the ledger, or a namesake. */
  private final Map<Call.Get, Address> reads = new LinkedHashMap<>();

  private final Map<Address, Actual.Live> owned = new HashMap<>();
  private final Map<ObjectId, Actual.Live> retired = new HashMap<>();
  private final Map<Address, Map<ObjectId, Actual.Namesake>> namesakes = new HashMap<>();

  /** What can carry no mark, and what carries ours: the one may vouch for the other. */
  private final Map<ObjectId, Unmarked> unmarked = new HashMap<>();

  private final List<Voucher> vouchers = new ArrayList<>();
  private final Map<String, Instant> watermarks;
  private @Nullable String orgId;

  /** An object of a kind that carries no mark. */
  private record Unmarked(Kind kind, ObjectNode body) {}

  /** An object with our mark, for a resource of which no object is remembered. */
  private record Voucher(Kind kind, ObjectNode body, Mark mark) {}

  private Survey(Release release, Ledger ledger, Sighting before, Set<ObjectId> others) {
    this.release = release;
    this.ledger = ledger;
    this.before = before;
    this.others = others;
    this.watermarks = new HashMap<>(before.watermarks());
  }

  /**
   * Looks.
   *
   * @param others objects that belong to other installations in the account: nobody's namesakes
   */
  public static Result look(
      VapiAccount account, Release release, Ledger ledger, Sighting before, Set<ObjectId> others) {
    return new Survey(release, ledger, before, others).look(account);
  }

  private Result look(VapiAccount account) {
    List<Call> calls = calls();
    List<Reply> replies = account.send(calls);
    for (int i = 0; i < calls.size(); i++) {
      Reply reply = replies.get(i);
      boolean understood =
          switch (calls.get(i)) {
            case Call.Get get -> read(get, reply);
            case Call.All all -> read(all, reply);
            case Call.Create _, Call.Update _, Call.Delete _ ->
                throw new IllegalStateException("a survey only reads");
          };
      if (!understood) {
        return new Result.Unseen(
            reply instanceof Reply.Ok
                ? new Reply.Unknown(Reply.Trouble.BAD_ANSWER, "Vapi answered with something else")
                : reply);
      }
    }
    return seen();
  }

  private List<Call> calls() {
    ledger
        .entries()
        .forEach((address, entry) -> {
          reads.put(new Call.Get(Kinds.of(address), entry.object()), address);
          entry.retired().forEach(old -> reads.put(new Call.Get(Kinds.of(address), old), address));
        });
    before
        .namesakes()
        .forEach((address, objects) -> {
          if (release.resource(address).isPresent()) {
            objects.forEach(
                object -> reads.putIfAbsent(new Call.Get(Kinds.of(address), object), address));
          }
        });
    var calls = new ArrayList<Call>(reads.keySet());
    release.resources().stream()
        .map(Resource::kind)
        .distinct()
        .forEach(kind -> calls.add(new Call.All(kind, before.watermark(kind).orElse(null), null)));
    return calls;
  }

  private boolean read(Call.Get get, Reply reply) {
    Address address = reads.get(get);
    if (address == null) {
      return false;
    }
    return switch (reply) {
      case Reply.Ok(ObjectNode body) -> {
        noteOrg(body);
        if (ledger.holds(get.object())) {
          put(address, get.object(), new Actual.Live.Present(body));
        } else {
          note(get.kind(), body);
        }
        yield true;
      }
      case Reply.Refused refused when refused.isMissing() -> {
        if (ledger.holds(get.object())) {
          put(address, get.object(), new Actual.Live.Gone());
        }
        yield true;
      }
      case Reply.Ok _, Reply.Refused _, Reply.Throttled _, Reply.Unknown _ -> false;
    };
  }

  private void put(Address address, ObjectId object, Actual.Live live) {
    if (ledger.at(address).filter(entry -> entry.object().equals(object)).isPresent()) {
      owned.put(address, live);
    } else {
      retired.put(object, live);
    }
  }

  private boolean read(Call.All all, Reply reply) {
    if (!(reply instanceof Reply.Ok(JsonNode list)) || !list.isArray()) {
      return false;
    }
    Instant newest = all.updatedAfter();
    for (JsonNode element : list) {
      if (element instanceof ObjectNode body) {
        noteOrg(body);
        note(all.kind(), body);
        Optional<Instant> at = instant(body, "updatedAt");
        if (at.isPresent() && (newest == null || at.get().isAfter(newest))) {
          newest = at.get();
        }
      }
    }
    if (newest != null) {
      watermarks.put(all.kind().name(), newest);
    }
    return true;
  }

  private void note(Kind kind, ObjectNode body) {
    if (!(body.get("id") instanceof JsonNode text) || !text.isString()) {
      return;
    }
    Optional<ObjectId> id = ObjectId.read(text.stringValue());
    if (id.isEmpty() || ledger.holds(id.get()) || others.contains(id.get())) {
      return;
    }
    if (kind.mark() == null) {
      unmarked.put(id.get(), new Unmarked(kind, body));
    } else {
      Mark.on(kind, body)
          .filter(mark ->
              mark.template().equals(release.template())
                  && release.resource(mark.address()).isPresent()
                  && ledger.at(mark.address()).isEmpty())
          .ifPresent(mark -> vouchers.add(new Voucher(kind, body, mark)));
    }
    for (Resource resource : release.ofKind(kind)) {
      Namesakes.read(release, resource, id.get(), body)
          .ifPresent(namesake -> put(resource.address(), namesake));
    }
  }

  private void noteOrg(ObjectNode body) {
    if (orgId == null && body.get("orgId") instanceof JsonNode org && org.isString()) {
      orgId = org.stringValue();
    }
  }

  /** What our mark stands on points at what else was made with it. */
  private void vouch() {
    var found = new HashMap<Address, Map<ObjectId, Actual.Namesake>>();
    for (Voucher voucher : vouchers) {
      for (References.Reference reference : References.in(voucher.kind(), voucher.body())) {
        ObjectId id = ObjectId.read(reference.value()).orElse(null);
        Unmarked pointedAt = id == null ? null : unmarked.get(id);
        if (id == null || pointedAt == null) {
          continue;
        }
        List<Resource> meant =
            release.ofKind(pointedAt.kind()).stream()
                .filter(resource -> vouched(resource, id, pointedAt, voucher).isPresent())
                .toList();
        if (meant.size() == 1 && ledger.at(meant.getFirst().address()).isEmpty()) {
          vouched(meant.getFirst(), id, pointedAt, voucher)
              .ifPresent(namesake ->
                  found
                      .computeIfAbsent(meant.getFirst().address(), _ -> new LinkedHashMap<>())
                      .put(id, namesake));
        }
      }
    }
    found.forEach((address, objects) -> {
      // Of several that it could be, none is guessed at.
      if (objects.size() == 1) {
        objects.values().forEach(namesake -> put(address, namesake));
      }
    });
  }

  private Optional<Actual.Namesake> vouched(
      Resource resource, ObjectId id, Unmarked object, Voucher voucher) {
    return Namesakes.vouchedFor(release, resource, id, object.body(), voucher.mark());
  }

  private void put(Address address, Actual.Namesake namesake) {
    namesakes.computeIfAbsent(address, _ -> new LinkedHashMap<>()).put(namesake.object(), namesake);
  }

  private Result.Seen seen() {
    vouch();
    var all = new HashMap<Address, List<Actual.Namesake>>();
    var known = new HashMap<Address, Set<ObjectId>>();
    namesakes.forEach((address, found) -> {
      all.put(address, List.copyOf(found.values()));
      known.put(address, new LinkedHashSet<>(found.keySet()));
    });
    return new Result.Seen(
        new Actual(owned, retired, all, Map.of()), new Sighting(watermarks, known), orgId);
  }

  static Optional<Instant> instant(ObjectNode body, String field) {
    try {
      return body.get(field) instanceof JsonNode at && at.isString()
          ? Optional.of(Instant.parse(at.stringValue()))
          : Optional.empty();
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
