package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Measures many accounts at once, against a raw client that makes the same calls at Vapi in the
 * same run, and what stays of memory under load. Not a test, except that nothing may go wrong. Run
 * with {@code ./check --figures}; {@code -Dgraft.figures.minutes=10} loads it for longer.
 */
class LoadFigures {
  private static final int ACCOUNTS = 1_000;
  private static final int AT_ONCE = 512;
  private static final int CALLERS = 1_000;
  private static final Duration LOAD =
      Duration.ofMinutes(Integer.getInteger("graft.figures.minutes", 2));

  @TempDir private Path folder;
  private final FigureSheet sheet = new FigureSheet("load");
  private URI vapi = URI.create("http://127.0.0.1");
  private URI graft = URI.create("http://127.0.0.1");

  @Test
  void manyAccountsAtOnce() throws Exception {
    try (GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      vapi = sandbox.url();
      FigureSheet.writeTemplate(folder, 1);
      Map<String, String> environment = FigureSheet.environment(folder, vapi);
      environment.put("GRAFT_JAVA_OPTS", FigureSheet.ATTACHABLE);
      try (GraftProcess server = GraftProcess.start(environment, "serve")) {
        graft = server.url();
        warmUp();
        sheet.heading();
        throughput();
        load(server);
      }
    }
    sheet.write();
  }

  private void warmUp() throws Exception {
    FigureSheet.latency(vapi, 0);
    List<String> users = names("warm", 3_000);
    each(users, 16, user -> linked(user));
    each(users, 16, user -> cloned(user));
    try (HttpClient raw = raw()) {
      each(names("raw-warm", 1_000), 16, name -> rawFirst(raw, name));
    }
  }

  private void throughput() throws Exception {
    List<String> users = names("many", ACCOUNTS);
    each(users, 16, user -> linked(user));
    FigureSheet.latency(vapi, 50);
    try (HttpClient raw = raw()) {
      Duration rawFirst = each(names("raw", ACCOUNTS), AT_ONCE, name -> rawFirst(raw, name));
      ratio("first clone", each(users, AT_ONCE, user -> cloned(user)), rawFirst);
      List<String[]> made =
          IntStream.range(0, ACCOUNTS).mapToObj(i -> rawIds(raw, "raw-" + i)).toList();
      Duration rawRepeat = each(made, AT_ONCE, ids -> rawRepeat(raw, ids));
      ratio("repeat clone", each(users, AT_ONCE, user -> cloned(user)), rawRepeat);
      FigureSheet.writeTemplate(folder, 2);
      Duration rawUpgrade = each(made, AT_ONCE, ids -> rawUpgrade(raw, ids));
      ratio("upgrade", each(users, AT_ONCE, user -> cloned(user)), rawUpgrade);
      FigureSheet.writeTemplate(folder, 1);
    }
    FigureSheet.latency(vapi, 0);
  }

  private void ratio(String what, Duration mine, Duration raw) {
    sheet.row(
        "%d accounts, %s, %d at once, Vapi at 50 ms".formatted(ACCOUNTS, what, AT_ONCE),
        "%.1f s; raw client %.1f s (%.2f x)"
            .formatted(
                mine.toMillis() / 1e3,
                raw.toMillis() / 1e3,
                (double) mine.toNanos() / raw.toNanos()));
  }

  /** Callers that ask again as soon as they are answered, each for an account of its own. */
  private void load(GraftProcess server) throws Exception {
    List<String> users = names("load", CALLERS);
    each(users, 16, user -> linked(user));
    each(users, 64, user -> cloned(user));
    // All connections have been used once before memory is looked at.
    repeat(users, Duration.ofSeconds(15));
    long before = FigureSheet.residentMegabytes(server);
    long liveBefore = FigureSheet.liveHeap(server);
    Repeated repeated = repeat(users, LOAD);
    long[] sorted = repeated.nanos().stream().mapToLong(Long::longValue).sorted().toArray();
    long median = sorted[sorted.length / 2];
    long slow = sorted[(int) (sorted.length * 0.99)];
    sheet.row(
        "%d callers repeat clones for %d min".formatted(CALLERS, LOAD.toMinutes()),
        "%d answers, %d wrong, %d a second, median %d ms, 99th of 100 %d ms (%.1f x the median)"
            .formatted(
                sorted.length,
                repeated.wrong(),
                sorted.length / LOAD.toSeconds(),
                median / 1_000_000,
                slow / 1_000_000,
                (double) slow / median));
    sheet.row(
        "memory before and after that: resident, and alive after a full collection",
        "%d MB and %.1f MB, %d MB and %.1f MB"
            .formatted(
                before,
                liveBefore / 1e6,
                FigureSheet.residentMegabytes(server),
                FigureSheet.liveHeap(server) / 1e6));
    assertThat(repeated.wrong()).isZero();
  }

