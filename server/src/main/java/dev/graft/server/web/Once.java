package dev.graft.server.web;

import dev.graft.server.access.Caller;
import dev.graft.server.access.RequestId;
import dev.graft.server.link.Keys;
import dev.graft.store.BodySeal;
import dev.graft.store.KeptReplies;
import dev.graft.store.Sealed;
import dev.graft.store.StoreException;
import dev.graft.vault.VaultException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.greenbytes.http.sfv.ParseException;
import org.greenbytes.http.sfv.Parser;
import org.greenbytes.http.sfv.StringItem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpMethod;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * Serves a request with an Idempotency-Key once, and gives whoever sends it again what it was
 * answered. Keys are the caller's own: two callers can use the same.
 */
final class Once {
  private static final String HEADER = "Idempotency-Key";
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");
  private static final Logger LOG = LoggerFactory.getLogger(Once.class);
  private static final List<Problem.Header> REPLAYED =
      List.of(new Problem.Header("Idempotency-Replayed", "true"));

  private final KeptReplies replies;
  private final Keys keys;

  Once(KeptReplies replies, Keys keys) {
    this.replies = replies;
    this.keys = keys;
  }

  /**
   * Has the work done, unless it was.
   *
   * @param work gives its answer always, be it a problem
   */
  ServerResponse answer(
      Caller caller, Routes.Route route, ServerRequest request, Supplier<ServerResponse> work) {
    Optional<String> key =
        route.method().equals(HttpMethod.POST) && route.permission() != null
            ? key(request.headers().header(HEADER))
            : Optional.empty();
    if (key.isEmpty()) {
      return work.get();
    }
    String id = keys.mark("idempotency-key", caller.toString(), key.get());
    String holder = UUID.randomUUID().toString();
    return switch (replies.take(id, fingerprint(request), holder)) {
      case KeptReplies.Turn.Yours _ ->
          served(id, holder, route.is(Routes.Mark.SHOWS_A_SECRET), work);
      case KeptReplies.Turn.Answered(var reply) ->
          Answer.fromBytes(seal().open().apply(id, reply.bytes())).with(REPLAYED).response();
      case KeptReplies.Turn.Running _ ->
          throw new Problem(
                  409,
                  "IDEMPOTENCY_KEY_RUNNING",
                  "A request with this Idempotency-Key is being served now. Send it again in a few"
                      + " seconds: then you get what it was answered.")
              .withHeader("Retry-After", "2");
      case KeptReplies.Turn.OtherRequest _ ->
          throw new Problem(
              422,
              "IDEMPOTENCY_KEY_REUSED",
              "This Idempotency-Key came with another request before: another address or another"
                  + " body. Nothing was done. Give every request its own key, and repeat one only as"
                  + " it was.");
    };
  }

  /** The body can hold a customer's key, so that what is kept must not help anyone to guess it. */
  private String fingerprint(ServerRequest request) {
    return keys.mark(
        "request",
        request.method().name(),
        request.uri().getRawPath(),
        String.valueOf(request.uri().getRawQuery()),
        Body.ofOptional(request).canonical());
  }

  private ServerResponse served(
      String id, String holder, boolean showsSecret, Supplier<ServerResponse> work) {
    ServerResponse response;
    try (var _ = new Heartbeat(id, holder)) {
      response = work.get();
    }
    Answer answer = Answer.of(response);
    try {
      if (answer.isFinal()) {
        Answer kept = showsSecret ? withheld() : answer;
        replies.keep(id, holder, new Sealed(seal().seal().apply(id, kept.toBytes())));
      } else {
        replies.giveBack(id, holder);
      }
    } catch (StoreException | VaultException e) {
      // It was done, and whoever asked must hear so. Who asks again is served again after a while.
      LOG.warn("an answer cannot be kept for its Idempotency-Key: {}", e.getMessage());
    }
    return answer.response();
  }

  /** What a repetition is told in place of an answer that showed a secret. */
  private static Answer withheld() {
    var problem =
        new Problem(
            409,
            "SECRET_NOT_KEPT",
            "This was done when the request came first, and nothing was done now. The answer showed a"
                + " secret once, which Graft keeps nowhere. Whoever did not get it revokes what was"
                + " made and asks again with another Idempotency-Key.");
    return Answer.of(problem.response(Objects.requireNonNullElse(RequestId.current(), "")));
  }

  private BodySeal seal() {
    return keys.replies();
  }

  /** Quoted, as the draft has it, or bare, as most send it; the same text is the same key. */
  static Optional<String> key(List<String> values) {
    if (values.isEmpty()) {
      return Optional.empty();
    }
    String text = values.getFirst().strip();
    String key = text.contains("\"") ? unquoted(text) : text;
    if (values.size() > 1 || !KEY.matcher(key).matches()) {
      throw new Problem(
          400,
          "INVALID_IDEMPOTENCY_KEY",
          "The header 'Idempotency-Key' must come once and have 1 to 255 printable ASCII characters"
              + " without spaces, such as a UUID, with or without quotation marks around them.");
    }
    return Optional.of(key);
  }

  private static String unquoted(String text) {
    try {
      return Parser.parseItem(text) instanceof StringItem item ? item.get() : "";
    } catch (ParseException e) {
      return "";
    }
  }

  /** Says again and again that a turn is still used. */
  private final class Heartbeat implements AutoCloseable {
    private final CountDownLatch over = new CountDownLatch(1);

    Heartbeat(String id, String holder) {
      Duration pause = replies.leaseTime().dividedBy(3);
      Thread.startVirtualThread(() -> {
        while (!isOverWithin(pause)) {
          try {
            replies.renew(id, holder);
          } catch (StoreException e) {
            LOG.warn("a turn cannot be renewed now: {}", e.getMessage());
          }
        }
      });
    }

    private boolean isOverWithin(Duration pause) {
      try {
        return over.await(pause.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return true;
      }
    }

    @Override
    public void close() {
      over.countDown();
    }
  }
}
