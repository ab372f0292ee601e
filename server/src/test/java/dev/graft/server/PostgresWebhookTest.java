package dev.graft.server;

import dev.graft.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.HashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class PostgresWebhookTest implements WebhookContract {
  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    var environment =
        new HashMap<>(RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
    environment.put("GRAFT_WEBHOOK_ALLOW", "127.0.0.1");
    environment.put("GRAFT_KEY_CHECK", "1s");
    environment.put("GRAFT_DRIFT_CHECK", "1s");
    server = RunningServer.start(RunningServer.withPostgres(environment));
  }

  @AfterAll
  static void stop() {
    server.close();
    sandbox.close();
  }

  @Override
  public RunningServer server() {
    return server;
  }

  @Override
  public Sandbox sandbox() {
    return sandbox;
  }

  @Override
  public Path templates() {
    return folder.resolve("templates");
  }
}
