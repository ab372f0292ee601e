package dev.graft.server.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vault.Secret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SignatureTest {
  /** The example in the specification of Standard Webhooks. */
  @Test
  void theSpecificationsExampleComesOut() {
    Secret secret = Secret.owning(Base64.getDecoder().decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assertThat(
            Signature.of(
                List.of(secret),
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                Instant.ofEpochSecond(1614265330),
                "{\"test\": 2432232314}".getBytes(UTF_8)))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void anotherImplementationAcceptsItAndNothingElse() {
    Secret one = Signature.newSecret();
    Secret other = Signature.newSecret();
    Secret stranger = Signature.newSecret();
    Instant now = Instant.now();
    String body = "{\"type\":\"account.linked\",\"name\":\"Zoë\"}";
    String both = Signature.of(List.of(one, other), "evt_1", now, body.getBytes(UTF_8));
    assertThat(both.split(" ", -1)).hasSize(2);
    assertThat(got("evt_1", now, both, body).isSignedWith(Signature.shown(one))).isTrue();
    assertThat(got("evt_1", now, both, body).isSignedWith(Signature.shown(other))).isTrue();
    assertThat(got("evt_1", now, both, body).isSignedWith(Signature.shown(stranger))).isFalse();
    assertThat(got("evt_2", now, both, body).isSignedWith(Signature.shown(one))).isFalse();
    assertThat(got("evt_1", now.plusSeconds(1), both, body).isSignedWith(Signature.shown(one)))
        .isFalse();
    assertThat(got("evt_1", now, both, body + " ").isSignedWith(Signature.shown(one))).isFalse();
  }

  /** What docs/webhooks.md tells receivers to write, run as it stands there. */
  @Test
  void thePythonOfTheManualAcceptsItAndNothingElse() throws Exception {
    String manual = Files.readString(Path.of("../docs/webhooks.md"));
    String python = manual.split("```python\n", -1)[1].split("```", -1)[0];
    Secret secret = Signature.newSecret();
    Secret former = Signature.newSecret();
    Instant now = Instant.now();
    String body = "{\"type\":\"account.linked\",\"name\":\"Zoë\"}";
    String signature = Signature.of(List.of(secret, former), "evt_1", now, body.getBytes(UTF_8));
    String script =
        python
            + """
            import sys
            for line in sys.stdin.buffer.read().decode().splitlines():
                secret, id, timestamp, signature, body = line.split("\t")
                headers = {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature}
                print(verified(secret, headers, body.encode()))
            """;
    String good = "\tevt_1\t" + now.getEpochSecond() + "\t" + signature + "\t" + body;
    Instant old = now.minusSeconds(600);
    List<String> cases =
        List.of(
            Signature.shown(secret) + good,
            Signature.shown(former) + good,
            Signature.shown(Signature.newSecret()) + good,
            Signature.shown(secret) + good.replace("evt_1", "evt_2"),
            Signature.shown(secret) + good.replace("linked", "failed"),
            Signature.shown(secret)
                + "\tevt_1\t"
                + old.getEpochSecond()
                + "\t"
                + Signature.of(List.of(secret), "evt_1", old, body.getBytes(UTF_8))
                + "\t"
                + body);
    Process process = new ProcessBuilder("python3", "-c", script).redirectErrorStream(true).start();
    try (var in = process.getOutputStream()) {
      in.write(String.join("\n", cases).getBytes(UTF_8));
    }
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(said.lines()).containsExactly("True", "True", "False", "False", "False", "False");
  }

  private static Receiver.Got got(String id, Instant at, String signature, String body) {
    return new Receiver.Got(
        Map.of(
            "webhook-id", List.of(id),
            "webhook-timestamp", List.of(String.valueOf(at.getEpochSecond())),
            "webhook-signature", List.of(signature)),
        body);
  }

  @Test
  void retriesGoOnForThreeDaysAndNeverAllAtOnce() {
    RandomGenerator chance = new Random(7);
    Instant begun = Instant.parse("2026-11-23T10:00:00Z");
    Instant now = begun;
    for (int tries = 1; tries <= Retries.PAUSES.size(); tries++) {
      Instant next = Retries.next(tries, now, null, chance).orElseThrow();
      Duration usual = Retries.PAUSES.get(tries - 1);
      assertThat(Duration.between(now, next))
          .isBetween(usual.multipliedBy(4).dividedBy(5), usual.multipliedBy(6).dividedBy(5));
      now = next;
    }
    assertThat(Duration.between(begun, now)).isBetween(Duration.ofDays(2), Duration.ofDays(4));
    assertThat(Retries.next(Retries.PAUSES.size() + 1, now, null, chance)).isEmpty();
    assertThat(Retries.next(1, begun, Duration.ofMinutes(5), chance))
        .contains(begun.plus(Duration.ofMinutes(5)));
    assertThat(Retries.next(1, begun, Duration.ofDays(5), chance).orElseThrow())
        .isBefore(begun.plusSeconds(10));
  }
}
