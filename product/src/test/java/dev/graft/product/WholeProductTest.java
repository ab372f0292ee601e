package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the README promises, done as a stranger does it. */
class WholeProductTest {
  private static final Pattern CURL =
      Pattern.compile(
          "curl -X POST http://localhost:3000(\\S+) \\\\\\s+-H \"Content-Type: application/json\" \\\\\\s+"
              + "-d '(\\{.*?})'\\s*```\\s*```json\\s*(\\{.*?})\\s*```",
          Pattern.DOTALL);
  private static final String DEMO_KEY = "5a4db0c5-de30-4000-8000-c0ffee000001";

  @TempDir private Path folder;

  private Map<String, String> environment(URI vapi) {
    var environment = new HashMap<String, String>();
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_AUTH", "none");
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    return environment;
  }

  private GraftProcess sandbox() {
    return GraftProcess.start(Map.of(), "sandbox", "--port", "0");
  }

  @Test
  void theCurlLinesOfTheReadmeGiveTheirAnswers() throws IOException {
    String readme = Files.readString(GraftProcess.home().resolve("README.md"));
    Matcher lines = CURL.matcher(readme);
    try (GraftProcess sandbox = sandbox();
        GraftProcess graft = GraftProcess.start(environment(sandbox.url()), "serve")) {
      int done = 0;
      while (lines.find()) {
        Http.Answer answer = Http.post(graft.url(), lines.group(1), Json.parse(lines.group(2)));
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        assertThat(shape(answer.body())).isEqualTo(shape(Json.parse(lines.group(3))));
        done++;
      }
      assertThat(done).as("curl lines in the README").isEqualTo(2);
    }
  }

  /** An answer with every id replaced by a word. */
  private static String shape(JsonNode body) {
    return Json.write(body)
        .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID");
  }

  @Test
  void theCommandLineDoesTheWholeJob() throws IOException {
    try (GraftProcess sandbox = sandbox();
        GraftProcess graft = GraftProcess.start(environment(sandbox.url()), "serve")) {
      Map<String, String> user = Map.of("GRAFT_URL", graft.url().toString());
      try (GraftProcess link = GraftProcess.start(user, "link", "user_123")) {
        link.type(DEMO_KEY + "\n");
        assertThat(link.exit()).as(link.output()).isZero();
        assertThat(link.output()).doesNotContain(DEMO_KEY);
      }
      assertThat(run(user, 2, "plan", "user_123")).contains("create", "tool/main");
      assertThat(run(user, 0, "clone", "user_123")).contains("tool/main", "assistant/main");
      assertThat(run(user, 0, "plan", "user_123")).isNotEmpty();
      assertThat(run(user, 0, "status", "user_123")).contains("front-desk");
      assertThat(Json.parse(run(user, 0, "--json", "accounts")).toString()).contains("user_123");
      assertThat(run(user, 1, "clone", "nobody")).contains("API_KEY_NOT_FOUND");
      assertThat(run(user, 64, "clone")).isNotEmpty();
      assertThat(run(Map.of(), 0, "template", "check")).contains("front-desk", "support-line");
      assertThat(run(Map.of(), 0, "key", "generate")).containsPattern("[0-9a-f]{64}");
      assertThat(Http.objects(sandbox.url(), "Demo%20customer", "assistant")).hasSize(1);
      assertThat(Http.objects(sandbox.url(), "Demo%20customer", "tool")).hasSize(1);

      assertThat(run(user, 0, "kms", "status")).contains("provider   local:", "2 data keys");
      assertThat(run(user, 0, "kms", "rotate")).contains("2 data keys wrapped by local:");
      assertThat(run(user, 1, "kms", "move", "aws-kms:x", "local:"))
          .contains("KEY_PROVIDER_MISMATCH");
      assertThat(run(user, 0, "keys", "rotate", "user_123")).contains("has a new data key");
      assertThat(run(user, 0, "drift", "user_123")).contains("as applied");
      assertThat(run(user, 0, "repair", "user_123", "--plan")).isNotEmpty();
      assertThat(run(user, 2, "uninstall", "user_123", "--plan")).contains("delete");
      assertThat(run(user, 1, "rollback", "user_123", "--to", "9")).contains("RELEASE_NOT_FOUND");
      assertThat(run(user, 64, "unlink", "user_123")).contains("--keep", "--remove");
      assertThat(run(user, 0, "unlink", "user_123", "--remove")).contains("destroyed");
      assertThat(Http.objects(sandbox.url(), "Demo%20customer", "assistant")).isEmpty();
      assertThat(run(user, 1, "status", "user_123")).contains("API_KEY_NOT_FOUND");
    }
  }

