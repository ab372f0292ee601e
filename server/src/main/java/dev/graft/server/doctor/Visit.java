package dev.graft.server.doctor;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A visit to someone's account at Vapi: a limited number of calls, and whatever is made bears a
 * mark and is gone at the end. Calls are sent by hand here and not by the product's own client,
 * since they ask on purpose what that never does.
 */
final class Visit implements AutoCloseable {
  /** Begins the name of everything that a visit makes, and of nothing else of Graft's. */
  static final String MARK = "graft-doctor-";

  /** The same for tools, in whose names not every sign is allowed. */
  private static final String TOOL_MARK = "graft_doctor_";

  /** In this order they may go: those that refer to others first. */
  static final List<String> KINDS = List.of("squad", "structured-output", "assistant", "tool");

  /** Kept back for looking at the end whether all is gone. */
  private static final int FOR_THE_END = 2 * KINDS.size();

  private static final int MOST_PAGES = 5;
  private static final int PATIENCE_WITH_429 = 4;

  /** No more calls may be made. */
  static final class Spent extends RuntimeException {
    Spent() {
      super("the calls of this visit are used up");
    }
  }

  /** What came back; status 0 when nothing did. */
  record Reply(int status, HttpHeaders headers, JsonNode body) {
    boolean isGood() {
      return status / 100 == 2;
    }

    String id() {
      return body.path("id").asString("");
    }

    /** Its sentences, one or several. */
    List<String> messages() {
      JsonNode message = body.path("message");
      if (message.isArray()) {
        return message.valueStream().map(each -> each.asString("")).toList();
      }
      return List.of(message.asString(""));
    }
  }

  /** An object that this visit, or an earlier one, has made. */
  record Own(String kind, String id, String name) {}

  private final URI base;
  private final Secret key;
  private final String run;
  private final int budget;
  private final HttpClient client = Asked.client();
  private final Deque<Own> made = new ConcurrentLinkedDeque<>();
  private final Set<String> limitHeaders = new LinkedHashSet<>();
  private int calls;
  private int number;
  private boolean isOver;

  Visit(URI base, Secret key, String run, int budget) {
    this.base = base;
    this.key = key;
    this.run = run;
    this.budget = budget;
  }

  synchronized int calls() {
    return calls;
  }

  /** How many more calls can be made, with what has to be taken away in mind. */
  synchronized int room() {
    return budget - calls - made.size() - FOR_THE_END;
  }

  /** Headers that say something of limits, as far as any came. */
  synchronized List<String> limitHeaders() {
    return List.copyOf(limitHeaders);
  }

  Reply get(String path) {
    return call("GET", path, null, Map.of());
  }

  Reply patch(String kind, String id, ObjectNode body) {
    return call("PATCH", "/" + kind + "/" + id, body, Map.of());
  }

  Reply patch(String path, ObjectNode body) {
    return call("PATCH", path, body, Map.of());
  }

  /** Makes an object under a name with the mark. */
  Reply make(String kind, ObjectNode body) {
    return make(kind, body, Map.of());
  }

  synchronized Reply make(String kind, ObjectNode body, Map<String, String> headers) {
    if (isOver || room() < 2) {
      throw new Spent();
    }
    number++;
    if (kind.equals("tool")) {
      body.withObject("function").put("name", TOOL_MARK + run + "_" + number);
    } else {
      body.put("name", MARK + run + "-" + number);
    }
    return again(kind, body, headers);
  }

  /** Sends the body of something that was made once more, as it is. */
  synchronized Reply again(String kind, ObjectNode body, Map<String, String> headers) {
    if (room() < 2) {
      throw new Spent();
    }
    Reply reply = call("POST", "/" + kind, body, headers);
    if (!reply.id().isEmpty()) {
      made.push(new Own(kind, reply.id(), run));
    }
    return reply;
  }

  /** Takes one away; whether it is gone is asked for at the end. */
  Reply delete(Own own) {
    Reply reply = send("DELETE", "/" + own.kind() + "/" + own.id(), null, Map.of());
    if (reply.isGood() || reply.status() == 404) {
      made.removeIf(each -> each.id().equals(own.id()));
    }
    return reply;
  }

