package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.graft.core.json.Json;
import dev.graft.sandbox.Options;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.edge.TestCertificate;
import dev.graft.store.TestPostgres;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code graft doctor}: each thing that can be wrong is told, and nothing when nothing is. */
class DoctorTest {
  @TempDir private Path folder;
  private final Sandbox sandbox = Sandbox.start(Options.standard());
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @BeforeEach
  void goodSettings() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    environment.putAll(RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
    environment.put("GRAFT_PORT", "1");
  }

  @AfterEach
  void stop() {
    sandbox.close();
  }

  private String said(int exit, String... more) {
    out.reset();
    var arguments = new java.util.ArrayList<>(List.of("doctor"));
    arguments.addAll(List.of(more));
    var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    int code = Main.run(arguments, environment, stream, stream);
    assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isEqualTo(exit);
    return out.toString(StandardCharsets.UTF_8).replaceAll("\\s+", " ");
  }

  @Test
  void aSetUpBeforeItsFirstStart() {
    assertThat(said(0, "--port", "0"))
        .contains(
            "the first start makes it", "templates: front-desk", "[NOT_RUNNING]", "0 to mend");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void aServerThatRunsIsLookedAtAndLeftAlone() {
    try (var server = RunningServer.start(environment(0))) {
      assertThat(said(0, "--url", server.url().toString()))
          .contains("server answers at " + server.url())
          .contains("database SQLite 3.")
          .contains("migrated to ")
          .doesNotContain("PENDING");
    }
  }

  @Test
  void aServerWithTlsIsKnownWhateverNameItsCertificateHas() {
    var certificate = TestCertificate.make(folder.resolve("own.p12"), "graft.example.com");
    certificate.writeTo(folder.resolve("tls.crt"), folder.resolve("tls.key"));
    environment.put("GRAFT_TLS_CERTIFICATE", folder.resolve("tls.crt").toString());
    environment.put("GRAFT_TLS_KEY", folder.resolve("tls.key").toString());
    try (var server = RunningServer.start(environment(0))) {
      environment.put("GRAFT_PORT", String.valueOf(server.url().getPort()));
      assertThat(said(0)).contains("server answers at https://127.0.0.1:");
    }
  }

  @Test
  void anotherProgramOrAnotherMachineIsNotTakenForTheServer() throws IOException {
    environment.put("GRAFT_URL", sandbox.url().toString());
    assertThat(said(1)).contains("[NOT_GRAFT]", "Correct --url or GRAFT_URL");
    environment.put("GRAFT_PORT", String.valueOf(sandbox.url().getPort()));
    assertThat(said(1)).contains("[NOT_GRAFT]", "Stop it");
    environment.put("GRAFT_URL", "http://127.0.0.1:1");
    assertThat(said(0)).contains("[SERVER_AWAY]").doesNotContain("PORT_TAKEN");
  }

  @Test
  void aNameThatIsNoSettingIsTold() {
    environment.put("GRAFT_TRUSTED_PROXY", "10.0.0.5");
    environment.put("GRAFT_ADMIN_TOKEN_FILE", "");
    environment.put("GRAFT_JAVA_OPTS", "");
    assertThat(said(0, "--port", "0"))
        .contains("environment GRAFT_TRUSTED_PROXY Nobody reads them", "[NAME_UNKNOWN]");
  }

  @Test
  void foldersMatterAsFarAsTheyAreUsed() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    Path key = Files.writeString(data.resolve("master.key"), "ab".repeat(32));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    environment.put("GRAFT_MASTER_KEY", "5d".repeat(32));
    assertThat(said(0, "--port", "0")).contains("[KEY_FILE_OPEN]").doesNotContain("not start");
    String none = Files.writeString(folder.resolve("file"), "").resolve("none").toString();
    environment.put("GRAFT_BACKUP_DIR", none);
    environment.put("GRAFT_AUDIT_SINK", "log,file:" + none + "/checkpoints");
    assertThat(said(1, "--port", "0"))
        .contains("FAULT backups " + none, "FAULT audit file " + none, "[FOLDER_NOT_WRITABLE]");
    environment.remove("GRAFT_BACKUP_DIR");
    environment.remove("GRAFT_AUDIT_SINK");
    environment.put("GRAFT_DATA_DIR", none);
    assertThat(said(1, "--port", "0")).contains("[DATA_FOLDER_NOT_WRITABLE]");
    environment.put("GRAFT_DATABASE_URL", TestPostgres.freshDatabase().toString());
    assertThat(said(0, "--port", "0")).contains("is not there, and nothing needs it");
  }

