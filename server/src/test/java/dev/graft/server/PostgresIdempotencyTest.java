package dev.graft.server;

import dev.graft.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class PostgresIdempotencyTest implements IdempotencyContract {
  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer one;
  private static RunningServer two;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "1");
    Map<String, String> environment =
        RunningServer.withPostgres(
            RunningServer.environment(
                folder.resolve("data"), folder.resolve("templates"), sandbox.url()));
    environment.put("GRAFT_LEASE_TIME", LEASE.toSeconds() + "s");
    environment.put("GRAFT_CALL_TIMEOUT", "30s");
    environment.put("GRAFT_REQUEST_DEADLINE", "60s");
    one = RunningServer.start(environment);
    two = RunningServer.start(environment);
  }

  @AfterAll
  static void stop() {
    one.close();
    two.close();
    sandbox.close();
  }

  @Override
  public List<RunningServer> nodes() {
    return List.of(one, two);
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
