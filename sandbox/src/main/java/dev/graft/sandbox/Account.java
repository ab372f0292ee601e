package dev.graft.sandbox;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntFunction;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One account (Vapi says org) with what lies in it. Its public methods do what its owner does in
 * the dashboard: nothing is checked, and nothing appears in the request log. A kind is given as in
 * a URL, {@code "assistant"} or {@code "/assistant"}.
 */
public final class Account {
  private final String name;
  private final String orgId;
  private final Region region;
  private final boolean open;
  private final Accounts accounts;
  private final Map<Kind, Shelf> shelves = new EnumMap<>(Kind.class);
  private final Map<Quirk, Boolean> ownQuirks = new ConcurrentHashMap<>();
  private final List<Key> keys = new CopyOnWriteArrayList<>();
  private final Set<Key> revoked = ConcurrentHashMap.newKeySet();
  private final RateWindow window = new RateWindow();
  private long lastNumber;

  Account(String name, String orgId, Region region, boolean open, Accounts accounts) {
    this.name = name;
    this.orgId = orgId;
    this.region = region;
    this.open = open;
    this.accounts = accounts;
    for (Kind kind : Kind.values()) {
      shelves.put(kind, new Shelf());
    }
  }

  public String name() {
    return name;
  }

  public String orgId() {
    return orgId;
  }

  public Region region() {
    return region;
  }

  /** Lets another private key in. */
  public Account addKey(String key) {
    accounts.belongs(Key.of(key), this);
    keys.add(Key.of(key));
    return this;
  }

  /** A key for browsers: Vapi answers it with a 401 on all that the sandbox has. */
  public Account addPublicKey(String key) {
    accounts.belongs(Key.of(key), this);
    return this;
  }

  /** From the next request on the key is unknown. */
  public Account revoke(String key) {
    revoked.add(Key.of(key));
    return this;
  }

  /** Switches a quirk for this account alone. */
  public Account turn(Quirk quirk, boolean on) {
    ownQuirks.put(quirk, on);
    return this;
  }

  /** All objects of a kind, newest first, with their secrets, without what quirks add. */
  public List<ObjectNode> objects(String kind) {
    return shelf(Kind.named(kind)).newestFirst().stream().map(Stored::truth).toList();
  }

  public Optional<ObjectNode> object(String kind, String id) {
    return find(Kind.named(kind), id).map(Stored::truth);
  }

  /**
   * Puts an object in: a new one, or, if the body has the id of one that is there, in its place. Of
   * a new one, id, createdAt and updatedAt may be given.
   */
  public ObjectNode put(String kind, ObjectNode body) {
    return put(Kind.named(kind), body, now()).truth();
  }

  /** Changes an object as a PATCH does. */
  public ObjectNode patch(String kind, String id, ObjectNode body) {
    return change(existing(Kind.named(kind), id), body).orElseThrow().truth();
  }

  /** Takes an object out, whatever still refers to it or pins it. */
  public ObjectNode delete(String kind, String id) {
    Stored stored = existing(Kind.named(kind), id);
    remove(stored);
    return stored.truth();
  }

  /**
   * Puts many objects in, fast. They come out one second apart, the last one now, unless a body has
   * its own createdAt.
   *
   * @param body makes each body from its number, which starts at 0
   * @return their ids, in order
   */
  public List<String> seed(String kind, int count, IntFunction<ObjectNode> body) {
    Instant now = now();
    var ids = new ArrayList<String>();
    for (int number = 0; number < count; number++) {
      Instant createdAt = now.minus(Duration.ofSeconds(count - 1L - number));
      ids.add(put(Kind.named(kind), body.apply(number), createdAt).id);
    }
    return ids;
  }

  boolean has(Quirk quirk) {
    return ownQuirks.getOrDefault(quirk, accounts.options().has(quirk));
  }

  long dial(Dial dial) {
    return accounts.options().value(dial);
  }

  Set<Quirk> quirks() {
    if (ownQuirks.isEmpty()) {
      return accounts.options().quirks();
    }
    var all = new HashSet<>(accounts.options().quirks());
    ownQuirks.forEach((quirk, on) -> setTo(all, quirk, on));
    return all;
  }

  private static void setTo(Set<Quirk> all, Quirk quirk, boolean on) {
    if (on) {
      all.add(quirk);
    } else {
      all.remove(quirk);
    }
  }

  boolean isOpenedBy(Key key) {
    return keys.contains(key) && !revoked.contains(key);
  }

  /** Whether a key that someone made up has opened it. */
  boolean isOpen() {
    return open;
  }

  List<Key> keys() {
    return keys.stream().filter(key -> !revoked.contains(key)).toList();
  }

  Shelf shelf(Kind kind) {
    return Objects.requireNonNull(shelves.get(kind));
  }

  Optional<Stored> find(Kind kind, String id) {
    return shelf(kind).find(id);
  }

