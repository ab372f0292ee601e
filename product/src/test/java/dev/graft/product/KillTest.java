package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.store.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A real process, really killed at moments that nobody chose, while it clones and upgrades.
 * Whatever it was doing, the account ends with one pair and the operation is finished without
 * anyone asking.
 */
class KillTest {
  private static final int KILLS = Boolean.getBoolean("graft.long") ? 200 : 20;

  @TempDir private Path folder;

  @Test
  void aKilledProcessNeitherLosesNorRepeatsAnythingOnSqlite() throws Exception {
    killAndRestart(KILLS, Map.of());
  }

  @Test
  void aKilledProcessNeitherLosesNorRepeatsAnythingOnPostgres() throws Exception {
    killAndRestart(
        KILLS / 4, Map.of("GRAFT_DATABASE_URL", TestPostgres.freshDatabase().toString()));
  }

  private void killAndRestart(int kills, Map<String, String> more) throws Exception {
    long seed = Long.getLong("graft.seed", System.nanoTime());
    System.out.println("graft.seed=" + seed);
    var random = new Random(seed);
    Path templates = folder.resolve("templates");
    try (GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      URI vapi = sandbox.url();
      Http.send(
          java.net.http.HttpRequest.newBuilder(vapi.resolve("/_sandbox/options"))
              .header("Content-Type", "application/json")
              .method(
                  "PATCH",
                  java.net.http.HttpRequest.BodyPublishers.ofString("{\"latency-ms\":25}")));
      Map<String, String> environment = environment(templates, vapi);
      environment.putAll(more);
      var accounts = new ArrayList<String>();
      int interrupted = 0;
      for (int kill = 0; kill < kills; kill++) {
        writeTemplate(templates, 1 + kill);
        try (GraftProcess graft = GraftProcess.start(environment, "serve")) {
          URI url = graft.url();
          for (int i = 0; i < 3; i++) {
            String name = "customer-" + accounts.size();
            Http.post(
                vapi,
                "/_sandbox/accounts",
                Json.object().put("name", name).put("key", "key-of-" + name));
            assertThat(Http.link(url, name, "key-of-" + name).status()).isEqualTo(200);
            accounts.add(name);
          }
          // The newest clone for the first time, the others upgrade.
          List<String> busy = accounts.subList(Math.max(0, accounts.size() - 8), accounts.size());
          var started = new CountDownLatch(busy.size());
          int version = 1 + kill;
          var answered = new java.util.concurrent.atomic.AtomicInteger();
          for (String user : busy) {
            Thread.startVirtualThread(() -> {
              started.countDown();
              try {
                if (Http.clone(url, user, key(user, version)).status() == 200) {
                  answered.incrementAndGet();
                }
              } catch (IOException e) {
                // The process was killed before it could answer, which is the point.
                return;
              }
            });
          }
          started.await();
          Thread.sleep(random.nextInt(260));
          graft.kill();
          interrupted += answered.get() < busy.size() ? 1 : 0;
        }
      }
      assertThat(interrupted).as("kills that interrupted something").isGreaterThan(kills / 3);
      finishAndCheck(environment, vapi, accounts, kills);
    }
  }

  private static void finishAndCheck(
      Map<String, String> environment, URI vapi, List<String> accounts, int version)
      throws Exception {
    try (GraftProcess graft = GraftProcess.start(environment, "serve")) {
      URI url = graft.url();
      waitUntilNothingRuns(url);
      for (String name : accounts) {
        assertThat(Http.objects(vapi, name, "tool").size()).as(name).isLessThanOrEqualTo(1);
        assertThat(Http.objects(vapi, name, "assistant").size()).as(name).isLessThanOrEqualTo(1);
      }
      for (String name : accounts) {
        Http.Answer answer = answered(url, name, key(name, version));
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        ObjectNode tool = only(Http.objects(vapi, name, "tool"), name);
        ObjectNode assistant = only(Http.objects(vapi, name, "assistant"), name);
        assertThat(tool.get("url").stringValue()).isEqualTo("https://example.com/" + version);
        assertThat(assistant.get("name").stringValue()).isEqualTo("Front Desk_v" + version);
        assertThat(assistant.get("model").get("toolIds"))
            .isEqualTo(Json.array().add(tool.get("id").stringValue()));
        assertThat(Http.clone(url, name).actions())
            .isNotEmpty()
            .allMatch(action -> action.startsWith("reused-"));
      }
    }
  }

  /** What every attempt to bring this user to this version is called. */
  private static String key(String user, int version) {
    return user + "-" + version;
  }

  /** Whoever was killed while it served a request is succeeded within a lease. */
  private static Http.Answer answered(URI url, String user, String key) throws Exception {
    Instant until = Instant.now().plus(Duration.ofSeconds(10));
    Http.Answer answer = Http.clone(url, user, key);
    while (answer.status() == 409) {
      assertThat(Instant.now()).as(answer.body().toString()).isBefore(until);
      Thread.sleep(200);
      answer = Http.clone(url, user, key);
    }
    return answer;
  }

  private static ObjectNode only(List<ObjectNode> objects, String name) {
    assertThat(objects).as(name).hasSize(1);
    return objects.getFirst();
  }

  private static void waitUntilNothingRuns(URI url) throws Exception {
    Instant until = Instant.now().plus(Duration.ofSeconds(60));
    while (true) {
      var running = new ArrayList<String>();
      String after = "";
      do {
        JsonNode page = Http.get(url, "/v1/accounts?limit=200&after=" + after).body();
        for (JsonNode account : page.get("accounts")) {
          String id = account.get("id").stringValue();
          Http.get(url, "/v1/accounts/" + id + "/operations")
              .body()
              .get("operations")
              .valueStream()
              .filter(operation -> operation.get("status").stringValue().equals("running"))
              .forEach(operation -> running.add(operation.toString()));
        }
        after = page.get("next").isNull() ? "" : page.get("next").stringValue();
      } while (!after.isEmpty());
      if (running.isEmpty()) {
        return;
      }
      assertThat(Instant.now()).as("still running: " + running).isBefore(until);
      Thread.sleep(300);
    }
  }

  private Map<String, String> environment(Path templates, URI vapi) {
    var environment = new HashMap<String, String>();
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_AUTH", "none");
    environment.put("GRAFT_RATE_LIMIT", "off");
    environment.put("GRAFT_RATE_LIMIT_SERVICE", "off");
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    environment.put("GRAFT_TEMPLATES", templates.toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    environment.put("GRAFT_SETTLING_TIME", "1s");
    environment.put("GRAFT_LEASE_TIME", "3s");
    return environment;
  }

  private static void writeTemplate(Path templates, int version) throws IOException {
    Path template = Files.createDirectories(templates.resolve("front-desk"));
    Files.writeString(
        template.resolve("template-assistant.json"),
        """
        {"name":"Front Desk_v%1$d","firstMessage":"Hello from %1$d",
         "model":{"provider":"openai","model":"gpt-4o"}}
        """
            .formatted(version));
    Files.writeString(
        template.resolve("template-tool.json"),
        """
        {"type":"apiRequest","name":"book_visit_v%1$d","method":"POST",
         "url":"https://example.com/%1$d"}
        """
            .formatted(version));
  }
}
