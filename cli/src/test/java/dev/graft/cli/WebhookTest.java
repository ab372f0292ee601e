package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code graft webhook}, and what the list of accounts says of keys. */
class WebhookTest {
  private static final String WEBHOOK =
      """
      {"id": "wh_1", "url": "https://example.com/x", "events": ["*"], "description": "Billing",
       "enabled": true, "reason": null, "since": "2026-11-23T09:10:11.123Z", "failingSince": null,
       "formerSecretUntil": null, "createdAt": "2026-11-23T09:10:11.123Z", "waiting": 2, "dead": 1}\
      """;
  private static final String SECRET =
      WEBHOOK.replace("\"dead\": 1", "\"dead\": 1, \"secret\": \"whsec_c2VjcmV0\"");

  private final ScriptedServer server = ScriptedServer.start();
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  private static String delivery(String state, String error) {
    return """
    {"id": "evt_1", "type": "account.linked", "webhook": "wh_1", "state": "%s", "tries": 3,
     "happenedAt": "2026-11-23T09:10:11.123Z", "lastTriedAt": null, "lastStatus": null,
     "lastError": %s, "nextTryAt": null, "data": {}}\
    """
        .formatted(state, error);
  }

  @Test
  void oneIsAddedAndItsSecretShown() {
    server.answers("POST /v1/webhooks", 201, SECRET);
    Caller.Outcome outcome =
        caller.call(
            "webhook",
            "add",
            "https://example.com/x",
            "--events",
            "account.revoked, operation.failed",
            "--description",
            "Billing");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .isEqualTo("Added webhook wh_1.\nIts secret, shown this once: whsec_c2VjcmV0\n");
    assertThat(Json.parse(server.asked().getFirst().body()))
        .isEqualTo(
            Json.parse(
                """
                {"url": "https://example.com/x", "events": ["account.revoked", "operation.failed"],
                 "description": "Billing"}
                """));
  }

  @Test
  void theyAreListedWithWhatIsWrong() {
    String disabled =
        WEBHOOK
            .replace("\"enabled\": true", "\"enabled\": false")
            .replace("\"reason\": null", "\"reason\": \"It is gone.\"");
    server.answers("GET /v1/webhooks", 200, "{\"webhooks\": [" + WEBHOOK + "," + disabled + "]}");
    assertThat(caller.call("webhook", "list").out())
        .isEqualTo(
            """
            wh_1  https://example.com/x
              Billing
              tells of *; waiting: 2, given up: 1
            wh_1  https://example.com/x
              Billing
              tells of *; waiting: 2, given up: 1
              Disabled. It is gone.
            """);
    server.answers("GET /v1/webhooks", 200, "{\"webhooks\": []}");
    assertThat(caller.call("webhook", "list").err()).contains("graft webhook add");
  }

  @Test
  void deliveriesAreListedPageByPage() {
    String path = "GET /v1/webhooks/wh_1/deliveries?limit=200&state=dead";
    server
        .answers(
            path,
            200,
            "{\"deliveries\": [" + delivery("dead", "\"no connection\"") + "], \"next\": \"e\"}")
        .answers(
            path + "&after=e",
            200,
            "{\"deliveries\": [" + delivery("dead", "null") + "], \"next\": null}");
    assertThat(caller.call("webhook", "deliveries", "wh_1", "--state", "dead").out())
        .isEqualTo(
            """
            2026-11-23 09:10:11  dead       account.linked       evt_1  no connection
            2026-11-23 09:10:11  dead       account.linked       evt_1
            """);
  }

  @Test
  void aReplayIsOfOneEventOrOfAllSinceATime() {
    server
        .answers("POST /v1/webhooks/wh_1/deliveries/evt_1/replay", 202, delivery("waiting", "null"))
        .answers("POST /v1/webhooks/wh_1/replay", 202, "{\"id\": \"wh_1\", \"replayed\": 12}");
    assertThat(caller.call("webhook", "replay", "wh_1", "evt_1").out())
        .isEqualTo("Sent again: 1 event.\n");
    assertThat(
            caller
                .call("webhook", "replay", "wh_1", "--since", "2026-11-23T09:00:00Z", "--delivered")
                .out())
        .isEqualTo("Sent again: 12 events.\n");
    assertThat(Json.parse(server.asked().getLast().body()))
        .isEqualTo(Json.parse("{\"since\": \"2026-11-23T09:00:00Z\", \"delivered\": true}"));
    assertThat(caller.call("webhook", "replay", "wh_1").exit()).isEqualTo(Exit.USAGE);
    assertThat(caller.call("webhook", "replay", "wh_1", "evt_1", "--since", "x").exit())
        .isEqualTo(Exit.USAGE);
    assertThat(caller.call("webhook", "replay", "wh_1", "evt_1", "--delivered").exit())
        .isEqualTo(Exit.USAGE);
  }

