package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What comes after the first clone, over real HTTP at both ends, on either database. */
interface LifecycleContract extends ServerContract {

  default String installationOf(Customer customer) {
    return server()
        .get("/v1/accounts/" + accountOf(customer) + "/installations")
        .json()
        .at("/installations/0/id")
        .stringValue();
  }

  default RunningServer.Answer change(Customer customer, String body) {
    return server().post("/v1/installations/" + installationOf(customer) + "/operations", body);
  }

  default RunningServer.Answer planned(Customer customer, String body) {
    return server().post("/v1/installations/" + installationOf(customer) + "/plans", body);
  }

  default RunningServer.Answer unlink(Customer customer, String query) {
    return server()
        .send(
            HttpRequest.newBuilder(
                    server().url().resolve("/v1/accounts/" + accountOf(customer) + query))
                .DELETE());
  }

  default void edit(Customer customer, String kind, String fields) {
    customer.account().patch(kind, customer.idOf(kind), Json.parseObject(fields));
  }

  default String text(Customer customer, String kind, String place) {
    JsonNode value = Place.parse(place).in(customer.only(kind));
    return value == null ? "" : value.stringValue();
  }

  default String lastOperation(Customer customer) {
    return server()
        .get("/v1/accounts/" + accountOf(customer) + "/operations")
        .json()
        .at("/operations/0/id")
        .stringValue();
  }

