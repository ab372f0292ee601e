package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.telemetry.Collector;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces as a collector gets them that speaks OTLP over HTTP. */
class TracesTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String CALLER = "b7ad6b7169203331";

  @TempDir private Path folder;
  private final String key = UUID.randomUUID().toString();
  private Sandbox sandbox;
  private Collector collector;

  @BeforeEach
  void start() {
    sandbox = Sandbox.start();
    sandbox.account("A", key);
    collector = Collector.start();
    RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "1");
  }

  @AfterEach
  void stop() {
    collector.close();
    sandbox.close();
  }

  private RunningServer server(URI telling) {
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve("data"), folder.resolve("templates"), sandbox.url());
    environment.put("GRAFT_OTLP_URL", telling.toString());
    return RunningServer.start(environment);
  }

  private static RunningServer.Answer clone(RunningServer server, String traceparent) {
    return server.send(
        HttpRequest.newBuilder(server.url().resolve("/api/vapi/clone"))
            .header("Content-Type", "application/json")
            .header("traceparent", traceparent)
            .POST(BodyPublishers.ofString(Json.write(Json.object().put("userId", "u")))));
  }

  @Test
  void aTraceGoesFromTheCallerThroughRequestAndOperationToEachCallOfVapi() throws Exception {
    try (RunningServer server = server(collector.url())) {
      server.link("u", key);
      sandbox.requests().clear();
      assertThat(clone(server, "00-" + TRACE + "-" + CALLER + "-01").status()).isEqualTo(200);

      Collector.Span request =
          collector.await(
              span -> span.traceId().equals(TRACE) && span.name().equals("POST /api/vapi/clone"));
      assertThat(request.parent()).isEqualTo(CALLER);
      assertThat(request.kind()).as("it serves").isEqualTo(2);
      assertThat(request.attributes())
          .containsEntry("http.route", "/api/vapi/clone")
          .containsEntry("http.response.status_code", "200")
          .containsKey("graft.request.id");
      Collector.Span operation =
          collector.await(
              span -> span.traceId().equals(TRACE) && span.name().equals("operation clone"));
      assertThat(operation.parent()).isEqualTo(request.spanId());
      assertThat(operation.attributes())
          .containsEntry("graft.operation.state", "succeeded")
          .containsKeys("graft.operation.id", "graft.account.id");
      List<Collector.Span> calls =
          collector.spans().stream()
              .filter(span -> span.traceId().equals(TRACE) && span.kind() == 3)
              .toList();
      assertThat(calls).hasSize(sandbox.requests().entries().size()).hasSizeGreaterThan(3);
      assertThat(calls).extracting(Collector.Span::parent).containsOnly(operation.spanId());
      assertThat(calls).extracting(Collector.Span::spanId).doesNotHaveDuplicates();
      assertThat(calls).extracting(Collector.Span::name).contains("POST /tool", "POST /assistant");
      assertThat(calls)
          .allSatisfy(call -> {
            assertThat(call.began()).isBetween(operation.began(), operation.ended());
            assertThat(call.ended()).isGreaterThan(call.began());
          });
    }
  }

  @Test
  void whatGoesWrongIsSeenAndNoSecretIs() throws Exception {
    sandbox.fault(Fault.on("POST", "/tool").before(Effect.status(400)));
    try (RunningServer server = server(collector.url())) {
      server.link("u", key);
      assertThat(server.clone("u").status()).isGreaterThanOrEqualTo(400);
      Collector.Span refused =
          collector.await(span -> span.name().equals("POST /tool") && span.status() == 2);
      assertThat(refused.attributes()).containsEntry("http.response.status_code", "400");
      Collector.Span failed = collector.await(span -> span.name().equals("operation clone"));
      assertThat(failed.attributes()).containsEntry("graft.operation.state", "failed");
      assertThat(failed.status()).isEqualTo(2);
      server.get("/health");
      // What a caller chose for a path is in no name.
      server.get("/nothing/" + key);
      collector.await(span -> span.name().equals("GET none"));
      // Nor is the word that a caller chose for a method.
      server.send(
          HttpRequest.newBuilder(server.url().resolve("/nothing"))
              .method("BREW-" + key, BodyPublishers.noBody()));
      Collector.Span odd = collector.await(span -> span.name().equals("OTHER none"));
      assertThat(odd.attributes()).containsEntry("http.request.method", "OTHER");
    }
    assertThat(collector.spans())
        .extracting(Collector.Span::name)
        .doesNotContain("GET /health", "GET /metrics");
    assertThat(new Canary.Search(Map.of("the key", key)).in(collector.all())).isEmpty();
    assertThat(new String(collector.all(), StandardCharsets.ISO_8859_1))
        .doesNotContain("You book visits", "Front Desk");
  }

  @Test
  void whoeverDoesNotWantATraceKeptIsObeyed() throws Exception {
    try (RunningServer server = server(collector.url())) {
      server.link("u", key);
      assertThat(clone(server, "00-" + TRACE + "-" + CALLER + "-00").status()).isEqualTo(200);
      assertThat(clone(server, "00-nonsense").status()).isEqualTo(200);
      Collector.Span own = collector.await(span -> span.name().equals("POST /api/vapi/clone"));
      assertThat(own.parent()).isEmpty();
    }
    assertThat(collector.spans()).extracting(Collector.Span::traceId).doesNotContain(TRACE);
  }

  @Test
  void aCollectorThatIsAwayChangesNothing() {
    collector.close();
    try (RunningServer server = server(collector.url())) {
      assertThat(server.link("u", key).status()).isEqualTo(200);
      assertThat(server.clone("u").status()).isEqualTo(200);
    }
  }
}
