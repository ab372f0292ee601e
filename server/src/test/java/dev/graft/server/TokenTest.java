package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenTest {
  private static final String TOKEN = "a-token-of-more-than-twenty-characters";

  @TempDir private Path folder;

  private RunningServer server(boolean set) {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1"));
    environment.put("GRAFT_AUTH", "token");
    if (set) {
      environment.put("GRAFT_ADMIN_TOKEN", TOKEN);
    }
    return RunningServer.start(environment);
  }

  private static RunningServer.Answer clone(RunningServer server, String authorization) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.url().resolve("/api/vapi/clone"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"userId\":\"nobody\"}"));
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    return server.send(request);
  }

  @Test
  void onlyTheTokenOpensTheDoor() {
    try (RunningServer server = server(true)) {
      assertThat(clone(server, "Bearer " + TOKEN).code()).isEqualTo("API_KEY_NOT_FOUND");
      assertThat(clone(server, "bearer " + TOKEN).code()).isEqualTo("API_KEY_NOT_FOUND");
      for (String wrong :
          List.of(
              "",
              "Bearer",
              "Bearer ",
              "Bearer " + TOKEN + "x",
              "Bearer " + TOKEN.substring(1),
              "Basic " + TOKEN,
              TOKEN)) {
        RunningServer.Answer answer = clone(server, wrong);
        assertThat(answer.status()).as(wrong).isEqualTo(401);
        assertThat(answer.code()).isEqualTo("UNAUTHORIZED");
        assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer");
        assertThat(answer.json().get("error").stringValue())
            .contains("Graft's own", "not a Vapi key");
      }
    }
  }

  @Test
  void everyRouteButTheOpenOnesWantsTheToken() {
    try (RunningServer server = server(true)) {
      for (String open : List.of("/health", "/health/ready", "/openapi.yaml", "/docs")) {
        assertThat(server.get(open).status()).as(open).isEqualTo(200);
      }
      for (String closed :
          List.of(
              "/v1/accounts",
              "/v1/templates",
              "/v1/plans/x",
              "/nope",
              "/docsx",
              "/health/x",
              "/docs/..;/v1/accounts",
              "/health/../v1/accounts")) {
        assertThat(server.get(closed).status()).as(closed).isIn(400, 401, 404);
        assertThat(server.get(closed).body()).as(closed).doesNotContain("\"accounts\"");
      }
    }
  }

  @Test
  void aTokenIsMadeOnceShownOnceAndOnlyItsHashIsKept() {
    var shown = new java.io.ByteArrayOutputStream();
    java.io.PrintStream terminal = System.out;
    String token;
    System.setOut(new java.io.PrintStream(shown, true, java.nio.charset.StandardCharsets.UTF_8));
    try {
      server(false).close();
      String first = shown.toString(java.nio.charset.StandardCharsets.UTF_8);
      token =
          first
              .lines()
              .map(String::strip)
              .filter(line -> line.startsWith("graft_admin_"))
              .findFirst()
              .orElseThrow();
      shown.reset();
      try (RunningServer again = server(false)) {
        assertThat(clone(again, "Bearer " + token).code()).isEqualTo("API_KEY_NOT_FOUND");
        assertThat(clone(again, "").status()).isEqualTo(401);
      }
      assertThat(shown.toString(java.nio.charset.StandardCharsets.UTF_8))
          .doesNotContain("graft_admin_");
    } finally {
      System.setOut(terminal);
    }
    assertThat(Canary.findIn(folder.resolve("data"), token)).isEmpty();
  }
}
