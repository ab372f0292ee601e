package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.audit.Checkpoint;
import dev.graft.core.audit.Verification;
import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The audit trail of a running server, on either database. Its tests share one server and one
 * trail, in whatever order they come.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AuditServerContract {
  Path folder;
  private Sandbox sandbox = Sandbox.start();
  Map<String, String> environment = new HashMap<>();
  RunningServer server;
  private int users;

  /** The settings of this server, with the database that the test is about. */
  abstract Map<String, String> with(Map<String, String> environment);

  /** A connection to its database past Graft. */
  abstract Connection past(Map<String, String> environment, Path dataDir) throws SQLException;

  /** What makes the audit trail refuse every record. */
  abstract List<String> refusingRecords();

  abstract List<String> takingRecords();

  /** What a restore of a backup does that has only the first records. */
  abstract List<String> withoutTriggers();

  @BeforeAll
  void start(@TempDir Path given) {
    folder = given;
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    environment =
        new HashMap<>(
            with(RunningServer.environment(folder.resolve("data"), templates, sandbox.url())));
    environment.put("GRAFT_AUDIT_SINK", "log,file:" + checkpoints());
    server = RunningServer.start(environment);
  }

  @AfterAll
  void stop() {
    server.close();
    sandbox.close();
  }

  private Path checkpoints() {
    return folder.resolve("outside/checkpoints");
  }

  private void sql(List<String> statements) throws SQLException {
    try (Connection connection = past(environment, folder.resolve("data"));
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.execute(one);
      }
    }
  }

  List<ObjectNode> records(String query) {
    var records = new ArrayList<ObjectNode>();
    String after = "0";
    do {
      ObjectNode page = server.get("/v1/audit?limit=5&after=" + after + query).json();
      page.required("records").forEach(record -> records.add((ObjectNode) record));
      after = page.required("next").asString("");
    } while (!after.isEmpty());
    return records;
  }

  private static List<String> acts(List<ObjectNode> records) {
    return records.stream().map(record -> record.required("act").stringValue()).toList();
  }

  private static JsonNode detail(JsonNode record) {
    return Json.parse(record.required("detail").stringValue());
  }

  Verification.Report verified(List<ObjectNode> records) throws IOException {
    String key = server.get("/v1/audit/key").json().required("publicKey").stringValue();
    return Verification.of(
        records.stream().map(Json::write).iterator(),
        Files.readAllLines(checkpoints()).iterator(),
        Checkpoint.publicKey(key).orElseThrow());
  }

  String newUser() {
    users++;
    return "user-" + users;
  }

  String linked(String user) {
    String key = UUID.randomUUID().toString();
    sandbox.account(user, key);
    assertThat(server.link(user, key).status()).isEqualTo(200);
    return server.get("/v1/accounts?userId=" + user).json().at("/accounts/0/id").stringValue();
  }

  private RunningServer.Answer unlink(String account, String clones) {
    return server.send(
        HttpRequest.newBuilder(
                server.url().resolve("/v1/accounts/" + account + "?clones=" + clones))
            .DELETE());
  }

  @Test
  void everyActIsOnRecordWithWhoDidItAndNoSecret() throws Exception {
    String ann = newUser();
    String bob = newUser();
    String account = linked(ann);
    RunningServer.Answer cloned = server.clone(ann);
    assertThat(cloned.status()).isEqualTo(200);
    List<ObjectNode> all = records("&account=" + account);
    assertThat(acts(all))
        .containsExactly(
            "account.linked",
            "operation.begun",
            "key.opened",
            "object.created",
            "object.created",
            "operation.succeeded");
    assertThat(all)
        .allMatch(record -> record.required("actor").stringValue().equals("local:local"));
    assertThat(all.subList(1, all.size()))
        .allMatch(record ->
            record.required("request").stringValue().equals(cloned.header("X-Request-Id")));
    assertThat(all.get(3).required("subject").stringValue())
        .isEqualTo(cloned.json().required("toolId").stringValue());
    assertThat(detail(all.get(3)).required("address").stringValue()).isEqualTo("tool/main");

    // What a repeat costs: nothing to be done is three records, and no more commits than before.
    int before = records("").size();
    assertThat(server.clone(ann).status()).isEqualTo(200);
    assertThat(acts(records("").subList(before, before + 3)))
        .containsExactly("operation.begun", "key.opened", "operation.succeeded");
    assertThat(records("")).hasSize(before + 3);

    assertThat(server.post("/v1/accounts/" + account + "/plans", "{}").status()).isEqualTo(201);
    String installation =
        server
            .get("/v1/accounts/" + account + "/installations")
            .json()
            .at("/installations/0/id")
            .stringValue();
    assertThat(server.get("/v1/installations/" + installation + "/drift").status()).isEqualTo(200);
    assertThat(server.link(bob, "no-such-key-0123456789").status()).isEqualTo(401);
    assertThat(unlink(account, "remove").status()).isEqualTo(200);
    List<ObjectNode> later = records("").subList(before + 3, records("").size());
    assertThat(acts(later))
        .containsExactly(
            "key.opened",
            "plan.made",
            "key.opened",
            "link.refused",
            "operation.begun",
            "key.opened",
            "object.deleting",
            "object.deleted",
            "object.deleting",
            "object.deleted",
            "operation.succeeded",
            "account.unlinked");
    assertThat(detail(later.get(0)).required("purpose").stringValue()).isEqualTo("plan");
    assertThat(detail(later.get(2)).required("purpose").stringValue()).isEqualTo("drift");
    assertThat(detail(later.get(3)).required("user").stringValue())
        .startsWith("usr_")
        .doesNotContain(bob);
    assertThat(records("").toString()).doesNotContain("no-such-key").contains("node.started");
    assertThat(verified(records("")).faults()).isEmpty();
  }

  /** Also what is known only within the transaction is on record with who asked for it. */
  @Test
  void whoAskedIsOnRecordForWhatTheDatabaseDecides() {
    String ann = newUser();
    String key = UUID.randomUUID().toString();
    Account vapi = sandbox.account(ann, key);
    assertThat(server.link(ann, key).status()).isEqualTo(200);
    String account =
        server.get("/v1/accounts?userId=" + ann).json().at("/accounts/0/id").stringValue();
    vapi.revoke(key);
    assertThat(server.clone(ann).status()).isEqualTo(409);
    RunningServer.Answer refused = server.clone(ann);
    assertThat(refused.code()).isEqualTo("INSUFFICIENT_PERMISSIONS");
    assertThat(unlink(account, "keep").status()).isEqualTo(200);
    RunningServer.Answer erased = server.post("/v1/accounts/" + account + "/erase", "{}");
    assertThat(erased.status()).isEqualTo(200);

    List<ObjectNode> all = records("&account=" + account);
    ObjectNode revoked = only(all, "account.revoked");
    assertThat(revoked.required("actor").stringValue()).isEqualTo("local:local");
    assertThat(revoked.required("request").stringValue()).isEqualTo(refused.header("X-Request-Id"));
    ObjectNode gone = only(all, "account.erased");
    assertThat(gone.required("actor").stringValue()).isEqualTo("local:local");
    assertThat(gone.required("request").stringValue()).isEqualTo(erased.header("X-Request-Id"));
    assertThat(detail(gone).required("users").intValue()).isEqualTo(1);
  }

  private static ObjectNode only(List<ObjectNode> records, String act) {
    List<ObjectNode> found =
        records.stream()
            .filter(record -> record.required("act").stringValue().equals(act))
            .toList();
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  @Test
  void whatCannotBeRecordedIsNotDone() throws Exception {
    String ann = newUser();
    String account = linked(ann);
    assertThat(server.clone(ann).status()).isEqualTo(200);
    sandbox.requests().clear();
    sql(refusingRecords());
    assertThat(server.clone(ann).status()).isEqualTo(503);
    assertThat(server.post("/v1/accounts/" + account + "/plans", "{}").status()).isEqualTo(503);
    for (String clones : List.of("keep", "remove")) {
      RunningServer.Answer refused = unlink(account, clones);
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.code()).isEqualTo("STORAGE_UNAVAILABLE");
    }
    assertThat(sandbox.requests().entries()).isEmpty();
    assertThat(server.get("/v1/accounts/" + account).status()).isEqualTo(200);

    sql(takingRecords());
    assertThat(server.clone(ann).status()).isEqualTo(200);
    assertThat(unlink(account, "keep").status()).isEqualTo(200);
    assertThat(verified(records("")).faults()).isEmpty();
  }

  @Test
  void aDeleteThatCannotBeRecordedIsNotSent() throws Exception {
    String ann = newUser();
    String account = linked(ann);
    assertThat(server.clone(ann).status()).isEqualTo(200);
    sandbox.requests().clear();
    // The operation is on record, and then the trail goes away while Vapi is looked at.
    sandbox.fault(
        Fault.on("GET", "/assistant")
            .before(
                Effect.run(() -> {
                  try {
                    sql(refusingRecords());
                  } catch (SQLException e) {
                    throw new IllegalStateException(e);
                  }
                })));
    assertThat(unlink(account, "remove").status()).isEqualTo(503);
    assertThat(sandbox.requests().entries()).isNotEmpty();
    assertThat(sandbox.requests().entries(entry -> !entry.method().equals("GET"))).isEmpty();
    sql(takingRecords());
  }

  @Test
  void aRestoredDatabaseIsNoticedAndWaitsForAWord() throws Exception {
    String ann = newUser();
    linked(ann);
    server.close();
    server = RunningServer.start(environment);
    List<ObjectNode> whole = records("");
    assertThat(acts(whole)).containsSubsequence("node.started", "account.linked", "node.stopped");
    assertThat(verified(whole).faults()).isEmpty();
    server.close();
    // As a restore leaves it: fewer records, and whoever looks only at the database sees nothing.
    sql(withoutTriggers());
    sql(List.of("DELETE FROM audit_record WHERE seq > 2", "DELETE FROM audit_checkpoint"));

    server = RunningServer.start(environment);
    String told = server.get("/health/ready").json().at("/checks/audit").stringValue();
    assertThat(told).contains("Nothing is added to the chain", "graft audit restored");
    assertThat(server.get("/metrics").body()).contains("graft_audit_chain_ok 0.0");
    assertThat(server.get("/v1/audit").json().required("waiting").intValue()).isPositive();
    assertThat(server.clone(ann).status()).as("the server works meanwhile").isEqualTo(200);

    RunningServer.Answer begun = server.post("/v1/audit/restored", "{}");
    assertThat(begun.status()).isEqualTo(200);
    assertThat(begun.json().required("epoch").intValue()).isGreaterThan(1);
    assertThat(server.get("/health/ready").json().at("/checks/audit").stringValue())
        .isEqualTo("ok");
    List<ObjectNode> records = records("");
    assertThat(acts(records).subList(2, 4)).containsExactly("audit.restored", "node.started");
    Verification.Report report = verified(records);
    assertThat(report.faults()).isEmpty();
    assertThat(report.notes()).anyMatch(note -> note.contains("restored from a backup"));
    assertThat(verified(records.subList(0, 2)).isSound()).isFalse();
    server.close();
    server = RunningServer.start(environment);
    assertThat(server.get("/health/ready").json().at("/checks/audit").stringValue())
        .isEqualTo("ok");
  }

  /** Whoever is woken for a chain that was changed does not want to hear of an outage. */
  @Test
  void aDatabaseThatCannotBeReadIsNoBrokenChainAndIsToldOnce() throws Exception {
    var said = new ByteArrayOutputStream();
    PrintStream terminal = System.out;
    server.close();
    System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
    try {
      server = RunningServer.start(environment);
      sql(List.of("ALTER TABLE audit_pending RENAME TO away"));
      Eventually.holds(
          Duration.ofSeconds(20),
          () -> audit().equals("Audit records cannot be chained now, and wait."),
          this::audit);
      // Several turns.
      Eventually.pause(Duration.ofSeconds(1));
      assertThat(server.get("/metrics").body()).contains("graft_audit_chain_ok 1.0");
      sql(List.of("ALTER TABLE away RENAME TO audit_pending"));
      Eventually.holds(Duration.ofSeconds(20), () -> audit().equals("ok"), this::audit);
      assertThat(said.toString(StandardCharsets.UTF_8).lines())
          .filteredOn(line -> line.contains("cannot be chained now"))
          .hasSize(1);
    } finally {
      server.close();
      System.setOut(terminal);
      server = RunningServer.start(environment);
    }
  }

  private String audit() {
    return server.get("/health/ready").json().at("/checks/audit").stringValue();
  }

  @Test
  void aSinkThatTakesNothingIsTold() throws Exception {
    String ann = newUser();
    server.close();
    Files.delete(checkpoints());
    Files.createDirectories(checkpoints());
    server = RunningServer.start(environment);
    assertThat(server.get("/health/ready").json().at("/checks/audit").stringValue())
        .contains("Audit checkpoints do not reach the file");
    assertThat(server.get("/health/ready").status()).isEqualTo(200);
    Files.delete(checkpoints());
    linked(ann);
    records("");
    assertThat(server.get("/health/ready").json().at("/checks/audit").stringValue())
        .isEqualTo("ok");
    server.close();
    assertThat(Files.readAllLines(checkpoints())).hasSizeGreaterThan(1);
    server = RunningServer.start(environment);
  }

  @Test
  void whatIsAskedWronglyIsRefused() {
    assertThat(server.get("/v1/audit?limit=0").code()).isEqualTo("INVALID_LIMIT");
    assertThat(server.get("/v1/audit?after=x").code()).isEqualTo("INVALID_AFTER");
    assertThat(server.get("/v1/accounts/acc_0/audit").code()).isEqualTo("ACCOUNT_NOT_FOUND");
    assertThat(server.post("/v1/audit/restored", "{\"checkpoint\":\"x\"}").code())
        .isEqualTo("INVALID_CHECKPOINT");
    assertThat(server.post("/v1/audit/restored", "{\"x\":1}").code()).isEqualTo("UNKNOWN_MEMBER");
  }
}
