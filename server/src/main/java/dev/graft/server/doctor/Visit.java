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
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
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

  /** So long in all it waits to be let in again, when something is still to be taken away. */
  private static final Duration PATIENCE_AT_THE_END = Duration.ofMinutes(2);

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

  /**
   * What a look through the lists has shown.
   *
   * @param marked what bears the mark
   * @param unread the kinds whose lists could not be read
   * @param cut the kinds of which there are more than were looked at, the newest
   */
  record Look(List<Own> marked, List<String> unread, List<String> cut) {}

  /**
   * What is not known to be gone.
   *
   * @param objects those that nobody said were deleted
   * @param unread the kinds of which nobody could say what is there
   */
  record Left(List<Own> objects, List<String> unread) {
    boolean isNothing() {
      return objects.isEmpty() && unread.isEmpty();
    }
  }

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
  private Duration waitedAtTheEnd = Duration.ZERO;

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
      made.push(new Own(kind, reply.id(), nameOf(body)));
    }
    return reply;
  }

  /** Takes one away; what is not known to be gone is taken away at the end. */
  Reply delete(Own own) {
    Reply reply = send("DELETE", "/" + own.kind() + "/" + own.id(), null, Map.of());
    if (reply.isGood() || reply.status() == 404) {
      made.removeIf(each -> each.id().equals(own.id()));
    }
    return reply;
  }

  /** As above, and whether it is known to be gone. */
  boolean isGone(Own own) {
    Reply reply = delete(own);
    return reply.isGood() || reply.status() == 404;
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
    for (int i = 0; reply.status() == 429 && isPatient(i); i++) {
      Duration wait =
          reply
              .headers()
              .firstValue("Retry-After")
              .filter(text -> text.matches("\\d{1,6}"))
              .map(text -> Duration.ofSeconds(Math.min(60, Integer.parseInt(text))))
              .orElse(Duration.ofMillis(700L << Math.min(i, 5)));
      if (isOver) {
        waitedAtTheEnd = waitedAtTheEnd.plus(wait);
      }
      pause(wait);
      reply = sendOnce(method, path, body, headers);
    }
    return reply;
  }

  private boolean isPatient(int tries) {
    return isOver ? waitedAtTheEnd.compareTo(PATIENCE_AT_THE_END) < 0 : tries < PATIENCE_WITH_429;
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

  /** Looks for everything in the account that bears the mark, of this visit and of others. */
  synchronized Look marked() {
    var marked = new ArrayList<Own>();
    var unread = new ArrayList<String>();
    var cut = new ArrayList<String>();
    for (String kind : KINDS) {
      String until = "";
      for (int page = 0; ; page++) {
        if (page == MOST_PAGES || page > 0 && calls >= budget) {
          cut.add(kind);
          break;
        }
        Reply reply = send("GET", "/" + kind + "?limit=100" + until, null, Map.of());
        JsonNode list = reply.body().isArray() ? reply.body() : reply.body().path("results");
        if (!reply.isGood() || !list.isArray()) {
          unread.add(kind);
          break;
        }
        String oldest = "";
        for (JsonNode each : list) {
          String name = nameOf(each);
          if (name.startsWith(MARK) || name.startsWith(TOOL_MARK)) {
            marked.add(new Own(kind, each.path("id").asString(""), name));
          }
          oldest = each.path("createdAt").asString("");
        }
        if (list.size() < 100) {
          break;
        }
        until = "&createdAtLt=" + oldest;
      }
    }
    return new Look(List.copyOf(marked), List.copyOf(unread), List.copyOf(cut));
  }

  private static String nameOf(JsonNode object) {
    return object.path("name").asString(object.path("function").path("name").asString(""));
  }

  /**
   * Takes away what this visit made, also what was made without its reply having come, and nothing
   * is made any more. Lists begin with the newest, so that a list that is cut hides nothing of it.
   *
   * @return what is not known to be gone
   */
  synchronized Left tidy() {
    isOver = true;
    // The newest first: what refers goes before what it refers to.
    for (Own own : List.copyOf(made)) {
      delete(own);
    }
    Look look = marked();
    var still = new LinkedHashMap<String, Own>();
    made.forEach(own -> still.put(own.id(), own));
    look.marked().stream()
        .filter(own -> own.name().contains(run))
        .forEach(own -> still.put(own.id(), own));
    List<Own> left =
        still.values().stream()
            .sorted(Comparator.comparingInt(own -> KINDS.indexOf(own.kind())))
            .filter(own -> !isGone(own))
            .toList();
    return new Left(left, look.unread());
  }

  @Override
  public void close() {
    client.close();
  }
}