  private Stored existing(Kind kind, String id) {
    return find(kind, id)
        .orElseThrow(() ->
            new IllegalArgumentException(
                name + " has no " + kind.title() + " with the id " + id + "."));
  }

  Instant now() {
    return Instant.ofEpochMilli(accounts.options().clock().millis());
  }

  synchronized Stored create(Kind kind, ObjectNode body) {
    Instant now = now();
    long step = accounts.options().value(Dial.CREATED_AT_STEP_MS);
    Instant createdAt = Instant.ofEpochMilli(now.toEpochMilli() / step * step);
    return add(kind, UUID.randomUUID().toString(), createdAt, createdAt, now, prepared(kind, body));
  }

  private synchronized Stored put(Kind kind, ObjectNode given, Instant usualTime) {
    ObjectNode body = given.deepCopy();
    String id = idIn(body);
    Instant createdAt = timeIn(body, "createdAt", usualTime);
    Instant updatedAt = timeIn(body, "updatedAt", createdAt);
    body.remove(List.of("id", "orgId", "createdAt", "updatedAt", "latestVersion"));
    ObjectNode ready = prepared(kind, body);
    Optional<Stored> before = find(kind, id);
    if (before.isPresent()) {
      return replace(before.get(), ready, true);
    }
    return add(kind, id, createdAt, updatedAt, Instant.EPOCH, ready);
  }

  private static String idIn(JsonNode body) {
    String id = body.path("id").asString("");
    if (id.isEmpty()) {
      return UUID.randomUUID().toString();
    }
    if (!Validation.isUuid(id)) {
      throw new IllegalArgumentException("An id is a UUID, and " + id + " is not.");
    }
    return id.toLowerCase(Locale.ROOT);
  }

  private static Instant timeIn(JsonNode body, String property, Instant otherwise) {
    JsonNode given = body.path(property);
    return given.isString() ? Instant.parse(given.stringValue()) : otherwise;
  }

  private ObjectNode prepared(Kind kind, ObjectNode body) {
    if (has(Quirk.NULL_CLEARS)) {
      body.removeIf(JsonNode::isNull);
    }
    new Rewriting(this::has).apply(kind, body);
    return body;
  }

  private Stored add(
      Kind kind, String id, Instant created, Instant updated, Instant arrived, ObjectNode body) {
    lastNumber++;
    var stored =
        new Stored(kind, id, orgId, created, updated, arrived, lastNumber, 1, body, Set.of());
    shelf(kind).put(stored);
    return stored;
  }

  /**
   * A PATCH: the properties given replace those stored, whole; the others stay. Nothing comes back
   * if the object has gone meanwhile.
   */
  synchronized Optional<Stored> change(Stored stored, ObjectNode patch) {
    return find(stored.kind, stored.id).map(before -> changed(before, patch));
  }

  private Stored changed(Stored before, ObjectNode patch) {
    ObjectNode body = before.body.deepCopy();
    if (before.kind == Kind.TOOL && has(Quirk.TOOL_SERVER_LOST)) {
      body.remove("server");
    }
    body.setAll(patch.deepCopy());
    if (before.kind == Kind.ASSISTANT && has(Quirk.SECRET_KEPT)) {
      keepSecret(before.body, body);
    }
    return replace(before, prepared(before.kind, body), false);
  }

  private static void keepSecret(ObjectNode before, ObjectNode after) {
    JsonNode secret = before.at("/server/secret");
    if (!secret.isMissingNode() && after.get("server") instanceof ObjectNode server) {
      server.putIfAbsent("secret", secret);
    }
  }

  private Stored replace(Stored before, ObjectNode body, boolean always) {
    if (!always && Json.same(before.body, body)) {
      return before;
    }
    Instant next = before.updatedAt.plusMillis(1);
    Instant now = now();
    var pins = new LinkedHashSet<>(before.formerPins);
    pins.addAll(Stored.pins(before.body));
    Stored after =
        before.changed(
            body,
            now.isBefore(next) ? next : now,
            before.version + (makesVersion(before.body, body) ? 1 : 0),
            pins);
    shelf(before.kind).put(after);
    return after;
  }

  private boolean makesVersion(ObjectNode before, ObjectNode after) {
    if (has(Quirk.METADATA_VERSIONED)) {
      return true;
    }
    ObjectNode one = before.deepCopy();
    ObjectNode other = after.deepCopy();
    one.remove("metadata");
    other.remove("metadata");
    return !Json.same(one, other);
  }

  /** Says whether it was still there. */
  synchronized boolean remove(Stored stored) {
    return shelf(stored.kind).remove(stored.id);
  }

  /** Whether one more request fits into the rate limit. */
  boolean admits() {
    return window.admits(accounts.options());
  }

  synchronized void clear() {
    shelves.values().forEach(Shelf::clear);
    revoked.clear();
    ownQuirks.clear();
    window.clear();
  }
}
