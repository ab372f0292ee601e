package dev.graft.server.webhook;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.event.EventType;
import dev.graft.server.event.Events;
import dev.graft.server.link.Keys;
import dev.graft.server.telemetry.ErrorReports;
import dev.graft.store.AuditRecord;
import dev.graft.store.Delivery;
import dev.graft.store.Event;
import dev.graft.store.Outbox;
import dev.graft.store.Webhook;
import dev.graft.store.Webhooks;
import dev.graft.vault.Secret;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings events to webhooks: each at least once, in no order, a slow receiver in nobody's way. What
 * it takes to deliver and does not settle, because the process died, is due again after a while.
 */
public final class Courier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Courier.class);
  private static final int TOGETHER = 8;

  /** For so long nothing at all got through when a webhook is disabled. */
  static final Duration PATIENCE = Duration.ofDays(5);

  private final Outbox outbox;
  private final Webhooks webhooks;
  private final Keys keys;
  private final Events events;
  private final Acts acts;
  private final Sender sender;
  private final InstantSource clock;
  private final Duration claim;
  private final Consumer<String> tried;
  private final ErrorReports errors;
  private final Set<String> working = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean closed;

  /**
   * Delivers to whatever is in reach.
   *
   * @param limit for one delivery
   * @param tried is told what came of each
   */
  public Courier(
      Outbox outbox,
      Webhooks webhooks,
      Keys keys,
      Events events,
      Acts acts,
      Reach reach,
      Duration limit,
      InstantSource clock,
      Consumer<String> tried,
      ErrorReports errors) {
    this.outbox = outbox;
    this.webhooks = webhooks;
    this.keys = keys;
    this.events = events;
    this.acts = acts;
    this.sender = new Sender(reach, limit);
    this.clock = clock;
    this.tried = tried;
    this.errors = errors;
    this.claim = limit.multipliedBy(4);
  }

  /** Begins to deliver what is due and returns; one receiver waits for none of the others. */
  public void run() {
    for (String id : outbox.due(clock.instant())) {
      if (working.add(id)) {
        threads.execute(() -> empty(id));
      }
    }
  }

  private void empty(String webhookId) {
    try {
      while (!closed) {
        Optional<Webhook> webhook = webhooks.withId(webhookId).filter(Webhook::enabled);
        List<Delivery> batch =
            webhook.isEmpty()
                ? List.of()
                : outbox.claim(webhookId, clock.instant(), TOGETHER, claim);
        if (batch.isEmpty()) {
          return;
        }
        threads.invokeAll(
            batch.stream()
                .<Callable<Boolean>>map(delivery -> () -> deliver(webhook.get(), delivery))
                .toList());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.warn("nothing can be delivered to {} now: {}", webhookId, e.getMessage());
      errors.tell(e, "delivering to webhooks");
    } finally {
      working.remove(webhookId);
    }
  }

  /** Delivers an event to one webhook now, and waits for what comes of it. */
  Delivery deliverNow(Webhook webhook, Event event) {
    Delivery delivery = outbox.addTaken(webhook.id(), event, claim);
    settle(webhook, delivery, send(webhook, event));
    return outbox.one(webhook.id(), event.id()).orElse(delivery);
  }

  private boolean deliver(Webhook webhook, Delivery delivery) {
    try {
      settle(webhook, delivery, send(webhook, delivery.event()));
      return true;
    } catch (RuntimeException e) {
      // The database or the keys are away: it is due again when its claim ends.
      LOG.warn(
          "{} cannot be delivered to {} now: {}",
          delivery.event().id(),
          webhook.id(),
          e.getMessage());
      errors.tell(e, "delivering to webhooks");
      return false;
    }
  }

  private Sender.Outcome send(Webhook webhook, Event event) {
    Instant now = clock.instant();
    byte[] body = body(event);
    var secrets = new ArrayList<Secret>();
    try {
      secrets.add(keys.openSystem(Endpoints.SECRET, webhook.id(), webhook.secret()));
      if (webhook.formerSecret() != null
          && webhook.formerUntil() != null
          && webhook.formerUntil().isAfter(now)) {
        secrets.add(keys.openSystem(Endpoints.SECRET, webhook.id(), webhook.formerSecret()));
      }
      return sender.send(
          URI.create(webhook.url()),
          Map.of(
              "webhook-id", event.id(),
              "webhook-timestamp", String.valueOf(now.getEpochSecond()),
              "webhook-signature", Signature.of(secrets, event.id(), now, body)),
          body);
    } finally {
      secrets.forEach(Secret::wipe);
    }
  }

  /** The same bytes however often it is sent. */
  static byte[] body(Event event) {
    var body = Json.object();
    body.put("type", event.type());
    body.put("timestamp", event.at().toString());
    body.set("data", event.data());
    return Json.writeBytes(body);
  }

  private void settle(Webhook webhook, Delivery delivery, Sender.Outcome outcome) {
    Instant now = clock.instant();
    tried.accept(
        switch (outcome) {
          case Sender.Outcome.Accepted _ -> "delivered";
          case Sender.Outcome.Gone _ -> "gone";
          case Sender.Outcome.Failed _ -> "failed";
        });
    switch (outcome) {
      case Sender.Outcome.Accepted(int status) ->
          outbox.delivered(delivery, new Outbox.Attempt(now, status, null));
      case Sender.Outcome.Gone() -> {
        outbox.failed(delivery, new Outbox.Attempt(now, 410, "it is gone (410)"), null);
        disable(webhook, "Its receiver answered 410: it wants no events any more.");
      }
      case Sender.Outcome.Failed(var status, var reason, var retryAfter) -> {
        Instant failingSince =
            outbox.failed(
                delivery, new Outbox.Attempt(now, status, reason), next(delivery, now, retryAfter));
        if (!isTest(delivery) && failingSince.plus(PATIENCE).isBefore(now)) {
          disable(
              webhook,
              "Nothing got through to it since "
                  + failingSince
                  + "; the last time, "
                  + reason
                  + ".");
        }
      }
    }
  }

  private static boolean isTest(Delivery delivery) {
    return delivery.event().type().equals(EventType.WEBHOOK_TEST.text());
  }

  private static @Nullable Instant next(
      Delivery delivery, Instant now, @Nullable Duration retryAfter) {
    return isTest(delivery)
        ? null
        : Retries.next(delivery.tries() + 1, now, retryAfter, ThreadLocalRandom.current())
            .orElse(null);
  }

  private void disable(Webhook webhook, String reason) {
    Instant now = clock.instant();
    AuditRecord record =
        acts.record("webhook.disabled", null, webhook.id(), Json.object().put("reason", reason));
    if (webhooks.disable(webhook.id(), reason, events.disabled(webhook, reason, now), record)) {
      LOG.warn("webhook {} is disabled. {}", webhook.id(), reason);
    }
  }

  @Override
  public void close() {
    closed = true;
    threads.shutdownNow();
    sender.close();
  }
}
