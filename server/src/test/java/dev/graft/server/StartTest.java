package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process says when it does not start: one sentence for each fault, and what to do. */
class StartTest {
  @TempDir private Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void goodSettings() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    environment.putAll(
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1")));
  }

  private int run(String... arguments) {
    out.reset();
    err.reset();
    return Main.run(
        List.of(arguments),
        environment,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void everyBadSettingIsToldAtOnce() {
    environment.put("GRAFT_PROFILE", "staging");
    environment.put("GRAFT_PORT", "99999");
    environment.put("GRAFT_AUTH", "maybe");
    environment.put("GRAFT_DATABASE_URL", "mysql://root:hidden-password@host/db");
    environment.put("GRAFT_VAPI_BASE_URL", "http://vapi.example.com");
    environment.put("GRAFT_MASTER_KEY", "abc");
    environment.put("GRAFT_ADMIN_TOKEN", "short-hidden");
    environment.put("GRAFT_CALL_TIMEOUT", "soon");
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said())
        .contains(
            "GRAFT_PROFILE (environment GRAFT_PROFILE) must be 'development' or 'production'",
            "GRAFT_PORT (environment GRAFT_PORT) must be a number",
            "GRAFT_AUTH",
            "GRAFT_DATABASE_URL",
            "GRAFT_VAPI_BASE_URL",
            "GRAFT_MASTER_KEY",
            "GRAFT_ADMIN_TOKEN",
            "GRAFT_CALL_TIMEOUT")
        .doesNotContain("hidden", "Exception");
  }

  @Test
  void withoutATokenOnlyALoopbackHostIsTaken() {
    environment.put("GRAFT_HOST", "0.0.0.0");
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("GRAFT_AUTH", "which others can reach");
  }

  @Test
  void unknownAndSecretFlagsAreRefused() {
    assertThat(run("serve", "--prot", "3000", "--master-key", "0", "--port")).isEqualTo(1);
    assertThat(said())
        .contains("no flag --prot", "--master-key is not taken as a flag", "--port needs a value");
    assertThat(run("dance")).isEqualTo(64);
    assertThat(said())
        .contains("serve, config, doctor, restore and kms check", "not 'dance'", "--help");
    assertThat(run("kms", "rotate")).isEqualTo(64);
    assertThat(said()).contains("graft kms check --help", "graft kms --help");
  }

  @Test
  void aFlagGoesBeforeTheEnvironmentAndThatBeforeAFile() throws IOException {
    Path file = folder.resolve("graft.env");
    Files.writeString(
        file,
        "# comment\n\nGRAFT_HOST=127.0.0.9\nGRAFT_PORT = \"1111\"\nMASTER_KEY='"
            + "a".repeat(64)
            + "'\n");
    environment.put("GRAFT_CONFIG", file.toString());
    environment.put("GRAFT_PORT", "2222");
    assertThat(run("config", "--data-dir=/elsewhere")).isZero();
    assertThat(printed())
        .containsPattern("GRAFT_HOST +127.0.0.9 +file .*graft.env:3")
        .containsPattern("GRAFT_PORT +2222 +environment GRAFT_PORT")
        .containsPattern("GRAFT_DATA_DIR +/elsewhere +flag --data-dir")
        .containsPattern("GRAFT_MASTER_KEY +\\*\\*\\* +file .*:5")
        .containsPattern("GRAFT_AUTH +none")
        .containsPattern("GRAFT_LEASE_TIME +5s")
        .doesNotContain("aaaa");
    assertThat(run("config", "--json")).isZero();
    assertThat(printed()).contains("\"origin\"").doesNotContain("aaaa");
  }

  @Test
  void aFaultInTheFileIsToldWithItsLine() throws IOException {
    Path file = folder.resolve("my.env");
    Files.writeString(file, "GRAFT_PORT=3000\nGRAFT_PROT=1\nnonsense\n");
    assertThat(run("serve", "--config", file.toString())).isEqualTo(1);
    assertThat(said()).contains("my.env:2", "my.env:3");
    assertThat(run("serve", "--config", folder.resolve("none").toString())).isEqualTo(1);
    assertThat(said()).contains("cannot be read");
  }

  @Test
  void everyFindingOfABrokenTemplateIsTold() throws IOException {
    Path broken = Files.createDirectories(folder.resolve("templates/broken"));
    Files.writeString(broken.resolve("template-assistant.json"), "{\n  \"name\": \"A\",\n}");
    Files.writeString(broken.resolve("template-tool.json"), "{}");
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said())
        .contains(
            "broken/template-assistant.json:3",
            "not well-formed JSON",
            "broken/template-tool.json",
            "'type'");
  }

  @Test
  void noTemplateAndAWrongDefaultAreTold() {
    environment.put("GRAFT_DEFAULT_TEMPLATE", "none-such");
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("GRAFT_DEFAULT_TEMPLATE is 'none-such'", "front-desk");
    environment.put("GRAFT_TEMPLATES", folder.resolve("empty").toString());
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("There is no template in");
  }

