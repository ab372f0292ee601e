package dev.graft.server.install;

import dev.graft.core.apply.Reply;
import dev.graft.core.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Why something asked for was not done, in the words that API, command line and pages share.
 *
 * @param status the HTTP status that fits
 * @param code stable, for programs
 * @param detail full sentences: what happened, why, what to do next
 * @param retryAfter when trying again may help, null when it cannot be told
 * @param vapiStatus what Vapi answered with, 0 when it is not about an answer
 * @param vapiMessages Vapi's own sentences
 */
public record Failure(
    int status,
    String code,
    String detail,
    @Nullable Duration retryAfter,
    int vapiStatus,
    List<String> vapiMessages) {
  public Failure {
    vapiMessages = List.copyOf(vapiMessages);
  }

  static Failure of(int status, String code, String detail) {
    return new Failure(status, code, detail, null, 0, List.of());
  }

  /** Whether the key is what Vapi did not accept. */
  boolean isOfTheKey() {
    return code.equals("INSUFFICIENT_PERMISSIONS");
  }

  /** Vapi refused a call of an operation. */
  static Failure refused(@Nullable String about, Reply.Refused reply) {
    String said = said(reply.messages());
    if (reply.isOfTheKey()) {
      return new Failure(
          409,
          "INSUFFICIENT_PERMISSIONS",
          "Vapi does not accept the linked API key for this"
              + said
              + " The key may have been revoked, or it is not a private key. Link a private key of"
              + " the account again, then repeat the request.",
          null,
          reply.status(),
          reply.messages());
    }
    String what = about == null ? "a request" : about;
    String next =
        reply.status() == 402
            ? " Vapi asks for payment: the account's owner has to settle that with Vapi."
            : about == null
                ? " Nothing was changed."
                : " Mend the template at the fields that Vapi names, then repeat the request; what was"
                    + " done before stays and is used again.";
    return new Failure(
        400,
        "VAPI_BAD_REQUEST",
        "Vapi refused " + what + " with status " + reply.status() + said + next,
        null,
        reply.status(),
        reply.messages());
  }

  /** Vapi did not answer an operation in time; it goes on by itself. */
  static Failure unfinished(Reply reply) {
    return away(
        reply,
        " What was done so far stays done, nothing is done twice, and Graft finishes the rest by"
            + " itself. Repeat the request to wait for it.");
  }

  /** Vapi did not show the account, so that no plan can be made. */
  static Failure unread(Reply reply) {
    return away(reply, " Nothing was changed. Try again.");
  }

  /** Vapi could not be asked about a key. */
  public static Failure unclear(Reply reply) {
    return away(reply, " The key could not be checked, so nothing was stored. Try again.");
  }

  private static Failure away(Reply reply, String next) {
    return switch (reply) {
      case Reply.Throttled(var retryAfter, var brake) ->
          new Failure(
              503,
              brake == Reply.Brake.CIRCUIT ? "VAPI_CIRCUIT_OPEN" : "VAPI_UNAVAILABLE",
              heldBack(brake) + next,
              retryAfter == null ? Duration.ofSeconds(5) : retryAfter,
              brake == Reply.Brake.VAPI ? 429 : 0,
              List.of());
      case Reply.Unknown(Reply.Trouble trouble, String cause) ->
          new Failure(
              trouble == Reply.Trouble.TIMED_OUT ? 504 : 502,
              "VAPI_UNAVAILABLE",
              "Vapi could not be reached or did not answer properly: " + cause + "." + next,
              Duration.ofSeconds(5),
              0,
              List.of());
      case Reply.Refused refused ->
          new Failure(
              502,
              "VAPI_UNAVAILABLE",
              "Vapi answered with status " + refused.status() + said(refused.messages()) + next,
              Duration.ofSeconds(5),
              refused.status(),
              refused.messages());
      case Reply.Ok _ ->
          new Failure(
              502,
              "VAPI_UNAVAILABLE",
              "Vapi answered with something else than was asked for." + next,
              Duration.ofSeconds(5),
              200,
              List.of());
    };
  }

  private static String heldBack(Reply.Brake brake) {
    return switch (brake) {
      case VAPI -> "Vapi answers that there are too many requests for this account.";
      case PACE ->
          "Graft calls each account of Vapi's at a certain pace (GRAFT_VAPI_PACE), and this one's"
              + " turn does not come in time.";
      case CIRCUIT ->
          "Vapi has not answered for a while, whichever account was asked for, so Graft asks only"
              + " now and then until it does.";
      case CONNECTIONS -> "Every connection of this node to Vapi is in use.";
      case STOPPING -> "This node of Graft is being stopped.";
    };
  }

  /** Vapi's own sentences as the end of one of ours, with one full stop. */
  public static String said(List<String> messages) {
    return messages.isEmpty()
        ? "."
        : ": " + String.join("; ", messages) + (messages.getLast().endsWith(".") ? "" : ".");
  }

  ObjectNode toJson() {
    var json = Json.object();
    json.put("status", status);
    json.put("code", code);
    json.put("detail", detail);
    if (retryAfter != null) {
      json.put("retryAfterMillis", retryAfter.toMillis());
    }
    json.put("vapiStatus", vapiStatus);
    var messages = json.putArray("vapiMessages");
    vapiMessages.forEach(messages::add);
    return json;
  }

  static Failure fromJson(JsonNode json) {
    var messages = new ArrayList<String>();
    json.required("vapiMessages").forEach(message -> messages.add(message.stringValue()));
    JsonNode retryAfter = json.get("retryAfterMillis");
    return new Failure(
        json.required("status").intValue(),
        json.required("code").stringValue(),
        json.required("detail").stringValue(),
        retryAfter == null ? null : Duration.ofMillis(retryAfter.longValue()),
        json.required("vapiStatus").intValue(),
        messages);
  }
}