  /** The template with a tool of another type. */
  default void writeOtherType(String version) {
    RunningServer.writeTemplate(templates(), "front-desk", version);
    try {
      Files.writeString(
          templates().resolve("front-desk/template-tool.json"),
          """
          {"type":"function","function":{"name":"book_visit_v%s","parameters":{"type":"object",
           "properties":{"id":{"type":"string"}}}},"server":{"url":"https://example.com/f"}}
          """
              .formatted(version));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  default void aCollisionIsShownAndSettledByWhoeverDecides() {
    Customer customer = customer();
    server().clone(customer.userId());
    edit(customer, "assistant", "{\"firstMessage\":\"Own words\"}");
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    sandbox().requests().clear();

    RunningServer.Answer collision = server().clone(customer.userId());
    assertThat(collision.status()).isEqualTo(409);
    assertThat(collision.code()).isEqualTo("COLLISION");
    assertThat(collision.json().at("/diagnostics/0/where").stringValue())
        .isEqualTo("assistant/main#firstMessage");
    assertThat(collision.json().get("error").stringValue())
        .contains("Hello from 1", "Own words", "Hello from 2");
    assertThat(writes()).isZero();

    String installations = "/v1/accounts/" + accountOf(customer) + "/installations";
    RunningServer.Answer elsewhere =
        server().post(installations, "{\"take\":{\"assistant/main#voice\":\"ours\"}}");
    assertThat(elsewhere.status()).isEqualTo(409);
    assertThat(elsewhere.json().get("diagnostics").findValuesAsString("code"))
        .contains("NO_COLLISION", "COLLISION");
    assertThat(server().post(installations, "{\"take\":\"mine\"}").code())
        .isEqualTo("INVALID_TAKE");
    assertThat(server().post(installations, "{\"take\":{\"firstMessage\":\"ours\"}}").code())
        .isEqualTo("INVALID_TAKE");
    assertThat(
            server()
                .post(installations, "{\"take\":{\"assistant/main#[\\\"\\\\q\\\"]\":\"ours\"}}")
                .code())
        .isEqualTo("INVALID_TAKE");
    assertThat(writes()).isZero();

    RunningServer.Answer settled =
        server().post(installations, "{\"take\":{\"assistant/main#firstMessage\":\"theirs\"}}");
    assertThat(settled.status()).as(settled.body()).isEqualTo(200);
    assertThat(text(customer, "assistant", "firstMessage")).isEqualTo("Own words");
    assertThat(text(customer, "assistant", "name")).isEqualTo("Front Desk_v2");

    RunningServer.writeTemplate(templates(), "front-desk", "3");
    RunningServer.Answer other =
        server()
            .post(
                installations,
                "{\"take\":{\"assistant/main#firstMessage\":{\"value\":\"Agreed words\"}}}");
    assertThat(other.status()).as(other.body()).isEqualTo(200);
    assertThat(text(customer, "assistant", "firstMessage")).isEqualTo("Agreed words");
  }

  @Test
  default void anInstallationGoesBackToAnEarlierRelease() {
    Customer customer = customer();
    server().clone(customer.userId());
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    server().clone(customer.userId());
    edit(customer, "assistant", "{\"endCallMessage\":\"Bye\"}");

    RunningServer.Answer back = change(customer, "{\"kind\":\"rollback\",\"release\":\"1\"}");
    assertThat(back.status()).as(back.body()).isEqualTo(200);
    assertThat(back.json().get("kind").stringValue()).isEqualTo("rollback");
    assertThat(text(customer, "assistant", "firstMessage")).isEqualTo("Hello from 1");
    assertThat(text(customer, "assistant", "endCallMessage")).isEqualTo("Bye");
    assertThat(
            server()
                .get("/v1/installations/" + installationOf(customer))
                .json()
                .get("version")
                .stringValue())
        .isEqualTo("1");

    assertThat(change(customer, "{\"kind\":\"rollback\",\"release\":\"9\"}").code())
        .isEqualTo("RELEASE_NOT_FOUND");
    assertThat(change(customer, "{\"kind\":\"rollback\"}").code()).isEqualTo("INVALID_ROLLBACK");
    assertThat(change(customer, "{\"kind\":\"repair\",\"release\":\"1\"}").code())
        .isEqualTo("INVALID_ROLLBACK");
    assertThat(change(customer, "{\"kind\":\"improve\",\"release\":\"1\"}").code())
        .isEqualTo("INVALID_KIND");
    assertThat(
            change(customer, "{\"kind\":\"rollback\",\"release\":\"1\",\"operation\":\"op_1\"}")
                .code())
        .isEqualTo("INVALID_ROLLBACK");
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("updated-"));
  }

  @Test
  default void anOperationIsUndoneAsIfItHadNotBeen() {
    Customer customer = customer();
    server().clone(customer.userId());
    edit(customer, "assistant", "{\"endCallMessage\":\"Bye\"}");
    JsonNode assistant = customer.only("assistant").deepCopy();
    String tool = customer.idOf("tool");
    writeOtherType("2");
    RunningServer.Answer replaced = server().clone(customer.userId());
    assertThat(replaced.actions())
        .containsExactly(
            "created-tool:" + customer.idOf("tool"),
            "deleted-tool:" + tool,
            "updated-assistant:" + customer.idOf("assistant"));
    assertThat(replaced.json().get("toolId").stringValue()).isEqualTo(customer.idOf("tool"));
    assertThat(replaced.json().has("toolIds")).isFalse();

    String operation = lastOperation(customer);
    RunningServer.Answer undone =
        change(customer, "{\"kind\":\"rollback\",\"operation\":\"" + operation + "\"}");
    assertThat(undone.status()).as(undone.body()).isEqualTo(200);
    assertThat(text(customer, "tool", "type")).isEqualTo("apiRequest");
    assertThat(text(customer, "assistant", "model.toolIds[0]")).isEqualTo(customer.idOf("tool"));
    for (String field : List.of("name", "firstMessage", "endCallMessage", "voice")) {
      assertThat(customer.only("assistant").get(field)).isEqualTo(assistant.get(field));
    }
    assertThat(change(customer, "{\"kind\":\"rollback\",\"operation\":\"op_unknown\"}").code())
        .isEqualTo("OPERATION_NOT_FOUND");

    RunningServer.writeTemplate(templates(), "front-desk", "1");
    sandbox().requests().clear();
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("reused-"));
    assertThat(writes()).isZero();
  }

