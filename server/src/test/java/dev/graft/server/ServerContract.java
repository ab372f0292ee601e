package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Quirk;
import dev.graft.sandbox.RequestLog;
import dev.graft.sandbox.Sandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The contract, over real HTTP at both ends, on either database. */
interface ServerContract {
  RunningServer server();

  Sandbox sandbox();

  Path templates();

  @BeforeEach
  default void startAnew() {
    sandbox().reset();
    RunningServer.writeTemplate(templates(), "front-desk", "1");
  }

  /** One customer of a test: a user of the product, an account at Vapi, a key. */
  record Customer(String userId, Account account, String key) {
    JsonNode only(String kind) {
      assertThat(account.objects(kind)).hasSize(1);
      return account.objects(kind).getFirst();
    }

    String idOf(String kind) {
      return only(kind).get("id").stringValue();
    }
  }

  default Customer customer() {
    String key = UUID.randomUUID().toString();
    String user = "user " + key;
    Account account = sandbox().account("Account " + key, key);
    assertThat(server().link(user, key).status()).isEqualTo(200);
    sandbox().requests().clear();
    return new Customer(user, account, key);
  }

  default long writes() {
    return sandbox().requests().entries(entry -> !entry.method().equals("GET")).size();
  }

  @Test
  default void linkAnswersExactlyAsPromised() {
    sandbox().account("A", "key-a");
    RunningServer.Answer answer = server().link("user_123", "  key-a \n");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo("application/json");
    assertThat(answer.body())
        .isEqualTo("{\"ok\":true,\"message\":\"API key validated and stored successfully\"}");
  }

  @Test
  default void cloneAnswersExactlyAsPromised() {
    Customer customer = customer();
    RunningServer.Answer answer = server().clone(customer.userId());
    String tool = customer.idOf("tool");
    String assistant = customer.idOf("assistant");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body())
        .isEqualTo(
            "{\"assistantId\":\"%2$s\",\"toolId\":\"%1$s\",\"actions\":[\"created-tool:%1$s\",\"created-assistant:%2$s\"]}"
                .formatted(tool, assistant));
    assertThat(customer.only("assistant").get("model").get("toolIds"))
        .isEqualTo(Json.array().add(tool));
    assertThat(sandbox().requests().entries()).hasSize(4);

