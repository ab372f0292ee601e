package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.core.JacksonException;

class FaultTest {
  private final Sandbox sandbox = Sandbox.start();
  private final Account account = sandbox.account("Acme", "key-of-acme");
  private final Client vapi = new Client(sandbox.url(), "key-of-acme");

  @AfterEach
  void stop() {
    sandbox.close();
  }

  @ParameterizedTest
  @EnumSource(Fault.Moment.class)
  void aStatusBeforeTheCommitLeavesNothingAndAfterItEverything(Fault.Moment moment) {
    var trigger = Fault.on("POST", "/assistant");
    Effect effect = Effect.status(503);
    sandbox.fault(moment == Fault.Moment.BEFORE ? trigger.before(effect) : trigger.after(effect));

    var answer = vapi.post("/assistant", "{}");

    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.json().path("error").asString()).isEqualTo("Service Unavailable");
    assertThat(account.objects("assistant")).hasSize(moment == Fault.Moment.BEFORE ? 0 : 1);
  }

  @Test
  void anErrorMayBeHtmlOrEmptyOrAnyJson() {
    sandbox.fault(Fault.on("GET", "/tool").before(Effect.html(502)));
    sandbox.fault(Fault.on("GET", "/tool").nth(2).before(Effect.empty(500)));
    sandbox.fault(
        Fault.on("GET", "/tool")
            .nth(3)
            .before(Effect.json(409, Client.json("{\"error\":\"tool_write_conflict\"}"))));

    var html = vapi.get("/tool");
    var empty = vapi.get("/tool");
    var conflict = vapi.get("/tool");

    assertThat(html.status()).isEqualTo(502);
    assertThat(html.header("Content-Type")).startsWith("text/html");
    assertThat(empty.status()).isEqualTo(500);
    assertThat(empty.response().body()).isEmpty();
    assertThat(conflict.json().path("error").asString()).isEqualTo("tool_write_conflict");
    assertThat(vapi.get("/tool").status()).isEqualTo(200);
  }

  @Test
  void aConnectionClosedBeforeTheCommitLooksLikeOneClosedAfterIt() {
    sandbox.fault(Fault.on("POST", "/assistant").nth(1).before(Effect.close()));
    sandbox.fault(Fault.on("POST", "/assistant").nth(2).after(Effect.close()));

    assertLost(() -> vapi.post("/assistant", "{\"name\":\"first\"}"));
    assertThat(account.objects("assistant")).isEmpty();
    assertLost(() -> vapi.post("/assistant", "{\"name\":\"second\"}"));
    assertThat(account.objects("assistant")).hasSize(1);

    assertThat(vapi.post("/assistant", "{\"name\":\"third\"}").status()).isEqualTo(201);
    assertThat(sandbox.requests().entries())
        .extracting(RequestLog.Entry::status)
        .containsExactly(0, 0, 201);
    assertThat(sandbox.requests().entries())
        .extracting(RequestLog.Entry::committed)
        .containsExactly(false, true, true);
  }

  @Test
  void aReplyCutShortIsNoReply() {
    sandbox.fault(Fault.on("POST", "/tool").after(Effect.truncate()));

    assertLost(() -> vapi.post("/tool", "{\"type\":\"endCall\"}"));

    assertThat(account.objects("tool")).hasSize(1);
    assertThat(vapi.get("/tool").json()).hasSize(1);
  }

  @Test
  void aGarbledReplyIsNoJson() {
    sandbox.fault(Fault.on("POST", "/tool").after(Effect.garble()));

    var answer = vapi.post("/tool", "{\"type\":\"endCall\"}");

    assertThat(answer.status()).isEqualTo(201);
    assertThatThrownBy(answer::json).isInstanceOf(JacksonException.class);
    assertThat(account.objects("tool")).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(Fault.Moment.class)
  void aClientThatGivesUpDuringAHangCannotStopTheCommit(Fault.Moment moment) throws Exception {
    var hung = new CountDownLatch(1);
    var trigger = Fault.on("POST", "/assistant");
    Effect hang = Effect.hang(Duration.ofSeconds(1));
    Effect done = Effect.run(hung::countDown);
    if (moment == Fault.Moment.BEFORE) {
      sandbox.fault(trigger.before(hang));
    } else {
      sandbox.fault(trigger.after(hang));
    }
    sandbox.fault(trigger.after(done));

    assertLost(() -> vapi.patient(Duration.ofMillis(100)).post("/assistant", "{}"));

    assertThat(account.objects("assistant")).hasSize(moment == Fault.Moment.BEFORE ? 0 : 1);
    assertThat(hung.await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(account.objects("assistant")).hasSize(1);
  }

  @Test
  void aHangMayEndInAClosedConnection() {
    sandbox.fault(Fault.on("DELETE", "/tool/*").after(Effect.hang(Duration.ofMillis(50))));
    sandbox.fault(Fault.on("DELETE", "/tool/*").after(Effect.close()));
    String id = vapi.post("/tool", "{\"type\":\"endCall\"}").id();

    assertLost(() -> vapi.delete("/tool/" + id));

    assertThat(account.objects("tool")).isEmpty();
    assertThat(sandbox.requests().entries().getLast().struckBy()).containsExactly("hang", "close");
  }

  @Test
  void aDrippingReplyArrivesInTheEnd() {
    account.seed("assistant", 20, number -> Json.object().put("name", "a " + number));
    sandbox.fault(Fault.on("GET", "/assistant").after(Effect.drip(Duration.ofMillis(300))));
    long start = System.nanoTime();

    var answer = vapi.get("/assistant");

    assertThat(answer.json()).hasSize(20);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(280));
  }

  @Test
  void aShortReplyDripsForAsLong() {
    sandbox.fault(Fault.on("GET", "/assistant").after(Effect.drip(Duration.ofMillis(300))));
    long start = System.nanoTime();

    assertThat(vapi.get("/assistant").json()).isEmpty();

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(280));
  }

  @Test
  void a429SaysOrDoesNotSayHowLongToWait() {
    sandbox.fault(Fault.on("GET", "/tool").before(Effect.throttled(null)));
    sandbox.fault(Fault.on("GET", "/tool").nth(2).before(Effect.throttled(Duration.ofSeconds(3))));

    var silent = vapi.get("/tool");
    var telling = vapi.get("/tool");

    assertThat(silent.status()).isEqualTo(429);
    assertThat(silent.header("Retry-After")).isEmpty();
    assertThat(telling.header("Retry-After")).isEqualTo("3");
  }

  @Test
  void theOwnerMayEditBetweenAReadAndAWrite() {
    String id = vapi.post("/assistant", "{\"name\":\"A\"}").id();
    sandbox.fault(
        Fault.on("PATCH", "/assistant/*")
            .before(Effect.patch("/assistant/{id}", Client.json("{\"firstMessage\":\"Mine\"}"))));

    var patched = vapi.patch("/assistant/" + id, "{\"name\":\"B\"}");

    assertThat(patched.json().path("name").asString()).isEqualTo("B");
    assertThat(patched.json().path("firstMessage").asString()).isEqualTo("Mine");
    assertThat(patched.json().path("latestVersion").asString()).isEqualTo("v3");
  }

  @Test
  void theOwnerMayDeleteJustBeforeAndCreateJustAfter() {
    String id = vapi.post("/assistant", "{\"name\":\"A\"}").id();
    sandbox.fault(Fault.on("PATCH", "/assistant/*").before(Effect.delete("/assistant/{id}")));
    sandbox.fault(
        Fault.on("PATCH", "/assistant/*")
            .after(Effect.create("/assistant", Client.json("{\"name\":\"A\"}"))));

    assertThat(vapi.patch("/assistant/" + id, "{\"name\":\"B\"}").status()).isEqualTo(404);

    assertThat(account.objects("assistant"))
        .hasSize(1)
        .noneMatch(each -> each.path("id").asString().equals(id));
  }

  @Test
  void theOwnerMayEditWhatHasJustBeenMade() {
    sandbox.fault(
        Fault.on("POST", "/assistant")
            .after(Effect.patch("/assistant/{id}", Client.json("{\"name\":\"Renamed\"}"))));

    var created = vapi.post("/assistant", "{\"name\":\"A\"}");

    assertThat(created.json().path("name").asString()).isEqualTo("A");
    assertThat(vapi.get("/assistant/" + created.id()).json().path("name").asString())
        .isEqualTo("Renamed");
  }

  @Test
  void anEditThatCannotBeMadeIsToldLoudly() {
    sandbox.fault(
        Fault.on("GET", "/tool")
            .before(Effect.delete("/tool/00000000-0000-4000-8000-000000000001")));

    var answer = vapi.get("/tool");

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.messages().getFirst()).contains("has no tool with the id");
  }

  @Test
  void aFaultCountsOnlyWhatMatchesIt() {
    Account other = sandbox.account("Other", "key-of-other");
    var theirs = new Client(sandbox.url(), "key-of-other");
    Fault fault =
        sandbox.fault(
            Fault.on("GET", "/tool/*").nth(2).times(2).by(account).before(Effect.status(500)));
    String id = vapi.post("/tool", "{\"type\":\"endCall\"}").id();
    String foreign = theirs.post("/tool", "{\"type\":\"endCall\"}").id();
    assertThat(other.objects("tool")).hasSize(1);

    assertThat(vapi.get("/tool").status()).isEqualTo(200);
    assertThat(vapi.get("/tool/" + id).status()).isEqualTo(200);
    assertThat(theirs.get("/tool/" + foreign).status()).isEqualTo(200);
    assertThat(vapi.get("/tool/" + id).status()).isEqualTo(500);
    assertThat(fault.struck()).isEqualTo(1);
    assertThat(vapi.get("/tool/" + id).status()).isEqualTo(500);
    assertThat(vapi.get("/tool/" + id).status()).isEqualTo(200);
    assertThat(fault.struck()).isEqualTo(2);
  }

  @Test
  void aFaultMayLastUntilItIsRemoved() {
    Fault fault = sandbox.fault(Fault.on("*", "**").always().before(Effect.status(502)));
    for (int round = 0; round < 3; round++) {
      assertThat(vapi.get("/assistant").status()).isEqualTo(502);
    }

    sandbox.remove(fault);

    assertThat(vapi.get("/assistant").status()).isEqualTo(200);
    assertThat(sandbox.faults()).isEmpty();
  }

  @Test
  void thereIsNoReplyToSpoilBeforeTheCommit() {
    assertThatThrownBy(() -> Fault.on("POST", "/tool").before(Effect.truncate()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("after");
  }

  @Test
  void latencyDelaysEveryRequest() {
    sandbox.latency(Duration.ofMillis(60));
    long start = System.nanoTime();

    vapi.get("/tool");

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(59));
  }

  @Test
  void closingTheSandboxDoesNotWaitForWhatHangs() {
    sandbox.fault(Fault.on("GET", "/tool").before(Effect.hang(Duration.ofMinutes(5))));
    var asked = Thread.ofVirtual().start(() -> assertLost(() -> vapi.get("/tool")));
    while (sandbox.requests().entries().isEmpty()) {
      Thread.onSpinWait();
    }
    long start = System.nanoTime();

    sandbox.close();

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    assertThat(asked).isNotNull();
  }

  private static void assertLost(Runnable request) {
    assertThatThrownBy(request::run)
        .isInstanceOf(UncheckedIOException.class)
        .hasCauseInstanceOf(IOException.class);
  }
}
