package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.RequestLog.Count;
import dev.graft.sandbox.RequestLog.Entry;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestLogTest {
  private static final String KEY = "11111111-2222-4333-8444-555555550001";

  private final Sandbox sandbox = Sandbox.start();
  private final Account account = sandbox.account("Acme", KEY);
  private final Client vapi = new Client(sandbox.url(), KEY);

  @AfterEach
  void stop() {
    sandbox.close();
  }

  @Test
  void aRequestIsKeptWithAllThatATestMayAskFor() {
    Instant start = Instant.now();

    vapi.post("/assistant?x=1", "{\"name\":\"A\"}");
    var created = vapi.post("/assistant", "{\"name\":\"A\"}");

    assertThat(sandbox.requests().entries()).hasSize(2);
    Entry refused = sandbox.requests().entries().getFirst();
    assertThat(refused.path()).isEqualTo("/assistant?x=1");
    Entry entry = sandbox.requests().entries().getLast();
    assertThat(entry.number()).isEqualTo(2);
    assertThat(entry.at()).isBetween(start, Instant.now());
    assertThat(entry.method()).isEqualTo("POST");
    assertThat(entry.account()).isEqualTo("Acme");
    assertThat(entry.body().json()).contains(Client.json("{\"name\":\"A\"}"));
    assertThat(entry.body().size()).isEqualTo(12);
    assertThat(entry.bodyDigest()).hasSize(64);
    assertThat(entry.status()).isEqualTo(201);
    assertThat(entry.bytesSent()).isEqualTo(created.response().body().length());
    assertThat(entry.committed()).isTrue();
    assertThat(entry.took()).isPositive();
  }

  @Test
  void aKeyAppearsAsTheStartOfItsDigestOnly() {
    vapi.get("/tool");
    new Client(sandbox.url(), "unknown-" + KEY).get("/tool");

    assertThat(sandbox.requests().entries())
        .extracting(Entry::keyHash)
        .containsExactly(Key.of(KEY).hash(), Key.of("unknown-" + KEY).hash())
        .allMatch(hash -> hash.length() == 12);
    assertThat(sandbox.requests().entries().toString()).doesNotContain(KEY);
    assertThat(sandbox.requests().entries().getLast().account()).isNull();
  }

  @Test
  void countsTellPerAccountMethodAndKindWhatWasDone() {
    sandbox.account("Other", "key-of-other");
    String id = vapi.post("/tool", "{\"type\":\"endCall\"}").id();
    vapi.post("/tool", "{\"type\":\"nonsense\"}");
    vapi.get("/tool/" + id);
    vapi.get("/tool");
    new Client(sandbox.url(), "key-of-other").get("/tool");

    assertThat(sandbox.requests().counts())
        .containsExactly(
            new Count("Acme", "GET", "/tool", 2, 0),
            new Count("Acme", "POST", "/tool", 2, 1),
            new Count("Other", "GET", "/tool", 1, 0));
    assertThat(sandbox.requests().count("GET", "/tool")).isEqualTo(3);
    assertThat(sandbox.requests().count(account, "GET", "/tool")).isEqualTo(2);
    assertThat(sandbox.requests().count(account, "DELETE", "/tool")).isZero();
  }

  @Test
  void aSecondRunCanBeSeenToCreateNothing() {
    vapi.post("/assistant", "{}");
    sandbox.requests().clear();

    vapi.get("/assistant");

    assertThat(sandbox.requests().entries(each -> each.method().equals("POST"))).isEmpty();
    assertThat(sandbox.requests().count("POST", "/assistant")).isZero();
    assertThat(sandbox.requests().entries()).hasSize(1);
  }

  @Test
  void whatTheOwnerDoesIsNoRequest() {
    String id = account.put("tool", Client.json("{\"type\":\"endCall\"}")).path("id").asString();
    account.patch("tool", id, Client.json("{\"messages\":[]}"));
    account.delete("/tool", id);

    assertThat(sandbox.requests().entries()).isEmpty();
    assertThat(sandbox.requests().counts()).isEmpty();
  }

  @Test
  void theLogIsBoundedAndTheCountsAreNot() {
    var log = new RequestLog();
    var call = new Call(Region.US, "GET", "/tool", null, null, null, Body.of("x".repeat(10_000)));
    for (int number = 0; number < 12_000; number++) {
      log.answered(log.arrived(call, "", "Acme", Instant.EPOCH));
    }

    assertThat(log.entries()).hasSizeLessThanOrEqualTo(10_000);
    assertThat(log.entries().stream().mapToLong(each -> each.body().size()).sum())
        .isLessThanOrEqualTo(64L << 20);
    assertThat(log.entries().getLast().number()).isEqualTo(12_000);
    assertThat(log.latest(2)).extracting(Entry::number).containsExactly(12_000L, 11_999L);
    assertThat(log.count("GET", "/tool")).isEqualTo(12_000);
  }
}
