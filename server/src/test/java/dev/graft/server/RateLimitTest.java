package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.web.PublishedApi;
import dev.graft.store.TestPostgres;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How often a user may be linked and cloned for, and a caller may ask. */
class RateLimitTest {
  @TempDir private Path folder;
  private Sandbox sandbox;

  @BeforeEach
  void start() {
    sandbox = Sandbox.start();
    sandbox.account("A", "key-a");
    RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "1");
  }

  @AfterEach
  void stop() {
    sandbox.close();
  }

  /** As a server is without any setting, but for those given. */
  private Map<String, String> environment(String... more) {
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve("data"), folder.resolve("templates"), sandbox.url());
    environment.remove("GRAFT_RATE_LIMIT");
    environment.remove("GRAFT_RATE_LIMIT_SERVICE");
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }

  private static String user(String userId) {
    return Json.write(Json.object().put("userId", userId).put("apiKey", "key-a"));
  }

  private static RunningServer.Answer checked(String path, RunningServer.Answer answer) {
    PublishedApi.check("POST", path, answer.status(), answer.headers(), answer.body());
    return answer;
  }

  @Test
  void theEleventhRequestOfAUserInAMinuteIsRefusedAndChangesNothing() {
    try (RunningServer server = RunningServer.start(environment())) {
      for (int left = 9; left >= 0; left--) {
        RunningServer.Answer answer =
            left == 9
                ? checked("/api/vapi/link", server.link("u", "key-a"))
                : checked("/api/vapi/clone", server.clone("u"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("RateLimit-Policy"))
            .matches(".*\"user\";q=10;qu=\"requests\";w=60;pk=:[A-Za-z0-9+/]{16}:.*")
            .contains("\"caller\";q=600;qu=\"requests\";w=60;");
        assertThat(answer.header("RateLimit"))
            .matches(".*\"user\";r=" + left + ";t=[1-6]?\\d;pk=.*")
            .contains("\"caller\";r=" + (590 + left) + ";");
      }
      sandbox.requests().clear();
      RunningServer.Answer refused = checked("/api/vapi/clone", server.clone("u"));
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.code()).isEqualTo("RATE_LIMITED");
      assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
      assertThat(refused.header("RateLimit"))
          .contains("\"user\";r=0;t=" + refused.header("Retry-After"))
          .contains("\"caller\";r=590;");
      assertThat(refused.json().get("violated-policies")).isEqualTo(Json.array().add("user"));
      assertThat(checked("/api/vapi/link", server.link("u", "key-a")).status()).isEqualTo(429);
      assertThat(checked("/v1/accounts", server.post("/v1/accounts", user("u"))).status())
          .isEqualTo(429);
      assertThat(sandbox.requests().entries()).isEmpty();

      assertThat(server.link("another", "key-a").status()).isEqualTo(200);
      assertThat(server.get("/v1/accounts?userId=u").status()).isEqualTo(200);
    }
    // Another start is no way round it.
    try (RunningServer again = RunningServer.start(environment())) {
      assertThat(again.clone("u").code()).isEqualTo("RATE_LIMITED");
    }
  }

  @Test
  void aCloneForAnAccountCountsForEachOfItsUsersWhoeverAsks() {
    try (RunningServer server = RunningServer.start(environment("GRAFT_RATE_LIMIT", "4/h"))) {
      String account = server.post("/v1/accounts", user("u")).json().get("id").stringValue();
      server.link("v", "key-a");
      String installations = "/v1/accounts/" + account + "/installations";
      RunningServer.Answer cloned = server.post(installations, "{\"template\":\"front-desk\"}");
      assertThat(cloned.status()).isEqualTo(200);
      assertThat(cloned.header("RateLimit"))
          .matches("\"user\";r=2;t=\\d+;pk=[^,]*, \"caller\";r=597;.*");
      String plan =
          server
              .post("/v1/accounts/" + account + "/plans", "{\"template\":\"front-desk\"}")
              .json()
              .get("id")
              .stringValue();
      String apply = "/v1/plans/" + plan + "/apply";
      assertThat(server.post(apply, "{}").header("RateLimit")).startsWith("\"user\";r=1;");
      assertThat(server.clone("u").header("RateLimit")).startsWith("\"user\";r=0;");

      // Of one who has some left and one who has not, the second is why nothing is done.
      for (String path : List.of(installations, apply)) {
        RunningServer.Answer refused = checked(path, server.post(path, "{}"));
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.json().get("violated-policies")).isEqualTo(Json.array().add("user"));
      }
      assertThat(server.clone("v").header("RateLimit")).startsWith("\"user\";r=0;");
      assertThat(server.clone("v").status()).isEqualTo(429);
    }
  }

  @Test
  void whatIsUsedUpIsThereAgainAfterAsLongAsSaid() throws InterruptedException {
    try (RunningServer server = RunningServer.start(environment("GRAFT_RATE_LIMIT", "2/s"))) {
      server.link("u", "key-a");
      boolean refused = false;
      for (int i = 0; i < 20 && !refused; i++) {
        RunningServer.Answer answer =
            server.post("/api/vapi/clone", "{\"userId\":\"u\",\"template\":\"none\"}");
        refused = answer.status() == 429;
        if (refused) {
          assertThat(answer.header("Retry-After")).isEqualTo("1");
          Thread.sleep(1_000);
          assertThat(server.clone("u").status()).isEqualTo(200);
        }
      }
      assertThat(refused).isTrue();
    }
  }

  @Test
  void aCallerMayAskForSoMuchWhateverItIsAndReadAsOftenAsItLikes() {
    try (RunningServer server =
        RunningServer.start(
            environment("GRAFT_RATE_LIMIT", "off", "GRAFT_RATE_LIMIT_SERVICE", "3/h"))) {
      assertThat(server.link("a", "key-a").status()).isEqualTo(200);
      RunningServer.Answer cloned = server.clone("a");
      assertThat(cloned.header("RateLimit-Policy"))
          .startsWith("\"caller\";q=3;qu=\"requests\";w=3600;pk=:");
      assertThat(server.clone("b").code()).isEqualTo("API_KEY_NOT_FOUND");
      RunningServer.Answer refused =
          checked("/v1/accounts/acc_1/plans", server.post("/v1/accounts/acc_1/plans", "{}"));
      assertThat(refused.json().get("violated-policies")).isEqualTo(Json.array().add("caller"));
      for (int i = 0; i < 10; i++) {
        assertThat(server.get("/v1/templates").status()).isEqualTo(200);
        assertThat(server.get("/health/ready").status()).isEqualTo(200);
      }
    }
  }

  @Test
  void nothingIsLimitedOrToldWhereTheLimitsAreOff() {
    try (RunningServer server =
        RunningServer.start(
            environment("GRAFT_RATE_LIMIT", "off", "GRAFT_RATE_LIMIT_SERVICE", "off"))) {
      server.link("u", "key-a");
      for (int i = 0; i < 15; i++) {
        RunningServer.Answer answer = server.clone("u");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("RateLimit")).isEmpty();
      }
    }
  }

  @Test
  void twoNodesCountTogether() throws InterruptedException {
    Map<String, String> environment = environment();
    environment.put("GRAFT_DATABASE_URL", TestPostgres.freshDatabase().toString());
    try (RunningServer one = RunningServer.start(environment);
        RunningServer two = RunningServer.start(environment);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var calls = new ArrayList<Callable<Integer>>();
      for (int i = 0; i < 40; i++) {
        RunningServer node = i % 2 == 0 ? one : two;
        calls.add(() -> node.clone("u").status());
      }
      List<Integer> statuses = threads.invokeAll(calls).stream().map(Future::resultNow).toList();
      // Nobody linked this user: whoever comes through is told so.
      assertThat(statuses).containsOnly(404, 429).filteredOn(status -> status == 404).hasSize(10);
    }
  }

  @Test
  void aLimitThatIsNoneStopsTheStart() {
    for (String limit : List.of("10", "0/min", "ten/min", "10/day", "1000000/s", "-1/s")) {
      assertThatThrownBy(
              () -> Settings.of(GivenSettings.of(List.of(), Map.of("GRAFT_RATE_LIMIT", limit))))
          .isInstanceOf(Settings.Unusable.class)
          .hasMessageContaining("GRAFT_RATE_LIMIT")
          .hasMessageContaining("10/min");
    }
  }
}
