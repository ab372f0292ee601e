package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Measures the figures of docs/performance.md, each against a raw client in the same run. Not a
 * test: machines are shared and noisy, so nothing here fails for being slow. Run with {@code
 * ./check --figures}.
 */
class Figures {
  private static final int LATENCY_MS = 50;
  private static final int WARM_UP = 10_000;
  private static final int MEASURED = 150;
  private static final int STARTS = 5;

  @TempDir private Path folder;
  private final FigureSheet sheet = new FigureSheet("one");
  private URI vapi = URI.create("http://127.0.0.1");
  private URI graft = URI.create("http://127.0.0.1");
  private int accounts;

  /** One user of the product with an empty account at Vapi. */
  private String newUser() throws IOException {
    String name = "sandbox-" + accounts++;
    assertThat(Http.link(graft, name, name).status()).isEqualTo(200);
    return name;
  }

  @Test
  void all() throws Exception {
    try (GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      vapi = sandbox.url();
      FigureSheet.writeTemplate(folder, 1);
      sheet.heading();
      startUp();
      try (GraftProcess server =
          GraftProcess.start(FigureSheet.environment(folder, vapi), "serve")) {
        graft = server.url();
        warmUp();
        cpuPerClone(server);
        roundTrips();
        ownTime();
        fullAccount();
        row("resident memory at the end", FigureSheet.residentMegabytes(server) + " MB");
      }
    }
    sheet.write();
  }

  private void row(String what, String measured) {
    sheet.row(what, measured);
  }

  private static Duration since(Instant then) {
    return Duration.between(then, Instant.now());
  }

  private void startUp() throws Exception {
    Path none = folder.resolve("none");
    Path caches = Files.createDirectories(folder.resolve("caches"));
    Instant asked = Instant.now();
    var train =
        new ProcessBuilder(
            GraftProcess.home().resolve("scripts/train").toString(),
            GraftProcess.home().resolve("graft").toString(),
            caches.toString());
    train.environment().put("GRAFT_NO_BUILD", "1");
    assertThat(train.inheritIO().start().waitFor()).isZero();
    row("learning what a start loads (scripts/train), once", FigureSheet.millis(since(asked)));
    starts("without an AOT cache", none);
    starts("with the AOT cache", caches);
    commandLine("without an AOT cache", none);
    commandLine("with the AOT cache", caches);
  }

  /**
   * Each on a database of its own, from the start of the process until it says that it is ready.
   */
  private void starts(String how, Path caches) throws Exception {
    var times = new ArrayList<Duration>();
    var processor = new ArrayList<Duration>();
    var resident = new ArrayList<Long>();
    for (int i = 0; i < STARTS; i++) {
      Map<String, String> environment = new HashMap<>(FigureSheet.environment(folder, vapi));
      environment.put("GRAFT_CACHE", caches.toString());
      environment.put("GRAFT_DATA_DIR", folder.resolve("start-" + times.size() + how).toString());
      Instant asked = Instant.now();
      try (GraftProcess server = GraftProcess.start(environment, "serve")) {
        URI url = server.url();
        while (Http.get(url, "/health/ready").status() != 200) {
          Thread.sleep(10);
        }
        times.add(since(asked));
        processor.add(processorTime(server));
        Thread.sleep(5_000);
        resident.add(FigureSheet.residentMegabytes(server));
      }
    }
    Collections.sort(resident);
    row(
        "start to ready " + how + ", median of " + STARTS,
        FigureSheet.millis(FigureSheet.median(times))
            + "; processor time "
            + FigureSheet.millis(FigureSheet.median(processor)));
    row(
        "resident memory 5 s later, " + how + ", median of " + STARTS,
        resident.get(STARTS / 2) + " MB");
  }

  private void commandLine(String how, Path caches) {
    var times = new ArrayList<Duration>();
    for (int i = 0; i < 7; i++) {
      Instant start = Instant.now();
      try (GraftProcess version =
          GraftProcess.start(Map.of("GRAFT_CACHE", caches.toString()), "version")) {
        assertThat(version.exit()).isZero();
      }
      times.add(since(start));
    }
    row(
        "graft version, launcher included, " + how + ", median of 7",
        FigureSheet.millis(FigureSheet.median(times)));
  }

  private void warmUp() throws Exception {
    FigureSheet.latency(vapi, 0);
    all(newUsers(WARM_UP), user -> Http.clone(graft, user));
  }

