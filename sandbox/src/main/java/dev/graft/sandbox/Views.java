package dev.graft.sandbox;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON of the control API. No key is in it, only the last characters of some. */
final class Views {
  private Views() {}

  static <T> ArrayNode each(List<T> all, Function<T, JsonNode> view) {
    ArrayNode array = Json.array();
    all.forEach(one -> array.add(view.apply(one)));
    return array;
  }

  static ObjectNode account(Account account) {
    ObjectNode view = Json.object();
    view.put("name", account.name())
        .put("orgId", account.orgId())
        .put("region", account.region().name().toLowerCase(Locale.ROOT));
    ArrayNode keys = view.putArray("keys");
    account.keys().forEach(key -> keys.add("..." + key.ending()));
    ObjectNode objects = view.putObject("objects");
    for (Kind kind : Kind.values()) {
      objects.put(kind.title(), account.shelf(kind).size());
    }
    return view;
  }

  static ObjectNode options(Options options) {
    ObjectNode view = Json.object();
    for (Dial dial : Dial.values()) {
      view.put(dial.title(), options.value(dial));
    }
    for (Quirk quirk : Quirk.values()) {
      view.put(quirk.title(), options.has(quirk));
    }
    return view;
  }

  static ObjectNode meanings() {
    ObjectNode view = Json.object();
    ObjectNode dials = view.putObject("dials");
    for (Dial dial : Dial.values()) {
      dials.put(dial.title(), dial.meaning());
    }
    ObjectNode quirks = view.putObject("quirks");
    for (Quirk quirk : Quirk.values()) {
      quirks.put(quirk.title(), quirk.meaning());
    }
    return view;
  }

  static ObjectNode count(RequestLog.Count count) {
    return Json.object()
        .put("account", count.account())
        .put("method", count.method())
        .put("path", count.collection())
        .put("requests", count.requests())
        .put("commits", count.commits());
  }

  static ObjectNode entry(RequestLog.Entry entry) {
    ObjectNode view = Json.object();
    view.put("number", entry.number())
        .put("at", entry.at().toString())
        .put("method", entry.method())
        .put("path", entry.path())
        .put("key", entry.keyHash())
        .put("account", entry.account())
        .put("bodyBytes", entry.body().size())
        .put("bodySha256", entry.bodyDigest())
        .put("status", entry.status())
        .put("bytesSent", entry.bytesSent())
        .put("tookMicros", entry.took().toNanos() / 1000)
        .put("committed", entry.committed());
    view.set("struckBy", each(entry.struckBy(), fault -> Json.array().add(fault).get(0)));
    entry.body().json().ifPresent(body -> view.set("body", body));
    return view;
  }

  static ObjectNode fault(Fault fault) {
    Fault.Trigger trigger = fault.trigger();
    return Json.object()
        .put("method", trigger.method())
        .put("path", trigger.path())
        .put("nth", trigger.nth())
        .put("times", trigger.times())
        .put("account", trigger.orgId())
        .put("when", fault.moment().name().toLowerCase(Locale.ROOT))
        .put("do", fault.effect().getClass().getSimpleName().toLowerCase(Locale.ROOT))
        .put("struck", fault.struck());
  }

  static Fault fault(ObjectNode form, Accounts accounts) {
    var trigger = Fault.on(text(form, "method", "*"), text(form, "path", "**"));
    trigger = trigger.nth(form.path("nth").asInt(1));
    trigger =
        form.path("always").asBoolean(false)
            ? trigger.always()
            : trigger.times(form.path("times").asInt(1));
    if (form.hasNonNull("account")) {
      trigger = trigger.by(accounts.named(text(form, "account", "")));
    }
    Effect effect = effect(form);
    return switch (text(form, "when", effect.spoilsReply() ? "after" : "before")) {
      case "before" -> trigger.before(effect);
      case "after" -> trigger.after(effect);
      default -> throw new IllegalArgumentException("when is before or after.");
    };
  }

  private static Effect effect(ObjectNode form) {
    Duration time = Duration.ofMillis(form.path("ms").asLong(1000));
    int status = form.path("status").asInt(500);
    String target = text(form, "target", "");
    return switch (text(form, "do", "")) {
      case "status" ->
          form.get("body") instanceof ObjectNode body
              ? Effect.json(status, body)
              : Effect.status(status);
      case "html" -> Effect.html(status);
      case "empty" -> Effect.empty(status);
      case "throttle" -> Effect.throttled(seconds(form.get("retryAfter")));
      case "close" -> Effect.close();
      case "truncate" -> Effect.truncate();
      case "garble" -> Effect.garble();
      case "hang" -> Effect.hang(time);
      case "drip" -> Effect.drip(time);
      case "create" -> Effect.create(target, body(form));
      case "patch" -> Effect.patch(target, body(form));
      case "delete" -> Effect.delete(target);
      default ->
          throw new IllegalArgumentException(
              "do is one of status, html, empty, throttle, close, truncate, garble, hang, drip,"
                  + " create, patch, delete.");
    };
  }

  private static ObjectNode body(ObjectNode form) {
    return form.get("body") instanceof ObjectNode body ? body : Json.object();
  }

  private static @Nullable Duration seconds(@Nullable JsonNode node) {
    return node == null || node.isNull() ? null : Duration.ofSeconds(node.asLong());
  }

  private static String text(ObjectNode form, String property, String otherwise) {
    return form.path(property).asString(otherwise);
  }
}
