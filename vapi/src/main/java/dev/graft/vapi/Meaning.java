package dev.graft.vapi;

import dev.graft.core.apply.Reply;
import dev.graft.core.json.Json;
import dev.graft.vault.Secret;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tells what an answer of Vapi's means, whatever shape it has (docs/vapi-facts.md, "Errors"). When
 * it is not certain that nothing was done, it is unknown.
 */
final class Meaning {
  private static final int LONGEST_SENTENCE = 400;
  private static final int MOST_SENTENCES = 20;

  private final InstantSource clock;

  Meaning(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * What the answer means.
   *
   * @param key the key that was used, so that it can be taken out of Vapi's sentences
   */
  Reply of(Answer answer, Secret key) {
    return switch (answer) {
      case Answer.NotSent() -> new Reply.Throttled(Duration.ofSeconds(1), Reply.Brake.CONNECTIONS);
      case Answer.Broken(boolean timedOut, boolean _, String cause) ->
          new Reply.Unknown(timedOut ? Reply.Trouble.TIMED_OUT : Reply.Trouble.UNREACHABLE, cause);
      case Answer.Response response -> of(response, key);
    };
  }

  private Reply of(Answer.Response response, Secret key) {
    int status = response.status();
    if (status >= 200 && status < 300) {
      return ok(response);
    }
    if (status == 429) {
      return new Reply.Throttled(retryAfter(response.retryAfter()));
    }
    if (status >= 300 && status < 400) {
      return unknown("Vapi's address redirects elsewhere, and Graft does not follow with a key");
    }
    if (status < 400 || status >= 500 || status == 408) {
      return unknown("Vapi answered with status " + status);
    }
    if (!(response.json() instanceof ObjectNode body)) {
      // A page of a firewall or of a wrong server says nothing about the key or the object.
      return unknown("something in front of Vapi answered with status " + status + " and no JSON");
    }
    List<String> messages = messages(body, key);
    if (status == 404 && messages.stream().anyMatch(text -> text.startsWith("Cannot "))) {
      return unknown("the server at this address does not know the route, so it is not Vapi");
    }
    return new Reply.Refused(status, code(body, key), messages);
  }

  private static Reply ok(Answer.Response response) {
    return response.json() == null
        ? unknown("Vapi's answer is not JSON")
        : new Reply.Ok(response.json());
  }

  private static Reply.Unknown unknown(String cause) {
    return new Reply.Unknown(Reply.Trouble.BAD_ANSWER, cause);
  }

  private static String code(ObjectNode body, Secret key) {
    JsonNode code = body.get("error");
    return code != null && code.isString() ? shortened(key.maskIn(code.stringValue())) : "";
  }

  /** Vapi's sentences: one string, a list of them, or nested, without the key in any. */
  private static List<String> messages(ObjectNode body, Secret key) {
    var sentences = new ArrayList<String>();
    JsonNode message = body.get("message");
    if (message != null && message.isArray()) {
      message.forEach(one -> sentences.add(one.isString() ? one.stringValue() : Json.write(one)));
    } else if (message != null && message.isString()) {
      sentences.add(message.stringValue());
    } else if (message != null && !message.isNull()) {
      sentences.add(Json.write(message));
    }
    return sentences.stream()
        .limit(MOST_SENTENCES)
        .map(sentence -> shortened(key.maskIn(sentence)))
        .toList();
  }

  private static String shortened(String sentence) {
    String plain = sentence.replaceAll("\\p{Cntrl}", " ").strip();
    return plain.length() <= LONGEST_SENTENCE ? plain : plain.substring(0, LONGEST_SENTENCE) + "…";
  }

  private @Nullable Duration retryAfter(@Nullable String header) {
    if (header == null) {
      return null;
    }
    String value = header.strip();
    if (value.matches("\\d{1,6}")) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      Instant at =
          ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT))
              .toInstant();
      Duration wait = Duration.between(clock.instant(), at);
      return wait.isNegative() ? Duration.ZERO : wait;
    } catch (DateTimeException e) {
      return null;
    }
  }
}
