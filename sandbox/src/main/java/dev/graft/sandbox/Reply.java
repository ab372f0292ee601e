package dev.graft.sandbox;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What the sandbox says to a request. Errors have the shapes that Vapi's have (public clients). */
record Reply(int status, String contentType, Body body, Map<String, String> headers) {
  static final String JSON = "application/json; charset=utf-8";
  static final String HTML = "text/html; charset=utf-8";

  /** Ends the handling of a request with a reply that is no success. */
  static final class Refusal extends RuntimeException {
    private final transient Reply reply;

    Refusal(Reply reply) {
      super("status " + reply.status(), null, false, false);
      this.reply = reply;
    }

    Reply reply() {
      return reply;
    }
  }

  Reply(int status, String contentType, Body body) {
    this(status, contentType, body, Map.of());
  }

  static Reply json(int status, JsonNode body) {
    return new Reply(status, JSON, Body.of(body));
  }

  static Reply text(int status, String contentType, String body) {
    return new Reply(status, contentType, Body.of(body));
  }

  static Reply error(int status, String message) {
    return json(status, said(status, Json.object().put("message", message)));
  }

  /** Several faults at once, as the validation of a body has them. */
  static Reply error(int status, List<String> messages) {
    ObjectNode body = Json.object();
    messages.forEach(body.putArray("message")::add);
    return json(status, said(status, body));
  }

  private static ObjectNode said(int status, ObjectNode body) {
    String phrase =
        switch (status) {
          case 400 -> "Bad Request";
          case 401 -> "Unauthorized";
          case 402 -> "Payment Required";
          case 403 -> "Forbidden";
          case 404 -> "Not Found";
          case 409 -> "Conflict";
          case 500 -> "Internal Server Error";
          case 502 -> "Bad Gateway";
          case 503 -> "Service Unavailable";
          default -> "";
        };
    // A 429 has no phrase, only the status (seen in public clients).
    return (phrase.isEmpty() ? body : body.put("error", phrase)).put("statusCode", status);
  }

  /** A 409 has its code where others have a phrase, and no statusCode (Vapi's description). */
  static Reply conflict(String code, String message) {
    return json(409, Json.object().put("error", code).put("message", message));
  }

  Reply with(String header, String value) {
    return new Reply(status, contentType, body, Map.of(header, value));
  }

  Reply garbled() {
    return new Reply(status, contentType, body.garbled(), headers);
  }

  Refusal refusal() {
    return new Refusal(this);
  }
}
