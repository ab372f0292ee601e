package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.server.web.PublishedApi;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What Graft promises about its own API keys, on whichever database. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ApiKeyContract {
  static final String ADMIN = "an-admin-token-of-more-than-twenty-characters";

  @TempDir private static Path folder;
  private RunningServer server;

  /** The settings of a node; each call gives another node of the same database. */
  abstract Map<String, String> node();

  @BeforeAll
  void start() {
    server = RunningServer.start(node());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  RunningServer server() {
    return server;
  }

  static Map<String, String> settings() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1"));
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
    return environment;
  }

  static RunningServer.Answer call(
      RunningServer server, String token, String method, String path, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.url().resolve(path))
            .header("Authorization", "Bearer " + token);
    if (body.isEmpty()) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", "application/json")
          .method(method, BodyPublishers.ofString(body));
    }
    RunningServer.Answer answer = server.send(request);
    PublishedApi.check(method, path, answer.status(), answer.headers(), answer.body());
    return answer;
  }

  static ObjectNode make(RunningServer server, String token, String body) {
    RunningServer.Answer answer = call(server, token, "POST", "/v1/api-keys", body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    return answer.json();
  }

  static String text(JsonNode json, String member) {
    return json.required(member).stringValue();
  }

  /** A key as the list has it. */
  private static JsonNode shown(RunningServer server, ObjectNode made) {
    return call(server, ADMIN, "GET", "/v1/api-keys?limit=200", "")
        .json()
        .required("apiKeys")
        .valueStream()
        .filter(key -> text(key, "id").equals(text(made, "id")))
        .findFirst()
        .orElseThrow();
  }

  private static String scopes(String... scopes) {
    var json = Json.object().put("label", "test");
    var list = json.putArray("scopes");
    List.of(scopes).forEach(list::add);
    return Json.write(json);
  }

  private static int status(RunningServer server, String token) {
    return call(server, token, "GET", "/v1/templates", "").status();
  }

  @Test
  void aKeyMayDoWhatItsScopesSayAndIsShownOnce() {
    ObjectNode made = make(server, ADMIN, scopes("read", "plan"));
    String key = text(made, "key");
    assertThat(status(server, key)).isEqualTo(200);
    RunningServer.Answer link =
        call(server, key, "POST", "/v1/accounts", "{\"userId\":\"u\",\"apiKey\":\"k\"}");
    assertThat(link.code()).isEqualTo("FORBIDDEN");
    assertThat(link.json().get("error").stringValue()).contains("'link'");
    assertThat(call(server, key, "GET", "/v1/api-keys", "").code()).isEqualTo("FORBIDDEN");

    RunningServer.Answer list = call(server, ADMIN, "GET", "/v1/api-keys?limit=200", "");
    JsonNode shown = shown(server, made);
    assertThat(text(shown, "madeBy")).isEqualTo("admin:admin-token");
    assertThat(text(shown, "lastUsedAt")).isNotBlank();
    assertThat(list.body()).doesNotContain(key.substring(35, 60));
    assertThat(Canary.findIn(folder, key)).isEmpty();
    assertThat(Canary.findIn(folder, key.substring(32, 75))).isEmpty();
  }

  @Test
  void whatIsNoKeyOfThisServerIsRefusedTheSameWay() {
    String key = text(make(server, ADMIN, scopes("read")), "key");
    List<RunningServer.Answer> refusals = new ArrayList<>();
    for (String wrong :
        List.of(
            key.substring(0, key.length() - 1),
            key.toLowerCase(java.util.Locale.ROOT),
            // Right in itself, with an id and with a random part that were never given out.
            "graft_live_01a206ca05a75c05903f_" + "a".repeat(43) + "_" + "3oMYT4",
            "graft_live_",
            "graft_test_" + key.substring(11))) {
      refusals.add(call(server, wrong, "GET", "/v1/templates", ""));
    }
    for (RunningServer.Answer refusal : refusals) {
      assertThat(refusal.status()).isEqualTo(401);
      assertThat(refusal.json().without("requestId"))
          .isEqualTo(refusals.getFirst().json().without("requestId"));
      assertThat(refusal.json().get("error").stringValue())
          .contains("graft_live_", "admin token", "not a Vapi key");
    }
  }

  @Test
  void aRotationLeavesTwoKeysAndNeverThree() {
    ObjectNode first = make(server, ADMIN, scopes("read"));
    String rotate = "/v1/api-keys/" + text(first, "id") + "/rotate";
    RunningServer.Answer answer = call(server, ADMIN, "POST", rotate, "{}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    ObjectNode second = answer.json();
    assertThat(second.get("scopes")).isEqualTo(first.get("scopes"));
    assertThat(status(server, text(first, "key"))).isEqualTo(200);
    assertThat(status(server, text(second, "key"))).isEqualTo(200);

    JsonNode old = shown(server, first);
    assertThat(text(old, "successor")).isEqualTo(text(second, "id"));
    assertThat(Duration.between(Instant.now(), Instant.parse(text(old, "expiresAt"))))
        .isBetween(Duration.ofHours(23), Duration.ofHours(24));

    assertThat(call(server, ADMIN, "POST", rotate, "").code()).isEqualTo("GRAFT_KEY_ENDED");
    String again = "/v1/api-keys/" + text(second, "id") + "/rotate";
    assertThat(call(server, ADMIN, "POST", again, "{}").code()).isEqualTo("ROTATION_RUNNING");
    call(server, ADMIN, "DELETE", "/v1/api-keys/" + text(first, "id"), "");
    assertThat(status(server, text(first, "key"))).isEqualTo(401);
    assertThat(call(server, ADMIN, "POST", again, "{}").status()).isEqualTo(201);
    assertThat(call(server, ADMIN, "POST", "/v1/api-keys/none/rotate", "{}").code())
        .isEqualTo("GRAFT_KEY_NOT_FOUND");
  }

  @Test
  void aKeyEndsWhenItsTimeIsUp() throws InterruptedException {
    Instant end = Instant.now().plusMillis(1_500);
    ObjectNode made =
        make(
            server,
            ADMIN,
            "{\"label\":\"short\",\"scopes\":[\"read\"],\"expiresAt\":\"" + end + "\"}");
    assertThat(status(server, text(made, "key"))).isEqualTo(200);
    Thread.sleep(Duration.between(Instant.now(), end).plusMillis(50));
    assertThat(status(server, text(made, "key"))).isEqualTo(401);
    JsonNode shown = shown(server, made);
    assertThat(shown.required("valid").booleanValue()).isFalse();
  }

  @Test
  void aKeyMakesNoKeyThatMayDoMore() {
    String key = text(make(server, ADMIN, scopes("read", "manage")), "key");
    ObjectNode strong = make(server, ADMIN, scopes("read", "change"));
    RunningServer.Answer more =
        call(server, key, "POST", "/v1/api-keys", scopes("read", "change", "unlink"));
    assertThat(more.code()).isEqualTo("FORBIDDEN");
    assertThat(more.json().get("error").stringValue()).contains("change, unlink");
    String rotate = "/v1/api-keys/" + text(strong, "id") + "/rotate";
    assertThat(call(server, key, "POST", rotate, "{}").code()).isEqualTo("FORBIDDEN");
    ObjectNode same = make(server, key, scopes("manage"));
    assertThat(text(same, "madeBy")).startsWith("key:");
  }

  @Test
  void everyKindOfBadWishIsTold() {
    for (var wish :
        Map.of(
                "{\"scopes\":[\"read\"]}", "INVALID_LABEL",
                "{\"label\":\"a\\u0000b\",\"scopes\":[\"read\"]}", "INVALID_LABEL",
                "{\"label\":\"a\"}", "INVALID_SCOPES",
                "{\"label\":\"a\",\"scopes\":[]}", "INVALID_SCOPES",
                "{\"label\":\"a\",\"scopes\":[\"READ\"]}", "INVALID_SCOPES",
                "{\"label\":\"a\",\"scopes\":\"read\"}", "INVALID_SCOPES",
                "{\"label\":\"a\",\"scopes\":[\"manage\"],\"userId\":\"u\"}", "INVALID_SCOPES",
                "{\"label\":\"a\",\"scopes\":[\"read\"],\"userId\":7}", "INVALID_USER_ID",
                "{\"label\":\"a\",\"scopes\":[\"read\"],\"expiresAt\":\"2001-01-01T00:00:00Z\"}",
                    "INVALID_TIME",
                "{\"label\":\"a\",\"scopes\":[\"read\"],\"admin\":true}", "UNKNOWN_MEMBER")
            .entrySet()) {
      RunningServer.Answer answer = call(server, ADMIN, "POST", "/v1/api-keys", wish.getKey());
      assertThat(answer.status()).as(wish.getKey()).isEqualTo(400);
      assertThat(answer.code()).as(wish.getKey()).isEqualTo(wish.getValue());
    }
  }
}