  @Test
  default void theFirstCloneCanBeUndone() {
    Customer customer = customer();
    server().clone(customer.userId());
    RunningServer.Answer undone =
        change(
            customer, "{\"kind\":\"rollback\",\"operation\":\"" + lastOperation(customer) + "\"}");
    assertThat(undone.status()).as(undone.body()).isEqualTo(200);
    assertThat(customer.account().objects("tool")).isEmpty();
    assertThat(customer.account().objects("assistant")).isEmpty();
    assertThat(server().get("/v1/installations/" + installationOf(customer)).json().get("version"))
        .isEqualTo(Json.object().nullNode());
    assertThat(change(customer, "{\"kind\":\"repair\"}").code()).isEqualTo("NOT_INSTALLED");
    assertThat(server().clone(customer.userId()).actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("created-"));
  }

  @Test
  default void driftSaysWhoMovedWhatAndARepairPutsItRight() {
    Customer customer = customer();
    server().clone(customer.userId());
    String drift = "/v1/installations/" + installationOf(customer) + "/drift";
    assertThat(server().get(drift).json().get("drifted").booleanValue()).isFalse();

    edit(
        customer,
        "assistant",
        "{\"firstMessage\":\"Own words\",\"endCallMessage\":\"Bye\",\"server\":{\"url\":\"https://u:p@x\",\"secret\":\"s3cr3t-value\"}}");
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    sandbox().requests().clear();
    RunningServer.Answer seen = server().get(drift);
    assertThat(seen.status()).as(seen.body()).isEqualTo(200);
    assertThat(seen.json().get("drifted").booleanValue()).isTrue();
    assertThat(seen.body()).doesNotContain("s3cr3t-value", "u:p@x");
    JsonNode changed = seen.json().at("/objects/1");
    assertThat(changed.get("state").stringValue()).isEqualTo("changed");
    assertThat(changed.get("fields").valueStream())
        .anySatisfy(field -> {
          assertThat(field.get("path").stringValue()).isEqualTo("firstMessage");
          assertThat(field.get("by").stringValue()).isEqualTo("customer");
          assertThat(field.get("applied").stringValue()).isEqualTo("Hello from 1");
          assertThat(field.get("live").stringValue()).isEqualTo("Own words");
        })
        .anySatisfy(field -> {
          assertThat(field.get("by").stringValue()).isEqualTo("release");
          assertThat(field.get("wanted").stringValue()).isEqualTo("Hello from 2");
        });
    assertThat(writes()).isZero();

    assertThat(change(customer, "{\"kind\":\"repair\",\"take\":\"theirs\"}").code())
        .isEqualTo("INVALID_TAKE");
    RunningServer.Answer plan = planned(customer, "{\"kind\":\"repair\"}");
    assertThat(plan.status()).as(plan.body()).isEqualTo(201);
    assertThat(plan.json().at("/steps/0/changes/0/path").stringValue()).isEqualTo("firstMessage");
    assertThat(plan.json().at("/steps/0/changes")).hasSize(1);
    String apply = "/v1/plans/" + plan.json().get("id").stringValue() + "/apply";
    assertThat(server().post(apply, "{}").status()).isEqualTo(200);
    assertThat(text(customer, "assistant", "firstMessage")).isEqualTo("Hello from 1");
    assertThat(text(customer, "assistant", "endCallMessage")).isEqualTo("Bye");
    assertThat(server().post(apply, "{}").code()).isEqualTo("PLAN_OUTDATED");

    customer.account().delete("tool", customer.idOf("tool"));
    assertThat(server().get(drift).json().at("/objects/0/state").stringValue()).isEqualTo("gone");
    assertThat(change(customer, "{\"kind\":\"repair\"}").actions())
        .contains("created-tool:" + customer.idOf("tool"));
  }