  private synchronized Reply call(
      String method, String path, @Nullable ObjectNode body, Map<String, String> headers) {
    if (isOver || room() < 1) {
      throw new Spent();
    }
    return send(method, path, body, headers);
  }

  /** Once without waiting, for who wants to see a 429. */
  synchronized Reply hurried(String path) {
    if (isOver || room() < 1) {
      throw new Spent();
    }
    return sendOnce("GET", path, null, Map.of());
  }

  private synchronized Reply send(
      String method, String path, @Nullable ObjectNode body, Map<String, String> headers) {
    Reply reply = sendOnce(method, path, body, headers);
    for (int i = 0; reply.status() == 429 && i < PATIENCE_WITH_429; i++) {
      pause(
          reply
              .headers()
              .firstValue("Retry-After")
              .filter(text -> text.matches("\\d{1,2}"))
              .map(Integer::parseInt)
              .map(Duration::ofSeconds)
              .orElse(Duration.ofMillis(700L << i)));
      reply = sendOnce(method, path, body, headers);
    }
    return reply;
  }

  private Reply sendOnce(
      String method, String path, @Nullable ObjectNode body, Map<String, String> headers) {
    calls++;
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base.toString().replaceFirst("/+$", "") + path))
            .timeout(Duration.ofSeconds(20))
            .header("User-Agent", "graft-doctor")
            .header("Content-Type", "application/json")
            .header(
                "Authorization",
                key.reveal(
                    SecretAccess.of("the Authorization header of graft doctor --live"),
                    bytes -> "Bearer " + new String(bytes, StandardCharsets.UTF_8)))
            .method(
                method,
                body == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofByteArray(Json.writeBytes(body)));
    headers.forEach(request::header);
    try {
      HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
      response.headers().map().keySet().stream()
          .filter(name -> name.matches("(?i).*(rate-?limit|retry-after).*"))
          .forEach(limitHeaders::add);
      return new Reply(response.statusCode(), response.headers(), json(response.body()));
    } catch (IOException e) {
      return new Reply(0, HttpHeaders.of(Map.of(), (_, _) -> true), Json.object());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Spent();
    }
  }

  private static JsonNode json(byte[] body) {
    try {
      return Json.parse(body);
    } catch (MalformedJson e) {
      return Json.object();
    }
  }

  static void pause(Duration duration) {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Spent();
    }
  }

  /** Everything in the account that bears the mark, of this visit and of others. */
  synchronized List<Own> marked() {
    var marked = new ArrayList<Own>();
    for (String kind : KINDS) {
      String until = "";
      for (int page = 0; page < MOST_PAGES; page++) {
        Reply reply = send("GET", "/" + kind + "?limit=100" + until, null, Map.of());
        JsonNode list = reply.body().isArray() ? reply.body() : reply.body().path("results");
        String oldest = "";
        for (JsonNode each : list) {
          String name = each.path("name").asString(each.path("function").path("name").asString(""));
          if (name.startsWith(MARK) || name.startsWith(TOOL_MARK)) {
            marked.add(new Own(kind, each.path("id").asString(""), name));
          }
          oldest = each.path("createdAt").asString("");
        }
        if (list.size() < 100 || calls >= budget) {
          break;
        }
        until = "&createdAtLt=" + oldest;
      }
    }
    return List.copyOf(marked);
  }

  /**
   * Takes away what this visit made, also what was made without its reply having come, and nothing
   * is made any more.
   *
   * @return what could not be taken away
   */
  synchronized List<Own> tidy() {
    isOver = true;
    // The newest first: what refers goes before what it refers to.
    for (Own own : List.copyOf(made)) {
      delete(own);
    }
    List<Own> left = marked().stream().filter(own -> own.name().contains(run)).toList();
    left.forEach(this::delete);
    return left.isEmpty()
        ? left
        : marked().stream().filter(own -> own.name().contains(run)).toList();
  }

  @Override
  public void close() {
    client.close();
  }
}
