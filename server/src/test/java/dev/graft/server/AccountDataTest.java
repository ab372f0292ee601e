package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.audit.Verification;
import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.web.PublishedApi;
import dev.graft.store.Database;
import dev.graft.store.Pseudonyms;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is held about one account: exported, and erased. */
class AccountDataTest {
  private static final String KEY = "the-key-of-ann-0123456789";
  private static final String ANN = "ann@example.com";

  @TempDir private Path folder;
  private Sandbox sandbox;
  private RunningServer server;

  @BeforeEach
  void start() {
    sandbox = Sandbox.start();
    server = RunningServer.start(RunningServer.environment(folder, sandbox));
    sandbox.account("A", KEY);
    assertThat(server.link(ANN, KEY).status()).isEqualTo(200);
    assertThat(server.clone(ANN).status()).isEqualTo(200);
    ObjectNode key = Json.object().put("label", "for Ann").put("userId", ANN);
    key.putArray("scopes").add("read");
    assertThat(server.post("/v1/api-keys", Json.write(key)).status()).isEqualTo(201);
  }

  @AfterEach
  void stop() {
    server.close();
    sandbox.close();
  }

  private String account() {
    return server.get("/v1/accounts?userId=" + ANN).json().at("/accounts/0/id").stringValue();
  }

  private RunningServer.Answer erase(String account) {
    String path = "/v1/accounts/" + account + "/erase";
    RunningServer.Answer answer = server.post(path, "{}");
    PublishedApi.check("POST", path, answer.status(), answer.headers(), answer.body());
    return answer;
  }

  @Test
  void allThatIsHeldIsExportedWithoutTheKey() {
    String path = "/v1/accounts/" + account() + "/export";
    RunningServer.Answer answer = server.get(path);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    PublishedApi.check("GET", path, 200, answer.headers(), answer.body());
    JsonNode export = answer.json();
    assertThat(export.at("/account/userIds/0").stringValue()).isEqualTo(ANN);
    assertThat(export.at("/users/0/alias").stringValue()).startsWith("usr_");
    assertThat(export.at("/installations/0/objects").size()).isEqualTo(2);
    assertThat(export.at("/operations/0/kind").stringValue()).isEqualTo("clone");
    assertThat(export.at("/apiKeys/0/label").stringValue()).isEqualTo("for Ann");
    assertThat(export.get("events").size()).isPositive();
    assertThat(export.get("audit").valueStream().map(record -> record.get("act").stringValue()))
        .contains("account.linked", "key.opened", "object.created", "account.exported");
    var search = new Canary.Search(Map.of("the key", KEY));
    assertThat(search.in(answer.body().getBytes(StandardCharsets.UTF_8))).isEmpty();
    assertThat(server.get("/v1/accounts/acc_none/export").code()).isEqualTo("ACCOUNT_NOT_FOUND");
  }

  @Test
  void whoAnErasedAccountBelongedToIsNowhere() {
    String account = account();
    assertThat(erase(account).code()).isEqualTo("ACCOUNT_LINKED");
    assertThat(erase("acc_none").code()).isEqualTo("ACCOUNT_NOT_FOUND");
    RunningServer.Answer unlinked =
        server.send(
            HttpRequest.newBuilder(server.url().resolve("/v1/accounts/" + account + "?clones=keep"))
                .DELETE());
    assertThat(unlinked.status()).as(unlinked.body()).isEqualTo(200);
    assertThat(server.bean(Pseudonyms.class).ofAccount(account)).hasSize(1);

    JsonNode erased = erase(account).json();
    assertThat(erased.get("users").intValue()).isEqualTo(1);
    assertThat(erased.get("apiKeys").intValue()).isEqualTo(1);
    assertThat(erased.get("auditRecords").intValue()).isPositive();
    assertThat(server.bean(Pseudonyms.class).ofAccount(account)).isEmpty();
    assertThat(erase(account).json().get("users").intValue()).isZero();
    assertThat(server.get("/v1/api-keys").body()).doesNotContain(ANN);
    String audit = server.get("/v1/audit?limit=200").body();
    assertThat(audit).contains(account, "usr_", "account.erased").doesNotContain(ANN);
    Eventually.holds(
        Duration.ofSeconds(10), server.bean(Database.class)::scrub, () -> "someone reads still");
    server.close();
    assertThat(new Canary.Search(Map.of("Ann", ANN)).in(read("graft.db"))).isEmpty();
  }

  private byte[] read(String file) {
    try {
      return Files.readAllBytes(folder.resolve("data").resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The chain is as sound after an erasure as before. */
  @Test
  void theTrailStaysSound() {
    String account = account();
    server.send(
        HttpRequest.newBuilder(server.url().resolve("/v1/accounts/" + account + "?clones=remove"))
            .DELETE());
    erase(account);
    var lines = new ArrayList<String>();
    server
        .get("/v1/audit?limit=200")
        .json()
        .get("records")
        .forEach(record -> lines.add(Json.write(record)));
    Verification.Report report = Verification.of(lines.iterator(), null, null);
    assertThat(report.faults()).isEmpty();
    assertThat(report.records()).isGreaterThan(5);
  }

  /** Someone who has another account by now is not forgotten with the former one. */
  @Test
  void whoIsLinkedElsewhereStays() {
    String account = account();
    server.send(
        HttpRequest.newBuilder(server.url().resolve("/v1/accounts/" + account + "?clones=remove"))
            .DELETE());
    sandbox.account("B", "another-key-of-ann");
    assertThat(server.link(ANN, "another-key-of-ann").status()).isEqualTo(200);
    JsonNode erased = erase(account).json();
    assertThat(erased.get("users").intValue()).isZero();
    assertThat(server.get("/v1/api-keys").body()).contains(ANN);
  }
}