  @Test
  default void aPlanTellsWhomItConcernsAndARemovalAsksFirst() {
    Customer customer = customer();
    server().clone(customer.userId());
    String assistant = customer.idOf("assistant");
    customer
        .account()
        .put(
            "phone-number",
            Json.parseObject(
                "{\"provider\":\"vapi\",\"name\":\"Main line\",\"assistantId\":\""
                    + assistant
                    + "\"}"));
    customer
        .account()
        .put(
            "squad",
            Json.parseObject(
                "{\"name\":\"Team\",\"members\":[{\"assistantId\":\"" + assistant + "\"}]}"));
    RunningServer.writeTemplate(templates(), "front-desk", "2");
    RunningServer.Answer plan =
        server().post("/v1/accounts/" + accountOf(customer) + "/plans", "{}");
    assertThat(plan.json().get("impact").valueStream().map(one -> one.get("name").stringValue()))
        .containsExactlyInAnyOrder("Main line", "Team");

    sandbox().requests().clear();
    RunningServer.Answer refused = change(customer, "{\"kind\":\"uninstall\"}");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("OBJECT_IN_USE");
    assertThat(refused.json().get("error").stringValue()).contains("'Main line'", "'Team'");
    assertThat(unlink(customer, "?clones=remove").code()).isEqualTo("OBJECT_IN_USE");
    assertThat(writes()).isZero();

    RunningServer.Answer gone = change(customer, "{\"kind\":\"uninstall\",\"evenIfUsed\":true}");
    assertThat(gone.status()).as(gone.body()).isEqualTo(200);
    assertThat(customer.account().objects("assistant")).isEmpty();
    assertThat(customer.account().objects("phone-number")).hasSize(1);
    assertThat(change(customer, "{\"kind\":\"uninstall\",\"evenIfUsed\":1}").code())
        .isEqualTo("INVALID_FLAG");
  }

  @Test
  default void anAccountIsUnlinkedAndItsClonesStay() {
    Customer customer = customer();
    server().clone(customer.userId());
    assertThat(unlink(customer, "").code()).isEqualTo("INVALID_CLONES");

    RunningServer.Answer answer = unlink(customer, "?clones=keep");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().get("keyDestroyed").booleanValue()).isTrue();
    assertThat(answer.json().get("left")).hasSize(2);
    assertThat(server().clone(customer.userId()).code()).isEqualTo("API_KEY_NOT_FOUND");
    String assistant = customer.idOf("assistant");