  @Test
  void aTryEndsAsItWent() {
    server.answers("POST /v1/webhooks/wh_1/test", 200, delivery("dead", "\"no connection to it\""));
    Caller.Outcome failed = caller.call("webhook", "test", "wh_1");
    assertThat(failed.exit()).isEqualTo(Exit.FAILED);
    assertThat(failed.err()).contains("It did not get through: no connection to it.");
    server.answers(
        "POST /v1/webhooks/wh_1/test",
        200,
        delivery("delivered", "null").replace("\"lastStatus\": null", "\"lastStatus\": 204"));
    Caller.Outcome through = caller.call("webhook", "test", "wh_1");
    assertThat(through.exit()).isZero();
    assertThat(through.out()).isEqualTo("It got through, with status 204.\n");
  }

  @Test
  void theRestIsSaidInASentence() {
    server
        .answers("PATCH /v1/webhooks/wh_1", 200, WEBHOOK)
        .answers("DELETE /v1/webhooks/wh_1", 200, "{\"id\": \"wh_1\", \"removed\": true}")
        .answers(
            "POST /v1/webhooks/wh_1/rotate-secret",
            200,
            SECRET.replace(
                "\"formerSecretUntil\": null",
                "\"formerSecretUntil\": \"2026-11-24T09:10:11.123Z\""));
    assertThat(caller.call("webhook", "enable", "wh_1").out()).isEqualTo("Enabled webhook wh_1.\n");
    assertThat(server.asked().getLast().body()).isEqualTo("{\"enabled\":true}");
    assertThat(caller.call("webhook", "disable", "wh_1").out())
        .isEqualTo("Disabled webhook wh_1.\n");
    assertThat(caller.call("webhook", "rotate-secret", "wh_1", "--overlap-hours", "48").out())
        .contains("whsec_c2VjcmV0", "Until 2026-11-24 09:10:11 (UTC)");
    assertThat(server.asked().getLast().body()).isEqualTo("{\"overlapHours\":48}");
    assertThat(caller.call("webhook", "remove", "wh_1").out()).isEqualTo("Removed webhook wh_1.\n");
    assertThat(caller.call("webhook", "rotate-secret", "wh_1", "--overlap-hours", "x").exit())
        .isEqualTo(Exit.USAGE);
  }

  @Test
  void aRevokedKeyIsSeenInTheListOfAccountsAndInTheStatus() {
    String revoked =
        Documents.ACCOUNT.replace(
            "\"region\": \"us\",",
            """
            "region": "us", "key": {"state": "revoked", "reason": "Vapi answers with status 401.",
             "since": "2026-11-23T09:10:11.123Z", "checkedAt": "2026-11-23T09:10:11.123Z"},
            """);
    server
        .answers("GET /v1/accounts?limit=200&state=revoked", 200, Documents.page(revoked))
        .answers("GET /v1/accounts?userId=user_123", 200, Documents.page(revoked));
    String below = "GET /v1/accounts/" + Documents.ACCOUNT_ID + "/";
    server
        .answers(below + "installations", 200, "{\"installations\": []}")
        .answers(below + "operations", 200, "{\"operations\": []}");
    assertThat(caller.call("accounts", "--revoked").out())
        .contains("user_123  key revoked 2026-11-23 09:10:11");
    assertThat(caller.call("status", "user_123").out())
        .contains("key           revoked since 2026-11-23 09:10:11 UTC. Vapi answers with status");
    server.answers("GET /v1/accounts?limit=200&state=revoked", 200, Documents.page(""));
    assertThat(caller.call("accounts", "--revoked").err())
        .contains("No account has a revoked key.");
  }
}
