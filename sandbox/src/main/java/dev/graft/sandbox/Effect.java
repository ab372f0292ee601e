package dev.graft.sandbox;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What goes wrong with a request, or goes on beside it. */
public sealed interface Effect {
  /** Some other reply than the one it would have got. */
  record Answer(int status, String contentType, String body, @Nullable Duration retryAfter)
      implements Effect {
    Reply reply() {
      var reply = new Reply(status, contentType, Body.of(body));
      return retryAfter == null ? reply : reply.with("Retry-After", "" + retryAfter.toSeconds());
    }
  }

  /** The connection closes without a reply. */
  record Close() implements Effect {}

  /** The connection closes in the middle of the reply's body. */
  record Truncate() implements Effect {}

  /** The reply's body is no JSON. */
  record Garble() implements Effect {}

  /** Nothing happens for a while. */
  record Hang(Duration time) implements Effect {}

  /** The reply's body trickles in over that time. */
  record Drip(Duration time) implements Effect {}

  /**
   * The account's owner does something in the dashboard at that moment.
   *
   * @param method POST, PATCH or DELETE
   * @param path as in a request; {@code {id}} in it means the object that the request is about
   */
  record Edit(String method, String path, ObjectNode body) implements Effect {
    public Edit {
      if (!Set.of("POST", "PATCH", "DELETE").contains(method)) {
        throw new IllegalArgumentException("An edit is a POST, a PATCH or a DELETE.");
      }
    }
  }

  /** Code of a test runs, on the thread that handles the request. */
  record Run(Runnable code) implements Effect {}

  /** An error with Vapi's JSON body. */
  static Effect status(int status) {
    Reply reply = Reply.error(status, "A fault of the sandbox");
    return new Answer(status, Reply.JSON, reply.body().text(), null);
  }

  static Effect json(int status, ObjectNode body) {
    return new Answer(status, Reply.JSON, Body.of(body).text(), null);
  }

  /** An error page in HTML, as a proxy in front of Vapi sends it. */
  static Effect html(int status) {
    String page = "<html><head><title>" + status + "</title></head><body>A fault</body></html>\n";
    return new Answer(status, Reply.HTML, page, null);
  }

  static Effect empty(int status) {
    return new Answer(status, Reply.JSON, "", null);
  }

  /** A 429, with Retry-After unless that is null. */
  static Effect throttled(@Nullable Duration retryAfter) {
    Reply reply = Reply.error(429, "Rate limit exceeded. Please try again later.");
    return new Answer(429, Reply.JSON, reply.body().text(), retryAfter);
  }

  static Effect close() {
    return new Close();
  }

  static Effect truncate() {
    return new Truncate();
  }

  static Effect garble() {
    return new Garble();
  }

  static Effect hang(Duration time) {
    return new Hang(time);
  }

  static Effect drip(Duration time) {
    return new Drip(time);
  }

  static Effect create(String path, ObjectNode body) {
    return new Edit("POST", path, body);
  }

  static Effect patch(String path, ObjectNode body) {
    return new Edit("PATCH", path, body);
  }

  static Effect delete(String path) {
    return new Edit("DELETE", path, Json.object());
  }

  static Effect run(Runnable code) {
    return new Run(code);
  }

  /** Whether it needs a reply to spoil. */
  default boolean spoilsReply() {
    return this instanceof Truncate || this instanceof Garble || this instanceof Drip;
  }
}
