package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.install.Watch;
import dev.graft.server.webhook.Receiver;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteWebhookTest implements WebhookContract {
  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    var environment =
        new HashMap<>(RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
    environment.put("GRAFT_WEBHOOK_ALLOW", "127.0.0.1");
    environment.put("GRAFT_KEY_CHECK", "1s");
    environment.put("GRAFT_DRIFT_CHECK", "1s");
    server = RunningServer.start(environment);
  }

  @AfterAll
  static void stop() {
    server.close();
    sandbox.close();
  }

  @Override
  public RunningServer server() {
    return server;
  }

  @Override
  public Sandbox sandbox() {
    return sandbox;
  }

  @Override
  public Path templates() {
    return folder.resolve("templates");
  }

  @Test
  void aWebhookIsToldWhatItWantsAndACollisionIsAmongThat() throws Exception {
    Hook wants = hook("collision.found", "operation.failed");
    Customer customer = customer();
    server().clone(customer.userId());
    customer
        .account()
        .patch(
            "assistant",
            customer.account().objects("assistant").getFirst().get("id").stringValue(),
            Json.parseObject("{\"firstMessage\":\"Own words\"}"));
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    assertThat(server().clone(customer.userId()).code()).isEqualTo("COLLISION");

    Receiver.Got found =
        wants.receiver().await(got -> WebhookContract.isAbout(got, "collision.found", customer));
    assertThat(found.data().at("/fields/0").stringValue()).isEqualTo("assistant/main#firstMessage");
    assertThat(found.body()).doesNotContain("Own words");
    Receiver.Got failed =
        wants.receiver().await(got -> WebhookContract.isAbout(got, "operation.failed", customer));
    assertThat(failed.data().get("code").stringValue()).isEqualTo("COLLISION");
    assertThat(failed.data().get("status").stringValue()).isEqualTo("blocked");
    assertThat(wants.receiver().got())
        .extracting(Receiver.Got::type)
        .containsOnly("collision.found", "operation.failed");
  }

  @Test
  void whatADisabledWebhookMissedIsToldAfterwards() throws Exception {
    Hook hook = hook("account.linked");
    Instant before = Instant.now().minusMillis(1);
    String path = "/v1/webhooks/" + hook.id();
    assertThat(patch(path, "{\"enabled\":false}").json().get("enabled").booleanValue()).isFalse();
    Customer customer = customer();
    String since = "{\"since\":\"" + before + "\"}";
    assertThat(server().post(path + "/replay", since).code()).isEqualTo("WEBHOOK_DISABLED");
    assertThat(patch(path, "{\"enabled\":true}").json().get("reason").isNull()).isTrue();
    assertThat(hook.receiver().got()).isEmpty();
    RunningServer.Answer replayed = server().post(path + "/replay", since);
    assertThat(replayed.json().get("replayed").intValue()).isEqualTo(1);
    hook.receiver().await(got -> WebhookContract.isAbout(got, "account.linked", customer));
  }

  @Test
  void aReleaseIsToldOnceToEachInstallation() throws Exception {
    Hook hook = hook("update.available");
    Customer customer = customer();
    server().clone(customer.userId());
    RunningServer.writeTemplate(templates(), "front-desk", "7");
    server().bean(Watch.class).tellOfReleases();
    Receiver.Got told =
        hook.receiver().await(got -> WebhookContract.isAbout(got, "update.available", customer));
    assertThat(told.data().get("version").stringValue()).isEqualTo("1");
    assertThat(told.data().get("availableVersion").stringValue()).isEqualTo("7");
    RunningServer.writeTemplate(templates(), "front-desk", "0.9");
    server().bean(Watch.class).tellOfReleases();
    RunningServer.writeTemplate(templates(), "front-desk", "7");
    server().bean(Watch.class).tellOfReleases();
    RunningServer.writeTemplate(templates(), "front-desk", "8");
    server().bean(Watch.class).tellOfReleases();
    hook.receiver()
        .await(got ->
            WebhookContract.isAbout(got, "update.available", customer)
                && got.data().get("availableVersion").stringValue().equals("8"));
    assertThat(
            hook.receiver().got().stream()
                .filter(got -> WebhookContract.isAbout(got, "update.available", customer)))
        .hasSize(2);
  }

  @Test
  void driftIsFoundAndToldOnce() throws Exception {
    Hook hook = hook("drift.found");
    Customer customer = customer();
    server().clone(customer.userId());
    String assistant = customer.account().objects("assistant").getFirst().get("id").stringValue();
    customer
        .account()
        .patch("assistant", assistant, Json.parseObject("{\"firstMessage\":\"Own words\"}"));
    Receiver.Got told =
        hook.receiver().await(got -> WebhookContract.isAbout(got, "drift.found", customer));
    assertThat(told.data().at("/objects/0/address").stringValue()).isEqualTo("assistant/main");
    assertThat(told.data().at("/objects/0/fields/0").stringValue()).isEqualTo("firstMessage");
    assertThat(told.body()).doesNotContain("Own words");
    // Two more looks at least, which find the same.
    Thread.sleep(1_500);
    assertThat(
            hook.receiver().got().stream()
                .filter(got -> WebhookContract.isAbout(got, "drift.found", customer)))
        .hasSize(1);
    customer.account().delete("assistant", assistant);
    hook.receiver()
        .await(got ->
            WebhookContract.isAbout(got, "drift.found", customer)
                && got.data().at("/objects/0/state").stringValue().equals("gone"));
  }

  @Test
  void anUnclearAnswerChangesNothing() throws Exception {
    Customer customer = customer();
    for (Effect unclear : List.of(Effect.status(403), Effect.html(401))) {
      sandbox().clearFaults();
      Fault fault =
          sandbox()
              .fault(Fault.on("GET", "/assistant").by(customer.account()).always().before(unclear));
      WebhookContract.until(() -> fault.struck() >= 2);
      assertThat(keyState(customer)).isEqualTo("active");
    }
  }

  @Test
  void anAddressInsideIsRefusedUnlessItIsAllowed() {
    for (String url :
        List.of(
            "https://10.1.2.3/x",
            "https://169.254.169.254/x",
            "https://[::ffff:10.0.0.1]/x",
            "http://127.0.0.2/x",
            "https://localhost.localdomain@10.0.0.1/",
            "ftp://8.8.8.8/",
            "")) {
      RunningServer.Answer answer =
          server().post("/v1/webhooks", Json.write(Json.object().put("url", url)));
      assertThat(answer.status()).as(url).isEqualTo(400);
      assertThat(answer.code()).as(url).isEqualTo("INVALID_WEBHOOK_URL");
    }
    Hook hook = hook();
    String path = "/v1/webhooks/" + hook.id();
    assertThat(patch(path, "{\"url\":\"https://10.0.0.1/\"}").code())
        .isEqualTo("INVALID_WEBHOOK_URL");
    assertThat(patch(path, "{\"events\":[\"a.b\"]}").code()).isEqualTo("INVALID_EVENTS");
    assertThat(patch(path, "{\"events\":[]}").code()).isEqualTo("INVALID_EVENTS");
    assertThat(patch(path, "{\"enabled\":1}").code()).isEqualTo("INVALID_FLAG");
    assertThat(patch(path, "{\"description\":1}").code()).isEqualTo("INVALID_DESCRIPTION");
    assertThat(server().post(path + "/rotate-secret", "{\"overlapHours\":-1}").code())
        .isEqualTo("INVALID_OVERLAP");
    assertThat(server().post(path + "/replay", "{\"since\":\"today\"}").code())
        .isEqualTo("INVALID_SINCE");
    assertThat(server().get(path + "/deliveries?state=odd").code()).isEqualTo("INVALID_STATE");
    assertThat(server().get(path + "/deliveries?limit=0").code()).isEqualTo("INVALID_LIMIT");
    assertThat(delete(path).json().get("removed").booleanValue()).isTrue();
    assertThat(server().get(path).code()).isEqualTo("WEBHOOK_NOT_FOUND");
  }

  @Test
  void aTryTellsWhatCameOfIt() {
    Hook hook = hook("account.revoked");
    String path = "/v1/webhooks/" + hook.id() + "/test";
    RunningServer.Answer through = server().post(path, "{}");
    assertThat(through.json().get("state").stringValue()).isEqualTo("delivered");
    assertThat(through.json().get("lastStatus").intValue()).isEqualTo(204);
    hook.receiver().answers(500);
    assertThat(server().post(path, "{}").json().get("state").stringValue()).isEqualTo("dead");
    hook.receiver().close();
    assertThat(server().post(path, "{}").json().get("lastError").stringValue())
        .contains("connection");
  }
}
