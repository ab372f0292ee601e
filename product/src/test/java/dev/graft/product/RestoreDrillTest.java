package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The restore drill: a server that is used is backed up, used on, killed, and loses its disk. What
 * is left is a backup and the master key. How much is lost (RPO) and how long it takes until all is
 * served again (RTO) is measured and printed.
 */
class RestoreDrillTest {
  private static final int ACCOUNTS = Boolean.getBoolean("graft.long") ? 10_000 : 200;
  private static final int AFTERWARDS = 20;
  private static final int TOGETHER = 16;

  @TempDir private Path folder;

  @Test
  void aServerThatLostItsDiskIsBackFromItsBackup() throws Exception {
    template();
    try (GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      URI vapi = sandbox.url();
      Map<String, String> environment = environment(vapi);
      Path backup = folder.resolve("elsewhere/backup.zip");
      Files.createDirectories(backup.getParent());
      Duration made;
      Instant killed;
      try (GraftProcess graft = GraftProcess.start(environment, "serve")) {
        URI url = graft.url();
        cloneEach(vapi, url, 0, ACCOUNTS);
        Instant began = Instant.now();
        graft(Map.of("GRAFT_URL", url.toString()), "backup", "--out", backup.toString());
        made = Duration.between(began, Instant.now());
        cloneEach(vapi, url, ACCOUNTS, ACCOUNTS + AFTERWARDS);
        killed = Instant.now();
        graft.kill();
      }
      drop(folder.resolve("data"));

      Instant restoring = Instant.now();
      String said = graft(environment, "restore", backup.toString(), "--json");
      JsonNode manifest = Json.parseObject(said.substring(said.indexOf('{'))).required("manifest");
      assertThat(manifest.get("installations").intValue()).isEqualTo(ACCOUNTS);
      Duration restored = Duration.between(restoring, Instant.now());
      try (GraftProcess graft = GraftProcess.start(environment, "serve")) {
        URI url = graft.url();
        assertThat(Http.get(url, "/health/ready").status()).isEqualTo(200);
        Duration untilReady = Duration.between(restoring, Instant.now());
        List<String> users = users(url);
        Duration untilSeen = Duration.between(restoring, Instant.now());
        assertThat(users)
            .containsExactlyInAnyOrderElementsOf(
                IntStream.range(0, ACCOUNTS).mapToObj(RestoreDrillTest::user).toList());
        System.out.printf(
            "restore drill: %,d accounts; backup of %,d bytes in %.1f s; RPO: what came in the %.1f s"
                + " after it (%d accounts); RTO: restored in %.1f s, ready after %.1f s, all accounts"
                + " listed after %.1f s%n",
            ACCOUNTS,
            Files.size(backup),
            seconds(made),
            seconds(
                Duration.between(Instant.parse(manifest.get("createdAt").stringValue()), killed)),
            AFTERWARDS,
            seconds(restored),
            seconds(untilReady),
            seconds(untilSeen));
        everythingIsThere(vapi, url, users);
      }
    }
  }

  /** What was lost is linked anew, and nothing in any account is made twice. */
  private void everythingIsThere(URI vapi, URI url, List<String> users) throws Exception {
    for (String user : users.stream().limit(200).toList()) {
      JsonNode account =
          Http.get(url, "/v1/accounts?userId=" + user).body().required("accounts").get(0);
      JsonNode installations =
          Http.get(url, "/v1/accounts/" + account.get("id").stringValue() + "/installations")
              .body()
              .required("installations");
      assertThat(installations.get(0).get("objects").size()).as(user).isEqualTo(2);
    }
    int from = ACCOUNTS - AFTERWARDS;
    for (int i = ACCOUNTS; i < ACCOUNTS + AFTERWARDS; i++) {
      assertThat(Http.link(url, user(i), "key-of-" + user(i)).status()).isEqualTo(200);
    }
    for (int i = from; i < ACCOUNTS + AFTERWARDS; i++) {
      assertThat(Http.clone(url, user(i)).actions())
          .as(user(i))
          .hasSize(2)
          .allMatch(action -> action.startsWith("reused-"));
      assertThat(Http.objects(vapi, user(i), "tool")).as(user(i)).hasSize(1);
      assertThat(Http.objects(vapi, user(i), "assistant")).as(user(i)).hasSize(1);
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  private static String user(int i) {
    return "customer-" + i;
  }

  private static void cloneEach(URI vapi, URI url, int from, int to) throws Exception {
    var free = new Semaphore(TOGETHER);
    var tasks = new ArrayList<Callable<Boolean>>();
    for (int i = from; i < to; i++) {
      String user = user(i);
      tasks.add(() -> {
        free.acquire();
        try {
          Http.post(
              vapi,
              "/_sandbox/accounts",
              Json.object().put("name", user).put("key", "key-of-" + user));
          assertThat(Http.link(url, user, "key-of-" + user).status()).isEqualTo(200);
          assertThat(Http.clone(url, user).status()).isEqualTo(200);
          return true;
        } finally {
          free.release();
        }
      });
    }
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var done : executor.invokeAll(tasks)) {
        assertThat(done.get()).isTrue();
      }
    }
  }

  private static List<String> users(URI url) throws IOException {
    var users = new ArrayList<String>();
    String after = "";
    do {
      JsonNode page = Http.get(url, "/v1/accounts?limit=200&after=" + after).body();
      page.required("accounts")
          .forEach(
              account -> account.required("userIds").forEach(id -> users.add(id.stringValue())));
      after = page.get("next").isNull() ? "" : page.get("next").stringValue();
    } while (!after.isEmpty());
    return users;
  }

  /** A command that has to succeed, and what it said. */
  private static String graft(Map<String, String> environment, String... arguments) {
    try (GraftProcess graft = GraftProcess.start(environment, arguments)) {
      graft.type("");
      assertThat(graft.exit()).as(graft.output()).isZero();
      return graft.output();
    }
  }

  private static void drop(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    assertThat(data).doesNotExist();
  }

  private Map<String, String> environment(URI vapi) {
    var environment = new HashMap<String, String>();
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_AUTH", "none");
    environment.put("GRAFT_MASTER_KEY", "0f1e2d3c4b5a69788796a5b4c3d2e1f0".repeat(2));
    environment.put("GRAFT_RATE_LIMIT", "off");
    environment.put("GRAFT_RATE_LIMIT_SERVICE", "off");
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    environment.put("GRAFT_TEMPLATES", folder.resolve("templates").toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    return environment;
  }

  private void template() throws IOException {
    Path template = Files.createDirectories(folder.resolve("templates/front-desk"));
    for (String file : List.of("template-assistant.json", "template-tool.json")) {
      Files.copy(
          GraftProcess.home().resolve("templates/front-desk/" + file), template.resolve(file));
    }
  }
}
