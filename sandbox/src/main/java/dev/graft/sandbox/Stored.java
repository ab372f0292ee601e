package dev.graft.sandbox;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One object as it lies in an account. It never changes: a PATCH puts another in its place. */
final class Stored {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private static final Set<Quirk> VISIBLE =
      EnumSet.of(Quirk.VERSIONS, Quirk.SECRET_HIDDEN, Quirk.UNLISTED_FIELDS, Quirk.SURPRISE_FIELD);

  final Kind kind;
  final String id;
  final String orgId;
  final Instant createdAt;
  final Instant updatedAt;

  /** When it really came, for the lag of lists. */
  final Instant arrived;

  /** Its number in the account: the order among objects with one createdAt. */
  final long number;

  final int version;

  /** What clients wrote, after Vapi's rewriting. Shared and never changed. */
  final ObjectNode body;

  /** The tools that an earlier version pinned. */
  final Set<String> formerPins;

  private volatile @Nullable Text text;

  /** Its JSON under some quirks, kept because most reads ask for the same. */
  private record Text(Set<Quirk> quirks, Body body) {}

  Stored(
      Kind kind,
      String id,
      String orgId,
      Instant createdAt,
      Instant updatedAt,
      Instant arrived,
      long number,
      int version,
      ObjectNode body,
      Set<String> formerPins) {
    this.kind = kind;
    this.id = id;
    this.orgId = orgId;
    this.createdAt = createdAt;
    this.updatedAt = updatedAt;
    this.arrived = arrived;
    this.number = number;
    this.version = version;
    this.body = body;
    this.formerPins = Set.copyOf(formerPins);
  }

  Stored changed(ObjectNode newBody, Instant now, int newVersion, Set<String> pins) {
    return new Stored(kind, id, orgId, createdAt, now, arrived, number, newVersion, newBody, pins);
  }

  static String time(Instant instant) {
    return TIME.format(instant);
  }

  /** The object as Vapi's API gives it. */
  Body text(Set<Quirk> quirks) {
    var visible = EnumSet.copyOf(VISIBLE);
    visible.retainAll(quirks);
    Text last = text;
    if (last == null || !last.quirks().equals(visible)) {
      last = new Text(visible, Body.of(shown(visible)));
      text = last;
    }
    return last.body();
  }

  /** The object with everything in it, secrets too, and nothing added but what Vapi sets. */
  ObjectNode truth() {
    return withServerFields(true).deepCopy();
  }

  private ObjectNode shown(Set<Quirk> quirks) {
    ObjectNode shown = withServerFields(quirks.contains(Quirk.VERSIONS));
    if (kind.showsOnlyItsName()) {
      shown.retain("id", "orgId", "createdAt", "updatedAt", "provider", "name");
    }
    if (kind == Kind.ASSISTANT) {
      addAssistantFields(shown, quirks);
    }
    if (quirks.contains(Quirk.SURPRISE_FIELD)) {
      shown.put("x" + id.substring(0, 6), "unheard of");
    }
    return shown;
  }

  private ObjectNode withServerFields(boolean versions) {
    ObjectNode full = Json.object();
    full.put("id", id)
        .put("orgId", orgId)
        .put("createdAt", time(createdAt))
        .put("updatedAt", time(updatedAt));
    if (kind.hasVersions()) {
      full.put("latestVersion", versions ? "v" + version : null);
    }
    full.setAll(body);
    return full;
  }

  /** Seen on live assistants: a flag in place of the secret, and fields no description lists. */
  private void addAssistantFields(ObjectNode shown, Set<Quirk> quirks) {
    if (quirks.contains(Quirk.SECRET_HIDDEN)) {
      boolean set = !body.at("/server/secret").isMissingNode() || body.has("serverUrlSecret");
      if (shown.get("server") instanceof ObjectNode server) {
        shown.set("server", server.deepCopy().without("secret"));
      }
      shown.put("isServerUrlSecretSet", set);
    }
    if (quirks.contains(Quirk.UNLISTED_FIELDS)) {
      shown.put("isDeleted", false);
      shown.putNull("analyticsMetadata");
      shown.putArray("modelDeprecations");
      shown.putArray("workflowIds");
    }
  }

  /** Whether this assistant, as it is now or if wanted as it ever was, pins a version of a tool. */
  boolean pinsTool(String tool, boolean formerToo) {
    return (formerToo && formerPins.contains(tool)) || pins(body).contains(tool);
  }

  static Set<String> pins(JsonNode assistant) {
    var pins = new LinkedHashSet<String>();
    for (JsonNode reference : assistant.at("/model/toolRefs")) {
      if (!reference.path("version").asString("").isEmpty()) {
        pins.add(reference.path("toolId").asString(""));
      }
    }
    return pins;
  }

  /** Whether this squad holds a version of an assistant. */
  boolean pinsAssistant(String assistant) {
    for (JsonNode member : body.path("members")) {
      if (member.path("assistantId").asString("").equals(assistant)
          && !member.path("assistantVersion").asString("").isEmpty()) {
        return true;
      }
    }
    return false;
  }
}
