package dev.graft.sandbox;

import com.sun.net.httpserver.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The operator's side over HTTP: the page at {@code /} and the calls under {@code /_sandbox}. What
 * comes in here is in no request log, and no fault and no latency touches it.
 */
final class Control {
  private static final String ROOT = "/_sandbox";

  private final Sandbox sandbox;
  private final Page page;

  Control(Sandbox sandbox) {
    this.sandbox = sandbox;
    this.page = new Page(sandbox);
  }

  /** Empty if the request is for Vapi. */
  Optional<Reply> answer(Call call, Headers headers) {
    boolean forPage = call.path().equals("/") && call.method().equals("GET");
    boolean forControl = call.path().equals(ROOT) || call.path().startsWith(ROOT + "/");
    if (call.path().equals("/favicon.ico")) {
      return Optional.of(new Reply(204, Reply.HTML, Body.EMPTY));
    }
    if (!forPage && !forControl) {
      return Optional.empty();
    }
    if (!isFromHere(headers)) {
      return Optional.of(
          failure(403, "The sandbox is operated from this machine, under the name localhost."));
    }
    return Optional.of(forPage ? page.reply() : answer(call));
  }

  /**
   * A page of some other site, open in a browser on this machine, must not reach the control API,
   * neither directly nor by giving its own name the address 127.0.0.1.
   */
  private static boolean isFromHere(Headers headers) {
    String host = Objects.requireNonNullElse(headers.getFirst("Host"), "localhost");
    String origin = headers.getFirst("Origin");
    return isLocal("http://" + host) && (origin == null || isLocal(origin));
  }

