package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
  private static final String NAME = "graft-20261123T152005Z.zip";
  private static final String MANIFEST =
      """
      {"format": 1, "graft": "0.1.0", "schema": "7", "createdAt": "2026-11-23T15:20:05.120Z",
       "database": {"file": "graft.db", "bytes": 8, "sha256": "%s"},
       "keys": [{"provider": "local:", "wrappingKey": "e5ef2d0ade99d55e", "dataKeys": 412}],
       "audit": {"epoch": 1, "size": 12, "head": "00"}, "accounts": 411, "installations": 411}
      """;
  private static final String RUNNING =
      """
      {"name": "graft-20261123T152005Z.zip", "status": "running", "phase": "copying",
       "startedAt": "2026-11-23T15:20:05.101Z", "done": 1048576, "of": 4194304}
      """;

  @TempDir private Path folder;
  private final ScriptedServer server =
      ScriptedServer.start()
          .answers("POST /v1/backups", 202, RUNNING)
          .answersInTurn("GET /v1/backups/" + NAME, RUNNING, made())
          .answers("GET /v1/backups", 200, list());
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  private static String made() {
    return "{\"name\": \""
        + NAME
        + "\", \"status\": \"made\", \"bytes\": 6120448, \"manifest\": "
        + MANIFEST.formatted("0".repeat(64))
        + "}";
  }

  private static String list() {
    return "{\"folder\": \"/var/backups/graft\", \"every\": \"PT24H\", \"keep\": 7, \"lastAt\": null,"
        + " \"running\": null, \"failure\": null, \"backups\": ["
        + made()
        + "]}";
  }

  @Test
  void aBackupIsAwaitedAndSaysWhichKeysItNeeds() {
    Caller.Outcome result = caller.call("backup");
    assertThat(result.exit()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("Backup " + NAME + ": 411 accounts, 6120448 bytes")
        .contains("local: e5ef2d0ade99d55e")
        .contains("/var/backups/graft");
    assertThat(caller.call("backup", "--json").out()).contains("\"status\" : \"made\"");
  }

  @Test
  void oneThatCannotBeMadeFailsWithItsReason() {
    server.answers(
        "GET /v1/backups/" + NAME,
        200,
        "{\"name\": \"x\", \"status\": \"failed\", \"at\": \"x\", \"reason\": \"The disk is full.\"}");
    Caller.Outcome result = caller.call("backup");
    assertThat(result.exit()).isEqualTo(Exit.FAILED);
    assertThat(result.err()).contains("No backup was made. The disk is full.");
  }

  @Test
  void backupsAreListedWithTheKeysThatTheyNeed() {
    Caller.Outcome result = caller.call("backups");
    assertThat(result.exit()).isZero();
    assertThat(result.out())
        .contains("/var/backups/graft", "every PT24H", "the newest 7")
        .contains(NAME, "2026-11-23 15:20:05")
        .contains("411  local: e5ef2d0ade99d55e");
  }

  private static byte[] zip(byte[] database, String sha256) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("manifest.json"));
      zip.write(MANIFEST.formatted(sha256).getBytes(StandardCharsets.UTF_8));
      zip.putNextEntry(new ZipEntry("graft.db"));
      zip.write(database);
    }
    return bytes.toByteArray();
  }

  /** A server whose file is bytes and no text. */
  private HttpServer serving(byte[] file) throws IOException {
    var http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext(
        "/",
        exchange -> {
          boolean isFile = exchange.getRequestURI().getPath().endsWith("/file");
          byte[] answer = isFile ? file : made().getBytes(StandardCharsets.UTF_8);
          exchange
              .getResponseHeaders()
              .set("Content-Type", isFile ? "application/zip" : "application/json");
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    http.start();
    return http;
  }

  private Caller.Outcome taken(byte[] file, Path target) throws IOException {
    HttpServer http = serving(file);
    try {
      return caller.call(
          "backup",
          "--out",
          target.toString(),
          "--url",
          "http://127.0.0.1:" + http.getAddress().getPort());
    } finally {
      http.stop(0);
    }
  }

  @Test
  void itIsTakenAwayCheckedAndForItsOwnerOnly() throws Exception {
    byte[] database = "database".getBytes(StandardCharsets.UTF_8);
    byte[] good =
        zip(
            database,
            HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(database)));
    Path file = folder.resolve("mine.zip");
    Caller.Outcome result = taken(good, file);
    assertThat(result.exit()).as(result.err()).isZero();
    assertThat(Files.readAllBytes(file)).isEqualTo(good);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(taken(good, file).err()).contains("it is there already");
    assertThat(taken(good, folder).exit()).isZero();
    assertThat(folder.resolve(NAME)).exists();

    Path other = folder.resolve("other.zip");
    Caller.Outcome broken = taken(zip(database, "0".repeat(64)), other);
    assertThat(broken.exit()).isEqualTo(Exit.FAILED);
    assertThat(broken.err()).contains("what arrived is not what was sent");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(left -> left.getFileName().toString()))
          .containsExactlyInAnyOrder("mine.zip", NAME);
    }
  }
}