  @Test
  void aTemplateThatCannotBeReadIsTold() throws IOException {
    Path file = folder.resolve("templates/front-desk/template-tool.json");
    Files.delete(file);
    Files.createSymbolicLink(file, folder.resolve("nowhere"));
    assertThat(said(1, "--port", "0"))
        .contains("[TEMPLATE_UNREADABLE]", "template-tool.json cannot be read by the user");
    out.reset();
    var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    assertThat(Main.run(List.of("serve"), environment(0), stream, stream)).isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("front-desk/template-tool.json cannot be read by the user ");
  }

  @Test
  void aPostgresDatabaseIsLookedAt() {
    environment.put("GRAFT_DATABASE_URL", TestPostgres.freshDatabase().toString());
    environment.put("GRAFT_MASTER_KEY", "5d".repeat(32));
    assertThat(said(0, "--port", "0")).contains("database PostgreSQL 18", ", empty, clocks ");
    RunningServer.start(environment(0)).close();
    assertThat(said(0, "--port", "0")).contains(", migrated to ", "keys local:");
  }

  private Map<String, String> environment(int port) {
    var changed = new HashMap<>(environment);
    changed.put("GRAFT_PORT", String.valueOf(port));
    return changed;
  }

  @Test
  void everySettingThatCannotBeUsedIsAFinding() {
    environment.put("GRAFT_PROFILE", "production");
    environment.put("GRAFT_AUTH", "none");
    assertThat(said(1)).contains("[SETTING_UNUSABLE]", "GRAFT_AUTH", "GRAFT_KMS", "unencrypted");
    var json = Json.parseObject(said(1, "--json"));
    assertThat(json.path("good").asBoolean(true)).isFalse();
    assertThat(json.path("checks").size()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void whatIsWrongOnThisMachineIsTold() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path key = Files.writeString(data.resolve("master.key"), "ab".repeat(32));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    environment.put("GRAFT_ADMIN_TOKEN", "aaaaaaaaaaaaaaaaaaaaaaaa");
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_HOST", "0.0.0.0");
    environment.put("GRAFT_TEMPLATES", folder.resolve("nowhere").toString());
    try (var taken = new ServerSocket(0)) {
      assertThat(said(1, "--port", String.valueOf(taken.getLocalPort())))
          .contains("[DATA_FOLDER_OPEN]", "[KEY_FILE_OPEN]", "[ADMIN_TOKEN_WEAK]", "[UNENCRYPTED]")
          .contains("[NO_TEMPLATES]", "[PORT_TAKEN]")
          .doesNotContain("aaaaaaaaaaaa");
    }
  }

  @Test
  void aDatabaseThatIsAwayNewerOrBrokenIsTold() throws Exception {
    environment.put("GRAFT_DATABASE_URL", "postgresql://graft:hidden@127.0.0.1:1/graft");
    assertThat(said(1)).contains("[DATABASE_AWAY]").doesNotContain("hidden");
    environment.remove("GRAFT_DATABASE_URL");
    RunningServer.start(environment(0)).close();
    try (var connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/graft.db"));
        var statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO graft_migration SELECT 9000, '9000', 'later', type, 'V9000__later.sql',"
              + " checksum, installed_by, installed_on, execution_time, success FROM"
              + " graft_migration WHERE version = '1'");
    }
    assertThat(said(1, "--port", "0")).contains("[DATABASE_NEWER]", "9000");
    try (var connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/graft.db"));
        var statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO schema_generation SELECT MAX(generation) + 1, 'next' FROM"
              + " schema_generation");
    }
    assertThat(said(0, "--port", "0"))
        .contains("[DATABASE_ONE_AHEAD]", "9000")
        .doesNotContain("[DATABASE_NEWER]");
  }

  @Test
  void aVapiOrAKeyProviderThatDoesNotAnswerIsTold() {
    environment.put("GRAFT_VAPI_BASE_URL", "http://127.0.0.1:1");
    environment.put("GRAFT_KMS", "vault-transit:http://127.0.0.1:1/transit/graft");
    assertThat(said(1, "--port", "0")).contains("[VAPI_AWAY]", "[KEY_PROVIDER_FAILS]");
  }

  @Test
  void aVapiBehindWhatLetsNothingThroughIsTold() throws IOException {
    HttpServer proxy =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    proxy.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(503, -1);
          exchange.close();
        });
    proxy.start();
    try {
      environment.put("GRAFT_VAPI_BASE_URL", "http://127.0.0.1:" + proxy.getAddress().getPort());
      assertThat(said(0, "--port", "0")).contains("answers with status 503", "[VAPI_UNWELL]");
    } finally {
      proxy.stop(0);
    }
  }

  @Test
  void mistakesAreTold() {
    assertThat(said(64, "--budget", "many", "--live")).contains("--budget takes a number");
    assertThat(said(64, "--budget", "29", "--live")).contains("from 30 to 9999");
    assertThat(said(64, "--live")).contains("There is no key");
    assertThat(said(0, "--help")).contains("Usage: graft doctor");
    assertThat(said(1, "--colour", "blue")).contains("There is no flag --colour");
  }
}
