package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ApiTest {
  private static final String KEY = "11111111-2222-4333-8444-555555550001";
  private static final String INVALID =
      """
      {"message":"Invalid Key. Hot tip, you may be using the private key instead of the public key, \
      or vice versa.","error":"Unauthorized","statusCode":401}\
      """;

  private final Sandbox sandbox = Sandbox.start();
  private final Account account = sandbox.account("Acme", KEY);
  private final Client vapi = new Client(sandbox.url(), KEY);

  @AfterEach
  void stop() {
    sandbox.close();
  }

  @Test
  void aCreatedObjectComesBackWholeWithWhatVapiSets() {
    var created = vapi.post("/assistant", "{\"name\":\"Front desk\",\"metadata\":{\"a\":1.10}}");

    assertThat(created.status()).isEqualTo(201);
    JsonNode body = created.json();
    assertThat(Validation.isUuid(created.id())).isTrue();
    assertThat(body.path("orgId").asString()).isEqualTo(account.orgId());
    assertThat(body.path("name").asString()).isEqualTo("Front desk");
    assertThat(body.path("latestVersion").asString()).isEqualTo("v1");
    assertThat(body.path("createdAt").asString()).matches("\\d{4}(-\\d\\d){2}T\\S{8}\\.\\d{3}Z");
    assertThat(body.path("updatedAt")).isEqualTo(body.path("createdAt"));
    assertThat(vapi.get("/assistant/" + created.id()).json()).isEqualTo(body);
    assertThat(vapi.get("/assistant").json().get(0)).isEqualTo(body);
  }

  @Test
  void numbersKeepTheirTextAndFieldsTheirOrder() {
    String sent = "{\"metadata\":{\"b\":1.10,\"a\":100.00,\"c\":12345678901234567890.5,\"d\":1}}";

    String answer = vapi.post("/assistant", sent).response().body();

    assertThat(answer).contains("{\"b\":1.10,\"a\":100.00,\"c\":12345678901234567890.5,\"d\":1}");
  }

  @Test
  void aDeletedObjectComesBackOnceMoreAndIsGone() {
    String id = vapi.post("/tool", "{\"type\":\"endCall\"}").id();

    var deleted = vapi.delete("/tool/" + id);

    assertThat(deleted.status()).isEqualTo(200);
    assertThat(deleted.json().path("type").asString()).isEqualTo("endCall");
    assertThat(vapi.delete("/tool/" + id).status()).isEqualTo(404);
    var missing = vapi.get("/tool/" + id);
    assertThat(missing.json())
        .isEqualTo(
            Client.json(
                "{\"message\":\"Tool %s not found\",\"error\":\"Not Found\",\"statusCode\":404}"
                    .formatted(id)));
    assertThat(vapi.get("/tool").json()).isEmpty();
  }

  @Test
  void aPatchReplacesTopLevelPropertiesWholeAndLeavesTheOthers() {
    String id =
        vapi.post(
                "/assistant",
                """
                {"name":"A","firstMessage":"Hi",
                 "model":{"provider":"openai","model":"gpt-4o","temperature":0.5}}\
                """)
            .id();

    var patched =
        vapi.patch("/assistant/" + id, "{\"model\":{\"provider\":\"openai\",\"model\":\"gpt-5\"}}");

    assertThat(patched.status()).isEqualTo(200);
    assertThat(patched.json().path("model"))
        .isEqualTo(Client.json("{\"provider\":\"openai\",\"model\":\"gpt-5\"}"));
    assertThat(patched.json().path("firstMessage").asString()).isEqualTo("Hi");
    assertThat(patched.json().path("latestVersion").asString()).isEqualTo("v2");
    assertThat(time(patched.json(), "updatedAt")).isAfter(time(patched.json(), "createdAt"));
  }

  @Test
  void aPatchThatChangesNothingLeavesTimeAndVersionAlone() {
    var created = vapi.post("/assistant", "{\"name\":\"A\",\"maxDurationSeconds\":60}");

    var patched =
        vapi.patch("/assistant/" + created.id(), "{\"maxDurationSeconds\":60.0,\"name\":\"A\"}");

    assertThat(patched.json()).isEqualTo(created.json());
  }

  @Test
  void updatedAtMovesEvenWithinOneMillisecond() {
    var fixed = Options.standard().withClock(() -> Instant.parse("2026-01-02T03:04:05.678Z"));
    try (var still = Sandbox.start(fixed)) {
      still.account("Acme", KEY);
      var client = new Client(still.url(), KEY);
      String path = "/assistant/" + client.post("/assistant", "{\"name\":\"A\"}").id();

      JsonNode first = client.patch(path, "{\"name\":\"B\"}").json();
      JsonNode second = client.patch(path, "{\"name\":\"C\"}").json();

      assertThat(first.path("updatedAt").asString()).isEqualTo("2026-01-02T03:04:05.679Z");
      assertThat(second.path("updatedAt").asString()).isEqualTo("2026-01-02T03:04:05.680Z");
    }
  }

  @Test
  void withoutAnAuthorizationHeaderThereIsA401OfItsOwn() {
    var answer =
        Client.send(
            HttpRequest.newBuilder(sandbox.url().resolve("/assistant")).header("User-Agent", "x"));

    assertThat(answer.json())
        .isEqualTo(
            Client.json(
                """
                {"message":"Missing Authorization Header.","error":"Unauthorized",\
                "statusCode":401}\
                """));
  }

  @Test
  void unknownPublicAndRevokedKeysAre401() {
    account.addPublicKey("a-public-key").addKey("a-second-key");
    var second = new Client(sandbox.url(), "a-second-key");
    assertThat(second.get("/assistant").status()).isEqualTo(200);

    account.revoke("a-second-key");

    for (String key : List.of("a-public-key", "a-second-key", "nobody's")) {
      var answer = new Client(sandbox.url(), key).get("/tool");
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.response().body()).isEqualTo(INVALID);
    }
    assertThat(vapi.get("/assistant").status()).isEqualTo(200);
  }

  @Test
  void aKeyIsKnownInItsRegionOnly() {
    sandbox.account("Europe", "european-key", Region.EU);

    assertThat(new Client(sandbox.euUrl(), "european-key").get("/tool").status()).isEqualTo(200);
    assertThat(new Client(sandbox.url(), "european-key").get("/tool").status()).isEqualTo(401);
    assertThat(new Client(sandbox.euUrl(), KEY).get("/tool").status()).isEqualTo(401);
  }

  @Test
  void anotherAccountsObjectLooksLikeOneThatIsNotThere() {
    sandbox.account("Other", "key-of-other");
    var other = new Client(sandbox.url(), "key-of-other");
    String id = vapi.post("/assistant", "{}").id();

    assertThat(other.get("/assistant/" + id).status()).isEqualTo(404);
    assertThat(other.patch("/assistant/" + id, "{\"name\":\"mine\"}").status()).isEqualTo(404);
    assertThat(other.delete("/assistant/" + id).status()).isEqualTo(404);
    assertThat(other.get("/assistant").json()).isEmpty();
    assertThat(vapi.get("/assistant/" + id).status()).isEqualTo(200);
  }

  @Test
  void twoKeysOfOneAccountSeeTheSame() {
    account.addKey("its-second-key");

    String id = new Client(sandbox.url(), "its-second-key").post("/assistant", "{}").id();

    assertThat(vapi.get("/assistant/" + id).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/nothing", "/assistant/a/b", "/v3/tool", "/assistants"})
  void anUnknownRouteIs404(String path) {
    var answer = vapi.get(path);

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.messages()).containsExactly("Cannot GET " + path);
  }

  @Test
  void whatCannotBeReadIs400() {
    assertThat(vapi.get("/assistant/not-a-uuid").messages())
        .containsExactly("Validation failed (uuid is expected)");
    assertThat(vapi.get("/assistant?page=2").messages())
        .containsExactly("property page should not exist");
    for (String broken : List.of("{\"name\":", "{\"name\":1,\"name\":2}", "{} {}", "nonsense")) {
      var answer = vapi.post("/assistant", broken);
      assertThat(answer.status()).as(broken).isEqualTo(400);
      assertThat(answer.json().path("message").isString()).isTrue();
      assertThat(answer.json().path("error").asString()).isEqualTo("Bad Request");
    }
    assertThat(vapi.post("/assistant", "[]").messages()).containsExactly("body must be an object");
    assertThat(account.objects("assistant")).isEmpty();
  }

  @Test
  void whatIsWrongWithABodyIsAListOfMessages() {
    var answer = vapi.post("/assistant", "{\"nonsense\":1,\"maxDurationSeconds\":1}");

    assertThat(answer.json())
        .isEqualTo(
            Client.json(
                """
                {"message":["property nonsense should not exist",
                  "maxDurationSeconds must not be less than 10"],
                 "error":"Bad Request","statusCode":400}\
                """));
  }

  @Test
  void aPinnedAssistantStaysAndSaysSo() {
    String id = vapi.post("/assistant", "{}").id();
    String member = "{\"members\":[{\"assistantId\":\"" + id + "\"%s}]}";
    String squad = vapi.post("/squad", member.formatted(",\"assistantVersion\":\"v1\"")).id();

    var refused = vapi.delete("/assistant/" + id);

    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.json().propertyNames()).containsExactly("error", "message");
    assertThat(refused.json().path("error").asString()).isEqualTo("assistant_pinned");
    vapi.patch("/squad/" + squad, member.formatted(""));
    assertThat(vapi.delete("/assistant/" + id).status()).isEqualTo(200);
    assertThat(account.object("squad", squad).orElseThrow().at("/members/0/assistantId").asString())
        .isEqualTo(id);
  }

  @Test
  void aPinnedToolStaysAndSaysSo() {
    String tool = vapi.post("/tool", "{\"type\":\"endCall\"}").id();
    String model =
        "{\"model\":{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"toolRefs\":[{\"toolId\":\""
            + tool
            + "\"%s}]}}";
    String assistant = vapi.post("/assistant", model.formatted(",\"version\":\"v1\"")).id();

    assertThat(vapi.delete("/tool/" + tool).json().path("error").asString())
        .isEqualTo("tool_pinned");

    vapi.patch("/assistant/" + assistant, model.formatted(""));
    account.turn(Quirk.OLD_VERSIONS_PIN, true);
    assertThat(vapi.delete("/tool/" + tool).status()).isEqualTo(409);
    account.turn(Quirk.OLD_VERSIONS_PIN, false);
    assertThat(vapi.delete("/tool/" + tool).status()).isEqualTo(200);
  }

  @Test
  void anUnpinnedToolGoesAndItsUsersKeepTheDanglingId() {
    String tool = vapi.post("/tool", "{\"type\":\"endCall\"}").id();
    String model = "{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"toolIds\":[\"" + tool + "\"]}";
    String assistant = vapi.post("/assistant", "{\"model\":" + model + "}").id();

    assertThat(vapi.delete("/tool/" + tool).status()).isEqualTo(200);

    assertThat(vapi.get("/assistant/" + assistant).json().at("/model/toolIds/0").asString())
        .isEqualTo(tool);
  }

  @Test
  void phoneNumbersAndCredentialsAreThereToLookForDependents() {
    String number =
        account
            .put("phone-number", Client.json("{\"provider\":\"vapi\",\"number\":\"+15550100001\"}"))
            .path("id")
            .asString();
    account.put(
        "credential",
        Client.json("{\"provider\":\"openai\",\"name\":\"ours\",\"apiKey\":\"secret\"}"));

    var patched = vapi.patch("/phone-number/" + number, "{\"assistantId\":null}");

    assertThat(patched.json().path("assistantId").isNull()).isTrue();
    assertThat(vapi.get("/phone-number").json()).hasSize(1);
    assertThat(vapi.get("/v2/phone-number?search=555").json().path("results")).hasSize(1);
    assertThat(vapi.get("/v2/phone-number?search=999").json().path("results")).isEmpty();
    JsonNode credential = vapi.get("/credential").json().get(0);
    assertThat(credential.propertyNames())
        .containsExactly("id", "orgId", "createdAt", "updatedAt", "provider", "name");
  }

  @Test
  void aLibrarysOwnUserAgentIsTurnedAwayInHtml() {
    for (String agent : List.of("Java-http-client/25", "python-requests/2.32", "")) {
      var answer = Client.send(vapi.request("/assistant").setHeader("User-Agent", agent));
      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.header("Content-Type")).startsWith("text/html");
    }
    sandbox.turn(Quirk.USER_AGENT_CHECKED, false);
    assertThat(Client.send(vapi.request("/assistant").setHeader("User-Agent", "Java/25")).status())
        .isEqualTo(200);
  }

  @Test
  void anOpenAccountIsMadeAtFirstUseOfAMadeUpKey() {
    var stranger = new Client(sandbox.url(), "sandbox-of-a-stranger");
    assertThat(stranger.get("/assistant").status()).isEqualTo(401);

    sandbox.turn(Quirk.OPEN_ACCOUNTS, true);

    String org = stranger.post("/assistant", "{}").json().path("orgId").asString();
    assertThat(stranger.post("/tool", "{\"type\":\"endCall\"}").json().path("orgId").asString())
        .isEqualTo(org)
        .isNotEqualTo(account.orgId());
    assertThat(new Client(sandbox.url(), "sandbox-of-another").get("/assistant").json()).isEmpty();
    assertThat(new Client(sandbox.url(), "another-prefix").get("/assistant").status())
        .isEqualTo(401);
  }

  @Test
  void aMadeUpKeyOpensItsAccountForAllThatComeWithItAtOnce() throws InterruptedException {
    var accounts = new Accounts(() -> Options.standard().with(Quirk.OPEN_ACCOUNTS, true));
    var refused = new AtomicInteger();
    var together = new CyclicBarrier(2);
    Runnable caller =
        () -> {
          for (int i = 0; i < 20_000; i++) {
            if (i % 100 == 0) {
              await(together);
            }
            if (accounts.openedBy("sandbox-" + i, Region.US).isEmpty()) {
              refused.incrementAndGet();
            }
          }
        };
    List<Thread> callers = List.of(new Thread(caller), new Thread(caller));
    callers.forEach(Thread::start);
    for (Thread each : callers) {
      each.join();
    }

    assertThat(refused).hasValue(0);
    assertThat(accounts.all()).hasSize(20_000);
  }

  private static void await(CyclicBarrier together) {
    try {
      together.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void tooManyRequestsInAWindowAre429UntilItIsOver() {
    var now = new Instant[] {Instant.parse("2026-01-02T03:04:05Z")};
    var options =
        Options.standard()
            .withClock(() -> now[0])
            .with(Dial.RATE_LIMIT, 2)
            .with(Dial.RATE_WINDOW_MS, 5000);
    try (var strict = Sandbox.start(options)) {
      strict.account("Acme", KEY);
      strict.account("Other", "key-of-other");
      var client = new Client(strict.url(), KEY);
      client.get("/tool");
      client.get("/tool");

      var third = client.get("/tool");

      assertThat(third.status()).isEqualTo(429);
      assertThat(third.json().propertyNames()).containsExactly("message", "statusCode");
      assertThat(third.header("Retry-After")).isEmpty();
      assertThat(new Client(strict.url(), "key-of-other").get("/tool").status()).isEqualTo(200);
      strict.turn(Quirk.RETRY_AFTER, true);
      assertThat(client.get("/tool").header("Retry-After")).isEqualTo("5");
      now[0] = now[0].plusSeconds(5);
      assertThat(client.get("/tool").status()).isEqualTo(200);
    }
  }

  @Test
  void manyClientsAtOnceLoseNothing() throws InterruptedException {
    String shared = "/assistant/" + vapi.post("/assistant", "{\"name\":\"shared\"}").id();
    var clients = new ArrayList<Thread>();
    for (int number = 0; number < 16; number++) {
      String name = "client " + number;
      clients.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int round = 0; round < 25; round++) {
                  vapi.post("/tool", "{\"type\":\"endCall\"}");
                  vapi.patch(shared, "{\"firstMessage\":\"%s %d\"}".formatted(name, round));
                }
              }));
    }
    for (Thread client : clients) {
      client.join();
    }

    assertThat(account.objects("tool")).hasSize(400).doesNotHaveDuplicates();
    assertThat(vapi.get(shared).json().path("latestVersion").asString()).isEqualTo("v401");
    assertThat(sandbox.requests().count("PATCH", "/assistant")).isEqualTo(400);
  }

  @Test
  void aNameAndAKeyBelongToOneAccount() {
    assertThat(sandbox.account("Acme", KEY)).isSameAs(account);
    assertThatThrownBy(() -> sandbox.account("Acme", "another-key"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> sandbox.account("Other", KEY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Acme");
  }

  private static Instant time(JsonNode body, String property) {
    return Instant.parse(body.path(property).asString());
  }
}
