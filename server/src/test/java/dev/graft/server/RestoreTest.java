package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Sandbox;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft restore}, from backups of a real server, and what a server makes of the result. */
class RestoreTest {
  private static final String MASTER_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0".repeat(2);

  @TempDir private Path folder;
  private Sandbox sandbox;
  private Map<String, String> environment;

  @BeforeEach
  void prepare() {
    sandbox = Sandbox.start();
    environment = RunningServer.environment(folder, sandbox);
    environment.put("GRAFT_MASTER_KEY", MASTER_KEY);
    environment.put("GRAFT_BACKUP_DIR", folder.resolve("backups").toString());
  }

  @AfterEach
  void stop() {
    sandbox.close();
  }

  /** What the command said and how it ended. */
  private record Said(int exit, String out, String err) {}

  private static Said restore(Map<String, String> environment, String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var all = new ArrayList<String>();
    all.add("restore");
    all.addAll(List.of(arguments));
    int exit =
        Main.run(
            all,
            environment,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Said(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private Account linked(RunningServer server, String name) {
    Account account = sandbox.account(name, "key-of-" + name);
    assertThat(server.link(name, "key-of-" + name).status()).isEqualTo(200);
    return account;
  }

  private Path backup(RunningServer server) {
    ObjectNode made = BackupTest.backup(server);
    assertThat(made.get("status").stringValue()).as(made.toString()).isEqualTo("made");
    return folder.resolve("backups").resolve(made.get("name").stringValue());
  }

  private Map<String, String> emptyFolder() {
    var changed = new HashMap<>(environment);
    changed.put("GRAFT_DATA_DIR", folder.resolve("new-data").toString());
    return changed;
  }

  @Test
  void whatWasClonedAfterTheBackupIsNotClonedAgain() throws Exception {
    var accounts = new ArrayList<Account>();
    Path backup;
    try (RunningServer server = RunningServer.start(environment)) {
      for (int i = 0; i < 22; i++) {
        accounts.add(linked(server, "c" + i));
      }
      assertThat(server.clone("c0").status()).isEqualTo(200);
      assertThat(server.clone("c1").status()).isEqualTo(200);
      backup = backup(server);
      // An upgrade that the backup knows nothing of, and twenty first clones.
      RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "2");
      for (int i = 1; i < 22; i++) {
        assertThat(server.clone("c" + i).status()).isEqualTo(200);
      }
    }
    Map<String, String> empty = emptyFolder();
    Said said = restore(empty, backup.toString());
    assertThat(said.exit()).as(said.err()).isZero();
    assertThat(said.out()).contains("22 accounts", "graft audit restored", "link them again");
    Path database = folder.resolve("new-data/graft.db");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(database)))
        .isEqualTo("rw-------");
    try (RunningServer server = RunningServer.start(empty)) {
      for (int i = 0; i < 22; i++) {
        RunningServer.Answer answer = server.clone("c" + i);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      }
      for (Account account : accounts) {
        assertThat(account.objects("assistant")).hasSize(1);
        assertThat(account.objects("tool")).hasSize(1);
        assertThat(account.objects("assistant").getFirst().get("name").stringValue())
            .isEqualTo("Front Desk_v2");
      }
      assertThat(server.post("/v1/audit/restored", "{}").json().get("epoch").intValue())
          .isEqualTo(2);
    }
  }

  @Test
  void aBackupIsCheckedWithoutRestoringIt() throws Exception {
    Path backup = oneBackup();
    Said said = restore(environment, backup.toString(), "--check");
    assertThat(said.exit()).as(said.err()).isZero();
    assertThat(said.out()).startsWith("Good: ").contains("1 accounts");
    assertThat(names(folder.resolve("data"))).noneMatch(name -> name.contains("check"));
    Said json = restore(emptyFolder(), backup.toString(), "--json");
    assertThat(json.exit()).isZero();
    assertThat(Json.parseObject(json.out()).at("/manifest/accounts").intValue()).isEqualTo(1);
  }