    sandbox().requests().clear();
    RunningServer.Answer again = server().clone(customer.userId());
    assertThat(again.actions())
        .containsExactly("reused-tool:" + tool, "reused-assistant:" + assistant);
    assertThat(again.json().get("toolId").stringValue()).isEqualTo(tool);
    assertThat(again.json().get("assistantId").stringValue()).isEqualTo(assistant);
    assertThat(writes()).isZero();
    assertThat(sandbox().requests().entries()).hasSize(4);
  }

  @Test
  default void aNewReleaseUpgradesInPlace() {
    Customer customer = customer();
    server().clone(customer.userId());
    String tool = customer.idOf("tool");
    String assistant = customer.idOf("assistant");
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    assertThat(server().clone(customer.userId()).actions())
        .containsExactly("updated-tool:" + tool, "updated-assistant:" + assistant);
    assertThat(customer.only("assistant").get("name").stringValue()).isEqualTo("Front Desk_v2");
    assertThat(customer.only("tool").get("url").stringValue()).isEqualTo("https://example.com/2");
    RunningServer.writeTemplate(templates(), "front-desk", "1");
    assertThat(server().clone(customer.userId()).actions())
        .containsExactly(
            "skipped-tool-newer-exists:" + tool, "skipped-assistant-newer-exists:" + assistant);
  }

  @Test
  default void aNewerCopyInTheAccountIsLeftAlone() {
    Customer customer = customer();
    server().clone(customer.userId());
    ObjectNode newer =
        customer.account().put("assistant", Json.parseObject("{\"name\":\"Front Desk_v7\"}"));
    sandbox().requests().clear();
    for (int i = 0; i < 2; i++) {
      assertThat(server().clone(customer.userId()).actions())
          .containsExactly(
              "reused-tool:" + customer.idOf("tool"),
              "skipped-assistant-newer-exists:" + newer.get("id").stringValue());
    }
    assertThat(writes()).isZero();
  }

  @Test
  default void whatTheCustomerChangedIsStillThereAfterAnUpgrade() {
    Customer customer = customer();
    server().clone(customer.userId());
    customer
        .account()
        .patch(
            "assistant",
            customer.idOf("assistant"),
            Json.parseObject("{\"endCallMessage\":\"Ciao\"}"));
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    server().clone(customer.userId());
    assertThat(customer.only("assistant").get("endCallMessage").stringValue()).isEqualTo("Ciao");
    assertThat(customer.only("assistant").get("firstMessage").stringValue())
        .isEqualTo("Hello from 2");
  }

  @Test
  default void aHundredClonesAtOnceMakeOnePairAndAllGetTheSameAnswer() throws Exception {
    Customer customer = customer();
    List<Callable<RunningServer.Answer>> tasks = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      tasks.add(() -> server().clone(customer.userId()));
    }
    var bodies = new ArrayList<String>();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var answer : executor.invokeAll(tasks)) {
        assertThat(answer.get().status()).as(answer.get().body()).isEqualTo(200);
        JsonNode json = answer.get().json();
        bodies.add(json.get("assistantId") + " " + json.get("toolId"));
      }
    }
    customer.only("tool");
    customer.only("assistant");
    assertThat(bodies.stream().distinct()).hasSize(1);
    assertThat(writes()).isEqualTo(2);
  }

  @Test
  default void twoUsersOfOneOrganisationShareOnePair() {
    Customer first = customer();
    first.account().addKey("second key of the same organisation");
    server().clone(first.userId());
    assertThat(server().link("colleague", "second key of the same organisation").status())
        .isEqualTo(200);
    assertThat(server().clone("colleague").actions())
        .containsExactly(
            "reused-tool:" + first.idOf("tool"), "reused-assistant:" + first.idOf("assistant"));
    JsonNode accounts = server().get("/v1/accounts?userId=colleague").json().get("accounts");
    assertThat(Json.write(accounts.get(0).get("userIds"))).contains("colleague", first.userId());
  }

  @Test
  default void aGoodKeyReplacesTheOldOneAndABadOneChangesNothing() {
    Customer customer = customer();
    server().clone(customer.userId());
    RunningServer.Answer refused = server().link(customer.userId(), "no such key");
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.code()).isEqualTo("UNAUTHORIZED");
    assertThat(server().clone(customer.userId()).status()).isEqualTo(200);

    customer.account().addKey("new-key").revoke(customer.key());
    RunningServer.Answer revoked = server().clone(customer.userId());
    assertThat(revoked.status()).isEqualTo(409);
    assertThat(revoked.code()).isEqualTo("INSUFFICIENT_PERMISSIONS");
    assertThat(revoked.body()).doesNotContain(customer.key());
    assertThat(server().link(customer.userId(), "new-key").status()).isEqualTo(200);
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("reused-"));
  }

  @Test
  default void aKeyOfAnotherOrganisationDoesNotTakeOverTheClones() {
    Customer customer = customer();
    Account other = sandbox().account("Other " + customer.key(), "key of another");
    other.put("tool", Json.parseObject("{\"type\":\"endCall\"}"));
    server().clone(customer.userId());
    for (Account account : List.of(other, sandbox().account("Empty " + customer.key(), "empty"))) {
      String key = account.equals(other) ? "key of another" : "empty";
      RunningServer.Answer answer = server().link(customer.userId(), key);
      assertThat(answer.status()).isEqualTo(409);
      assertThat(answer.code()).isEqualTo("ACCOUNT_MISMATCH");
    }
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("reused-"));
    assertThat(other.objects("assistant")).isEmpty();
  }

  @Test
  default void vapisRefusalOfABodyIsPassedOnInItsOwnWords() {
    Customer customer = customer();
    sandbox()
        .fault(
            Fault.on("POST", "/assistant")
                .before(
                    Effect.json(
                        400,
                        Json.parseObject(
                            "{\"message\":[\"model.x should not exist\"],\"error\":\"Bad Request\",\"statusCode\":400}"))));
    RunningServer.Answer answer = server().clone(customer.userId());
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("VAPI_BAD_REQUEST");
    assertThat(answer.json().get("error").stringValue())
        .contains("model.x should not exist", "assistant/main");
    assertThat(answer.actions()).containsExactly("created-tool:" + customer.idOf("tool"));
    assertThat(server().clone(customer.userId()).actions())
        .containsExactly(
            "reused-tool:" + customer.idOf("tool"),
            "created-assistant:" + customer.idOf("assistant"));
  }

  @Test
  default void aCreateWhoseReplyIsLostIsNotSentTwice() {
    for (Effect effect :
        List.of(Effect.close(), Effect.status(500), Effect.truncate(), Effect.garble())) {
      Customer customer = customer();
      sandbox().fault(Fault.on("POST", "/tool").by(customer.account()).after(effect));
      sandbox().fault(Fault.on("POST", "/assistant").by(customer.account()).after(effect));
      RunningServer.Answer answer = server().clone(customer.userId());
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      assertThat(answer.actions())
          .containsExactly(
              "created-tool:" + customer.idOf("tool"),
              "created-assistant:" + customer.idOf("assistant"));
      assertThat(writes()).isEqualTo(2);
      sandbox().clearFaults();
    }
  }

  @Test
  default void whileVapiIsAwayTheCallerLearnsWhatWasDoneAndTheRestIsFinishedByItself()
      throws Exception {
    Customer customer = customer();
    sandbox().fault(Fault.on("POST", "/assistant").always().before(Effect.status(503)));
    sandbox().fault(Fault.on("GET", "/assistant").nth(2).times(1_000).before(Effect.status(503)));
    RunningServer.Answer answer = server().clone(customer.userId());
    assertThat(answer.status()).as(answer.body()).isEqualTo(502);
    assertThat(answer.code()).isEqualTo("VAPI_UNAVAILABLE");
    assertThat(answer.actions()).containsExactly("created-tool:" + customer.idOf("tool"));
    assertThat(answer.header("Retry-After")).isNotEmpty();
    String operation = answer.json().get("operation").stringValue();

    sandbox().clearFaults();
    for (int i = 0; i < 100; i++) {
      String status =
          server().get("/v1/operations/" + operation).json().get("status").stringValue();
      if (!status.equals("running")) {
        assertThat(status).isEqualTo("succeeded");
        break;
      }
      Thread.sleep(200);
    }
    customer.only("tool");
    customer.only("assistant");
    assertThat(server().get("/v1/operations/" + operation).actions())
        .containsExactly(
            "created-tool:" + customer.idOf("tool"),
            "created-assistant:" + customer.idOf("assistant"));
  }

  @Test
  default void anUpdateThatIsInterruptedIsRepeated() {
    Customer customer = customer();
    server().clone(customer.userId());
    RunningServer.writeTemplate(templates(), "front-desk", "3");
    sandbox().fault(Fault.on("PATCH", "/tool/*").times(2).after(Effect.close()));
    sandbox().fault(Fault.on("PATCH", "/assistant/*").before(Effect.throttled(null)));
    assertThat(server().clone(customer.userId()).actions())
        .containsExactly(
            "updated-tool:" + customer.idOf("tool"),
            "updated-assistant:" + customer.idOf("assistant"));
  }

  @Test
  default void aFullAccountStillGetsOnePair() {
    Customer customer = customer();
    customer.account().seed("assistant", 2_500, n -> Json.parseObject("{\"name\":\"Own\"}"));
    customer.account().seed("tool", 2_500, n -> Json.parseObject("{\"type\":\"endCall\"}"));
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("created-"));
    sandbox().requests().clear();
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("reused-"));
    assertThat(sandbox().requests().entries()).hasSize(4);
    assertThat(sandbox().requests().entries().stream().mapToLong(RequestLog.Entry::bytesSent).sum())
        .as("a repeat reads what is ours and what changed since, not the account")
        .isLessThan(20_000);
    assertThat(customer.account().objects("assistant")).hasSize(2_501);
  }

  @Test
  default void aCloneWithoutALinkIsRefused() {
    RunningServer.Answer answer = server().clone("nobody");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.code()).isEqualTo("API_KEY_NOT_FOUND");
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.json().get("error")).isEqualTo(answer.json().get("detail"));
  }

  @Test
  default void aPlanShowsWhatWouldHappenAndIsAppliedOnlyWhileItHolds() {
    Customer customer = customer();
    String account = accountOf(customer);
    RunningServer.Answer plan = server().post("/v1/accounts/" + account + "/plans", "{}");
    assertThat(plan.status()).as(plan.body()).isEqualTo(201);
    assertThat(plan.json().get("steps")).hasSize(2);
    assertThat(writes()).isZero();
    String id = plan.json().get("id").stringValue();
    assertThat(server().get("/v1/plans/" + id).json()).isEqualTo(plan.json());

    RunningServer.Answer applied = server().post("/v1/plans/" + id + "/apply", "{}");
    assertThat(applied.status()).as(applied.body()).isEqualTo(200);
    assertThat(applied.actions()).isNotEmpty().allMatch(action -> action.startsWith("created-"));
    RunningServer.Answer twice = server().post("/v1/plans/" + id + "/apply", "{}");
    assertThat(twice.status()).isEqualTo(409);
    assertThat(twice.code()).isEqualTo("PLAN_OUTDATED");
    customer.only("assistant");

    RunningServer.writeTemplate(templates(), "front-desk", "2");
    JsonNode upgrade = server().post("/v1/accounts/" + account + "/plans", "{}").json();
    assertThat(Json.write(upgrade.get("steps")))
        .contains("\"action\":\"update\"", "firstMessage", "Hello from 1", "Hello from 2");
    customer
        .account()
        .patch(
            "assistant",
            customer.idOf("assistant"),
            Json.parseObject("{\"endCallMessage\":\"changed meanwhile\"}"));
    assertThat(
            server().post("/v1/plans/" + upgrade.get("id").stringValue() + "/apply", "{}").code())
        .isEqualTo("PLAN_OUTDATED");
    assertThat(customer.only("assistant").get("firstMessage").stringValue())
        .isEqualTo("Hello from 1");
  }

  default String accountOf(Customer customer) {
    JsonNode found =
        server()
            .get(
                "/v1/accounts?userId="
                    + java.net.URLEncoder.encode(
                        customer.userId(), java.nio.charset.StandardCharsets.UTF_8))
            .json();
    return found.get("accounts").get(0).get("id").stringValue();
  }

  @Test
  default void installationsAndOperationsTellTheStory() {
    Customer customer = customer();
    server().clone(customer.userId());
    String account = accountOf(customer);
    JsonNode installation =
        server()
            .get("/v1/accounts/" + account + "/installations")
            .json()
            .get("installations")
            .get(0);
    assertThat(installation.get("template").stringValue()).isEqualTo("front-desk");
    assertThat(installation.get("version").stringValue()).isEqualTo("1");
    assertThat(installation.get("objects")).hasSize(2);
    assertThat(server().get("/v1/installations/" + installation.get("id").stringValue()).json())
        .isEqualTo(installation);
    JsonNode operation =
        server().get("/v1/accounts/" + account + "/operations").json().get("operations").get(0);
    assertThat(operation.get("status").stringValue()).isEqualTo("succeeded");
    assertThat(server().get("/v1/accounts/" + account).json().get("orgId").stringValue())
        .isEqualTo(customer.account().orgId());
  }

  @Test
  default void theSameAnswersComeWhateverVapiDoesToBodies() {
    sandbox().turn(Quirk.SURPRISE_FIELD, true).turn(Quirk.DEFAULTS_FILLED, true);
    Customer customer = customer();
    server().clone(customer.userId());
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("reused-"));
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("updated-"));
    sandbox().latency(Duration.ofMillis(20));
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("reused-"));
  }
}
