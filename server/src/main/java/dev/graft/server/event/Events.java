package dev.graft.server.event;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.store.Account;
import dev.graft.store.Event;
import dev.graft.store.Installation;
import dev.graft.store.Operation;
import dev.graft.store.Webhook;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Events as they are told: ids, names and states, and never a value of a customer's or a secret.
 */
public final class Events {
  private final Supplier<String> newId;

  /**
   * Events with these ids.
   *
   * @param newId gives ids that sort by time
   */
  public Events(Supplier<String> newId) {
    this.newId = newId;
  }

  private Event event(EventType type, @Nullable String accountId, Instant now, ObjectNode data) {
    return new Event(newId.get(), type.text(), accountId, now, data);
  }

  private static ObjectNode about(String accountId, List<String> userIds) {
    var data = Json.object();
    data.put("account", accountId);
    var users = data.putArray("userIds");
    userIds.forEach(users::add);
    return data;
  }

  /**
   * A link.
   *
   * @param userIds all users of the account, this one among them
   * @param sameKey the other users who had linked this very key before
   */
  public Event linked(
      Account account, String userId, List<String> userIds, boolean isNew, List<String> sameKey) {
    ObjectNode data = about(account.id(), userIds);
    data.put("userId", userId);
    data.put("isNew", isNew);
    data.put("orgId", account.orgId());
    data.put("region", account.host());
    var same = data.putArray("sameKeyAs");
    sameKey.forEach(same::add);
    return event(EventType.ACCOUNT_LINKED, account.id(), account.linkedAt(), data);
  }

  /** A key that Vapi refuses. */
  public Event revoked(Account account, List<String> userIds, Instant now) {
    ObjectNode data = about(account.id(), userIds);
    data.put("orgId", account.orgId());
    data.put("region", account.host());
    return event(EventType.ACCOUNT_REVOKED, account.id(), now, data);
  }

  private static ObjectNode about(Operation operation, List<String> userIds) {
    ObjectNode data = about(operation.accountId(), userIds);
    data.put("installation", operation.installationId());
    data.put("operation", operation.id());
    data.put("template", operation.template());
    data.put("kind", operation.kind());
    data.put("release", operation.release().hex());
    return data;
  }

  /** An operation that is done, with what it did. */
  public Event succeeded(
      Operation operation, List<String> userIds, List<String> actions, Instant now) {
    ObjectNode data = about(operation, userIds);
    var done = data.putArray("actions");
    actions.forEach(done::add);
    return event(EventType.OPERATION_SUCCEEDED, operation.accountId(), now, data);
  }

  /**
   * An operation that is over and not done.
   *
   * @param code the code of the problem with which a waiting caller is answered
   */
  public Event failed(
      Operation operation, List<String> userIds, Operation.State state, String code, Instant now) {
    ObjectNode data = about(operation, userIds);
    data.put("status", state.name().toLowerCase(Locale.ROOT));
    data.put("code", code);
    return event(EventType.OPERATION_FAILED, operation.accountId(), now, data);
  }

  /**
   * Fields that someone has to decide on.
   *
   * @param fields as {@code assistant/main#firstMessage}
   */
  public Event collided(
      Operation operation, List<String> userIds, List<String> fields, Instant now) {
    ObjectNode data = about(operation, userIds);
    var all = data.putArray("fields");
    fields.forEach(all::add);
    return event(EventType.COLLISION_FOUND, operation.accountId(), now, data);
  }

  /** What of an object is not as it was applied. */
  public record Drifted(String address, String object, boolean isGone, List<String> fields) {
    public Drifted {
      fields = List.copyOf(fields);
    }
  }

  private static ObjectNode about(Installation installation, List<String> userIds) {
    ObjectNode data = about(installation.accountId(), userIds);
    data.put("installation", installation.id());
    data.put("template", installation.template());
    data.put("version", installation.version());
    return data;
  }

  /** An installation that the customer changed. */
  public Event drifted(
      Installation installation, List<String> userIds, List<Drifted> objects, Instant now) {
    ObjectNode data = about(installation, userIds);
    data.set("objects", json(objects));
    return event(EventType.DRIFT_FOUND, installation.accountId(), now, data);
  }

  /** The same for the same objects and fields, whatever their values are. */
  public static Digest digest(List<Drifted> objects) {
    return Digest.of(json(objects));
  }

  private static JsonNode json(List<Drifted> objects) {
    var all = Json.array();
    for (Drifted object : objects) {
      var one = all.addObject();
      one.put("address", object.address());
      one.put("object", object.object());
      one.put("state", object.isGone() ? "gone" : "changed");
      var fields = one.putArray("fields");
      object.fields().forEach(fields::add);
    }
    return all;
  }

  /** An installation whose template has another release by now. */
  public Event updateAvailable(
      Installation installation, List<String> userIds, String version, Digest digest, Instant now) {
    ObjectNode data = about(installation, userIds);
    data.put("release", installation.release() == null ? null : installation.release().hex());
    data.put("availableVersion", version);
    data.put("availableRelease", digest.hex());
    return event(EventType.UPDATE_AVAILABLE, installation.accountId(), now, data);
  }

  /** A webhook that was given up. */
  public Event disabled(Webhook webhook, String reason, Instant now) {
    var data = Json.object();
    data.put("webhook", webhook.id());
    data.put("reason", reason);
    return event(EventType.WEBHOOK_DISABLED, null, now, data);
  }

  /** A try. */
  public Event test(Webhook webhook, Instant now) {
    return event(EventType.WEBHOOK_TEST, null, now, Json.object().put("webhook", webhook.id()));
  }
}