  /** Users of the product with empty accounts, linked many at a time. */
  private List<String> newUsers(int count) throws Exception {
    var users = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      users.add("sandbox-" + accounts++);
    }
    all(users, user -> Http.link(graft, user, user));
    return users;
  }

  /** What is done for one user. */
  private interface Job {
    void of(String user) throws IOException;
  }

  private static void all(List<String> users, Job job) throws Exception {
    var places = new Semaphore(8);
    var failed = new AtomicInteger();
    var running = new ArrayList<CompletableFuture<Void>>();
    for (String user : users) {
      places.acquire();
      var done = new CompletableFuture<Void>();
      running.add(done);
      Thread.startVirtualThread(() -> {
        try {
          job.of(user);
        } catch (IOException e) {
          failed.incrementAndGet();
        } finally {
          places.release();
          done.complete(null);
        }
      });
    }
    CompletableFuture.allOf(running.toArray(CompletableFuture[]::new)).get();
    assertThat(failed.get()).isZero();
  }

  private void cpuPerClone(GraftProcess server) throws Exception {
    List<String> users = newUsers(600);
    row("processor time per first clone, warm, 600 at 8 at once", cpu(server, users));
    row("processor time per repeat clone, warm, the same 600", cpu(server, users));
    FigureSheet.writeTemplate(folder, 2);
    row("processor time per upgrade, warm, the same 600", cpu(server, users));
    FigureSheet.writeTemplate(folder, 1);
  }

  private String cpu(GraftProcess server, List<String> users) throws Exception {
    Duration before = processorTime(server);
    all(users, user -> Http.clone(graft, user));
    return FigureSheet.millis(processorTime(server).minus(before).dividedBy(users.size()));
  }

  private static Duration processorTime(GraftProcess server) {
    return ProcessHandle.of(server.pid())
        .flatMap(process -> process.info().totalCpuDuration())
        .orElse(Duration.ZERO);
  }

  private void roundTrips() throws Exception {
    FigureSheet.latency(vapi, LATENCY_MS);
    String user = newUser();
    row("first clone at Vapi", calls(user));
    row("repeat clone at Vapi", calls(user));
    FigureSheet.writeTemplate(folder, 2);
    row("upgrade at Vapi", calls(user));
    FigureSheet.writeTemplate(folder, 1);
  }

  /** Calls, and how many times someone had to wait for an answer before going on. */
  private String calls(String user) throws Exception {
    Http.send(HttpRequest.newBuilder(vapi.resolve("/_sandbox/requests")).DELETE());
    assertThat(Http.clone(graft, user).status()).isEqualTo(200);
    JsonNode requests = Http.get(vapi, "/_sandbox/requests").body();
    int trips = 0;
    Instant until = Instant.MIN;
    long bytes = 0;
    for (JsonNode request : requests) {
      Instant at = Instant.parse(request.get("at").stringValue());
      if (!at.isBefore(until)) {
        trips++;
        until = at.plusMillis(LATENCY_MS - 15);
      }
      bytes += request.get("bytesSent").longValue();
    }
    return requests.size() + " calls in " + trips + " round trips, " + bytes + " bytes read";
  }

  /** Graft's time less that of a raw client which makes the same calls by hand. */
  private void ownTime() throws Exception {
    FigureSheet.latency(vapi, LATENCY_MS);
    var first = new ArrayList<Duration>();
    var repeat = new ArrayList<Duration>();
    var upgrade = new ArrayList<Duration>();
    var rawFirst = new ArrayList<Duration>();
    var rawRepeat = new ArrayList<Duration>();
    var rawUpgrade = new ArrayList<Duration>();
    var users = new ArrayList<String>();
    for (int i = 0; i < MEASURED; i++) {
      String user = newUser();
      users.add(user);
      first.add(timed(() -> Http.clone(graft, user)));
      String raw = "sandbox-raw-" + i;
      var ids = new String[2];
      rawFirst.add(timed(() -> rawFirst(raw, ids)));
      repeat.add(timed(() -> Http.clone(graft, user)));
      rawRepeat.add(timed(() -> rawRepeat(raw, ids)));
    }
    FigureSheet.writeTemplate(folder, 2);
    for (int i = 0; i < MEASURED; i++) {
      String user = users.get(i);
      upgrade.add(timed(() -> Http.clone(graft, user)));
      String raw = "sandbox-raw-" + i;
      var ids = new String[2];
      rawFirst(raw, ids);
      rawUpgrade.add(timed(() -> rawUpgrade(raw, ids)));
    }
    FigureSheet.writeTemplate(folder, 1);
    own("first clone", first, rawFirst);
    own("repeat clone", repeat, rawRepeat);
    own("upgrade", upgrade, rawUpgrade);
  }

  private void own(String what, List<Duration> graftTimes, List<Duration> rawTimes) {
    Duration mine = FigureSheet.median(graftTimes);
    Duration raw = FigureSheet.median(rawTimes);
    row(
        what + " at " + LATENCY_MS + " ms latency, median of " + MEASURED,
        FigureSheet.millis(mine)
            + "; raw client "
            + FigureSheet.millis(raw)
            + "; on top "
            + FigureSheet.millis(mine.minus(raw))
            + String.format(Locale.ROOT, " (%.2f x)", (double) mine.toNanos() / raw.toNanos()));
  }

  /** Something that takes time. */
  private interface Work {
    void run() throws Exception;
  }

  private static Duration timed(Work work) throws Exception {
    long start = System.nanoTime();
    work.run();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private static final HttpClient RAW =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private HttpRequest.Builder raw(String key, String path) {
    return HttpRequest.newBuilder(vapi.resolve(path))
        .header("Authorization", "Bearer " + key)
        .header("User-Agent", "figures/1")
        .header("Content-Type", "application/json");
  }

  private static JsonNode done(HttpRequest.Builder request) throws Exception {
    return Json.parse(RAW.send(request.build(), BodyHandlers.ofString()).body());
  }

  private static void together(List<HttpRequest.Builder> requests) {
    var sent =
        requests.stream()
            .map(request -> RAW.sendAsync(request.build(), BodyHandlers.ofString()))
            .toList();
    sent.forEach(CompletableFuture::join);
  }

  private void rawFirst(String key, String[] ids) throws Exception {
    together(List.of(raw(key, "/tool?limit=1000").GET(), raw(key, "/assistant?limit=1000").GET()));
    ids[0] =
        done(raw(key, "/tool").POST(BodyPublishers.ofString(FigureSheet.tool(1))))
            .get("id")
            .stringValue();
    ids[1] =
        done(raw(key, "/assistant").POST(BodyPublishers.ofString(FigureSheet.assistant(1))))
            .get("id")
            .stringValue();
  }

  private void rawRepeat(String key, String[] ids) {
    together(
        List.of(
            raw(key, "/tool/" + ids[0]).GET(),
            raw(key, "/assistant/" + ids[1]).GET(),
            raw(key, "/tool?limit=1000&updatedAtGt=2030-01-01T00:00:00.000Z").GET(),
            raw(key, "/assistant?limit=1000&updatedAtGt=2030-01-01T00:00:00.000Z").GET()));
  }

  private void rawUpgrade(String key, String[] ids) {
    rawRepeat(key, ids);
    String url = "{\"url\":\"https://example.com/2\"}";
    together(
        List.of(
            raw(key, "/tool/" + ids[0]).method("PATCH", BodyPublishers.ofString(url)),
            raw(key, "/assistant/" + ids[1])
                .method("PATCH", BodyPublishers.ofString("{\"firstMessage\":\"2\"}"))));
  }

  private void fullAccount() throws Exception {
    FigureSheet.latency(vapi, 0);
    for (int size : new int[] {10, 5_000}) {
      String user = "full-" + size;
      Http.post(vapi, "/_sandbox/accounts", Json.object().put("name", user).put("key", user));
      for (String kind : List.of("tool", "assistant")) {
        String body = kind.equals("tool") ? "{\"type\":\"endCall\"}" : "{\"name\":\"Own {n}\"}";
        Http.Answer seeded =
            Http.post(
                vapi,
                "/_sandbox/accounts/" + user + "/seed",
                Json.object()
                    .put("kind", kind)
                    .put("count", size / 2)
                    .set("body", Json.parse(body)));
        assertThat(seeded.status()).as(seeded.body().toString()).isLessThan(300);
      }
      assertThat(Http.link(graft, user, user).status()).isEqualTo(200);
      row("first clone into an account of " + size + " objects", calls(user));
      row("repeat clone in an account of " + size + " objects", calls(user));
    }
  }
}