  private Path oneBackup() {
    try (RunningServer server = RunningServer.start(environment)) {
      linked(server, "ann");
      assertThat(server.clone("ann").status()).isEqualTo(200);
      return backup(server);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    if (Files.notExists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void refused(Said said, String why) throws IOException {
    assertThat(said.exit()).isEqualTo(Main.FAILED);
    assertThat(said.err()).contains(why).doesNotContain("Exception", "\tat ");
    assertThat(names(folder.resolve("new-data"))).doesNotContain("graft.db", "graft.db.restoring");
  }

  @Test
  void nothingIsRestoredOverAnything() throws Exception {
    Path backup = oneBackup();
    byte[] before = Files.readAllBytes(folder.resolve("data/graft.db"));
    Said said = restore(environment, backup.toString());
    assertThat(said.exit()).isEqualTo(Main.FAILED);
    assertThat(said.err()).contains("There is a database already");
    assertThat(Files.readAllBytes(folder.resolve("data/graft.db"))).isEqualTo(before);
    Files.createDirectories(folder.resolve("new-data"));
    Files.createFile(folder.resolve("new-data/graft.db-wal"));
    refused(restore(emptyFolder(), backup.toString()), "graft.db-wal");
  }

  @Test
  void withoutTheRightKeyNothingIsRestored() throws Exception {
    Path backup = oneBackup();
    Map<String, String> other = emptyFolder();
    other.put("GRAFT_MASTER_KEY", "aa".repeat(32));
    refused(restore(other, backup.toString()), "sealed with another master key");
    other.remove("GRAFT_MASTER_KEY");
    refused(restore(other, backup.toString()), "There is no master key file");
  }

  @Test
  void aDamagedBackupIsToldFromAGoodOne() throws Exception {
    Path backup = oneBackup();
    byte[] good = Files.readAllBytes(backup);
    Path bad = folder.resolve("bad.zip");
    Files.write(bad, java.util.Arrays.copyOf(good, good.length / 2));
    refused(restore(emptyFolder(), bad.toString()), "is no backup");
    // One byte of what is packed.
    byte[] flipped = good.clone();
    flipped[good.length / 2] ^= 1;
    Files.write(bad, flipped);
    refused(restore(emptyFolder(), bad.toString()), "is damaged");
    Files.writeString(bad, "something else", StandardOpenOption.TRUNCATE_EXISTING);
    refused(restore(emptyFolder(), bad.toString()), "is no backup");
    refused(restore(emptyFolder(), folder.resolve("none.zip").toString()), "There is no file");
    Map<String, String> postgres = emptyFolder();
    postgres.put("GRAFT_DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x");
    refused(restore(postgres, backup.toString()), "names PostgreSQL");
  }

  /** Someone moved the file away, and what restarts Graft was quicker than they. */
  @Test
  void nothingIsRestoredUnderAServerThatRuns() throws Exception {
    Path backup = oneBackup();
    Map<String, String> used = emptyFolder();
    try (RunningServer server = RunningServer.start(used)) {
      assertThat(server.get("/health/ready").status()).isEqualTo(200);
      for (String name : List.of("graft.db", "graft.db-wal", "graft.db-shm")) {
        Files.delete(folder.resolve("new-data").resolve(name));
      }
      refused(restore(used, backup.toString()), "stop the other one");
    }
    assertThat(restore(used, backup.toString()).exit()).isZero();
  }

  /** A backup that someone changed and described anew is found by what SQLite and Graft check. */
  @Test
  void aBackupOfAVersionTooFarAheadIsRefused() throws Exception {
    Path backup = oneBackup();
    Path database = BackupTest.database(backup, folder.resolve("changed.db"));
    changed(
        database,
        "INSERT INTO graft_migration (installed_rank, version, description, type, script,"
            + " checksum, installed_by, installed_on, execution_time, success) VALUES (99, '99',"
            + " 'future', 'SQL', 'V99__future.sql', 1, 'x', '2030-01-01 00:00:00', 1, 1)");
    Path changed = folder.resolve("changed.zip");
    BackupTest.pack(changed, database, backup);
    refused(restore(emptyFolder(), changed.toString()), "newer than this one");

    // Of the next generation: this version works beside the next one, and its backups are so.
    String next =
        "INSERT INTO schema_generation (generation, made_by)"
            + " SELECT MAX(generation) + 1, 'next' FROM schema_generation";
    changed(database, next);
    BackupTest.pack(changed, database, backup);
    assertThat(restore(emptyFolder(), changed.toString()).err()).isEmpty();
    try (RunningServer server = RunningServer.start(emptyFolder())) {
      assertThat(server.clone("ann").status()).isEqualTo(200);
    }

    changed(database, next);
    BackupTest.pack(changed, database, backup);
    Said said = restore(environment, changed.toString(), "--check");
    assertThat(said.err()).contains("newer than this one");
  }

  private static void changed(Path database, String sql) throws SQLException {
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + database);
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void theCommandTellsHowItIsUsed() {
    assertThat(restore(environment).exit()).isEqualTo(Main.USAGE);
    assertThat(restore(environment, "--check").err()).contains("needs the backup first");
    assertThat(restore(environment, "--help").out()).contains("never replaced");
  }
}
