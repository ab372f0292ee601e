package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresServerTest implements LifecycleContract {
  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;
  private static RunningServer secondNode;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.withPostgres(
            RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
    server = RunningServer.start(environment);
    secondNode = RunningServer.start(environment);
  }

  @AfterAll
  static void stop() {
    server.close();
    secondNode.close();
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

  @Test
  void aHundredClonesAtOnceOverTwoNodesMakeOnePair() throws Exception {
    Customer customer = customer();
    List<Callable<RunningServer.Answer>> tasks = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      RunningServer node = i % 2 == 0 ? server : secondNode;
      tasks.add(() -> node.clone(customer.userId()));
    }
    var ids = new HashSet<String>();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var answer : executor.invokeAll(tasks)) {
        assertThat(answer.get().status()).as(answer.get().body()).isEqualTo(200);
        ids.add(answer.get().json().get("assistantId").stringValue());
      }
    }
    assertThat(ids).containsExactly(customer.idOf("assistant"));
    customer.only("tool");
    assertThat(writes()).isEqualTo(2);
  }
}
