package dev.graft.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.access.Acts;
import dev.graft.server.backup.BackingUp;
import dev.graft.server.backup.BackupSettings;
import dev.graft.server.web.PublishedApi;
import dev.graft.store.Backups;
import dev.graft.store.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Backups of a server that is used meanwhile. */
class BackupTest {
  private static final String MASTER_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0".repeat(2);

  @TempDir private Path folder;
  private Sandbox sandbox;
  private Map<String, String> environment;

  @BeforeEach
  void prepare() {
    sandbox = Sandbox.start();
    environment = RunningServer.environment(folder, sandbox);
    environment.put("GRAFT_MASTER_KEY", MASTER_KEY);
  }

  @AfterEach
  void stop() {
    sandbox.close();
  }

  private void customer(RunningServer server, String name) {
    sandbox.account(name, "key-of-" + name);
    assertThat(server.link(name, "key-of-" + name).status()).isEqualTo(200);
    assertThat(server.clone(name).status()).isEqualTo(200);
  }

  /** Waits until a backup is over, and gives what became of it. */
  static ObjectNode backup(RunningServer server) {
    RunningServer.Answer asked = server.post("/v1/backups", "{}");
    assertThat(asked.status()).as(asked.body()).isEqualTo(202);
    PublishedApi.check("POST", "/v1/backups", 202, asked.headers(), asked.body());
    String path = "/v1/backups/" + asked.json().get("name").stringValue();
    Instant until = Instant.now().plus(Duration.ofSeconds(30));
    while (Instant.now().isBefore(until)) {
      RunningServer.Answer answer = server.get(path);
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      PublishedApi.check("GET", path, 200, answer.headers(), answer.body());
      if (!answer.json().get("status").stringValue().equals("running")) {
        return answer.json();
      }
      pause();
    }
    throw new AssertionError("the backup was not over in time");
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The database in a backup, taken out past Graft. */
  static Path database(Path backup, Path target) throws IOException {
    try (var zip = new ZipFile(backup.toFile());
        var in = zip.getInputStream(zip.getEntry("graft.db"))) {
      Files.copy(in, target);
    }
    return target;
  }

  /** A backup of this database, described as it is. */
  static void pack(Path target, Path database, Path like) throws Exception {
    ObjectNode manifest;
    try (var zip = new ZipFile(like.toFile());
        var in = zip.getInputStream(zip.getEntry("manifest.json"))) {
      manifest = Json.parseObject(new String(in.readAllBytes(), UTF_8));
    }
    byte[] bytes = Files.readAllBytes(database);
    byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(bytes);
    ((ObjectNode) manifest.get("database"))
        .put("bytes", bytes.length)
        .put("sha256", java.util.HexFormat.of().formatHex(digest));
    manifest.put("schema", Backups.contents(database, false).schema());
    try (var zip = new ZipOutputStream(Files.newOutputStream(target))) {
      zip.putNextEntry(new ZipEntry("manifest.json"));
      zip.write(Json.writeBytes(manifest));
      zip.putNextEntry(new ZipEntry("graft.db"));
      zip.write(bytes);
    }
  }

  @Test
  void aBackupSaysWhatIsInItAndNobodyElseMayReadIt() throws Exception {
    try (RunningServer server = RunningServer.start(environment)) {
      customer(server, "ann");
      ObjectNode made = backup(server);
      assertThat(made.get("status").stringValue()).as(made.toString()).isEqualTo("made");
      JsonNode manifest = made.get("manifest");
      assertThat(manifest.get("accounts").intValue()).isEqualTo(1);
      assertThat(manifest.get("installations").intValue()).isEqualTo(1);
      assertThat(manifest.at("/keys/0/provider").stringValue()).isEqualTo("local:");
      assertThat(manifest.at("/keys/0/wrappingKey"))
          .isEqualTo(server.get("/v1/keys").json().get("wrappingKey"));
      Path file = folder.resolve("data/backups").resolve(made.get("name").stringValue());
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
      assertThat(server.bean(Backups.class).lastAt())
          .contains(Instant.parse(manifest.get("createdAt").stringValue()));
      Path copy = database(file, folder.resolve("copy.db"));
      Backups.Contents contents = Backups.contents(copy, true);
      assertThat(contents.accounts()).isEqualTo(1);
      assertThat(contents.audit().hash()).isEqualTo(manifest.at("/audit/head").stringValue());
      assertThat(files(folder.resolve("data/backups"))).containsExactly(file);
      assertThat(server.get("/v1/audit?limit=200").body()).contains("backup.made");
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void noKeyOfAnyoneIsInABackup() throws Exception {
    try (RunningServer server = RunningServer.start(environment)) {
      customer(server, "ann");
      ObjectNode made = backup(server);
      Path file = folder.resolve("data/backups").resolve(made.get("name").stringValue());
      var search = new Canary.Search(Map.of("master", MASTER_KEY, "customer's", "key-of-ann"));
      byte[] database = Files.readAllBytes(database(file, folder.resolve("copy.db")));
      assertThat(search.in(database)).isEmpty();
      assertThat(search.in(Files.readAllBytes(file))).isEmpty();
      assertThat(search.in(Json.write(made).getBytes(UTF_8))).isEmpty();
      // Whoever searches like this finds what is there.
      assertThat(new Canary.Search(Map.of("user", "ann")).in(database)).isNotEmpty();
    }
  }

  @Test
  void whatIsWrittenMeanwhileIsWhollyInItOrNotAtAll() throws Exception {
    try (RunningServer server = RunningServer.start(environment)) {
      for (int i = 0; i < 5; i++) {
        customer(server, "early-" + i);
      }
      var stop = new AtomicBoolean();
      var made = new ArrayList<ObjectNode>();
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; !stop.get(); i++) {
                  customer(server, "late-" + i);
                }
              });
      for (int i = 0; i < 4; i++) {
        made.add(backup(server));
      }
      stop.set(true);
      writer.join();
      int accounts = 0;
      for (ObjectNode backup : made) {
        Path file = folder.resolve("data/backups").resolve(backup.get("name").stringValue());
        Path copy = database(file, folder.resolve(backup.get("name").stringValue() + ".db"));
        Backups.Contents contents = Backups.contents(copy, true);
        assertThat(contents.accounts()).isGreaterThanOrEqualTo(Math.max(5, accounts));
        accounts = contents.accounts();
        try (Database database = Database.copy(copy)) {
          assertThat(new dev.graft.store.DataKeys(database).count())
              .as("each account has its data key, and Graft has one")
              .isEqualTo(accounts + 1);
        }
      }
      assertThat(accounts).as("something was written meanwhile").isGreaterThan(5);
    }
  }

