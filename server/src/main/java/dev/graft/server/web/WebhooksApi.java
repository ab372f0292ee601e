package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.event.EventType;
import dev.graft.server.webhook.Endpoints;
import dev.graft.server.webhook.Reach;
import dev.graft.store.Delivery;
import dev.graft.store.Outbox;
import dev.graft.store.Webhook;
import dev.graft.store.Webhooks;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Webhooks and their deliveries over HTTP. */
final class WebhooksApi {
  private static final String ALL = "*";
  private static final int STANDARD_OVERLAP_HOURS = 24;
  private static final int LONGEST_OVERLAP_HOURS = 168;
  private static final int LONGEST_DESCRIPTION = 255;

  private final Endpoints endpoints;
  private final Webhooks webhooks;
  private final Outbox outbox;

  WebhooksApi(Endpoints endpoints, Webhooks webhooks, Outbox outbox) {
    this.endpoints = endpoints;
    this.webhooks = webhooks;
    this.outbox = outbox;
  }

  ServerResponse add(ServerRequest request) {
    Body body = Body.of(request).only(Set.of("url", "events", "description"));
    var wish = new Endpoints.Wish(url(body).orElse(""), types(body), description(body).orElse(""));
    try {
      Endpoints.Revealed added =
          endpoints
              .add(wish)
              .orElseThrow(() ->
                  new Problem(
                      409,
                      "WEBHOOK_LIMIT",
                      "There are "
                          + Endpoints.MOST
                          + " webhooks, and no more are kept, since each event goes to each of them."
                          + " Remove one first."));
      return Routes.json(201, view(added.webhook()).put("secret", added.secret()));
    } catch (Reach.OutOfReach e) {
      throw outOfReach(e);
    }
  }

  private static Optional<String> url(Body body) {
    JsonNode url = body.any("url");
    if (url != null && !url.isString()) {
      throw outOfReach(new Reach.OutOfReach("It must be a string."));
    }
    return Optional.ofNullable(url).map(JsonNode::stringValue);
  }

  private static Optional<String> description(Body body) {
    JsonNode text = body.any("description");
    if (text != null && (!text.isString() || text.stringValue().length() > LONGEST_DESCRIPTION)) {
      throw new Problem(
          400,
          "INVALID_DESCRIPTION",
          "'description' must be a string of at most " + LONGEST_DESCRIPTION + " characters.");
    }
    return Optional.ofNullable(text).map(JsonNode::stringValue);
  }

  private static Problem outOfReach(Reach.OutOfReach e) {
    return new Problem(
        400,
        "INVALID_WEBHOOK_URL",
        "Nothing is delivered to this 'url', so the webhook was not kept as asked. "
            + e.getMessage());
  }

  ServerResponse list(ServerRequest request) {
    var json = Json.object();
    var all = json.putArray("webhooks");
    webhooks.all().forEach(webhook -> all.add(view(webhook)));
    return Routes.json(200, json);
  }

  ServerResponse one(ServerRequest request) {
    return Routes.json(200, view(named(request)));
  }

  ServerResponse change(ServerRequest request) {
    Body body = Body.of(request).only(Set.of("url", "events", "description", "enabled"));
    Webhook webhook = named(request);
    Endpoints.Wish present = Endpoints.wishOf(webhook);
    var wish =
        new Endpoints.Wish(
            url(body).orElse(present.url()),
            body.any("events") == null ? present.types() : types(body),
            description(body).orElse(present.description()));
    boolean enabled =
        body.any("enabled") == null ? webhook.enabled() : body.flag("enabled", "INVALID_FLAG");
    try {
      return Routes.json(200, view(endpoints.change(webhook, wish, enabled)));
    } catch (Reach.OutOfReach e) {
      throw outOfReach(e);
    }
  }

  ServerResponse remove(ServerRequest request) {
    Webhook webhook = named(request);
    endpoints.remove(webhook);
    return Routes.json(200, Json.object().put("id", webhook.id()).put("removed", true));
  }

  ServerResponse rotate(ServerRequest request) {
    Body body = Body.ofOptional(request).only(Set.of("overlapHours"));
    Webhook webhook = named(request);
    Endpoints.Revealed rotated = endpoints.rotate(webhook, Duration.ofHours(overlap(body)));
    return Routes.json(200, view(rotated.webhook()).put("secret", rotated.secret()));
  }

  private static int overlap(Body body) {
    JsonNode hours = body.any("overlapHours");
    if (hours == null) {
      return STANDARD_OVERLAP_HOURS;
    }
    if (hours.isIntegralNumber()
        && hours.canConvertToInt()
        && hours.intValue() >= 0
        && hours.intValue() <= LONGEST_OVERLAP_HOURS) {
      return hours.intValue();
    }
    throw new Problem(
        400,
        "INVALID_OVERLAP",
        "'overlapHours' must be a whole number from 0 to " + LONGEST_OVERLAP_HOURS + ".");
  }

  ServerResponse test(ServerRequest request) {
    Body.ofOptional(request).only(Set.of());
    return Routes.json(200, view(endpoints.test(named(request))));
  }

