package dev.graft.server.webhook;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.event.EventType;
import dev.graft.server.event.Events;
import dev.graft.server.link.Keys;
import dev.graft.store.Delivery;
import dev.graft.store.Outbox;
import dev.graft.store.Sealed;
import dev.graft.store.Webhook;
import dev.graft.store.Webhooks;
import dev.graft.vault.Secret;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** Webhooks as they are added, changed, tried and removed; every act is in the audit trail. */
public final class Endpoints {
  static final String SECRET = "webhook-secret";

  /** An event goes to each of them, in the transaction of what it tells. */
  public static final int MOST = 50;

  private static final Duration KEPT = Duration.ofDays(30);
  private static final int DROPPED_TOGETHER = 500;

  private final Webhooks webhooks;
  private final Outbox outbox;
  private final Courier courier;
  private final Keys keys;
  private final Events events;
  private final Reach reach;
  private final Acts acts;
  private final InstantSource clock;
  private final Supplier<String> newId;

  public Endpoints(
      Webhooks webhooks,
      Outbox outbox,
      Courier courier,
      Keys keys,
      Events events,
      Reach reach,
      Acts acts,
      InstantSource clock,
      Supplier<String> newId) {
    this.webhooks = webhooks;
    this.outbox = outbox;
    this.courier = courier;
    this.keys = keys;
    this.events = events;
    this.reach = reach;
    this.acts = acts;
    this.clock = clock;
    this.newId = newId;
  }

  /** What a webhook shall be. */
  public record Wish(String url, Set<EventType> types, String description) {
    public Wish {
      types = Set.copyOf(types);
    }

    Set<String> typeTexts() {
      var texts = new TreeSet<String>();
      types.forEach(type -> texts.add(type.text()));
      return texts;
    }
  }

  /**
   * A webhook with its secret, which is shown this once.
   *
   * @param secret as its receiver configures it
   */
  public record Revealed(Webhook webhook, String secret) {
    @Override
    public String toString() {
      return webhook.id() + " with its secret";
    }
  }

  /**
   * Adds a webhook.
   *
   * @return nothing when there are as many as there may be
   * @throws Reach.OutOfReach when nothing would be delivered to its address
   */
  public Optional<Revealed> add(Wish wish) throws Reach.OutOfReach {
    reach.address(wish.url());
    if (webhooks.all().size() >= MOST) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    String id = newId.get();
    try (Secret secret = Signature.newSecret()) {
      var webhook =
          new Webhook(
              id,
              wish.url(),
              wish.typeTexts(),
              wish.description(),
              true,
              null,
              now,
              null,
              seal(id, secret),
              null,
              null,
              now);
      webhooks.add(webhook, acts.record("webhook.added", null, id, about(webhook)));
      return Optional.of(new Revealed(webhook, Signature.shown(secret)));
    }
  }

  private Sealed seal(String id, Secret secret) {
    return keys.sealSystem(SECRET, id, secret);
  }

  private static ObjectNode about(Webhook webhook) {
    var about = Json.object();
    // A path can be a secret of its own, as that of a chat's incoming hook.
    about.put("host", java.net.URI.create(webhook.url()).getHost());
    var types = about.putArray("events");
    new TreeSet<>(webhook.types()).forEach(types::add);
    about.put("enabled", webhook.enabled());
    return about;
  }

  /**
   * Changes a webhook.
   *
   * @param enabled whether it gets events; what waits for one that is disabled is given up
   * @throws Reach.OutOfReach when nothing would be delivered to its address
   */
  public Webhook change(Webhook webhook, Wish wish, boolean enabled) throws Reach.OutOfReach {
    if (!wish.url().equals(webhook.url())) {
      reach.address(wish.url());
    }
    Instant now = clock.instant();
    boolean turned = enabled != webhook.enabled();
    var changed =
        new Webhook(
            webhook.id(),
            wish.url(),
            wish.typeTexts(),
            wish.description(),
            enabled,
            enabled ? null : turned ? "Someone disabled it." : webhook.reason(),
            turned ? now : webhook.since(),
            turned ? null : webhook.failingSince(),
            webhook.secret(),
            webhook.formerSecret(),
            webhook.formerUntil(),
            webhook.createdAt());
    webhooks.change(changed, acts.record("webhook.changed", null, webhook.id(), about(changed)));
    if (turned && !enabled) {
      webhooks.giveUp(webhook.id(), "the webhook was disabled");
    }
    return changed;
  }

  /** Gives a webhook a new secret, beside which the one before it signs for so long. */
  public Revealed rotate(Webhook webhook, Duration overlap) {
    Instant now = clock.instant();
    try (Secret secret = Signature.newSecret()) {
      webhooks.rotate(
          webhook.id(),
          seal(webhook.id(), secret),
          now.plus(overlap),
          acts.record(
              "webhook.secret-rotated",
              null,
              webhook.id(),
              Json.object().put("formerUntil", now.plus(overlap).toString())));
      return new Revealed(webhooks.withId(webhook.id()).orElse(webhook), Signature.shown(secret));
    }
  }

  /** Forgets a webhook, and what was on its way to it. */
  public boolean remove(Webhook webhook) {
    return webhooks.remove(
        webhook.id(), acts.record("webhook.removed", null, webhook.id(), about(webhook)));
  }

  /** Sends an event of no meaning to a webhook, once and now, and tells what came of it. */
  public Delivery test(Webhook webhook) {
    return courier.deliverNow(webhook, events.test(webhook, clock.instant()));
  }

  /** Sends one event again; nothing when it never was for this webhook. */
  public Optional<Delivery> replay(Webhook webhook, String eventId) {
    if (!outbox.replay(webhook.id(), eventId, clock.instant())) {
      return Optional.empty();
    }
    told(webhook, Json.object().put("event", eventId));
    return outbox.one(webhook.id(), eventId);
  }

  /** Sends again what a webhook did not get since then, or everything; how many. */
  public int replaySince(Webhook webhook, Instant since, boolean delivered) {
    int count = outbox.replaySince(webhook.id(), since, delivered, clock.instant());
    told(
        webhook,
        Json.object().put("since", since.toString()).put("all", delivered).put("count", count));
    return count;
  }

  private void told(Webhook webhook, ObjectNode detail) {
    acts.add("webhook.replayed", null, webhook.id(), detail);
  }

  /** Drops events whose time is up, with their deliveries, and secrets that nobody signs with. */
  public void dropExpired() {
    webhooks.dropFormerSecrets(clock.instant());
    int dropped;
    do {
      dropped = outbox.drop(clock.instant().minus(KEPT), DROPPED_TOGETHER);
    } while (dropped == DROPPED_TOGETHER);
  }

  /** What a webhook is as one that is not to be changed. */
  public static Wish wishOf(Webhook webhook) {
    var types = new java.util.HashSet<EventType>();
    webhook.types().forEach(text -> EventType.of(text).ifPresent(types::add));
    return new Wish(webhook.url(), types, webhook.description());
  }

  public Optional<Webhook> withId(String id) {
    return webhooks.withId(id);
  }
}
