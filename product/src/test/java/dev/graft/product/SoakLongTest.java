package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.store.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/**
 * An hour of everything that customers, developers and operators do: what is left in the heap after
 * a full collection does not grow with the hours. {@code -Dgraft.soak.minutes=N} makes it shorter
 * or longer.
 */
class SoakLongTest {
  private static final Duration LENGTH =
      Duration.ofMinutes(Integer.getInteger("graft.soak.minutes", 60));
  private static final int CALLERS = 4;
  private static final Duration PAUSE = Duration.ofMillis(100);

  @TempDir private Path folder;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger customers = new AtomicInteger();
  private final AtomicLong answers = new AtomicLong();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  @Test
  void theHeapStaysAsItIsOnSqlite() throws Exception {
    soak(Map.of());
  }

  @Test
  void theHeapStaysAsItIsOnPostgres() throws Exception {
    soak(Map.of("GRAFT_DATABASE_URL", TestPostgres.freshDatabase().toString()));
  }

  private void soak(Map<String, String> more) throws Exception {
    try (GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      URI vapi = sandbox.url();
      FigureSheet.writeTemplate(folder, 1);
      Map<String, String> environment = FigureSheet.environment(folder, vapi);
      environment.put("GRAFT_JAVA_OPTS", FigureSheet.ATTACHABLE);
      environment.putAll(more);
      try (GraftProcess server = GraftProcess.start(environment, "serve")) {
        URI graft = server.url();
        var callers = new ArrayList<Thread>();
        for (int i = 0; i < CALLERS; i++) {
          var random = new Random(i);
          callers.add(Thread.startVirtualThread(() -> call(graft, random)));
        }
        Instant began = Instant.now();
        Thread.sleep(LENGTH.dividedBy(6));
        long early = FigureSheet.liveHeap(server);
        for (int version = 2; Instant.now().isBefore(began.plus(LENGTH)); version++) {
          // A new release now and then, so that there is something to upgrade and to tell.
          FigureSheet.writeTemplate(folder, version);
          Thread.sleep(LENGTH.dividedBy(30));
        }
        long late = FigureSheet.liveHeap(server);
        over.set(true);
        for (Thread caller : callers) {
          caller.join();
        }
        System.out.printf(
            "%d min: %d answers, %d customers; live heap %.1f MB after %d min, %.1f MB at the end"
                + " (%.2f x), resident %d MB%n",
            LENGTH.toMinutes(),
            answers.get(),
            customers.get(),
            early / 1e6,
            LENGTH.dividedBy(6).toMinutes(),
            late / 1e6,
            (double) late / early,
            FigureSheet.residentMegabytes(server));
        assertThat(wrong).isEmpty();
        assertThat(answers.get()).isGreaterThan(LENGTH.toSeconds());
        assertThat((double) late / early).isLessThan(1.2);
      }
    }
  }

  /** One caller, whose requests are each for one of the last customers, or make a new one. */
  private void call(URI graft, Random random) {
    while (!over.get()) {
      try {
        if (random.nextInt(20) == 0 || customers.get() < CALLERS) {
          String name = "sandbox-soak-" + customers.incrementAndGet();
          note(Http.link(graft, name, name), 200);
          note(Http.clone(graft, name), 200);
        } else {
          int last = customers.get();
          one(
              graft,
              random,
              "sandbox-soak-" + (last - random.nextInt(Math.min(200, last - 1)) - 1));
        }
        Thread.sleep(PAUSE);
      } catch (IOException | InterruptedException | AssertionError e) {
        wrong.add(e.toString());
      }
    }
  }

  private void one(URI graft, Random random, String name) throws IOException {
    String id =
        Http.get(graft, "/v1/accounts?userId=" + name)
            .body()
            .at("/accounts/0/id")
            .asString("unlinked");
    String account = "/v1/accounts/" + id;
    switch (random.nextInt(13)) {
      case 0, 1, 2 -> note(Http.clone(graft, name), 200, 404, 409);
      case 3 -> note(Http.clone(graft, name, "key-" + random.nextLong()), 200, 404, 409);
      case 4 -> note(Http.post(graft, account + "/plans", Json.object()), 201, 404, 409);
      case 5 -> note(Http.get(graft, account + "/operations"), 200, 404);
      case 6 -> note(Http.link(graft, name, "no-key-of-" + random.nextLong()), 401, 403, 422);
      case 7 -> note(Http.post(graft, "/api/vapi/clone", junk(random)), 400, 404, 422);
      case 8 -> note(Http.get(graft, "/v1/accounts?limit=50"), 200);
      case 9 -> note(Http.send(delete(graft, account)), 200, 404, 409);
      case 10 -> note(drift(graft, account), 200, 404);
      case 11 ->
          assertThat(new Caller(graft, "").get("/metrics").text()).contains("graft_operations");
      default -> note(Http.link(graft, name, name), 200);
    }
  }

  private static HttpRequest.Builder delete(URI graft, String account) {
    return HttpRequest.newBuilder(graft.resolve(account + "?clones=remove")).DELETE();
  }

  /** What differs in the account's first installation. */
  private static Http.Answer drift(URI graft, String account) throws IOException {
    Http.Answer installations = Http.get(graft, account + "/installations");
    String first = installations.body().at("/installations/0/id").asString("");
    return first.isEmpty()
        ? installations
        : Http.get(graft, "/v1/installations/" + first + "/drift");
  }

  private static ObjectNode junk(Random random) {
    return Json.object().put("userId", "nobody-" + random.nextLong()).put("more", random.nextInt());
  }

  private void note(Http.Answer answer, Integer... expected) {
    answers.incrementAndGet();
    if (!List.of(expected).contains(answer.status())) {
      wrong.add(answer.toString());
    }
  }
}
