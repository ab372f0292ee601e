package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Sandbox;
import dev.graft.server.telemetry.Tracker;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server whose errors are told to a tracker. */
class ErrorTrackingTest {
  @TempDir private Path folder;

  @Test
  void whatIsGraftsOwnFaultIsToldAndWhatIsACallersIsNot() throws Exception {
    String key = UUID.randomUUID().toString();
    try (var tracker = Tracker.start();
        var sandbox = Sandbox.start()) {
      sandbox.account("A", key);
      Path templates = folder.resolve("templates");
      RunningServer.writeTemplate(templates, "front-desk", "1");
      Map<String, String> environment =
          RunningServer.environment(folder.resolve("data"), templates, sandbox.url());
      environment.put("GRAFT_SENTRY_DSN", tracker.dsn());
      try (RunningServer server = RunningServer.start(environment)) {
        assertThat(server.link("ann", key).status()).isEqualTo(200);
        assertThat(server.link("ann", key + "x").status()).isEqualTo(401);
        assertThat(server.post("/api/vapi/clone", "{\"userId\":").status()).isEqualTo(400);
        assertThat(server.get("/v1/accounts/acc_none").status()).isEqualTo(404);
        assertThat(tracker.envelopes()).isEmpty();
        try (var connection =
                DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/graft.db"));
            var statement = connection.createStatement()) {
          statement.execute("ALTER TABLE installation RENAME TO gone");
        }
        RunningServer.Answer failed = server.clone("ann");
        assertThat(failed.status()).isEqualTo(503);
        String request = failed.json().get("requestId").stringValue();
        assertThat(tracker.await(1))
            .anySatisfy(envelope ->
                assertThat(envelope)
                    .contains(
                        "StoreException",
                        "The database refused a statement.",
                        "POST /api/vapi/clone",
                        request)
                    .doesNotContain("no such table"));
        // An alert comes of it.
        assertThat(server.get("/metrics").body())
            .contains("graft_requests_unavailable_total{part=\"database\"} 1.0")
            .contains("graft_requests_unavailable_total{part=\"keys\"} 0.0");
      }
      assertThat(
              new Canary.Search(Map.of("the key", key))
                  .in(tracker.all().getBytes(StandardCharsets.UTF_8)))
          .isEmpty();
      assertThat(tracker.all()).doesNotContain("\"ann\"");
    }
  }
}
