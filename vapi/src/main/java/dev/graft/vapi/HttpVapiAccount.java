package dev.graft.vapi;

import dev.graft.core.apply.Call;
import dev.graft.core.apply.Reply;
import dev.graft.core.apply.VapiAccount;
import dev.graft.core.json.Json;
import dev.graft.core.kind.ObjectId;
import dev.graft.vault.Secret;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A customer's account over HTTP. Reads are tried again while time allows; writes go out once, and
 * whoever sent them decides what their reply is worth.
 */
public final class HttpVapiAccount implements VapiAccount {
  private static final int READ_TRIES = 4;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(150);

  private final VapiHttp http;
  private final Host host;
  private final Secret key;
  private final Duration callLimit;
  private final Instant deadline;
  private final InstantSource clock;
  private final Manner manner;
  private final Meaning meaning;

  /**
   * An account for the time of one operation.
   *
   * @param callLimit for one exchange
   * @param deadline after which a read is not tried again
   */
  public HttpVapiAccount(
      VapiHttp http,
      Host host,
      Secret key,
      Duration callLimit,
      Instant deadline,
      InstantSource clock,
      Manner manner) {
    this.http = http;
    this.host = host;
    this.key = key;
    this.callLimit = callLimit;
    this.deadline = deadline;
    this.clock = clock;
    this.manner = manner;
    this.meaning = new Meaning(clock);
  }

  @Override
  public List<Reply> send(List<Call> calls) {
    return http.together(calls.stream().<Callable<Reply>>map(call -> () -> one(call)).toList());
  }

  private Reply one(Call call) {
    return switch (call) {
      case Call.Get(var kind, var object) ->
          about(object, read(kind.path() + "/" + encoded(object.value())));
      case Call.All all -> new Listing(all, this::read).whole();
      case Call.Create(var kind, var body) -> write("POST", kind.path(), body);
      case Call.Update(var kind, var object, var body) ->
          write("PATCH", kind.path() + "/" + encoded(object.value()), body);
      case Call.Delete(var kind, var object) ->
          write("DELETE", kind.path() + "/" + encoded(object.value()), null);
    };
  }

  /** Some other JSON, of a proxy perhaps, must not pass for an object that lost all its fields. */
  private static Reply about(ObjectId object, Reply reply) {
    return reply instanceof Reply.Ok(var body)
            && !object.value().equals(body.path("id").asString(""))
        ? new Reply.Unknown(
            Reply.Trouble.BAD_ANSWER, "Vapi's answer is not the object that was asked for")
        : reply;
  }

  private Reply write(String method, String path, @Nullable ObjectNode body) {
    return exchange(method, path, body);
  }

  Reply read(String pathAndQuery) {
    for (int tries = 1; ; tries++) {
      Reply reply = exchange("GET", pathAndQuery, null);
      Duration pause =
          switch (reply) {
            case Reply.Ok _, Reply.Refused _ -> null;
            case Reply.Throttled held when !held.isWorthWaiting() -> null;
            case Reply.Throttled held ->
                held.retryAfter() == null ? jitter(tries) : held.retryAfter();
            case Reply.Unknown _ -> jitter(tries);
          };
      boolean last = tries >= READ_TRIES && !(reply instanceof Reply.Throttled);
      if (pause == null || last || clock.instant().plus(pause).isAfter(deadline)) {
        return reply;
      }
      if (!http.pause(pause)) {
        return reply;
      }
    }
  }

  /** Full jitter: many accounts that were refused together do not come back together. */
  private static Duration jitter(int tries) {
    long most = FIRST_PAUSE.toMillis() << Math.min(tries, 5);
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(most / 4, most));
  }

  /**
   * One exchange, when its turn has come. What is held back on the way there was certainly not
   * sent.
   */
  private Reply exchange(String method, String path, @Nullable ObjectNode body) {
    while (true) {
      if (http.isStopping()) {
        return new Reply.Throttled(null, Reply.Brake.STOPPING);
      }
      Duration closed = http.circuit(host).closedFor();
      if (closed.isPositive()) {
        return new Reply.Throttled(closed, Reply.Brake.CIRCUIT);
      }
      Duration left = Duration.between(clock.instant(), deadline);
      Pace.Turn turn = manner.pace().turn(left.isNegative() ? Duration.ZERO : left);
      Duration wait = turn.pause();
      if (wait.isPositive() && wait.compareTo(left) > 0) {
        return new Reply.Throttled(wait, Reply.Brake.PACE);
      }
      manner.waited(wait);
      if (wait.isPositive() && !http.pause(wait)) {
        return new Reply.Throttled(null, Reply.Brake.STOPPING);
      }
      if (manner.pace().isGood(turn)) {
        // Others of the same account may each take their time before it.
        Duration patience = left.compareTo(callLimit) > 0 ? left : callLimit;
        Reply reply = inTurn(method, path, body, patience, turn);
        if (reply != null) {
          return reply;
        }
      }
    }
  }

  private @Nullable Reply inTurn(
      String method, String path, @Nullable ObjectNode body, Duration patience, Pace.Turn turn) {
    try {
      if (!manner.pace().enter(patience)) {
        return new Reply.Throttled(Duration.ofSeconds(1), Reply.Brake.CONNECTIONS);
      }
      try {
        return inItsPlace(method, path, body, patience, turn);
      } finally {
        manner.pace().leave();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for Vapi", e);
    }
  }

  private @Nullable Reply inItsPlace(
      String method, String path, @Nullable ObjectNode body, Duration patience, Pace.Turn turn)
      throws InterruptedException {
    if (!manner.inBackground()) {
      return admitted(method, path, body, turn);
    }
    if (!http.enterBackground(patience)) {
      return new Reply.Throttled(Duration.ofSeconds(1), Reply.Brake.CONNECTIONS);
    }
    try {
      return admitted(method, path, body, turn);
    } finally {
      http.leaveBackground();
    }
  }

  /** The exchange itself; null when Vapi said meanwhile that there are too many. */
  private @Nullable Reply admitted(
      String method, String path, @Nullable ObjectNode body, Pace.Turn turn) {
    if (!manner.pace().isGood(turn)) {
      return null;
    }
    boolean isRead = method.equals("GET");
    if (http.isStopping()) {
      return new Reply.Throttled(null, Reply.Brake.STOPPING);
    }
    if (!isRead) {
      manner.beforeWrite().run();
    }
    Circuit circuit = http.circuit(host);
    Duration closed = circuit.admit(isRead);
    if (closed.isPositive()) {
      return new Reply.Throttled(closed, Reply.Brake.CIRCUIT);
    }
    Answer answer = null;
    try {
      answer =
          http.exchange(
              method,
              host,
              path,
              key,
              body == null ? null : Json.writeBytes(body),
              callLimit,
              isRead ? () -> {} : manner.beforeWrite());
    } finally {
      tell(circuit, answer);
    }
    Reply reply = meaning.of(answer, key);
    if (reply instanceof Reply.Throttled(var retryAfter, var brake) && brake == Reply.Brake.VAPI) {
      manner.tooMany(retryAfter);
    } else if (answer instanceof Answer.Response) {
      manner.pace().taken();
    }
    return reply;
  }

  /**
   * What an exchange tells of its host; one that was not made tells as little as one that failed.
   */
  private void tell(Circuit circuit, @Nullable Answer answer) {
    switch (answer) {
      case Answer.Response(int status, var _, var _) when status < 500 -> circuit.answered();
      case Answer.Broken(boolean _, boolean unreached, String _) ->
          circuit.failed(manner.account(), unreached);
      case null, default -> circuit.failed(manner.account(), false);
    }
  }

  static String encoded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
