package dev.graft.vapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.graft.core.apply.Call;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.Reply;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Dial;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Quirk;
import dev.graft.sandbox.Sandbox;
import dev.graft.vault.Secret;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class HttpVapiAccountTest {
  private static final String KEY = "11111111-2222-4333-8444-555555555555";
  private static final ObjectNode TOOL =
      Json.parseObject("{\"type\":\"endCall\",\"function\":{\"name\":\"bye\"}}");

  private final Sandbox sandbox = Sandbox.start();
  private final List<VapiHttp> opened = new ArrayList<>();
  private Account customer;

  @BeforeEach
  void customer() {
    customer = sandbox.account("Customer", KEY);
  }

  @AfterEach
  void close() {
    opened.forEach(VapiHttp::close);
    sandbox.close();
  }

  private HttpVapiAccount account() {
    return account(sandbox.url(), Duration.ofSeconds(2), Duration.ofSeconds(20));
  }

  private HttpVapiAccount account(URI url, Duration callLimit, Duration deadline) {
    return account(url, callLimit, deadline, Manner.ofStranger(false));
  }

  private HttpVapiAccount account(URI url, Duration callLimit, Duration deadline, Manner manner) {
    Host host = Host.at(url);
    var http = new VapiHttp(List.of(host), 50);
    opened.add(http);
    return new HttpVapiAccount(
        http,
        host,
        Secret.copyOf(KEY),
        callLimit,
        Instant.now().plus(deadline),
        InstantSource.system(),
        manner);
  }

  private HttpVapiAccount account(Manner manner) {
    return account(sandbox.url(), Duration.ofSeconds(2), Duration.ofSeconds(20), manner);
  }

  private Reply send(Call call) {
    return account().send(List.of(call)).getFirst();
  }

  private static JsonNode ok(Reply reply) {
    assertThat(reply).isInstanceOf(Reply.Ok.class);
    return ((Reply.Ok) reply).body();
  }

  private static Reply.Unknown unknown(Reply reply) {
    assertThat(reply).isInstanceOf(Reply.Unknown.class);
    return (Reply.Unknown) reply;
  }

  private static Reply.Refused refused(Reply reply) {
    assertThat(reply).isInstanceOf(Reply.Refused.class);
    return (Reply.Refused) reply;
  }

  @Test
  void anObjectIsMadeReadChangedAndDeleted() {
    JsonNode made = ok(send(new Call.Create(Kinds.TOOL, TOOL)));
    var id = new ObjectId(made.get("id").stringValue());
    assertThat(ok(send(new Call.Get(Kinds.TOOL, id))).get("type").stringValue())
        .isEqualTo("endCall");
    JsonNode changed =
        ok(send(new Call.Update(Kinds.TOOL, id, Json.parseObject("{\"messages\":[]}"))));
    assertThat(changed.get("messages").isArray()).isTrue();
    assertThat(ok(send(new Call.Delete(Kinds.TOOL, id))).get("id").stringValue())
        .isEqualTo(id.value());
    assertThat(refused(send(new Call.Get(Kinds.TOOL, id))).isMissing()).isTrue();
    assertThat(refused(send(new Call.Delete(Kinds.TOOL, id))).isMissing()).isTrue();
  }

  @Test
  void callsThatAreGivenTogetherAreMadeAtTheSameTime() {
    sandbox.latency(Duration.ofMillis(400));
    Instant start = Instant.now();
    List<Reply> replies =
        account()
            .send(
                List.of(
                    new Call.All(Kinds.TOOL, null, null),
                    new Call.All(Kinds.ASSISTANT, null, null),
                    new Call.Get(Kinds.TOOL, new ObjectId("00000000-0000-4000-8000-000000000000")),
                    new Call.Create(Kinds.TOOL, TOOL)));
    assertThat(replies).hasSize(4);
    assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofMillis(4 * 400));
    refused(replies.get(2));
    ok(replies.get(3));
  }

  @Test
  void aListIsReadToItsEndUnderEitherPageCap() {
    customer.seed("tool", 2_345, n -> TOOL);
    for (int cap : List.of(100, 1000)) {
      sandbox.set(Dial.PAGE_CAP, cap);
      JsonNode all = ok(send(new Call.All(Kinds.TOOL, null, null)));
      assertThat(all.valueStream().map(tool -> tool.get("id").stringValue()).distinct())
          .hasSize(2_345);
    }
  }

  @Test
  void aSmallListIsOneCall() {
    customer.seed("tool", 99, n -> TOOL);
    assertThat(ok(send(new Call.All(Kinds.TOOL, null, null)))).hasSize(99);
    assertThat(sandbox.requests().entries()).hasSize(1);
  }

  @Test
  void objectsOfOneMomentAreAllFoundOrTheListCountsAsUnread() {
    Instant moment = Instant.parse("2026-01-01T00:00:00Z");
    ObjectNode at = TOOL.deepCopy();
    at.put("createdAt", moment.toString());
    for (int i = 0; i < 140; i++) {
      customer.put("tool", at);
    }
    sandbox.set(Dial.PAGE_CAP, 1000);
    assertThat(ok(send(new Call.All(Kinds.TOOL, null, null)))).hasSize(140);
    sandbox.set(Dial.PAGE_CAP, 100);
    assertThat(unknown(send(new Call.All(Kinds.TOOL, null, null))).cause())
        .contains("made at the same moment");
  }

  @Test
  void aListByTheTimeOfChangeShowsOnlyWhatChangedLater() {
    customer.seed("tool", 300, n -> TOOL);
    JsonNode all = ok(send(new Call.All(Kinds.TOOL, null, null)));
    Instant newest =
        all.valueStream()
            .map(tool -> Instant.parse(tool.get("updatedAt").stringValue()))
            .max(Instant::compareTo)
            .orElseThrow();
    assertThat(ok(send(new Call.All(Kinds.TOOL, newest, null)))).isEmpty();
    String old = all.get(299).get("id").stringValue();
    customer.patch("tool", old, Json.parseObject("{\"messages\":[]}"));
    assertThat(ok(send(new Call.All(Kinds.TOOL, newest, null))))
        .singleElement()
        .satisfies(tool -> assertThat(tool.get("id").stringValue()).isEqualTo(old));
  }

  @Test
  void aRefusalCarriesVapisSentencesWithoutTheKey() {
    sandbox.fault(
        Fault.on("POST", "/tool")
            .before(
                Effect.json(
                    400,
                    Json.parseObject(
                        "{\"message\":[\"property x should not exist\",\"key "
                            + KEY
                            + " is odd\",{\"a\":1}],\"error\":\"Bad Request\",\"statusCode\":400}"))));
    assertThat(refused(send(new Call.Create(Kinds.TOOL, TOOL))))
        .isEqualTo(
            new Reply.Refused(
                400,
                "Bad Request",
                List.of("property x should not exist", "key *** is odd", "{\"a\":1}")));
  }

  @Test
  void aRefusalOfEveryShapeIsUnderstood() {
    for (String body :
        List.of("{\"message\":\"one\"}", "{\"message\":null}", "{}", "{\"message\":{\"a\":1}}")) {
      sandbox.fault(Fault.on("POST", "/tool").before(Effect.json(403, Json.parseObject(body))));
      assertThat(refused(send(new Call.Create(Kinds.TOOL, TOOL))).isOfTheKey()).isTrue();
      sandbox.clearFaults();
    }
    sandbox.fault(
        Fault.on("DELETE", "/tool/*")
            .before(
                Effect.json(
                    409, Json.parseObject("{\"error\":\"tool_pinned\",\"message\":\"m\"}"))));
    assertThat(refused(send(new Call.Delete(Kinds.TOOL, new ObjectId("x")))).code())
        .isEqualTo("tool_pinned");
  }

  @Test
  void aPageInFrontOfVapiIsNoRefusalAndNoMissingObject() {
    for (int status : List.of(403, 404, 401, 302)) {
      sandbox.fault(Fault.on("*", "/**").always().before(Effect.html(status)));
      assertThat(unknown(send(new Call.Create(Kinds.TOOL, TOOL))).trouble())
          .isEqualTo(Reply.Trouble.BAD_ANSWER);
      sandbox.clearFaults();
    }
    assertThat(customer.objects("tool")).isEmpty();
  }

  @Test
  void aRouteThatTheServerDoesNotKnowIsNoMissingObject() throws IOException {
    try (var server =
        new Server(404, "{\"message\":\"Cannot GET /x/tool/1\",\"statusCode\":404}", "")) {
      assertThat(
              unknown(
                      account(server.url(), Duration.ofSeconds(2), Duration.ofMillis(100))
                          .send(List.of(new Call.Get(Kinds.TOOL, new ObjectId("1"))))
                          .getFirst())
                  .cause())
          .contains("not Vapi");
    }
  }

  @Test
  void whatIsNotTheObjectThatWasAskedForIsNoAnswer() {
    ObjectNode other = customer.put("tool", TOOL);
    var id = new ObjectId(customer.put("tool", TOOL).get("id").stringValue());
    for (Effect effect :
        List.of(
            Effect.empty(200),
            Effect.json(200, Json.parseObject("{\"status\":\"ok\"}")),
            Effect.json(200, other))) {
      sandbox.fault(Fault.on("GET", "/tool/*").after(effect));
      assertThat(unknown(send(new Call.Get(Kinds.TOOL, id))).trouble())
          .isEqualTo(Reply.Trouble.BAD_ANSWER);
    }
    ok(send(new Call.Get(Kinds.TOOL, id)));
  }

  @Test
  void aCreateGoesOutOnceWhateverHappensToItsReply() {
    for (Effect effect :
        List.of(
            Effect.status(500),
            Effect.html(502),
            Effect.empty(503),
            Effect.close(),
            Effect.truncate(),
            Effect.garble())) {
      sandbox.reset();
      customer();
      sandbox.fault(Fault.on("POST", "/tool").always().after(effect));
      unknown(send(new Call.Create(Kinds.TOOL, TOOL)));
      assertThat(sandbox.requests().count("POST", "/tool")).as(effect.toString()).isEqualTo(1);
      assertThat(customer.objects("tool")).as(effect.toString()).hasSize(1);
    }
  }

  @Test
  void aReadIsTriedAgain() {
    for (Effect effect : List.of(Effect.status(500), Effect.close(), Effect.html(403))) {
      sandbox.fault(Fault.on("GET", "/tool").times(2).before(effect));
      ok(send(new Call.All(Kinds.TOOL, null, null)));
      sandbox.clearFaults();
    }
    sandbox.fault(
        Fault.on("GET", "/tool").times(6).before(Effect.throttled(Duration.ofSeconds(0))));
    ok(send(new Call.All(Kinds.TOOL, null, null)));
  }

  @Test
  void tooManyRequestsSaysHowLongToWait() {
    sandbox.fault(Fault.on("POST", "/tool").before(Effect.throttled(Duration.ofSeconds(7))));
    assertThat(send(new Call.Create(Kinds.TOOL, TOOL)))
        .isEqualTo(new Reply.Throttled(Duration.ofSeconds(7)));
    sandbox.fault(Fault.on("POST", "/tool").before(Effect.throttled(null)));
    assertThat(send(new Call.Create(Kinds.TOOL, TOOL))).isEqualTo(new Reply.Throttled(null));
    assertThat(
            account(sandbox.url(), Duration.ofSeconds(2), Duration.ofSeconds(1))
                .send(List.of(new Call.All(Kinds.TOOL, null, null)))
                .getFirst())
        .isInstanceOf(Reply.Ok.class);
    sandbox.fault(
        Fault.on("GET", "/tool").always().before(Effect.throttled(Duration.ofSeconds(60))));
    assertThat(send(new Call.All(Kinds.TOOL, null, null)))
        .as("a wait beyond the deadline is not begun")
        .isEqualTo(new Reply.Throttled(Duration.ofSeconds(60)));
  }

  @Test
  void aCallEndsAtItsLimitHoweverSlowlyItsAnswerDrips() {
    sandbox.fault(Fault.on("POST", "/tool").after(Effect.drip(Duration.ofSeconds(30))));
    sandbox.fault(Fault.on("POST", "/assistant").after(Effect.hang(Duration.ofSeconds(30))));
    List<Reply> replies =
        account(sandbox.url(), Duration.ofMillis(500), Duration.ofSeconds(1))
            .send(
                List.of(
                    new Call.Create(Kinds.TOOL, TOOL),
                    new Call.Create(Kinds.ASSISTANT, Json.parseObject("{\"name\":\"A\"}"))));
    assertThat(replies)
        .allSatisfy(
            reply -> assertThat(unknown(reply).trouble()).isEqualTo(Reply.Trouble.TIMED_OUT));
    assertThat(customer.objects("tool")).hasSize(1);
  }

  @Test
  void anAnswerThatNeverEndsIsNotReadToItsEnd() throws IOException {
    try (var server = new Server(200, "[\"" + "x".repeat(70 * 1024 * 1024), "")) {
      assertThat(
              unknown(
                      account(server.url(), Duration.ofSeconds(20), Duration.ZERO)
                          .send(List.of(new Call.All(Kinds.TOOL, null, null)))
                          .getFirst())
                  .cause())
          .contains("larger than Graft reads");
    }
  }

  @Test
  void aRedirectIsNotFollowedWithTheKey() throws IOException {
    customer.put("tool", TOOL);
    try (var server = new Server(307, "{}", sandbox.url() + "/tool")) {
      Reply reply =
          account(server.url(), Duration.ofSeconds(2), Duration.ZERO)
              .send(List.of(new Call.All(Kinds.TOOL, null, null)))
              .getFirst();
      assertThat(unknown(reply).cause()).contains("redirects");
    }
    assertThat(sandbox.requests().entries()).isEmpty();
  }

  @Test
  void aConnectionThatIsResetIsNoAnswer() throws IOException {
    try (var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.startVirtualThread(() -> reset(listening));
      URI url = URI.create("http://127.0.0.1:" + listening.getLocalPort());
      assertThat(
              unknown(
                      account(url, Duration.ofSeconds(5), Duration.ZERO)
                          .send(List.of(new Call.Create(Kinds.TOOL, TOOL)))
                          .getFirst())
                  .trouble())
          .isEqualTo(Reply.Trouble.UNREACHABLE);
    }
  }

  private static void reset(ServerSocket listening) {
    try (Socket connection = listening.accept()) {
      assertThat(connection.getInputStream().read()).isEqualTo('P');
      // Without lingering, closing it resets the connection.
      connection.setSoLinger(true, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void noServerIsUnreachable() {
    assertThat(
            unknown(
                    account(URI.create("http://127.0.0.1:1"), Duration.ofSeconds(1), Duration.ZERO)
                        .send(List.of(new Call.Create(Kinds.TOOL, TOOL)))
                        .getFirst())
                .trouble())
        .isEqualTo(Reply.Trouble.UNREACHABLE);
  }

  @Test
  void vapisFirewallLetsOurNameThrough() {
    assertThat(sandbox.options().has(Quirk.USER_AGENT_CHECKED)).isTrue();
    ok(send(new Call.All(Kinds.TOOL, null, null)));
  }

  /** A server that gives one answer to everything. */
  private static final class Server implements AutoCloseable {
    private final HttpServer server;

    Server(int status, String body, String location) throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      server.createContext(
          "/",
          exchange -> {
            if (!location.isEmpty()) {
              exchange.getResponseHeaders().set("Location", location);
            }
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            try (exchange) {
              exchange.sendResponseHeaders(status, 0);
              exchange.getResponseBody().write(bytes);
            } catch (IOException e) {
              // The client stopped reading, which is what one of these tests is about.
              assertThat(e).isNotNull();
            }
          });
      server.start();
    }

    URI url() {
      return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @Test
  void callsThatWaitForTheirTurnsHearOf429First() {
    Fault tooMany =
        Fault.on("POST", "/tool").always().before(Effect.throttled(Duration.ofSeconds(60)));
    sandbox.fault(tooMany);
    var slowly = new Paces(new Pace.Limit(2, 1));
    Call create = new Call.Create(Kinds.TOOL, TOOL);

    List<Reply> replies =
        account(Manner.of("acc", slowly, false, () -> {})).send(List.of(create, create, create));

    assertThat(replies)
        .extracting(reply -> ((Reply.Throttled) reply).brake())
        .containsExactlyInAnyOrder(Reply.Brake.VAPI, Reply.Brake.PACE, Reply.Brake.PACE);
    assertThat(tooMany.struck()).isEqualTo(1);
  }

  @Test
  void aWriteThatMayNotGoAnyMoreWhenThereIsAConnectionIsNotSent() {
    var asked = new AtomicInteger();
    Manner manner =
        Manner.of(
            "acc",
            new Paces(null),
            false,
            () -> {
              if (asked.incrementAndGet() > 1) {
                throw new Journal.LeaseLost();
              }
            });
    assertThatThrownBy(() -> account(manner).send(List.of(new Call.Create(Kinds.TOOL, TOOL))))
        .isInstanceOf(Journal.LeaseLost.class);
    assertThat(asked).hasValue(2);
    assertThat(ok(send(new Call.All(Kinds.TOOL, null, null)))).isEmpty();
  }
}