  @Test
  void aPortInUseIsTold() throws IOException {
    try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      environment.put("GRAFT_PORT", String.valueOf(other.getLocalPort()));
      assertThat(run("serve")).isEqualTo(1);
      assertThat(said())
          .contains("Port " + other.getLocalPort() + " is in use")
          .doesNotContain("Exception");
    }
  }

  @Test
  void aKeyFileThatOthersCanReadOrThatIsNoneIsTold() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    Path key = data.resolve("master.key");
    Files.writeString(key, "0".repeat(64));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("master.key").contains("chmod 600");
    Files.writeString(key, "0".repeat(63));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("master.key").contains("64");
  }

  @Test
  void anotherMasterKeyThanTheDatabasesIsTold() {
    RunningServer.start(environment).close();
    environment.put("GRAFT_MASTER_KEY", "b".repeat(64));
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("Graft does not start").contains("another master key");
  }

  @Test
  void aLostKeyFileIsNotReplacedByANewOne() throws IOException {
    RunningServer.start(environment).close();
    Files.delete(folder.resolve("data/master.key"));
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("master.key");
    assertThat(folder.resolve("data/master.key")).doesNotExist();
  }

  @Test
  void aSecondProcessOnTheSameFileIsRefused() {
    try (var _ = RunningServer.start(environment)) {
      assertThat(run("serve")).isEqualTo(1);
      assertThat(said()).contains("Another process of Graft has the database file");
    }
  }

  @Test
  void aServerThatIsAwayIsTold() {
    environment.put("GRAFT_DATABASE_URL", "postgresql://u:hidden@127.0.0.1:1/graft");
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("The database cannot be reached").doesNotContain("hidden");
  }

  @Test
  void theManualListsEverySetting() {
    assertThat(run("serve", "--help")).isZero();
    for (Setting setting : Setting.values()) {
      assertThat(printed()).contains(setting.name());
    }
    var long80 = new ArrayList<String>();
    printed().lines().filter(line -> line.length() > 100).forEach(long80::add);
    assertThat(long80).isEmpty();
  }

  @Test
  void nothingOfAnIssuerIsBelievedUnlessAllOfItIsSet() {
    environment.put("GRAFT_OIDC_CLIENT_ID", "graft-console");
    environment.put("GRAFT_OIDC_ALGORITHMS", "RS256,HS256");
    environment.put("GRAFT_OIDC_ROLES", "staff=root");
    environment.put("GRAFT_PUBLIC_URL", "https://graft.example.com/path");
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said())
        .contains(
            "GRAFT_OIDC_ISSUER (default) must be the https address",
            "GRAFT_OIDC_AUDIENCE (default) is not set",
            "GRAFT_OIDC_ALGORITHMS (environment GRAFT_OIDC_ALGORITHMS) must be one or more of RS256",
            "GRAFT_OIDC_ROLES (environment GRAFT_OIDC_ROLES) must be pairs",
            "GRAFT_OIDC_CLIENT_ID (environment GRAFT_OIDC_CLIENT_ID) is set, and GRAFT_PUBLIC_URL",
            "GRAFT_PUBLIC_URL (environment GRAFT_PUBLIC_URL) must be an address without path");
    for (String issuer :
        List.of("http://id.example.com", "https://user:password@id.example.com", "nowhere", "")) {
      environment.put("GRAFT_OIDC_ISSUER", issuer);
      assertThat(run("serve")).as(issuer).isEqualTo(1);
      assertThat(said()).as(issuer).contains("GRAFT_OIDC_ISSUER");
    }
  }

  @Test
  void productionDoesNotRunWithoutTokens() {
    environment.put("GRAFT_PROFILE", "production");
    environment.put("GRAFT_AUTH", "none");
    assertThat(run("serve")).isEqualTo(1);
    assertThat(said()).contains("GRAFT_AUTH (environment GRAFT_AUTH) is 'none', and GRAFT_PROFILE");
  }

  @Test
  void aSecretMayComeAsAFileAndOnlyOnce() throws IOException {
    Path file = Files.writeString(folder.resolve("master-key"), "ab".repeat(32) + "\n");
    environment.remove("GRAFT_MASTER_KEY");
    environment.put("GRAFT_MASTER_KEY_FILE", file.toString());
    assertThat(run("config")).as(said()).isZero();
    assertThat(printed()).contains("environment GRAFT_MASTER_KEY_FILE").doesNotContain("abab");
    environment.put("GRAFT_MASTER_KEY", "cd".repeat(32));
    assertThat(run("config")).isEqualTo(1);
    assertThat(said()).contains("GRAFT_MASTER_KEY_FILE and GRAFT_MASTER_KEY are both set");
    environment.remove("GRAFT_MASTER_KEY");
    environment.put("MASTER_KEY", "cd".repeat(32));
    assertThat(run("config")).as("by its former name").isEqualTo(1);
    assertThat(said()).contains("are both set (MASTER_KEY is the same)");
    environment.remove("MASTER_KEY");
    environment.put("GRAFT_MASTER_KEY_FILE", folder.resolve("nowhere").toString());
    assertThat(run("config")).isEqualTo(1);
    assertThat(said()).contains("names a file that is not there");
    environment.remove("GRAFT_MASTER_KEY_FILE");
    Path settings = folder.resolve("some.env");
    Files.writeString(settings, "GRAFT_MASTER_KEY_FILE=" + file + "\n");
    assertThat(run("config", "--config", settings.toString())).as(said()).isZero();
    assertThat(printed()).contains("file " + settings + ":1");
    String plain = "GRAFT_MASTER_KEY=" + "cd".repeat(32) + "\n";
    String named = "GRAFT_MASTER_KEY_FILE=" + file + "\n";
    for (String both : List.of(plain + named, named + plain, named + plain.substring(6))) {
      Files.writeString(settings, both);
      assertThat(run("config", "--config", settings.toString())).as(both).isEqualTo(1);
      assertThat(said()).contains("GRAFT_MASTER_KEY_FILE and GRAFT_MASTER_KEY are both set");
    }
  }

  @Test
  void theExampleFileListsEverySettingAndIsTaken() throws IOException {
    Path example = repository().resolve(".env.example");
    String text = Files.readString(example);
    for (Setting setting : Setting.values()) {
      assertThat(text).contains(setting.name());
    }
    environment.clear();
    assertThat(run("config", "--config", example.toString())).as(said()).isZero();
  }

  private static Path repository() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("graft")) ? here : here.resolve("..").normalize();
  }
}
