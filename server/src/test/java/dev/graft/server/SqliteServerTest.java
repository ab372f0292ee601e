package dev.graft.server;

import dev.graft.sandbox.Sandbox;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class SqliteServerTest implements LifecycleContract {
  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    server =
        RunningServer.start(
            RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
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
