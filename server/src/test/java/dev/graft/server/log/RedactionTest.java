package dev.graft.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vault.Secret;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RedactionTest {
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
  private final Redaction redaction = new Redaction(now::get);

  private void protect(String secret) {
    redaction.protect(Secret.copyOf(secret));
  }

  @Test
  void aSecretIsMaskedWhereverItStands() {
    String key = UUID.randomUUID().toString();
    String other = UUID.randomUUID().toString();
    protect(key);
    assertThat(redaction.clean(key)).isEqualTo("***");
    assertThat(redaction.clean("a" + key + "b " + key + key)).isEqualTo("a***b ***");
    assertThat(redaction.clean("id " + other + " key=" + key + ";"))
        .isEqualTo("id " + other + " key=***;");
    assertThat(redaction.clean("üñ→ " + key + "\n\tat x")).isEqualTo("üñ→ ***\n\tat x");
    assertThat(redaction.clean(key.substring(1))).isEqualTo(key.substring(1));
    assertThat(redaction.clean("")).isEmpty();
  }

  @Test
  void everyUsualFormIsMasked() {
    for (String key :
        List.of(
            UUID.randomUUID().toString(),
            "p@ss \"w\\rd\"/+=&%~ x!",
            "Grüße an Łódź, 10 € \uD83D\uDE00")) {
      protect(key);
      byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
      for (int before = 0; before < 3; before++) {
        String text = "u:".repeat(before).substring(before) + key + "tail";
        String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        String masked = redaction.clean("Got " + encoded + ".");
        assertThat(masked).contains("***");
        assertThat(encoded.length() - masked.length()).isGreaterThan(key.length() - 8);
        String url = Base64.getUrlEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        assertThat(redaction.clean(url)).contains("***");
      }
      String hex = HexFormat.of().formatHex(bytes);
      assertThat(redaction.clean("x" + hex)).isEqualTo("x***");
      assertThat(redaction.clean(hex.toUpperCase(Locale.ROOT))).isEqualTo("***");
      String url = URLEncoder.encode(key, StandardCharsets.UTF_8);
      assertThat(redaction.clean("?k=" + url)).isEqualTo("?k=***");
      assertThat(redaction.clean(url.replace("+", "%20"))).isEqualTo("***");
      String json = key.replace("\\", "\\\\").replace("\"", "\\\"");
      assertThat(redaction.clean("{\"k\":\"" + json + "\"}")).isEqualTo("{\"k\":\"***\"}");
    }
  }

  @Test
  void oneIsFoundAmongThousandsAndNothingElseIsTouched() {
    var random = new Random(42);
    for (int i = 0; i < 3_000; i++) {
      protect(new UUID(random.nextLong(), random.nextLong()).toString());
    }
    String key = UUID.randomUUID().toString();
    protect(key);
    for (int i = 0; i < 2_000; i++) {
      String id = new UUID(random.nextLong(), random.nextLong()).toString();
      assertThat(redaction.clean("object " + id)).isEqualTo("object " + id);
    }
    assertThat(redaction.clean("x" + key)).isEqualTo("x***");
  }

  @Test
  void aSecretIsForgottenSomeTimeAfterItsLastUse() {
    String key = UUID.randomUUID().toString();
    protect(key);
    now.updateAndGet(at -> at.plus(Duration.ofMinutes(14)));
    protect(key);
    now.updateAndGet(at -> at.plus(Duration.ofMinutes(14)));
    protect("another-secret");
    assertThat(redaction.clean(key)).isEqualTo("***");
    now.updateAndGet(at -> at.plus(Duration.ofMinutes(2)));
    protect("a-third-secret");
    assertThat(redaction.clean(key)).isEqualTo(key);
    assertThat(redaction.clean("another-secret")).isEqualTo("***");
  }

  @Test
  void theOldestGoFirstWhenThereAreTooMany() {
    String first = UUID.randomUUID().toString();
    protect(first);
    for (int i = 0; i < 10_000; i++) {
      protect("secret number " + i);
    }
    assertThat(redaction.clean(first)).isEqualTo(first);
    assertThat(redaction.clean("secret number 0")).isEqualTo("***");
    assertThat(redaction.clean("secret number 9999")).isEqualTo("***");
  }

  @Test
  void aSecretOfThisProcessIsMaskedForGood() {
    String used = UUID.randomUUID().toString();
    String unused = UUID.randomUUID().toString();
    protect(used);
    redaction.protectForever(Secret.copyOf(used));
    redaction.protectForever(Secret.copyOf(unused));
    protect(used);
    now.updateAndGet(at -> at.plus(Duration.ofDays(400)));
    for (int i = 0; i < 10_001; i++) {
      protect("secret number " + i);
    }
    assertThat(redaction.clean("secret number 0")).isEqualTo("secret number 0");
    for (String own : List.of(used, unused)) {
      assertThat(redaction.clean("is " + own)).isEqualTo("is ***");
      String hex = HexFormat.of().formatHex(own.getBytes(StandardCharsets.UTF_8));
      assertThat(redaction.clean(hex)).isEqualTo("***");
    }
  }

  @Test
  void whatTwoSecretsHaveInCommonIsMaskedUntilBothAreForgotten() {
    String key = UUID.randomUUID().toString();
    protect(HexFormat.of().formatHex(key.getBytes(StandardCharsets.UTF_8)));
    now.updateAndGet(at -> at.plus(Duration.ofMinutes(10)));
    protect(key);
    now.updateAndGet(at -> at.plus(Duration.ofMinutes(10)));
    protect("another-secret");
    String hex = HexFormat.of().formatHex(key.getBytes(StandardCharsets.UTF_8));
    assertThat(redaction.clean(hex)).isEqualTo("***");
  }

  /**
   * A hash of every part of a text, in each of a secret's lengths, would take several times as long
   * as one of every part in one length.
   */
  @Test
  void howManyWereEverKnownDoesNotMakeCleaningSlow() {
    var random = new Random(7);
    for (int i = 0; i < 25_000; i++) {
      protect(new UUID(random.nextLong(), random.nextLong()).toString());
    }
    var prose = new StringBuilder();
    while (prose.length() < 200_000) {
      prose.append(new UUID(random.nextLong(), random.nextLong())).append(", ");
    }
    String text = prose.toString();
    var hash = new KeyedHash(random);
    long hashing = Long.MAX_VALUE;
    long cleaning = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      long from = System.nanoTime();
      long none = 0;
      for (int at = 0; at + 36 <= text.length(); at++) {
        none += hash.of(text.substring(at, at + 36).getBytes(StandardCharsets.UTF_8)).low() & 1;
      }
      long between = System.nanoTime();
      assertThat(redaction.clean(text)).isEqualTo(text);
      assertThat(none).isPositive();
      hashing = Math.min(hashing, between - from);
      cleaning = Math.min(cleaning, System.nanoTime() - between);
    }
    assertThat(cleaning).isLessThan(hashing);
  }

  @Test
  void aWordThatIsTooShortIsLeftAlone() {
    protect("error");
    assertThat(redaction.clean("an error")).isEqualTo("an error");
  }

  @Test
  void whatNothingElseLooksLikeIsMaskedUnseen() {
    assertThat(redaction.clean("Authorization: Bearer abc.def-123"))
        .isEqualTo("Authorization: Bearer ***");
    assertThat(redaction.clean("\"authorization\":\"Basic dXNlcjpwYXNz\""))
        .isEqualTo("\"authorization\":\"Basic ***\"");
    assertThat(redaction.clean("sent Bearer 0123456789abcdef on")).isEqualTo("sent Bearer *** on");
    assertThat(redaction.clean("{\"apiKey\":\"never seen\",\"x\":1}"))
        .isEqualTo("{\"apiKey\":\"***\",\"x\":1}");
    assertThat(redaction.clean("key graft_live_3f9a_0123456789abcdefXYZ_9a8b."))
        .isEqualTo("key ***.");
    assertThat(redaction.clean("t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!")).isEqualTo("t=***!");
    assertThat(
            redaction.clean(
                "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----\nrest"))
        .isEqualTo("***\nrest");
    for (String harmless :
        List.of(
            "Bearer of bad news",
            "Authorization failed",
            "graft_data",
            "-----BEGIN CERTIFICATE-----",
            "The token in the header 'Authorization' is not one of Graft's own.")) {
      assertThat(redaction.clean(harmless)).isEqualTo(harmless);
    }
  }
}
