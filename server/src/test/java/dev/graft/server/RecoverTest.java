package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.web.PublishedApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A server whose database is lost, over accounts in which another one had cloned. */
class RecoverTest {
  @TempDir private Path folder;
  private Sandbox sandbox;
  private Path templates;
  private int databases;

  @BeforeEach
  void prepare() {
    sandbox = Sandbox.start();
    templates = folder.resolve("templates");
  }

  @AfterEach
  void stop() {
    sandbox.close();
  }

  /** On an empty database, with a wrapping key of its own. */
  private RunningServer emptyServer() {
    Map<String, String> environment =
        RunningServer.environment(folder.resolve("data-" + databases++), templates, sandbox.url());
    return RunningServer.start(environment);
  }

  /** An account with a clone of the first version, which was made on a database that is lost. */
  private Account cloned(String name) throws IOException {
    declared("1.0.0");
    Account account = account(name);
    try (RunningServer server = emptyServer()) {
      link(server, name);
      clone(server, name, "support");
    }
    return account;
  }

  /** With a manifest, so that names say nothing of versions, and two tools. */
  private void declared(String version) throws IOException {
    Path folder = Files.createDirectories(templates.resolve("support"));
    Files.writeString(
        folder.resolve("template.json"),
        """
        {"version": "%s", "resources": {"assistant/support": "support.json",
          "tool/order": "order.json", "tool/end": "end.json"}}
        """
            .formatted(version));
    Files.writeString(
        folder.resolve("support.json"),
        """
        {"name": "Support", "firstMessage": "Hello from %s",
         "voice": {"provider": "vapi", "voiceId": "Elliot"},
         "model": {"provider": "openai", "model": "gpt-4o", "temperature": 0.4,
           "messages": [{"role": "system", "content": "You help. %s"}],
           "toolIds": ["tool/order", "tool/end"]}}
        """
            .formatted(version, version));
    Files.writeString(
        folder.resolve("order.json"),
        """
        {"type": "apiRequest", "name": "look_up_order", "method": "POST",
         "url": "https://example.com/%s",
         "body": {"type": "object", "properties": {"id": {"type": "string"}}}}
        """
            .formatted(version));
    Files.writeString(folder.resolve("end.json"), "{\"type\": \"endCall\"}");
  }

  private Account account(String name) {
    return sandbox.account(name, "key-of-" + name);
  }

  private static String link(RunningServer server, String name) {
    assertThat(server.link(name, "key-of-" + name).status()).isEqualTo(200);
    return server.get("/v1/accounts?userId=" + name).json().at("/accounts/0/id").stringValue();
  }

