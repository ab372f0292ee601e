package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.web.PublishedApi;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A request with an Idempotency-Key is carried out once, whichever node it comes to. */
interface IdempotencyContract {
  /** So many send one request at once. */
  int TOGETHER = Boolean.getBoolean("graft.long") ? 1_000 : 100;

  /**
   * How long a holder that says nothing keeps its turn; longer where 1,000 keep it from speaking.
   */
  Duration LEASE = Duration.ofSeconds(Boolean.getBoolean("graft.long") ? 20 : 3);

  String CLONE = "/api/vapi/clone";

  /** All nodes. */
  List<RunningServer> nodes();

  Sandbox sandbox();

  Path templates();

  @BeforeEach
  default void startAnew() {
    sandbox().reset();
    RunningServer.writeTemplate(templates(), "front-desk", "1");
  }

  private RunningServer node() {
    return nodes().getFirst();
  }

  private static RunningServer.Answer post(
      RunningServer node, String path, String key, String body) {
    RunningServer.Answer answer =
        node.send(
            HttpRequest.newBuilder(node.url().resolve(path))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    PublishedApi.check("POST", path, answer.status(), answer.headers(), answer.body());
    return answer;
  }

  private static String clone(String userId) {
    return Json.write(Json.object().put("userId", userId));
  }

  private static String key() {
    return UUID.randomUUID().toString();
  }

  private String linked() {
    String user = "user " + key();
    String vapiKey = key();
    sandbox().account(user, vapiKey);
    assertThat(node().link(user, vapiKey).status()).isEqualTo(200);
    sandbox().requests().clear();
    return user;
  }

  private int objects(String user, String kind) {
    return sandbox().allAccounts().stream()
        .filter(account -> account.name().equals(user))
        .mapToInt(account -> account.objects(kind).size())
        .sum();
  }

  private int operations(String user) {
    String id =
        node()
            .get("/v1/accounts?userId=" + user.replace(" ", "%20"))
            .json()
            .at("/accounts/0/id")
            .stringValue();
    return node().get("/v1/accounts/" + id + "/operations").json().get("operations").size();
  }

  private static boolean isReplay(RunningServer.Answer answer) {
    return answer.header("Idempotency-Replayed").equals("true");
  }

  @Test
  default void aRepeatedRequestIsAnsweredAsItWasAndNotCarriedOutAgain() {
    String user = linked();
    String key = key();
    RunningServer.Answer first = post(node(), CLONE, key, clone(user));
    assertThat(first.status()).isEqualTo(200);
    assertThat(isReplay(first)).isFalse();
    sandbox().requests().clear();
    for (RunningServer node : nodes()) {
      // The same key in quotation marks, and the same body in other words.
      for (String name : List.of(key, " " + key, "\"" + key + "\"")) {
        RunningServer.Answer again = post(node, CLONE, name, "{ \"userId\" : \"" + user + "\" }\n");
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.header("Content-Type")).isEqualTo(first.header("Content-Type"));
        assertThat(isReplay(again)).isTrue();
      }
    }
    assertThat(sandbox().requests().entries()).isEmpty();
    assertThat(operations(user)).isEqualTo(1);
    assertThat(post(node(), CLONE, key(), clone(user)).actions().getFirst()).startsWith("reused-");
  }

  @Test
  default void aKeyIsForOneRequest() {
    String user = linked();
    String key = key();
    post(node(), CLONE, key, clone(user));
    for (RunningServer node : nodes()) {
      assertThat(post(node, CLONE, key, clone("another")).code())
          .isEqualTo("IDEMPOTENCY_KEY_REUSED");
      assertThat(
              post(
                      node,
                      "/api/vapi/link",
                      key,
                      Json.write(Json.object().put("userId", user).put("apiKey", "k")))
                  .status())
          .isEqualTo(422);
    }
    assertThat(operations(user)).isEqualTo(1);
  }

