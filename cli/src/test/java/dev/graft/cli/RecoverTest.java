package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoverTest {
  private static final String LINKED =
      """
      {"id": "acc_1", "userIds": ["ann"], "orgId": null, "region": "us",
       "linkedAt": "2026-11-23T05:03:52.798Z",
       "key": {"state": "active", "reason": null, "since": null, "checkedAt": null}}
      """;
  private static final String RECOVERED =
      """
      {"account": "acc_1", "templates": [{"template": "front-desk", "status": "recovered",
       "operation": "op_1", "actions": ["adopted-tool:a", "adopted-assistant:b"],
       "diagnostics": []}]}
      """;
  private static final String UNPROVEN =
      """
      {"account": "acc_1", "templates": [{"template": "front-desk", "status": "unproven",
       "operation": null, "actions": [], "diagnostics": [{"severity": "WARNING",
       "code": "RELEASE_UNKNOWN", "summary": "x", "detail": "It is of another version."}]}]}
      """;
  private static final String LIMITED =
      """
      {"type": "urn:graft:problem:RATE_LIMITED", "title": "Too Many Requests", "status": 429,
       "detail": "Too often.", "code": "RATE_LIMITED", "error": "Too often."}
      """;

  @TempDir private Path folder;
  private final ScriptedServer server =
      ScriptedServer.start()
          .answers("POST /v1/accounts", 201, LINKED)
          .answers(
              "GET /v1/accounts?limit=200", 200, "{\"accounts\": [" + LINKED + "], \"next\": null}")
          .answers("POST /v1/accounts/acc_1/recover", 200, RECOVERED);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void everyLinkedAccountIsRecovered() {
    Caller.Outcome outcome = caller.call("recover");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("acc_1").contains("front-desk").contains("recovered");
    assertThat(outcome.err()).contains("1 account, of which 0 could not be looked at");
    assertThat(caller.call("recover", "--json").out()).contains("\"userId\":\"ann\"");
  }

  @Test
  void whatCannotBeProvenHasItsOwnExitCode() {
    server.answers("POST /v1/accounts/acc_1/recover", 200, UNPROVEN);
    Caller.Outcome outcome = caller.call("recover", "--dry-run", "--unproven");
    assertThat(outcome.exit()).isEqualTo(Exit.CHANGES);
    assertThat(outcome.out()).contains("RELEASE_UNKNOWN It is of another version.");
    assertThat(server.asked().getLast().body()).isEqualTo("{\"unproven\":true,\"looksOnly\":true}");
  }

  @Test
  void keysOfAFileAreLinkedFirstAndNeverPrinted() throws Exception {
    Path file = folder.resolve("keys");
    Files.writeString(file, "ann,key-1\n\nwith,comma, key-2 \r\nnothing\n");
    Caller.Outcome outcome = caller.call("recover", "--keys", file.toString());
    assertThat(outcome.exit()).isEqualTo(Exit.FAILED);
    assertThat(outcome.err()).contains("line 4 was not linked: it is no line userId,apiKey");
    assertThat(outcome.printed()).doesNotContain("key-1", "key-2");
    assertThat(server.asked().stream().map(ScriptedServer.Asked::body))
        .contains(
            "{\"userId\":\"ann\",\"apiKey\":\"key-1\"}",
            "{\"userId\":\"with,comma\",\"apiKey\":\"key-2\"}");
    assertThat(caller.piping("ann,key-3").call("recover", "--keys", "-").exit()).isZero();
    assertThat(caller.call("recover", "ann", "--keys", "-").exit()).isEqualTo(Exit.USAGE);
  }

  @Test
  void aLimitIsWaitedFor() {
    server.answers("POST /v1/accounts/acc_1/recover", 429, LIMITED);
    Thread.startVirtualThread(() -> {
      try {
        Thread.sleep(300);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      server.answers("POST /v1/accounts/acc_1/recover", 200, RECOVERED);
    });
    Caller.Outcome outcome = caller.call("recover");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("waiting");
  }

  @Test
  void anAccountIsExportedAndErased() throws Exception {
    server
        .answers("GET /v1/accounts/acc_1/export", 200, "{\"format\": 1}")
        .answers(
            "POST /v1/accounts/acc_1/erase",
            200,
            "{\"account\": \"acc_1\", \"users\": 2, \"apiKeys\": 1, \"sessions\": 0,"
                + " \"auditRecords\": 4, \"stays\": \"The audit trail stays.\"}");
    assertThat(caller.call("account", "export", "acc_1").out()).contains("\"format\" : 1");
    Path file = folder.resolve("export.json");
    assertThat(caller.call("account", "export", "acc_1", "--out", file.toString()).exit()).isZero();
    assertThat(file).content().contains("format");
    Caller.Outcome erased = caller.call("account", "erase", "acc_1");
    assertThat(erased.exit()).isZero();
    assertThat(erased.out()).contains("users 2", "The audit trail stays.");
    assertThat(caller.call("account", "erase", "ann").exit()).isEqualTo(Exit.USAGE);
  }
}