  private static void clone(RunningServer server, String name, String template) {
    RunningServer.Answer answer = cloned(server, name, template);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  private static RunningServer.Answer cloned(RunningServer server, String name, String template) {
    return server.post(
        "/api/vapi/clone", Json.write(Json.object().put("userId", name).put("template", template)));
  }

  private static ObjectNode recover(RunningServer server, String account, String body) {
    String path = "/v1/accounts/" + account + "/recover";
    RunningServer.Answer answer = server.post(path, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    PublishedApi.check("POST", path, 200, answer.headers(), answer.body());
    return answer.json();
  }

  private static List<String> codes(JsonNode found) {
    return found
        .at("/templates/0/diagnostics")
        .valueStream()
        .map(one -> one.get("code").stringValue())
        .filter(code -> !code.equals("ADDED_BY_OTHERS"))
        .toList();
  }

  private static String status(JsonNode found) {
    return found.at("/templates/0/status").stringValue();
  }

  private JsonNode installation(RunningServer server, String account) {
    return server.get("/v1/accounts/" + account + "/installations").json().at("/installations/0");
  }

  private long writes() {
    return sandbox.requests().entries(entry -> !entry.method().equals("GET")).size();
  }

  @Test
  void anEmptyDatabaseLearnsWhatIsInTheAccountsAndWritesNothingThere() throws Exception {
    declared("1.0.0");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    var accounts = new ArrayList<Account>();
    var before = new ArrayList<String>();
    try (RunningServer server = emptyServer()) {
      for (int i = 0; i < 6; i++) {
        accounts.add(account("c" + i));
        String id = link(server, "c" + i);
        clone(server, "c" + i, i % 2 == 0 ? "support" : "front-desk");
        before.add(seen(installation(server, id)));
      }
    }
    try (RunningServer server = emptyServer()) {
      var ids = new ArrayList<String>();
      for (int i = 0; i < 6; i++) {
        ids.add(link(server, "c" + i));
      }
      sandbox.requests().clear();
      for (int i = 0; i < 6; i++) {
        JsonNode looked = recover(server, ids.get(i), "{\"looksOnly\": true}");
        assertThat(status(looked)).isEqualTo("recovered");
        assertThat(installation(server, ids.get(i)).isMissingNode()).isTrue();
        JsonNode found = recover(server, ids.get(i), "{}");
        assertThat(status(found)).as(found.toString()).isEqualTo("recovered");
        assertThat(codes(found)).isEmpty();
        assertThat(found.at("/templates/0/operation").isString()).isTrue();
        JsonNode installation = installation(server, ids.get(i));
        assertThat(seen(installation)).isEqualTo(before.get(i));
        assertThat(status(recover(server, ids.get(i), "{}"))).isEqualTo("known");
        JsonNode drift =
            server
                .get("/v1/installations/" + installation.get("id").stringValue() + "/drift")
                .json();
        assertThat(drift.get("drifted").booleanValue()).as(drift.toString()).isFalse();
      }
      assertThat(sandbox.requests().entries()).isNotEmpty();
      assertThat(writes()).as("writes at Vapi").isZero();

      clone(server, "c0", "support");
      assertThat(writes()).isZero();
      declared("2.0.0");
      RunningServer.writeTemplate(templates, "front-desk", "2");
      for (int i = 0; i < 6; i++) {
        boolean support = i % 2 == 0;
        assertThat(cloned(server, "c" + i, support ? "support" : "front-desk").actions())
            .noneMatch(action -> action.startsWith("created-"))
            .anyMatch(action -> action.startsWith("updated-assistant:"));
        assertThat(accounts.get(i).objects("assistant")).hasSize(1);
        assertThat(accounts.get(i).objects("tool")).hasSize(support ? 2 : 1);
      }
      RunningServer.Answer gone =
          server.post(
              "/v1/installations/"
                  + installation(server, ids.get(0)).get("id").stringValue()
                  + "/operations",
              "{\"kind\": \"uninstall\"}");
      assertThat(gone.status()).as(gone.body()).isEqualTo(200);
      assertThat(accounts.get(0).objects("assistant")).isEmpty();
      assertThat(accounts.get(0).objects("tool")).isEmpty();
    }
  }

  /** What an installation says of itself that does not depend on the database. */
  private static String seen(JsonNode installation) {
    return installation.get("version")
        + " "
        + installation.get("release")
        + " "
        + installation.get("objects");
  }

  @Test
  void whatTheCustomerChangedIsToldAndKept() throws Exception {
    Account account = cloned("ann");
    String assistant = account.objects("assistant").getFirst().get("id").stringValue();
    account.patch(
        "assistant",
        assistant,
        Json.parseObject("{\"firstMessage\": \"Acme, hello!\", \"endCallMessage\": \"Ciao\"}"));
    try (RunningServer server = emptyServer()) {
      String id = link(server, "ann");
      JsonNode found = recover(server, id, "{}");
      assertThat(status(found)).isEqualTo("recovered");
      assertThat(codes(found)).containsExactly("DIFFERS_FROM_RELEASE");
      assertThat(found.toString()).contains("firstMessage", "endCallMessage");
      String installation = installation(server, id).get("id").stringValue();
      JsonNode drift = server.get("/v1/installations/" + installation + "/drift").json();
      assertThat(drift.get("drifted").booleanValue()).isTrue();
      assertThat(drift.toString()).contains("Acme, hello!").doesNotContain("Ciao");
      // The release changes the same field: someone has to decide, and nothing is lost.
      declared("2.0.0");
      RunningServer.Answer blocked = cloned(server, "ann", "support");
      assertThat(blocked.status()).isEqualTo(409);
      assertThat(blocked.code()).isEqualTo("COLLISION");
      RunningServer.Answer settled =
          server.post(
              "/v1/accounts/" + id + "/installations",
              "{\"template\": \"support\", \"take\": \"theirs\"}");
      assertThat(settled.status()).as(settled.body()).isEqualTo(200);
      ObjectNode now = account.objects("assistant").getFirst();
      assertThat(now.get("firstMessage").stringValue()).isEqualTo("Acme, hello!");
      assertThat(now.get("endCallMessage").stringValue()).isEqualTo("Ciao");
      assertThat(now.at("/model/messages/0/content").stringValue()).isEqualTo("You help. 2.0.0");
    }
  }

  @Test
  void whatIsOfAnotherReleaseIsEnteredOnlyWhenAsked() throws Exception {
    Account account = cloned("ann");
    declared("2.0.0");
    try (RunningServer server = emptyServer()) {
      String id = link(server, "ann");
      JsonNode found = recover(server, id, "{}");
      assertThat(status(found)).isEqualTo("unproven");
      assertThat(codes(found)).containsOnly("RELEASE_UNKNOWN").hasSize(3);
      assertThat(installation(server, id).isMissingNode()).isTrue();
      // With the template as it was, all of it is proven.
      declared("1.0.0");
      assertThat(status(recover(server, id, "{}"))).isEqualTo("recovered");
      declared("2.0.0");
      clone(server, "ann", "support");
    }
    assertThat(account.objects("tool")).hasSize(2);
    declared("3.0.0");
    try (RunningServer server = emptyServer()) {
      String id = link(server, "ann");
      JsonNode found = recover(server, id, "{\"unproven\": true}");
      assertThat(status(found)).isEqualTo("partly");
      assertThat(installation(server, id).get("objects").size()).isEqualTo(3);
      assertThat(installation(server, id).get("version").isNull()).isTrue();
      clone(server, "ann", "support");
      assertThat(account.objects("assistant")).hasSize(1);
      assertThat(account.objects("tool")).hasSize(2);
      assertThat(account.objects("assistant").getFirst().get("firstMessage").stringValue())
          .isEqualTo("Hello from 3.0.0");
    }
  }

  @Test
  void ofSeveralCopiesNoneIsGuessedAt() throws Exception {
    Account account = cloned("ann");
    ObjectNode original = account.objects("assistant").getFirst();
    ObjectNode copy = original.deepCopy();
    copy.remove(List.of("id", "orgId", "createdAt", "updatedAt"));
    account.put("assistant", copy);
    try (RunningServer server = emptyServer()) {
      String id = link(server, "ann");
      JsonNode found = recover(server, id, "{}");
      assertThat(status(found)).isEqualTo("partly");
      assertThat(codes(found)).containsExactly("SEVERAL_CANDIDATES");
      String chosen = original.get("id").stringValue();
      String body =
          Json.write(
              Json.object()
                  .put("template", "support")
                  .set("adopt", Json.object().put("assistant/support", chosen)));
      assertThat(status(recover(server, id, body))).isEqualTo("recovered");
      assertThat(installation(server, id).get("objects").toString()).contains(chosen);
    }
  }

  @Test
  void whatIsNotThereAndWhatHasNoTemplateIsTold() throws Exception {
    Account account = cloned("ann");
    Account empty = account("bob");
    for (ObjectNode tool : account.objects("tool")) {
      if (tool.get("type").stringValue().equals("endCall")) {
        account.delete("tool", tool.get("id").stringValue());
      }
    }
    try (RunningServer server = emptyServer()) {
      String id = link(server, "ann");
      JsonNode found = recover(server, id, "{}");
      assertThat(status(found)).isEqualTo("partly");
      assertThat(codes(found)).contains("NOT_SEEN");
      clone(server, "ann", "support");
      assertThat(account.objects("tool")).hasSize(2);
      assertThat(account.objects("assistant")).hasSize(1);
      assertThat(recover(server, link(server, "bob"), "{}").get("templates")).isEmpty();
      assertThat(empty.objects("assistant")).isEmpty();
    }
    Files.move(templates.resolve("support"), templates.resolve("renamed"));
    try (RunningServer server = emptyServer()) {
      JsonNode found = recover(server, link(server, "ann"), "{}");
      assertThat(status(found)).isEqualTo("no-template");
      assertThat(codes(found)).containsExactly("TEMPLATE_UNKNOWN");
      assertThat(
              server
                  .post(
                      "/v1/accounts/" + link(server, "bob") + "/recover",
                      "{\"adopt\": {}, \"x\": 1}")
                  .code())
          .isEqualTo("UNKNOWN_MEMBER");
    }
  }

  /** Tools of a template with a declared version are found by what points at them. */
  @Test
  void aCloneWithoutARecoveryMakesNothingTwiceEither() throws Exception {
    Account account = cloned("ann");
    for (String version : List.of("1.0.0", "2.0.0")) {
      declared(version);
      try (RunningServer server = emptyServer()) {
        link(server, "ann");
        clone(server, "ann", "support");
        assertThat(account.objects("assistant")).hasSize(1);
        assertThat(account.objects("tool")).hasSize(2);
      }
    }
    assertThat(account.objects("assistant").getFirst().get("firstMessage").stringValue())
        .isEqualTo("Hello from 2.0.0");
  }
}
