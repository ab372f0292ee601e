package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteIdempotencyTest implements IdempotencyContract {
  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "1");
    var environment =
        RunningServer.environment(
            folder.resolve("data"), folder.resolve("templates"), sandbox.url());
    environment.put("GRAFT_LEASE_TIME", LEASE.toSeconds() + "s");
    environment.put("GRAFT_CALL_TIMEOUT", "30s");
    environment.put("GRAFT_REQUEST_DEADLINE", "60s");
    server = RunningServer.start(environment);
  }

  @AfterAll
  static void stop() {
    server.close();
    sandbox.close();
  }

  @Override
  public List<RunningServer> nodes() {
    return List.of(server);
  }

  @Override
  public Sandbox sandbox() {
    return sandbox;
  }

  @Override
  public Path templates() {
    return folder.resolve("templates");
  }

  @Test
  void neitherTheKeysNorTheBodiesNorTheAnswersCanBeReadInTheDatabase() throws IOException {
    String name = "name-of-request-" + UUID.randomUUID();
    String vapiKey = UUID.randomUUID().toString();
    sandbox.account("A", vapiKey);
    RunningServer.Answer linked =
        server.send(
            HttpRequest.newBuilder(server.url().resolve("/v1/accounts"))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", name)
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        Json.write(Json.object().put("userId", "u").put("apiKey", vapiKey)))));
    assertThat(linked.status()).isEqualTo(201);
    try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String content = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(content.contains(name)).as("%s", file).isFalse();
        assertThat(content.contains(vapiKey)).as("%s", file).isFalse();
        assertThat(content.contains(linked.body())).as("%s", file).isFalse();
      }
    }
  }
}