  ServerResponse deliveries(ServerRequest request) {
    Webhook webhook = named(request);
    int limit = AccountsApi.limit(request);
    List<Delivery> page =
        outbox.page(webhook.id(), state(request), request.param("after").orElse(null), limit + 1);
    var json = Json.object();
    var all = json.putArray("deliveries");
    page.stream().limit(limit).forEach(delivery -> all.add(view(delivery)));
    json.put("next", page.size() > limit ? page.get(limit - 1).event().id() : null);
    return Routes.json(200, json);
  }

  private static Delivery.@Nullable State state(ServerRequest request) {
    String text = request.param("state").orElse("");
    if (text.isEmpty()) {
      return null;
    }
    return Stream.of(Delivery.State.values())
        .filter(state -> state.name().toLowerCase(Locale.ROOT).equals(text))
        .findFirst()
        .orElseThrow(() ->
            new Problem(
                400, "INVALID_STATE", "'state' must be waiting, delivered or dead, or left out."));
  }

  ServerResponse replay(ServerRequest request) {
    Body.ofOptional(request).only(Set.of());
    Webhook webhook = enabled(request);
    return Routes.json(
        202,
        view(
            endpoints
                .replay(webhook, request.pathVariable("delivery"))
                .orElseThrow(() ->
                    new Problem(
                        404,
                        "DELIVERY_NOT_FOUND",
                        "No event of this id was ever on its way to this webhook; events are kept for"
                            + " 30 days."))));
  }

  ServerResponse replayAll(ServerRequest request) {
    Body body = Body.of(request).only(Set.of("since", "delivered"));
    Webhook webhook = enabled(request);
    int count = endpoints.replaySince(webhook, since(body), body.flag("delivered", "INVALID_FLAG"));
    return Routes.json(202, Json.object().put("id", webhook.id()).put("replayed", count));
  }

  private static Instant since(Body body) {
    JsonNode since = body.any("since");
    try {
      return Instant.parse(since == null ? "" : since.asString(""));
    } catch (DateTimeException e) {
      throw new Problem(
          400, "INVALID_SINCE", "'since' must be a time in UTC such as 2026-11-23T09:00:00Z.");
    }
  }

  private Webhook enabled(ServerRequest request) {
    Webhook webhook = named(request);
    if (!webhook.enabled()) {
      throw new Problem(
          409,
          "WEBHOOK_DISABLED",
          "This webhook is disabled, so nothing would be sent. "
              + webhook.reason()
              + " Enable it first, with PATCH and enabled: true.");
    }
    return webhook;
  }

  private Webhook named(ServerRequest request) {
    return webhooks.withId(request.pathVariable("webhook")).orElseThrow(WebhooksApi::notFound);
  }

  static Problem notFound() {
    return new Problem(404, "WEBHOOK_NOT_FOUND", "There is no webhook of this id.");
  }

  /** The types that are asked for; none stands for all. */
  private static Set<EventType> types(Body body) {
    JsonNode events = body.any("events");
    if (events == null) {
      return Set.of();
    }
    var types = EnumSet.noneOf(EventType.class);
    boolean all = false;
    for (JsonNode event : events.isArray() ? events : Json.array().add(events)) {
      String text = event.asString("");
      Optional<EventType> type = EventType.of(text);
      all |= text.equals(ALL);
      type.ifPresent(types::add);
      if (type.isEmpty() && !text.equals(ALL)) {
        throw invalidEvents();
      }
    }
    if (!events.isArray() || events.isEmpty()) {
      throw invalidEvents();
    }
    return all ? Set.of() : types;
  }

  private static Problem invalidEvents() {
    return new Problem(
        400,
        "INVALID_EVENTS",
        "'events' must be a list of types of events, or be left out for all. There are: "
            + Stream.of(EventType.values()).map(EventType::text).collect(Collectors.joining(", "))
            + ".");
  }

  private ObjectNode view(Webhook webhook) {
    var json = Json.object();
    json.put("id", webhook.id());
    json.put("url", webhook.url());
    var events = json.putArray("events");
    if (webhook.types().isEmpty()) {
      events.add(ALL);
    }
    new TreeSet<>(webhook.types()).forEach(events::add);
    json.put("description", webhook.description());
    json.put("enabled", webhook.enabled());
    json.put("reason", webhook.reason());
    json.put("since", webhook.since().toString());
    json.put("failingSince", text(webhook.failingSince()));
    json.put("formerSecretUntil", text(webhook.formerUntil()));
    json.put("createdAt", webhook.createdAt().toString());
    json.put("waiting", outbox.count(webhook.id(), Delivery.State.WAITING));
    json.put("dead", outbox.count(webhook.id(), Delivery.State.DEAD));
    return json;
  }

  private static ObjectNode view(Delivery delivery) {
    var json = Json.object();
    json.put("id", delivery.event().id());
    json.put("type", delivery.event().type());
    json.put("webhook", delivery.webhookId());
    json.put("state", Asked.word(delivery.state()));
    json.put("tries", delivery.tries());
    json.put("happenedAt", delivery.event().at().toString());
    json.put("lastTriedAt", text(delivery.lastTriedAt()));
    json.put("lastStatus", delivery.lastStatus());
    json.put("lastError", delivery.lastError());
    json.put(
        "nextTryAt",
        delivery.state() == Delivery.State.WAITING ? delivery.nextTryAt().toString() : null);
    json.set("data", delivery.event().data());
    return json;
  }

  private static @Nullable String text(@Nullable Instant instant) {
    return instant == null ? null : instant.toString();
  }
}