  /** The times of all answers, and how many were wrong. */
  private record Repeated(Collection<Long> nanos, int wrong) {}

  private Repeated repeat(List<String> users, Duration time) {
    var nanos = new ConcurrentLinkedQueue<Long>();
    var wrong = new AtomicInteger();
    Instant end = Instant.now().plus(time);
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (String user : users) {
        executor.execute(() -> {
          while (Instant.now().isBefore(end)) {
            long start = System.nanoTime();
            try {
              if (Http.clone(graft, user).status() != 200) {
                wrong.incrementAndGet();
              }
            } catch (IOException e) {
              wrong.incrementAndGet();
            }
            nanos.add(System.nanoTime() - start);
          }
        });
      }
    }
    return new Repeated(nanos, wrong.get());
  }

  private static List<String> names(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> "sandbox-" + prefix + "-" + i).toList();
  }

  /** What is done for one of many. */
  private interface Job<T> {
    void of(T one) throws Exception;
  }

  private static <T> Duration each(List<T> all, int atOnce, Job<T> job) throws Exception {
    var places = new Semaphore(atOnce);
    var failures = new ConcurrentLinkedQueue<Throwable>();
    Instant start = Instant.now();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (T one : all) {
        places.acquire();
        executor.execute(() -> {
          try {
            job.of(one);
          } catch (Throwable e) {
            failures.add(e);
          } finally {
            places.release();
          }
        });
      }
    }
    Duration took = Duration.between(start, Instant.now());
    assertThat(failures).isEmpty();
    return took;
  }

  private void linked(String user) throws IOException {
    assertThat(Http.link(graft, user, user).status()).isEqualTo(200);
  }

  private void cloned(String user) throws IOException {
    Http.Answer answer = Http.clone(graft, user);
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
  }

  private static HttpClient raw() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .executor(Executors.newVirtualThreadPerTaskExecutor())
        .build();
  }

  private JsonNode raw(HttpClient client, String key, String method, String path, String body)
      throws Exception {
    var request =
        HttpRequest.newBuilder(vapi.resolve(path))
            .header("Authorization", "Bearer " + key)
            .header("User-Agent", "figures/1")
            .header("Content-Type", "application/json")
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    var response = client.send(request.build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return Json.parse(response.body());
  }

  /** Two calls at the same time, as Graft does it. */
  private void both(Job<Integer> job) throws Exception {
    each(List.of(0, 1), 2, job);
  }

  private static final String[] KINDS = {"tool", "assistant"};

  private void rawFirst(HttpClient client, String key) throws Exception {
    both(i -> raw(client, key, "GET", "/" + KINDS[i] + "?limit=1000", ""));
    raw(client, key, "POST", "/tool", FigureSheet.tool(1));
    raw(client, key, "POST", "/assistant", FigureSheet.assistant(1));
  }

  /** The key and the two objects of it. */
  private String[] rawIds(HttpClient client, String name) {
    String key = "sandbox-" + name;
    try {
      var ids = new ArrayList<String>();
      ids.add(key);
      for (String kind : KINDS) {
        ids.add(raw(client, key, "GET", "/" + kind, "").get(0).get("id").stringValue());
      }
      return ids.toArray(String[]::new);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void rawRepeat(HttpClient client, String[] ids) throws Exception {
    each(
        List.of(
            "/tool/" + ids[1],
            "/assistant/" + ids[2],
            "/tool?limit=1000&updatedAtGt=2030-01-01T00:00:00.000Z",
            "/assistant?limit=1000&updatedAtGt=2030-01-01T00:00:00.000Z"),
        4,
        path -> raw(client, ids[0], "GET", path, ""));
  }

  private void rawUpgrade(HttpClient client, String[] ids) throws Exception {
    rawRepeat(client, ids);
    String[] changes = {"{\"url\":\"https://example.com/2\"}", "{\"firstMessage\":\"2\"}"};
    both(i -> raw(client, ids[0], "PATCH", "/" + KINDS[i] + "/" + ids[i + 1], changes[i]));
  }
}