  @Test
  default void manyThatSendOneRequestAtOnceAreOneExecution() throws InterruptedException {
    String user = linked();
    String key = key();
    var calls = new ArrayList<Callable<RunningServer.Answer>>();
    for (int i = 0; i < TOGETHER; i++) {
      RunningServer node = nodes().get(i % nodes().size());
      calls.add(() -> untilAnswered(node, key, clone(user)));
    }
    List<RunningServer.Answer> answers;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      answers = threads.invokeAll(calls).stream().map(Future::resultNow).toList();
    }
    assertThat(answers).extracting(RunningServer.Answer::status).containsOnly(200);
    assertThat(new HashSet<>(answers.stream().map(RunningServer.Answer::body).toList())).hasSize(1);
    assertThat(answers).filteredOn(answer -> !isReplay(answer)).hasSize(1);
    assertThat(operations(user)).isEqualTo(1);
    assertThat(sandbox().requests().entries(entry -> !entry.method().equals("GET"))).hasSize(2);
    assertThat(objects(user, "assistant")).isEqualTo(1);
  }

  /** As a caller does who reads what it is told: 409 and 503 say that it is not over. */
  private static RunningServer.Answer untilAnswered(RunningServer node, String key, String body)
      throws InterruptedException {
    while (true) {
      RunningServer.Answer answer = post(node, CLONE, key, body);
      if (answer.status() != 409 && answer.status() != 503) {
        return answer;
      }
      assertThat(answer.code()).isIn("IDEMPOTENCY_KEY_RUNNING", "STORAGE_UNAVAILABLE");
      Thread.sleep(Duration.ofSeconds(Integer.parseInt(answer.header("Retry-After"))));
    }
  }

  /** Longer than a lease lasts: whoever works says so again and again. */
  @Test
  default void whileARequestIsServedItsRepetitionsAreToldSo() throws Exception {
    String user = linked();
    String key = key();
    var reached = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    sandbox()
        .fault(
            Fault.on("POST", "/tool")
                .before(
                    Effect.run(() -> {
                      reached.countDown();
                      await(goOn);
                    })));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<RunningServer.Answer> first =
          threads.submit(() -> post(node(), CLONE, key, clone(user)));
      await(reached);
      Thread.sleep(LEASE.plusMillis(500));
      assertThat(post(nodes().getLast(), CLONE, key, clone(user)).code())
          .isEqualTo("IDEMPOTENCY_KEY_RUNNING");
      assertThat(post(nodes().getLast(), CLONE, key, clone("other")).code())
          .isEqualTo("IDEMPOTENCY_KEY_REUSED");
      goOn.countDown();
      assertThat(isReplay(first.get())).isFalse();
    }
    assertThat(isReplay(post(nodes().getLast(), CLONE, key, clone(user)))).isTrue();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  default void whatIsRefusedBeforeAnythingBeganMayComeAgain() {
    String vapiKey = key();
    String user = "user " + vapiKey;
    String key = key();
    assertThat(post(node(), CLONE, key, clone(user)).code()).isEqualTo("API_KEY_NOT_FOUND");
    sandbox().account(user, vapiKey);
    node().link(user, vapiKey);
    RunningServer.Answer then = post(node(), CLONE, key, clone(user));
    assertThat(then.status()).isEqualTo(200);
    assertThat(isReplay(then)).isFalse();
  }

  @Test
  default void whatGoesOnInTheBackgroundIsNotFrozen() {
    String user = linked();
    String key = key();
    sandbox().fault(Fault.on("POST", "/assistant").always().before(Effect.status(503)));
    RunningServer.Answer unavailable = post(node(), CLONE, key, clone(user));
    assertThat(unavailable.code()).isEqualTo("VAPI_UNAVAILABLE");
    assertThat(unavailable.json().has("operation")).isTrue();
    sandbox().clearFaults();
    RunningServer.Answer then = post(nodes().getLast(), CLONE, key, clone(user));
    assertThat(then.status()).isEqualTo(200);
    assertThat(isReplay(then)).isFalse();
    assertThat(isReplay(post(node(), CLONE, key, clone(user)))).isTrue();
    assertThat(objects(user, "tool")).isEqualTo(1);
  }

  @Test
  default void anOperationThatFailedIsAnAnswerAndStaysOne() {
    String user = linked();
    String key = key();
    sandbox().fault(Fault.on("POST", "/assistant").before(Effect.status(400)));
    RunningServer.Answer failed = post(node(), CLONE, key, clone(user));
    assertThat(failed.code()).isEqualTo("VAPI_BAD_REQUEST");
    int operations = operations(user);
    RunningServer.Answer again = post(nodes().getLast(), CLONE, key, clone(user));
    assertThat(again.status()).isEqualTo(failed.status());
    assertThat(again.body()).isEqualTo(failed.body());
    assertThat(isReplay(again)).isTrue();
    assertThat(operations(user)).isEqualTo(operations);
  }

  @Test
  default void whatCannotBeAKeyIsRefused() {
    String user = linked();
    Stream.of("\"", "\"\"", "a b", "\"open", "x".repeat(256), "1\"2\"", "\"a\", \"b\"")
        .forEach(key ->
            assertThat(post(node(), CLONE, key, clone(user)).code())
                .as(key)
                .isEqualTo("INVALID_IDEMPOTENCY_KEY"));
    assertThat(operations(user)).isZero();
    assertThat(post(node(), CLONE, "x".repeat(255), clone(user)).status()).isEqualTo(200);
  }
}
