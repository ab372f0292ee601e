package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditTest {
  @TempDir private Path folder;
  private final ScriptedServer server = ScriptedServer.start();
  private final Caller caller = Caller.of(server);
  private String first = "";
  private String second = "";
  private String checkpoint = "";
  private String key = "";

  /** The example of the published format. */
  @BeforeEach
  void read() throws IOException {
    for (String line : Files.readAllLines(Path.of("../docs/audit-format.md"))) {
      if (line.startsWith("{\"format\":1,\"epoch\":1,\"seq\":1,")) {
        first = line;
      } else if (line.startsWith("{\"format\":1")) {
        second = line;
      } else if (line.startsWith("GRAFT-AUDIT-CHECKPOINT 1 1 2 ")) {
        checkpoint = line;
      } else if (line.startsWith("MCow")) {
        key = line;
      }
    }
    server
        .answers("GET /v1/audit?limit=200", 200, page(first, "\"1\""))
        .answers("GET /v1/audit?limit=200&after=1", 200, page(second, "null"))
        .answers("GET /v1/audit?limit=200&account=acc_1", 200, page(second, "null"))
        .answers(
            "GET /v1/audit/key",
            200,
            "{\"publicKey\": \"" + key + "\", \"key\": \"0123456789abcdef\", \"checkpoint\": null}")
        .answers(
            "POST /v1/audit/restored", 200, "{\"epoch\": 2, \"seq\": 3, \"checkpoint\": \"x\"}");
  }

  private static String page(String record, String next) {
    return "{\"records\": [" + record + "], \"next\": " + next + ", \"waiting\": 0}";
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String file(String name, String... lines) throws IOException {
    return Files.write(folder.resolve(name), java.util.List.of(lines)).toString();
  }

  @Test
  void anExportIsWhatTheServerHasAndIsVerifiedWithoutIt() throws IOException {
    Path export = folder.resolve("export");
    Caller.Outcome outcome = caller.call("audit", "export", export.toString());
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(Files.readAllLines(export)).containsExactly(first, second);
    assertThat(caller.call("audit", "export").out()).isEqualTo(first + "\n" + second + "\n");
    assertThat(caller.call("audit", "export", export.toString()).err())
        .contains("it is there already");
    server.close();
    String checkpoints = file("checkpoints", "something else", checkpoint);
    assertThat(
            caller.call(
                "audit", "verify", export.toString(), "--checkpoints", checkpoints, "--key", key))
        .isEqualTo(
            new Caller.Outcome(
                0,
                """
                Note: 1 lines of the checkpoints are about something else.
                Sound: 2 records, as Graft wrote them.
                """,
                ""));
  }

  @Test
  void whatIsWrongIsOnStandardOutputAndInTheExitCode() throws IOException {
    String cut = file("cut", first);
    String checkpoints = file("checkpoints", checkpoint);
    String keyFile = file("key", key);
    Caller.Outcome outcome =
        caller.call("audit", "verify", cut, "--checkpoints", checkpoints, "--key", keyFile);
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out())
        .contains("the end is cut off")
        .endsWith("Not sound: 1 record read, 1 findings.\n");
    Caller.Outcome json =
        caller.call(
            "audit", "verify", cut, "--checkpoints", checkpoints, "--key", keyFile, "--json");
    assertThat(json.exit()).isEqualTo(1);
    assertThat(Json.parseObject(json.out()).required("sound").booleanValue()).isFalse();
    assertThat(caller.call("audit", "verify", cut, "--key", "nonsense").exit()).isEqualTo(64);
    assertThat(caller.call("audit", "verify", folder.resolve("none").toString()).err())
        .contains("there is no such file or folder");
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void theListIsForPeopleOrForPrograms() {
    Caller.Outcome outcome = caller.call("audit", "list");
    assertThat(outcome.out().lines()).hasSize(3);
    assertThat(outcome.out())
        .contains("2026-11-23 05:03:52  admin:admin-token")
        .contains("account.linked");
    assertThat(caller.call("audit", "list", "--account", "acc_1", "--json").out())
        .isEqualTo(second + "\n");
  }

  @Test
  void theKeyAloneIsOnStandardOutput() {
    assertThat(caller.call("audit", "key").out()).isEqualTo(key + "\n");
  }

  @Test
  void aRestoreIsDeclaredWithTheLatestCheckpoint() throws IOException {
    String older = checkpoint.replaceFirst(" 1 1 2 ", " 1 1 1 ");
    String checkpoints = file("checkpoints", checkpoint, older);
    assertThat(caller.call("audit", "restored", "--checkpoints", checkpoints).out())
        .contains("goes on in epoch 2. Record 3 says");
    assertThat(Json.parseObject(server.asked().getLast().body()))
        .isEqualTo(Json.object().put("checkpoint", checkpoint));
    assertThat(caller.call("audit", "restored").exit()).isZero();
    assertThat(server.asked().getLast().body()).isEqualTo("{}");
    assertThat(caller.call("audit", "restored", "--checkpoints", file("no", "x")).err())
        .contains("There is no checkpoint of an audit trail");
  }
}
