package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class HealthTest {
  @Test
  void aServerThatIsReadyIsToldSoAndGetsNoToken() {
    try (ScriptedServer server =
        ScriptedServer.start().answers("GET /health/ready", 200, "{\"status\": \"ready\"}")) {
      assertThat(Caller.of(server).with("GRAFT_TOKEN", "secret-token-of-20-letters").call("health"))
          .isEqualTo(new Caller.Outcome(0, "ready\n", ""));
      assertThat(server.asked()).allMatch(asked -> asked.authorization().isEmpty());
    }
  }

  @Test
  void oneThatIsNotReadySaysWhy() {
    try (ScriptedServer server =
        ScriptedServer.start()
            .answers(
                "GET /health/ready", 503, "{\"status\": \"unavailable\", \"keys\": \"away\"}")) {
      Caller.Outcome outcome = Caller.of(server).call("health");
      assertThat(outcome.exit()).isEqualTo(1);
      assertThat(outcome.err()).contains("is not ready", "\"keys\":\"away\"");
    }
  }

  @Test
  void oneThatBecomesReadyIsWaitedFor() {
    try (ScriptedServer server =
        ScriptedServer.start().answers("GET /health/ready", 503, "{\"status\": \"unavailable\"}")) {
      var waiting =
          CompletableFuture.supplyAsync(() -> Caller.of(server).call("health", "--wait", "20"));
      while (server.asked().size() < 2) {
        Thread.onSpinWait();
      }
      server.answers("GET /health/ready", 200, "{\"status\": \"ready\"}");
      assertThat(waiting.join().exit()).isZero();
    }
  }

  @Test
  void whereNothingAnswersItSaysSo() {
    Caller nowhere = new Caller().with("GRAFT_URL", "http://127.0.0.1:1");
    assertThat(nowhere.call("health").err()).contains("Nothing answers at http://127.0.0.1:1");
    assertThat(nowhere.call("health", "--wait", "1").exit()).isEqualTo(1);
    assertThat(nowhere.call("health", "--wait", "soon").exit()).isEqualTo(64);
  }
}
