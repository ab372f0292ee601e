package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.webhook.Receiver;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What others are told, and of which keys, over real HTTP at all three ends, on either database.
 */
interface WebhookContract {
  RunningServer server();

  Sandbox sandbox();

  Path templates();

  /** As the receivers of all tests: what is told of one test's account is told to every one. */
  List<Receiver> RECEIVERS = new ArrayList<>();

  @BeforeEach
  default void startAnew() {
    sandbox().reset();
    RunningServer.writeTemplate(templates(), "front-desk", "1");
  }

  @AfterEach
  default void removeWebhooks() {
    server()
        .get("/v1/webhooks")
        .json()
        .get("webhooks")
        .forEach(webhook -> delete("/v1/webhooks/" + webhook.get("id").stringValue()));
    RECEIVERS.forEach(Receiver::close);
    RECEIVERS.clear();
  }

  /** A webhook of a test, and who receives what is sent to it. */
  record Hook(String id, String secret, Receiver receiver) {}

  default Hook hook(String... events) {
    var receiver = new Receiver();
    RECEIVERS.add(receiver);
    ObjectNode body = Json.object().put("url", receiver.url().toString());
    if (events.length > 0) {
      var types = body.putArray("events");
      List.of(events).forEach(types::add);
    }
    RunningServer.Answer added = server().post("/v1/webhooks", Json.write(body));
    assertThat(added.status()).as(added.body()).isEqualTo(201);
    return new Hook(
        added.json().get("id").stringValue(), added.json().get("secret").stringValue(), receiver);
  }

  default RunningServer.Answer delete(String path) {
    return server().send(HttpRequest.newBuilder(server().url().resolve(path)).DELETE());
  }

  default RunningServer.Answer patch(String path, String body) {
    return server()
        .send(
            HttpRequest.newBuilder(server().url().resolve(path))
                .header("Content-Type", "application/json")
                .method("PATCH", BodyPublishers.ofString(body)));
  }

  /** One customer of a test. */
  record Customer(String userId, String key, Account account, String id) {}

  default Customer customer() {
    String key = UUID.randomUUID().toString();
    Account account = sandbox().account("Account " + key, key);
    String user = "user " + UUID.randomUUID();
    RunningServer.Answer linked = linked(user, key);
    return new Customer(user, key, account, linked.json().get("id").stringValue());
  }

  default RunningServer.Answer linked(String userId, String key) {
    RunningServer.Answer linked =
        server()
            .post(
                "/v1/accounts", Json.write(Json.object().put("userId", userId).put("apiKey", key)));
    assertThat(linked.status()).as(linked.body()).isIn(200, 201);
    return linked;
  }

  static boolean isAbout(Receiver.Got got, String type, Customer customer) {
    return got.type().equals(type) && got.data().path("account").asString("").equals(customer.id());
  }

  static void until(BooleanSupplier holds) throws InterruptedException {
    Instant end = Instant.now().plusSeconds(20);
    while (!holds.getAsBoolean()) {
      assertThat(Instant.now()).as("it takes too long").isBefore(end);
      Thread.sleep(50);
    }
  }

  default String keyState(Customer customer) {
    return server().get("/v1/accounts/" + customer.id()).json().at("/key/state").stringValue();
  }

  @Test
  default void aLinkAndACloneAreToldSignedAndWithoutASecret() throws Exception {
    Hook hook = hook();
    Customer customer = customer();
    RunningServer.Answer cloned = server().clone(customer.userId());
    assertThat(cloned.status()).isEqualTo(200);

    Receiver.Got link = hook.receiver().await(got -> isAbout(got, "account.linked", customer));
    assertThat(link.data().at("/userIds/0").stringValue()).isEqualTo(customer.userId());
    assertThat(link.data().get("isNew").booleanValue()).isTrue();
    Receiver.Got done = hook.receiver().await(got -> isAbout(got, "operation.succeeded", customer));
    assertThat(done.data().get("kind").stringValue()).isEqualTo("clone");
    assertThat(done.data().get("actions")).isEqualTo(cloned.json().get("actions"));
    assertThat(
            server()
                .get("/v1/operations/" + done.data().get("operation").stringValue())
                .json()
                .get("status")
                .stringValue())
        .isEqualTo("succeeded");
    for (Receiver.Got got : hook.receiver().got()) {
      assertThat(got.isSignedWith(hook.secret())).isTrue();
      assertThat(got.isSignedWith("whsec_" + "A".repeat(43) + "=")).isFalse();
      assertThat(
              Canary.holds(
                  got.body().getBytes(StandardCharsets.UTF_8), Canary.formsOf(customer.key())))
          .isFalse();
      assertThat(got.body()).doesNotContain("Hello from");
    }
    assertThat(server().get("/v1/webhooks/" + hook.id()).body()).doesNotContain(hook.secret());
  }

  @Test
  default void whoTestsAWebhookThatIsRemovedJustThenIsToldThatItIsNotThere() throws Exception {
    var statuses = new TreeSet<Integer>();
    for (int i = 0; i < 60; i++) {
      String path = "/v1/webhooks/" + hook("webhook.test").id();
      var tests = new ArrayList<CompletableFuture<RunningServer.Answer>>();
      for (int test = 0; test < 4; test++) {
        tests.add(
            CompletableFuture.supplyAsync(
                () -> server().post(path + "/test", "{}"), Thread::startVirtualThread));
      }
      assertThat(delete(path).status()).isEqualTo(200);
      for (CompletableFuture<RunningServer.Answer> test : tests) {
        statuses.add(test.get().status());
      }
      RECEIVERS.removeLast().close();
    }
    assertThat(statuses).isSubsetOf(200, 404).contains(404);
  }

