package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.server.edge.PromptProtocol;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may come how near, before anyone asks for a token. */
class EdgeTest {
  private static final String TOKEN = "a-token-of-more-than-twenty-characters";
  private static final String APP = "https://app.example.com";

  @TempDir private Path folder;
  private Map<String, String> environment = Map.of();

  @BeforeEach
  void settings() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    environment =
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1"));
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_ADMIN_TOKEN", TOKEN);
  }

  private static RunningServer.Answer preflight(RunningServer server, String origin) {
    return server.send(
        HttpRequest.newBuilder(server.url().resolve("/api/vapi/link"))
            .method("OPTIONS", BodyPublishers.noBody())
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type"));
  }

  private static RunningServer.Answer from(RunningServer server, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.url().resolve("/v1/templates"))
            .header("Authorization", "Bearer " + TOKEN)
            .GET();
    return server.send(headers.length == 0 ? request : request.headers(headers));
  }

  @Test
  void onlyListedOriginsMayCall() {
    environment.put("GRAFT_CORS_ORIGINS", APP + ", http://localhost:5173");
    try (RunningServer server = RunningServer.start(environment)) {
      for (String origin : List.of(APP, "http://localhost:5173")) {
        RunningServer.Answer answer = preflight(server, origin);
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(origin);
        assertThat(answer.header("Access-Control-Allow-Headers"))
            .contains("Authorization", "Content-Type", "Idempotency-Key");
        assertThat(answer.header("Access-Control-Allow-Methods"))
            .isEqualTo("GET, POST, PATCH, DELETE");
        assertThat(answer.header("Vary")).contains("Origin");
        assertThat(answer.header("Access-Control-Allow-Credentials")).isEmpty();
        RunningServer.Answer real = from(server, "Origin", origin);
        assertThat(real.status()).isEqualTo(200);
        assertThat(real.header("Access-Control-Allow-Origin")).isEqualTo(origin);
        assertThat(real.header("Access-Control-Expose-Headers")).contains("X-Request-Id");
      }
      for (String origin :
          List.of(
              "https://app.example.com.evil.example",
              "http://app.example.com",
              "https://app.example.com:444",
              "https://APP.example.com",
              "https://sub.app.example.com",
              "null",
              "*")) {
        RunningServer.Answer answer = preflight(server, origin);
        assertThat(answer.status()).as(origin).isEqualTo(403);
        assertThat(answer.code()).isEqualTo("FOREIGN_ORIGIN");
        assertThat(answer.header("Access-Control-Allow-Origin")).isEmpty();
        assertThat(from(server, "Origin", origin).header("Access-Control-Allow-Origin")).isEmpty();
      }
      // Without a token the browser learns why, since the page may read it.
      RunningServer.Answer refused =
          server.send(
              HttpRequest.newBuilder(server.url().resolve("/v1/templates"))
                  .header("Origin", APP)
                  .GET());
      assertThat(refused.status()).isEqualTo(401);
      assertThat(refused.header("Access-Control-Allow-Origin")).isEqualTo(APP);
    }
  }

  @Test
  void withoutAListNoOriginMayCall() {
    try (RunningServer server = RunningServer.start(environment)) {
      assertThat(preflight(server, APP).status()).isEqualTo(403);
      assertThat(preflight(server, APP).header("Access-Control-Allow-Origin")).isEmpty();
      assertThat(from(server, "Origin", APP).header("Access-Control-Allow-Origin")).isEmpty();
    }
  }

  @Test
  void everyAnswerHasTheHeadersThatABrowserShouldSee() {
    try (RunningServer server = RunningServer.start(environment)) {
      for (String path : List.of("/health", "/v1/templates", "/nope", "/docs", "/openapi.yaml")) {
        RunningServer.Answer answer = server.get(path);
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
        assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(answer.header("Permissions-Policy")).contains("camera=()");
        assertThat(answer.header("Cross-Origin-Opener-Policy")).isEqualTo("same-origin");
        assertThat(answer.header("Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
        assertThat(answer.header("Content-Security-Policy"))
            .startsWith("default-src 'none'")
            .contains("frame-ancestors 'none'");
        assertThat(answer.header("Strict-Transport-Security")).isEmpty();
        assertThat(answer.header("Server")).isEmpty();
        assertThat(answer.header("X-Powered-By")).isEmpty();
      }
      assertThat(server.get("/v1/templates").header("Content-Security-Policy"))
          .doesNotContain("script-src");
    }
  }

  private static Map<String, String> production(Map<String, String> environment) {
    var changed = new java.util.HashMap<>(environment);
    changed.put("GRAFT_PROFILE", "production");
    changed.put("GRAFT_KMS", "local:");
    return changed;
  }

  @Test
  void productionWantsTlsHereOrAtAProxy() throws Exception {
    try {
      Settings.of(GivenSettings.of(List.of(), production(environment)));
      throw new AssertionError("taken");
    } catch (Settings.Unusable e) {
      assertThat(e.faults())
          .anyMatch(fault ->
              fault.startsWith("GRAFT_PROFILE")
                  && fault.contains("GRAFT_TLS_CERTIFICATE")
                  && fault.contains("GRAFT_TRUSTED_PROXIES"));
    }
  }

  @Test
  void aProxyIsBelievedOnlyWhereItIsDeclared() {
    environment.put("GRAFT_TRUSTED_PROXIES", "10.9.8.7, 127.0.0.1/32");
    try (RunningServer server = RunningServer.start(production(environment))) {
      RunningServer.Answer plain = from(server);
      assertThat(plain.status()).isEqualTo(403);
      assertThat(plain.code()).isEqualTo("HTTPS_REQUIRED");
      assertThat(server.get("/health").status()).isEqualTo(200);
      RunningServer.Answer encrypted = from(server, "X-Forwarded-Proto", "https");
      assertThat(encrypted.status()).isEqualTo(200);
      assertThat(encrypted.header("Strict-Transport-Security")).isNotEmpty();
      assertThat(from(server, "Forwarded", "for=1.2.3.4;proto=https").status()).isEqualTo(200);
      assertThat(from(server, "X-Forwarded-Proto", "http").status()).isEqualTo(403);
      // What a caller wrote before the proxy's own word does not count, nor does a contradiction.
      assertThat(from(server, "X-Forwarded-Proto", "https, http").status()).isEqualTo(403);
      assertThat(from(server, "X-Forwarded-Proto", "http", "Forwarded", "proto=https").status())
          .isEqualTo(403);
    }
    environment.put("GRAFT_TRUSTED_PROXIES", "10.9.8.7");
    try (RunningServer server = RunningServer.start(production(environment))) {
      assertThat(from(server, "X-Forwarded-Proto", "https").code()).isEqualTo("HTTPS_REQUIRED");
    }
  }

  @Test
  void settingsThatCannotBeAreTold() throws IOException {
    environment.put("GRAFT_CORS_ORIGINS", "*, https://app.example.com/");
    environment.put("GRAFT_TRUSTED_PROXIES", "proxy.internal, 10.0.0.0/40");
    environment.put("GRAFT_PUBLIC_URL", "graft.example.com");
    environment.put("GRAFT_MAX_CONNECTIONS", "many");
    Path password = folder.resolve("password");
    Files.write(password, new byte[] {'g', 'r', (byte) 0xfc, 'n'});
    environment.put("GRAFT_TLS_PASSWORD_FILE", password.toString());
    try {
      Settings.of(GivenSettings.of(List.of(), environment));
      throw new AssertionError("taken");
    } catch (Settings.Unusable e) {
      assertThat(e.faults()).hasSize(7);
      assertThat(e.faults())
          .anyMatch(fault ->
              fault.startsWith("GRAFT_TLS_PASSWORD_FILE")
                  && fault.contains("no text in UTF-8: " + password));
      assertThat(String.join("\n", e.faults()))
          .contains("'*' is none", "'https://app.example.com/' is none")
          .contains("'proxy.internal' is neither", "'10.0.0.0/40' is neither")
          .contains("GRAFT_PUBLIC_URL", "GRAFT_MAX_CONNECTIONS");
    }
  }

  @Test
  void bodiesThatOnlyKeepAServerBusyAreRefused() {
    environment.put("GRAFT_AUTH", "none");
    try (RunningServer server = RunningServer.start(environment)) {
      for (String monster :
          List.of(
              "[".repeat(60) + "]".repeat(60),
              "{\"a\":".repeat(60) + "1" + "}".repeat(60),
              "1e100000",
              "-1e-99999999",
              "9".repeat(400))) {
        RunningServer.Answer answer =
            server.post("/api/vapi/clone", "{\"userId\":\"u\",\"parameters\":" + monster + "}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("INVALID_BODY");
      }
    }
  }

  /** Sends a first part, then a byte a second, until the other side hangs up. */
  private static Duration endures(RunningServer server, String first, String drop)
      throws IOException {
    Instant began = Instant.now();
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.url().getPort())) {
      socket.setSoTimeout(900);
      socket.getOutputStream().write(first.getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      while (Duration.between(began, Instant.now()).toSeconds() < 60) {
        try {
          if (in.read() < 0) {
            break;
          }
        } catch (SocketTimeoutException e) {
          socket.getOutputStream().write(drop.getBytes(StandardCharsets.US_ASCII));
        }
      }
    } catch (java.net.SocketException e) {
      // Closed under our hands, which is what is waited for.
      return Duration.between(began, Instant.now());
    }
    return Duration.between(began, Instant.now());
  }

  @Test
  void whoeverDawdlesIsSentAwayAndKeepsNobodyElseOut() throws Exception {
    environment.put("GRAFT_MAX_CONNECTIONS", "100");
    try (RunningServer server = RunningServer.start(environment);
        var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Duration>> slow = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        slow.add(() -> endures(server, "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ", "a"));
        slow.add(() -> endures(server, "G", "E"));
        slow.add(() ->
            endures(
                server,
                "POST /api/vapi/clone HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Authorization: Bearer "
                    + TOKEN
                    + "\r\nContent-Length: 5000\r\n\r\n{",
                " "));
      }
      var pending = slow.stream().map(callers::submit).toList();
      Thread.sleep(1_000);
      assertThat(server.get("/health").status()).isEqualTo(200);
      for (var one : pending) {
        assertThat(one.get()).isLessThan(PromptProtocol.PATIENCE.multipliedBy(3));
      }
      assertThat(server.get("/health").status()).isEqualTo(200);
    }
  }
}