  @Test
  void theNewestAreKeptAndOneIsTakenAway() throws Exception {
    environment.put("GRAFT_BACKUP_DIR", folder.resolve("elsewhere").toString());
    environment.put("GRAFT_BACKUP_KEEP", "2");
    try (RunningServer server = RunningServer.start(environment)) {
      var names = new ArrayList<String>();
      Files.createDirectories(folder.resolve("elsewhere"));
      Path left = Files.createFile(folder.resolve("elsewhere/.graft-old.zip.partial"));
      Path others = Files.createFile(folder.resolve("elsewhere/of-someone-else.zip"));
      for (int i = 0; i < 4; i++) {
        names.add(backup(server).get("name").stringValue());
      }
      assertThat(names).doesNotHaveDuplicates();
      RunningServer.Answer list = server.get("/v1/backups");
      PublishedApi.check("GET", "/v1/backups", 200, list.headers(), list.body());
      assertThat(list.json().get("backups").valueStream().map(one -> one.get("name").stringValue()))
          .containsExactly(names.get(3), names.get(2));
      assertThat(left).doesNotExist();
      assertThat(others).exists();
      RunningServer.Answer file = server.get("/v1/backups/" + names.get(3) + "/file");
      assertThat(file.status()).isEqualTo(200);
      assertThat(file.header("Content-Length"))
          .isEqualTo(String.valueOf(Files.size(folder.resolve("elsewhere").resolve(names.get(3)))));
      assertThat(server.get("/v1/audit?limit=200").body()).contains("backup.taken");
      assertThat(server.get("/v1/backups/" + names.get(0)).code()).isEqualTo("BACKUP_NOT_FOUND");
      assertThat(server.get("/v1/backups/..%2Fgraft.db/file").status()).isGreaterThanOrEqualTo(400);
    }
  }

