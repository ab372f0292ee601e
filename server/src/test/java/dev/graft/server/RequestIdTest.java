package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request has an id of ours and keeps its caller's trace, here and on the way to Vapi. */
class RequestIdTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  @TempDir private Path folder;

  @Test
  void theTraceGoesFromTheCallerToVapiAndBack() throws IOException {
    var seen = new CopyOnWriteArrayList<String>();
    HttpServer vapi =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    vapi.createContext(
        "/",
        exchange -> {
          seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("traceparent")));
          byte[] body = "{\"message\":\"Invalid Key\"}".getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    vapi.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    URI url = URI.create("http://127.0.0.1:" + vapi.getAddress().getPort());
    try (RunningServer server =
        RunningServer.start(RunningServer.environment(folder.resolve("data"), templates, url))) {
      RunningServer.Answer answer =
          server.send(
              HttpRequest.newBuilder(server.url().resolve("/api/vapi/link"))
                  .header("Content-Type", "application/json")
                  .header("traceparent", "00-" + TRACE + "-b7ad6b7169203331-01")
                  .header("X-Request-Id", "from-outside")
                  .POST(BodyPublishers.ofString("{\"userId\":\"u\",\"apiKey\":\"some-key\"}")));
      assertThat(answer.header("traceparent")).startsWith("00-" + TRACE + "-");
      assertThat(answer.header("X-Request-Id")).startsWith("req_");
      assertThat(answer.json().get("requestId").stringValue())
          .isEqualTo(answer.header("X-Request-Id"));
      assertThat(seen).isNotEmpty().allMatch(header -> header.startsWith("00-" + TRACE + "-"));
      assertThat(List.copyOf(seen))
          .doesNotContain(answer.header("traceparent"), "00-" + TRACE + "-b7ad6b7169203331-01")
          .doesNotHaveDuplicates();

      RunningServer.Answer malformed =
          server.send(
              HttpRequest.newBuilder(server.url().resolve("/health"))
                  .header("traceparent", "00-nonsense")
                  .GET());
      assertThat(malformed.status()).isEqualTo(200);
      assertThat(malformed.header("traceparent")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
    } finally {
      vapi.stop(0);
    }
  }
}
