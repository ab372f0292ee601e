package dev.graft.vapi;

import dev.graft.core.apply.Reply;
import dev.graft.vault.Secret;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Finds out whether a key opens an account, where, and whose. Vapi has no "who am I", so the
 * organisation is read off any object of the account (docs/vapi-facts.md, "Keys").
 */
public final class KeyProbe {
  private static final String FIRST = "/assistant?limit=1";
  private static final List<String> FURTHER =
      List.of("/tool?limit=1", "/phone-number?limit=1", "/squad?limit=1");

  /** What a key turned out to be. */
  public sealed interface Result {
    /**
     * It opens an account.
     *
     * @param orgId whose it is, null when the account is empty and nothing tells
     */
    record Valid(Host host, @Nullable String orgId) implements Result {}

    /** Vapi refuses it, wherever it was tried. */
    record Invalid(List<String> messages) implements Result {
      public Invalid {
        messages = List.copyOf(messages);
      }
    }

    /** Nobody can tell now. */
    record Unclear(Reply reply) implements Result {}
  }

  private final VapiHttp http;
  private final Duration callLimit;
  private final InstantSource clock;
  private final boolean inBackground;

  /**
   * A probe.
   *
   * @param inBackground when nobody waits for what it finds
   */
  public KeyProbe(VapiHttp http, Duration callLimit, InstantSource clock, boolean inBackground) {
    this.http = http;
    this.callLimit = callLimit;
    this.clock = clock;
    this.inBackground = inBackground;
  }

  /** Tries a key at all of these hosts at the same time. */
  public Result probe(Secret key, List<Host> hosts) {
    List<Reply> replies =
        http.together(
            hosts.stream()
                .<Callable<Reply>>map(host -> () -> account(host, key).read(FIRST))
                .toList());
    for (int i = 0; i < hosts.size(); i++) {
      if (replies.get(i) instanceof Reply.Ok(JsonNode list) && list.isArray()) {
        return valid(hosts.get(i), key, list);
      }
    }
    // A key is only called invalid when every host was heard.
    Optional<Reply> unclear =
        replies.stream().filter(reply -> !isRefusalOfTheKey(reply)).findFirst();
    return unclear
        .<Result>map(Result.Unclear::new)
        .orElseGet(() ->
            new Result.Invalid(
                replies.stream()
                    .flatMap(reply -> ((Reply.Refused) reply).messages().stream())
                    .distinct()
                    .toList()));
  }

  /** Asks one host for as little as there is, to hear whether it still takes a key. */
  public Reply ask(Secret key, Host host) {
    Reply reply = account(host, key).read(FIRST);
    return reply instanceof Reply.Ok(JsonNode list) && !list.isArray()
        ? new Reply.Unknown(Reply.Trouble.BAD_ANSWER, "Vapi's answer is not a list")
        : reply;
  }

  private static boolean isRefusalOfTheKey(Reply reply) {
    return reply instanceof Reply.Refused refused && refused.isOfTheKey();
  }

  private Result valid(Host host, Secret key, JsonNode assistants) {
    Optional<String> org = orgOf(assistants);
    if (org.isPresent()) {
      return new Result.Valid(host, org.get());
    }
    List<Reply> others =
        http.together(
            FURTHER.stream()
                .<Callable<Reply>>map(path -> () -> account(host, key).read(path))
                .toList());
    return new Result.Valid(
        host,
        others.stream()
            .filter(Reply.Ok.class::isInstance)
            .flatMap(reply -> orgOf(((Reply.Ok) reply).body()).stream())
            .findFirst()
            .orElse(null));
  }

  private static Optional<String> orgOf(JsonNode list) {
    return list.valueStream()
        .map(object -> object.get("orgId"))
        .filter(org -> org != null && org.isString() && !org.stringValue().isBlank())
        .map(JsonNode::stringValue)
        .findFirst();
  }

  private HttpVapiAccount account(Host host, Secret key) {
    return new HttpVapiAccount(
        http,
        host,
        key,
        callLimit,
        clock.instant().plus(callLimit),
        clock,
        Manner.ofStranger(inBackground));
  }
}