  private static String run(Map<String, String> environment, int exit, String... arguments) {
    try (GraftProcess process = GraftProcess.start(environment, arguments)) {
      process.type("");
      assertThat(process.exit()).as(List.of(arguments) + "\n" + process.output()).isEqualTo(exit);
      return process.output();
    }
  }

  @Test
  void theTemplateWithSeveralToolsIsCloned() throws IOException {
    try (GraftProcess sandbox = sandbox();
        GraftProcess graft = GraftProcess.start(environment(sandbox.url()), "serve")) {
      Http.link(graft.url(), "u", DEMO_KEY);
      Http.Answer answer =
          Http.post(
              graft.url(),
              "/api/vapi/clone",
              Json.object().put("userId", "u").put("template", "support-line"));
      assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
      assertThat(answer.body().get("toolIds")).hasSize(3);
      assertThat(answer.body().get("toolId")).isEqualTo(answer.body().get("toolIds").get(0));
      assertThat(
              Http.objects(sandbox.url(), "Demo%20customer", "assistant")
                  .getFirst()
                  .get("model")
                  .get("toolIds"))
          .isEqualTo(answer.body().get("toolIds"));
    }
  }

  @Test
  void theDemoRunsToItsEnd() {
    try (GraftProcess demo = GraftProcess.start(Map.of(), "demo", "--once", "--port", "0")) {
      assertThat(demo.exit()).as(demo.output()).isZero();
      assertThat(demo.output()).contains("created-tool:", "reused-tool:", "updated-tool:");
    }
  }

  @Test
  void aSignalReachesGraftWhichFinishesWhatItIsDoing() throws Exception {
    try (GraftProcess sandbox = sandbox();
        GraftProcess graft = GraftProcess.start(environment(sandbox.url()), "serve")) {
      URI url = graft.url();
      Http.link(url, "u", DEMO_KEY);
      Http.send(
          java.net.http.HttpRequest.newBuilder(sandbox.url().resolve("/_sandbox/options"))
              .header("Content-Type", "application/json")
              .method(
                  "PATCH",
                  java.net.http.HttpRequest.BodyPublishers.ofString("{\"latency-ms\":400}")));
      var answer =
          CompletableFuture.supplyAsync(() -> {
            try {
              return Http.clone(url, "u").status();
            } catch (IOException e) {
              return 0;
            }
          });
      Thread.sleep(500);
      graft.terminate();
      Instant asked = Instant.now();
      assertThat(answer.get()).isEqualTo(200);
      assertThat(graft.exit()).isEqualTo(143);
      assertThat(Duration.between(asked, Instant.now())).isLessThan(Duration.ofSeconds(30));
    }
  }

  @Test
  void aDiskThatCannotBeWrittenToIsToldAndTheServerLivesOn() throws Exception {
    try (GraftProcess sandbox = sandbox()) {
      Map<String, String> environment = environment(sandbox.url());
      // The kernel refuses to let any file grow beyond this, which the library of SQLite, unpacked
      // at
      // the start, just stays below. The database and its log begin far below it.
      int blocks = 2_500;
      Path limited = folder.resolve("limited");
      Files.writeString(
          limited,
          "#!/bin/sh\nulimit -f "
              + blocks
              + "\nexec \""
              + GraftProcess.home().resolve("graft")
              + "\" serve\n");
      limited.toFile().setExecutable(true);
      var builder = new ProcessBuilder(limited.toString());
      builder.environment().putAll(environment);
      builder.environment().put("GRAFT_NO_BUILD", "1");
      builder.redirectErrorStream(true);
      try (GraftProcess graft = GraftProcess.of(builder)) {
        URI url = graft.url();
        Http.Answer answer = Http.get(url, "/health");
        for (int i = 0; i < 400 && answer.status() != 503; i++) {
          answer = Http.link(url, "user " + i, "sandbox-" + i);
        }
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body().get("code").stringValue()).isEqualTo("STORAGE_UNAVAILABLE");
        assertThat(answer.body().get("error").stringValue()).contains("disk");
        assertThat(Http.get(url, "/v1/accounts?limit=1").status()).isEqualTo(200);
      }
    }
  }
}