  private static boolean isLocal(String url) {
    try {
      String host = URI.create(url).getHost();
      return host != null
          && (host.equals("localhost")
              || host.endsWith(".localhost")
              || host.equals("127.0.0.1")
              || host.equals("[::1]"));
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private Reply answer(Call call) {
    try {
      int status = call.method().equals("POST") ? 201 : 200;
      return Reply.json(status, route(call));
    } catch (NoSuchElementException missing) {
      return failure(404, "There is no such call: see GET " + ROOT + ".");
    } catch (IllegalArgumentException | DateTimeException | JacksonException wrong) {
      return failure(400, Objects.requireNonNullElse(wrong.getMessage(), "That was not right."));
    }
  }

  private static Reply failure(int status, String message) {
    return Reply.json(status, Json.object().put("message", message));
  }

  private JsonNode route(Call call) {
    List<String> path =
        Stream.of(call.path().substring(ROOT.length()).split("/", -1))
            .skip(1)
            .map(part -> URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8))
            .toList();
    String route = call.method() + " " + (path.isEmpty() ? "" : path.getFirst());
    List<String> rest = path.isEmpty() ? path : path.subList(1, path.size());
    return switch (route) {
      case "GET " -> guide();
      case "GET options" -> Views.options(sandbox.options());
      case "PATCH options" -> changeOptions(body(call));
      case "GET faults" -> Views.each(sandbox.faults(), Views::fault);
      case "POST faults" -> Views.fault(sandbox.fault(Views.fault(body(call), sandbox.accounts())));
      case "DELETE faults" -> removeFaults(rest);
      case "GET requests" -> requests(call.parameters());
      case "DELETE requests" -> done(sandbox.requests()::clear);
      case "GET counts" -> Views.each(sandbox.requests().counts(), Views::count);
      case "POST reset" -> done(sandbox::reset);
      case "POST accounts" -> rest.isEmpty() ? addAccount(body(call)) : onAccount(call, rest);
      case "GET accounts" ->
          rest.isEmpty()
              ? Views.each(sandbox.allAccounts(), Views::account)
              : onAccount(call, rest);
      case "PATCH accounts", "DELETE accounts" -> onAccount(call, rest);
      default -> throw new NoSuchElementException();
    };
  }

  private JsonNode guide() {
    ObjectNode guide = Json.object();
    guide.put("about", "A sandbox of Vapi's API. These calls are for whoever operates it.");
    guide.put("us", sandbox.url().toString());
    guide.put("eu", sandbox.hasEu() ? sandbox.euUrl().toString() : null);
    try (InputStream calls = Control.class.getResourceAsStream("control.json")) {
      guide.set("calls", Json.read(Objects.requireNonNull(calls).readAllBytes()));
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
    guide.setAll(Views.meanings());
    return guide;
  }

  private JsonNode onAccount(Call call, List<String> path) {
    Account account = sandbox.accounts().named(path.isEmpty() ? "" : path.getFirst());
    String what = path.size() < 2 ? "" : path.get(1);
    return switch (call.method() + " " + what) {
      case "GET " -> Views.account(account);
      case "POST keys" -> addKey(account, body(call));
      case "POST revoked" -> Views.account(account.revoke(text(body(call), "key")));
      case "PATCH quirks" -> changeQuirks(account, body(call));
      case "POST seed" -> seed(account, body(call));
      case "GET objects", "POST objects", "PATCH objects", "DELETE objects" ->
          onObjects(account, call, path.subList(2, path.size()));
      default -> throw new NoSuchElementException();
    };
  }

  private static JsonNode onObjects(Account account, Call call, List<String> path) {
    if (path.isEmpty() || path.size() > 2) {
      throw new NoSuchElementException();
    }
    String kind = path.getFirst();
    if (path.size() == 1) {
      return switch (call.method()) {
        case "GET" -> Views.each(account.objects(kind), object -> object);
        case "POST" -> account.put(kind, body(call));
        default -> throw new NoSuchElementException();
      };
    }
    String id = path.getLast();
    return switch (call.method()) {
      case "GET" ->
          account
              .object(kind, id)
              .orElseThrow(() -> new IllegalArgumentException("There is no " + kind + " " + id));
      case "PATCH" -> account.patch(kind, id, body(call));
      case "DELETE" -> account.delete(kind, id);
      default -> throw new NoSuchElementException();
    };
  }

  private JsonNode addAccount(ObjectNode body) {
    Region region = Region.valueOf(body.path("region").asString("us").toUpperCase(Locale.ROOT));
    return Views.account(sandbox.account(text(body, "name"), text(body, "key"), region));
  }

  private static JsonNode addKey(Account account, ObjectNode body) {
    String key = text(body, "key");
    return Views.account(
        body.path("public").asBoolean(false) ? account.addPublicKey(key) : account.addKey(key));
  }

  private static JsonNode changeQuirks(Account account, ObjectNode body) {
    for (Map.Entry<String, JsonNode> each : body.properties()) {
      account.turn(Quirk.titled(each.getKey()), each.getValue().asBoolean());
    }
    return Views.account(account);
  }

  private JsonNode changeOptions(ObjectNode body) {
    for (Map.Entry<String, JsonNode> each : body.properties()) {
      if (each.getValue().isBoolean()) {
        sandbox.turn(Quirk.titled(each.getKey()), each.getValue().booleanValue());
      } else {
        sandbox.set(Dial.titled(each.getKey()), each.getValue().asLong());
      }
    }
    return Views.options(sandbox.options());
  }

  /** In the body's texts {n} stands for the number of each object. */
  private static JsonNode seed(Account account, ObjectNode body) {
    String template = body.path("body").toString();
    List<String> ids =
        account.seed(
            text(body, "kind"),
            body.path("count").asInt(1),
            number -> object(Body.of(template.replace("{n}", String.valueOf(number)))));
    ArrayNode answer = Json.array();
    ids.forEach(answer::add);
    return answer;
  }

  private JsonNode removeFaults(List<String> path) {
    if (path.isEmpty()) {
      return done(sandbox::clearFaults);
    }
    int place = Integer.parseInt(path.getFirst());
    List<Fault> faults = sandbox.faults();
    if (place < 0 || place >= faults.size()) {
      throw new IllegalArgumentException("There is no fault number " + place + ".");
    }
    sandbox.remove(faults.get(place));
    return Views.fault(faults.get(place));
  }

  private JsonNode requests(Map<String, List<String>> parameters) {
    long after = Long.parseLong(parameters.getOrDefault("after", List.of("0")).getFirst());
    int limit = Integer.parseInt(parameters.getOrDefault("limit", List.of("1000")).getFirst());
    return Views.each(
        sandbox.requests().entries(entry -> entry.number() > after).stream().limit(limit).toList(),
        Views::entry);
  }

  private static JsonNode done(Runnable action) {
    action.run();
    return Json.object().put("done", true);
  }

  private static ObjectNode body(Call call) {
    return call.body().size() == 0 ? Json.object() : object(call.body());
  }

  private static ObjectNode object(Body body) {
    if (body.parsed() instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException("The body must be a JSON object.");
  }

  private static String text(ObjectNode body, String property) {
    String text = body.path(property).asString("");
    if (text.isEmpty()) {
      throw new IllegalArgumentException("The body must have a " + property + ".");
    }
    return text;
  }
}