  @Test
  void aBackupThatCannotBeMadeSaysWhyAndChangesNothing() throws Exception {
    Path file = Files.createFile(folder.resolve("a-file"));
    environment.put("GRAFT_BACKUP_DIR", file.resolve("backups").toString());
    try (RunningServer server = RunningServer.start(environment)) {
      ObjectNode failed = backup(server);
      assertThat(failed.get("status").stringValue()).isEqualTo("failed");
      assertThat(failed.get("reason").stringValue()).contains(file.toString());
      assertThat(server.bean(Backups.class).lastAt()).isEmpty();
      assertThat(server.get("/v1/backups").json().at("/failure/status").stringValue())
          .isEqualTo("failed");
    }
  }

  /** One that pushed out older ones, and that nothing knows of, would be worse than none. */
  @Test
  void aBackupThatCannotBeNotedIsNotKept() throws Exception {
    try (RunningServer server = RunningServer.start(environment)) {
      try (var connection =
              DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/graft.db"));
          var statement = connection.createStatement()) {
        statement.execute("PRAGMA busy_timeout = 10000");
        statement.execute(
            "CREATE TRIGGER refusing BEFORE INSERT ON audit_pending"
                + " BEGIN SELECT RAISE(ABORT, 'no'); END");
        assertThat(backup(server).get("status").stringValue()).isEqualTo("failed");
        assertThat(files(folder.resolve("data/backups"))).isEmpty();
        statement.execute("DROP TRIGGER refusing");
      }
      assertThat(backup(server).get("status").stringValue()).isEqualTo("made");
    }
  }

  @Test
  void afterAFailureThereIsAPauseAndWhoeverMeasuresIsTold() throws Exception {
    Path file = Files.createFile(folder.resolve("in-the-way"));
    var clock = new SetClock();
    try (RunningServer server = RunningServer.start(environment);
        var backingUp =
            new BackingUp(
                server.bean(Backups.class),
                new BackupSettings(file.resolve("backups"), Optional.of(Duration.ofHours(6)), 7),
                "test",
                server.bean(Acts.class),
                clock)) {
      assertThatThrownBy(backingUp::runIfDue).hasMessageContaining(file.toString());
      Instant first = backingUp.failure().orElseThrow().at();
      clock.pass(Duration.ofMinutes(1));
      backingUp.runIfDue();
      assertThat(backingUp.failure().orElseThrow().at()).as("not tried again").isEqualTo(first);
      clock.pass(Duration.ofMinutes(15));
      assertThatThrownBy(backingUp::runIfDue).hasMessageContaining(file.toString());
      Files.delete(file);
      clock.pass(Duration.ofMinutes(15));
      backingUp.runIfDue();
      assertThat(backingUp.failure()).isEmpty();
      assertThat(backingUp.list()).hasSize(1);
    }
  }

  @Test
  void theServerMakesThemByItself() throws Exception {
    environment.put("GRAFT_BACKUP_EVERY", "1s");
    try (RunningServer server = RunningServer.start(environment)) {
      Instant until = Instant.now().plus(Duration.ofSeconds(20));
      while (server.get("/v1/backups").json().get("backups").size() < 2) {
        assertThat(Instant.now()).isBefore(until);
        pause();
      }
      assertThat(server.get("/v1/audit?limit=200").body())
          .contains("\"actor\":\"node:graft\",\"act\":\"backup.made\"");
    }
  }

  @Test
  void postgresIsBackedUpByItsOwnTools() {
    Map<String, String> shared = RunningServer.withPostgres(environment);
    try (RunningServer server = RunningServer.start(shared)) {
      RunningServer.Answer refused = server.post("/v1/backups", "{}");
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.code()).isEqualTo("BACKUP_ELSEWHERE");
      assertThat(server.get("/v1/backups").json().get("lastAt").isNull()).isTrue();
    }
    shared.put("GRAFT_BACKUP_EVERY", "24h");
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> RunningServer.start(shared)))
        .hasMessageContaining("GRAFT_BACKUP_EVERY");
  }
}