  @Test
  default void aRotatedSecretSignsBesideTheFormerOne() throws Exception {
    Hook hook = hook("webhook.test");
    RunningServer.Answer rotated =
        server().post("/v1/webhooks/" + hook.id() + "/rotate-secret", "{}");
    String second = rotated.json().get("secret").stringValue();
    assertThat(second).isNotEqualTo(hook.secret());
    server().post("/v1/webhooks/" + hook.id() + "/test", "{}");
    Receiver.Got both = hook.receiver().await("webhook.test");
    assertThat(both.isSignedWith(hook.secret())).isTrue();
    assertThat(both.isSignedWith(second)).isTrue();

    hook.receiver().forget();
    String third =
        server()
            .post("/v1/webhooks/" + hook.id() + "/rotate-secret", "{\"overlapHours\":0}")
            .json()
            .get("secret")
            .stringValue();
    server().post("/v1/webhooks/" + hook.id() + "/test", "{}");
    Receiver.Got one = hook.receiver().await("webhook.test");
    assertThat(one.isSignedWith(third)).isTrue();
    assertThat(one.isSignedWith(second)).isFalse();
    assertThat(one.header("webhook-signature")).doesNotContain(" ");
  }

  @Test
  default void whatDidNotGetThroughIsSentAgainWhenAskedWithTheSameIdAndBody() throws Exception {
    Hook hook = hook("account.linked");
    hook.receiver().answers(500);
    Customer customer = customer();
    Receiver.Got first = hook.receiver().await(got -> isAbout(got, "account.linked", customer));
    String id = first.header("webhook-id");
    String delivery = "/v1/webhooks/" + hook.id() + "/deliveries";
    until(() -> server().get(delivery).json().at("/deliveries/0/lastStatus").asInt(0) == 500);
    JsonNode waiting = server().get(delivery + "?state=waiting").json().at("/deliveries/0");
    assertThat(waiting.get("id").stringValue()).isEqualTo(id);
    assertThat(waiting.get("nextTryAt").isString()).isTrue();
    assertThat(server().get(delivery + "?state=dead").json().get("deliveries")).isEmpty();

    hook.receiver().answers(204);
    hook.receiver().forget();
    RunningServer.Answer replayed = server().post(delivery + "/" + id + "/replay", "{}");
    assertThat(replayed.status()).as(replayed.body()).isEqualTo(202);
    Receiver.Got again = hook.receiver().await(got -> isAbout(got, "account.linked", customer));
    assertThat(again.header("webhook-id")).isEqualTo(id);
    assertThat(again.body()).isEqualTo(first.body());
    until(() -> server().get(delivery + "?state=delivered").json().get("deliveries").size() == 1);
    assertThat(server().post(delivery + "/evt_none/replay", "{}").code())
        .isEqualTo("DELIVERY_NOT_FOUND");
  }

  @Test
  default void aKeyThatVapiRefusesTwiceIsRevokedAndAnotherOneHealsIt() throws Exception {
    Hook hook = hook("account.revoked");
    Customer customer = customer();
    assertThat(keyState(customer)).isEqualTo("active");
    customer.account().revoke(customer.key());
    hook.receiver().await(got -> isAbout(got, "account.revoked", customer));
    JsonNode key = server().get("/v1/accounts/" + customer.id()).json().get("key");
    assertThat(key.get("state").stringValue()).isEqualTo("revoked");
    assertThat(key.get("reason").stringValue()).contains("401");
    assertThat(key.get("since").isString()).isTrue();
    assertThat(server().get("/v1/accounts?state=revoked").body()).contains(customer.id());
    assertThat(server().get("/v1/accounts?state=active").body()).doesNotContain(customer.id());
    assertThat(server().get("/v1/accounts?state=odd").code()).isEqualTo("INVALID_STATE");
    assertThat(server().clone(customer.userId()).code()).isEqualTo("INSUFFICIENT_PERMISSIONS");

    String second = UUID.randomUUID().toString();
    customer.account().addKey(second);
    // Empty as it is, the account shows no organisation: that the same user links it says enough.
    linked(customer.userId(), second);
    String id =
        server()
            .get(
                "/v1/accounts?userId="
                    + URLEncoder.encode(customer.userId(), StandardCharsets.UTF_8))
            .json()
            .at("/accounts/0/id")
            .stringValue();
    assertThat(server().get("/v1/accounts/" + id).json().at("/key/state").stringValue())
        .isEqualTo("active");
    assertThat(server().clone(customer.userId()).status()).isEqualTo(200);
  }

  @Test
  default void theSameKeyOfTwoUsersIsSeen() throws Exception {
    Hook hook = hook("account.linked");
    Customer customer = customer();
    linked("second " + customer.userId(), customer.key());
    JsonNode account = server().get("/v1/accounts/" + customer.id()).json();
    assertThat(account.get("userIds")).hasSize(2);
    Receiver.Got told =
        hook.receiver()
            .await(got ->
                isAbout(got, "account.linked", customer)
                    && got.data().get("userId").stringValue().startsWith("second "));
    assertThat(told.data().get("isNew").booleanValue()).isFalse();
    assertThat(told.data().at("/sameKeyAs/0").stringValue()).isEqualTo(customer.userId());
  }
}