    assertThat(server().link(customer.userId(), customer.key()).status()).isEqualTo(200);
    RunningServer.Answer again = server().clone(customer.userId());
    assertThat(again.status()).as(again.body()).isEqualTo(200);
    assertThat(customer.idOf("assistant")).isEqualTo(assistant);
    customer.only("tool");
  }

  @Test
  default void whatWasTakenOverStaysWhenTheRestGoesAndPointsAtNothingThatIsGone() {
    Customer customer = customer();
    String theirs =
        customer
            .account()
            .put(
                "assistant",
                Json.parseObject(
                    "{\"name\":\"Front Desk\",\"model\":{\"provider\":\"openai\",\"model\":\"gpt-4o\"}}"))
            .get("id")
            .stringValue();
    RunningServer.Answer plan =
        server().post("/v1/accounts/" + accountOf(customer) + "/plans", "{}");
    assertThat(plan.status()).as(plan.body()).isEqualTo(201);
    server().clone(customer.userId());
    assertThat(text(customer, "assistant", "model.toolIds[0]")).isEqualTo(customer.idOf("tool"));

    RunningServer.Answer answer = unlink(customer, "?clones=remove");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().get("left").valueStream().map(one -> one.get("object").stringValue()))
        .containsExactly(theirs);
    assertThat(customer.account().objects("tool")).isEmpty();
    assertThat(customer.only("assistant").at("/model/toolIds")).isEmpty();
  }

  @Test
  default void anAccountIsUnlinkedAndWhatGraftMadeGoes() {
    Customer customer = customer();
    customer.account().put("assistant", Json.parseObject("{\"name\":\"Mine\"}"));
    server().clone(customer.userId());
    assertThat(unlink(customer, "?clones=remove&evenIfUsed=yes").code()).isEqualTo("INVALID_FLAG");
    RunningServer.Answer answer = unlink(customer, "?clones=remove");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().get("actions")).hasSize(2);
    assertThat(answer.json().get("left")).isEmpty();
    assertThat(text(customer, "assistant", "name")).isEqualTo("Mine");
    assertThat(customer.account().objects("tool")).isEmpty();
    assertThat(server().clone(customer.userId()).code()).isEqualTo("API_KEY_NOT_FOUND");
  }

  @Test
  default void anAccountWhoseKeyIsRevokedIsUnlinkedAndItIsSaidWhatIsLeft() {
    Customer customer = customer();
    server().clone(customer.userId());
    customer.account().revoke(customer.key());
    RunningServer.Answer answer = unlink(customer, "?clones=remove");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.json().get("actions")).isEmpty();
    assertThat(answer.json().get("left")).hasSize(2);
    assertThat(answer.json().get("note").stringValue()).contains("does not accept the key");
    assertThat(server().clone(customer.userId()).code()).isEqualTo("API_KEY_NOT_FOUND");
    assertThat(customer.account().objects("assistant")).hasSize(1);
  }

  @Test
  default void whileVapiIsAwayAnAccountWhoseClonesAreToGoIsKept() {
    Customer customer = customer();
    server().clone(customer.userId());
    sandbox()
        .fault(
            Fault.on("DELETE", "/assistant/*")
                .always()
                .by(customer.account())
                .before(Effect.status(503)));
    RunningServer.Answer answer = unlink(customer, "?clones=remove");
    assertThat(answer.status()).isIn(502, 503, 504);
    assertThat(server().get("/v1/accounts/" + accountOf(customer)).status()).isEqualTo(200);
    sandbox().clearFaults();
    RunningServer.Answer later = unlink(customer, "?clones=remove");
    assertThat(later.status()).as(later.body()).isEqualTo(200);
    assertThat(customer.account().objects("assistant")).isEmpty();
  }

  @Test
  default void aTwinThatComesLateIsRemovedByItself() throws Exception {
    Customer customer = customer();
    // Carried out long after Graft has looked for it in vain and sent it again.
    sandbox()
        .fault(
            Fault.on("POST", "/tool")
                .nth(1)
                .by(customer.account())
                .before(Effect.hang(Duration.ofMillis(3_500))));
    RunningServer.Answer answer = server().clone(customer.userId());
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    String tool = answer.json().get("toolId").stringValue();
    int most = 0;
    for (int i = 0; i < 150; i++) {
      Thread.sleep(100);
      int now = customer.account().objects("tool").size();
      if (most > 1 && now == 1) {
        break;
      }
      most = Math.max(most, now);
    }
    assertThat(most).as("twins at a time").isEqualTo(2);
    assertThat(customer.idOf("tool")).isEqualTo(tool);
    assertThat(text(customer, "assistant", "model.toolIds[0]")).isEqualTo(tool);
  }

  @Test
  default void whatTheVendorOwnsIsTakenBackAndWhatTheCustomerOwnsIsLeft() throws IOException {
    Customer customer = customer();
    Files.writeString(
        templates().resolve("front-desk/template.json"),
        "{\"owners\":{\"assistant/main\":{\"firstMessage\":\"vendor\",\"voice\":\"customer\"}}}");
    try {
      server().clone(customer.userId());
      edit(
          customer,
          "assistant",
          "{\"firstMessage\":\"Own words\",\"voice\":{\"provider\":\"vapi\",\"voiceId\":\"Kylie\"}}");
      assertThat(server().clone(customer.userId()).actions())
          .contains("updated-assistant:" + customer.idOf("assistant"));
      assertThat(text(customer, "assistant", "firstMessage")).isEqualTo("Hello from 1");
      assertThat(text(customer, "assistant", "voice.voiceId")).isEqualTo("Kylie");
    } finally {
      Files.delete(templates().resolve("front-desk/template.json"));
    }
  }

  @Test
  default void anUnlinkWhileAPlanIsMadeIsToldAsSuch() {
    Customer customer = customer();
    String path = "/v1/accounts/" + accountOf(customer);
    sandbox()
        .fault(
            Fault.on("GET", "/assistant*")
                .before(
                    Effect.run(() ->
                        assertThat(unlink(customer, "?clones=keep").status()).isEqualTo(200))));
    RunningServer.Answer answer = server().post(path + "/plans", "{}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(404);
    assertThat(answer.code()).isEqualTo("ACCOUNT_NOT_FOUND");
  }
}
