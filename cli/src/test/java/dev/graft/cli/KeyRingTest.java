package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyRingTest {
  private static final String ID = "01a206ca05a75c05903f";
  private static final String KEY = "graft_live_" + ID + "_" + "a".repeat(43) + "_3oMYT4";
  private static final String SHOWN =
      """
      {"id": "%s", "label": "booking", "scopes": ["read", "plan"], "userId": "user_123",
       "valid": true, "madeAt": "2026-11-23T05:03:52.798Z", "madeBy": "admin:admin-token",
       "expiresAt": null, "lastUsedAt": "2026-11-23T06:03:52.798Z", "revokedAt": null,
       "successor": null}
      """
          .formatted(ID);
  private static final String MADE = SHOWN.strip().replaceFirst("}$", ",\"key\":\"" + KEY + "\"}");

  private final ScriptedServer server =
      ScriptedServer.start()
          .answers("POST /v1/api-keys", 201, MADE)
          .answers("POST /v1/api-keys/" + ID + "/rotate", 201, MADE)
          .answers("DELETE /v1/api-keys/" + ID, 200, SHOWN.replace("true", "false"))
          .answers(
              "GET /v1/api-keys?limit=200",
              200,
              "{\"apiKeys\": [" + SHOWN + "], \"next\": \"" + ID + "\"}")
          .answers(
              "GET /v1/api-keys?limit=200&after=" + ID,
              200,
              "{\"apiKeys\": ["
                  + SHOWN.replace("true", "false").replace("booking", "old")
                  + "], \"next\": null}");
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aNewKeyGoesToStandardOutputAlone() {
    Caller.Outcome outcome =
        caller.call(
            "api-key",
            "make",
            "booking",
            "--scope",
            "read",
            "--scope",
            "plan",
            "--user",
            "user_123",
            "--expires",
            "2999-01-31T00:00:00Z");
    assertThat(outcome)
        .isEqualTo(
            new Caller.Outcome(
                0,
                KEY + "\n",
                "This is the key "
                    + ID
                    + " for booking. It is shown this once and kept nowhere.\n"));
    assertThat(Json.parse(server.asked().getLast().body()))
        .isEqualTo(
            Json.parse(
                """
                {"label": "booking", "scopes": ["read", "plan"], "userId": "user_123",
                 "expiresAt": "2999-01-31T00:00:00Z"}
                """));
  }

  @Test
  void aKeyWhoseRequestsAreSignedComesWithWhatSignsThem(@TempDir Path folder) throws IOException {
    String secret = "c2VjcmV0";
    String signed = MADE.replaceFirst("}$", ",\"signing\":{\"algorithm\":\"hmac-sha256\"}}");
    server.answers(
        "POST /v1/api-keys",
        201,
        signed.replaceFirst("}$", ",\"signingSecret\":\"" + secret + "\"}"));
    Caller.Outcome outcome =
        caller.call("api-key", "make", "x", "--scope", "read", "--signing", "hmac-sha256");
    assertThat(outcome.out()).isEqualTo(KEY + "\n" + secret + "\n");
    assertThat(outcome.err()).contains("have to be signed (hmac-sha256)");

    Path pem = Files.writeString(folder.resolve("public.pem"), "-----BEGIN PUBLIC KEY-----\n");
    caller.call("api-key", "rotate", ID, "--signing", "ed25519", "--public-key", pem.toString());
    assertThat(Json.parse(server.asked().getLast().body()))
        .isEqualTo(
            Json.parse(
                """
                {"signing": {"algorithm": "ed25519", "publicKey": "-----BEGIN PUBLIC KEY-----"}}
                """));
    assertThat(caller.call("api-key", "rotate", ID, "--public-key", "x").exit()).isEqualTo(64);
    assertThat(
            caller
                .call("api-key", "rotate", ID, "--signing", "ed25519", "--public-key", "nowhere")
                .err())
        .contains("nowhere", "there is no such file");
  }

  @Test
  void timesAreSpansOrInstants() {
    for (String span : new String[] {"90m", "24h", "7d"}) {
      caller.call("api-key", "rotate", ID, "--overlap", span);
      Instant until =
          Instant.parse(
              Json.parseObject(server.asked().getLast().body()).path("until").asString(""));
      Duration expected =
          switch (span) {
            case "90m" -> Duration.ofMinutes(90);
            case "24h" -> Duration.ofHours(24);
            default -> Duration.ofDays(7);
          };
      assertThat(Duration.between(Instant.now(), until))
          .isBetween(expected.minusMinutes(1), expected);
    }
    int asked = server.asked().size();
    for (String wrong : new String[] {"soon", "0d", "-1h", "2027-01-31", "1y"}) {
      assertThat(caller.call("api-key", "rotate", ID, "--overlap=" + wrong).exit()).isEqualTo(64);
    }
    assertThat(caller.call("api-key", "make", "x").err()).contains("needs at least one --scope");
    assertThat(server.asked()).hasSize(asked);
  }

  @Test
  void aRotationSaysHowLongTheKeyBeforeLives() {
    Caller.Outcome outcome = caller.call("api-key", "rotate", ID);
    assertThat(outcome.out()).isEqualTo(KEY + "\n");
    assertThat(outcome.err()).contains("The key before, " + ID + ", stays valid for 24 hours");
    assertThat(server.asked().getLast().body()).isEqualTo("{}");
  }

  @Test
  void theListHasEveryPageAndNoKey() {
    Caller.Outcome outcome = caller.call("api-key", "list");
    assertThat(outcome)
        .isEqualTo(
            new Caller.Outcome(
                0,
                """
                ID                    STATE     LAST USED (UTC)      ENDS (UTC)           LABEL, SCOPES
                01a206ca05a75c05903f  valid     2026-11-23 06:03:52  never                booking [read,plan] of user_123
                01a206ca05a75c05903f  expired   2026-11-23 06:03:52  never                old [read,plan] of user_123
                """,
                ""));
    assertThat(caller.call("api-key", "list", "--json").out().lines()).hasSize(2);
  }

  @Test
  void aRevokedKeyIsNamed() {
    assertThat(caller.call("api-key", "revoke", ID).out())
        .isEqualTo("Revoked booking (" + ID + "). It opens nothing any more.\n");
  }
}
