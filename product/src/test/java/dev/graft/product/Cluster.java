package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.store.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import tools.jackson.databind.JsonNode;

/** Several nodes of Graft as processes, on one PostgreSQL, with one sandbox for Vapi. */
final class Cluster implements AutoCloseable {
  private final GraftProcess sandbox;
  private final URI vapi;
  private final Map<String, String> environment = new HashMap<>();
  private final List<Map<String, String>> own = new ArrayList<>();
  private final Map<Integer, GraftProcess> nodes = new ConcurrentHashMap<>();
  private final int size;

  /** None of its nodes runs yet. */
  Cluster(Path folder, int nodes, Duration latency) throws IOException {
    this.sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0");
    this.vapi = sandbox.url();
    Http.send(
        HttpRequest.newBuilder(vapi.resolve("/_sandbox/options"))
            .header("Content-Type", "application/json")
            .method(
                "PATCH",
                HttpRequest.BodyPublishers.ofString(
                    "{\"latency-ms\":" + latency.toMillis() + "}")));
    Path templates = folder.resolve("templates");
    writeTemplate(templates);
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_AUTH", "none");
    environment.put("GRAFT_RATE_LIMIT", "off");
    environment.put("GRAFT_RATE_LIMIT_SERVICE", "off");
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    environment.put("GRAFT_DATABASE_URL", TestPostgres.freshDatabase().toString());
    environment.put("GRAFT_TEMPLATES", templates.toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    environment.put("GRAFT_STOP_PAUSE", "2s");
    this.size = nodes;
    for (int i = 0; i < nodes; i++) {
      own.add(new HashMap<>());
    }
  }

  Cluster with(String setting, String value) {
    environment.put(setting, value);
    return this;
  }

  /** A variable of the environment of one node alone. */
  Cluster with(int node, String variable, String value) {
    own.get(node).put(variable, value);
    return this;
  }

  int size() {
    return size;
  }

  URI vapi() {
    return vapi;
  }

  /** Starts all nodes, and returns when they take requests. */
  Cluster start() {
    // The first one makes what all of them share.
    start(0);
    node(0).url();
    for (int i = 1; i < size; i++) {
      start(i);
    }
    for (int i = 1; i < size; i++) {
      node(i).url();
    }
    return this;
  }

  /** Begins to start a node. */
  void start(int node) {
    var all = new HashMap<>(environment);
    all.putAll(own.get(node));
    nodes.put(node, GraftProcess.start(all, "serve"));
  }

  GraftProcess node(int number) {
    return Objects.requireNonNull(nodes.get(number));
  }

  /** Where a node is now; nothing while it starts, and when it is dead. */
  Optional<URI> urlOf(int node) {
    return node(node).urlIfThere();
  }

  /** One customer with an account of its own, linked here. */
  List<String> customers(int count) throws Exception {
    var customers = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      customers.add("customer-" + i);
    }
    together(
        16,
        customers,
        name -> {
          Http.post(
              vapi,
              "/_sandbox/accounts",
              Json.object().put("name", name).put("key", "key-of-" + name));
          assertThat(Http.link(node(0).url(), name, "key-of-" + name).status()).isEqualTo(200);
          return true;
        });
    return customers;
  }

  /** What is done for one of many. */
  interface Job<A, B> {
    B of(A one) throws Exception;
  }

  /** Does something for all of them, so many at a time. */
  static <A, B> List<B> together(int most, List<A> all, Job<A, B> job) throws Exception {
    var places = new Semaphore(most);
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var futures = new ArrayList<Future<B>>();
      for (A one : all) {
        Callable<B> task =
            () -> {
              places.acquire();
              try {
                return job.of(one);
              } finally {
                places.release();
              }
            };
        futures.add(executor.submit(task));
      }
      var results = new ArrayList<B>();
      for (Future<B> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  /** The operations that are not over now, as a node tells. */
  List<String> running(URI node) throws Exception {
    var accounts = new ArrayList<String>();
    String after = "";
    do {
      JsonNode page = Http.get(node, "/v1/accounts?limit=200&after=" + after).body();
      page.get("accounts").forEach(account -> accounts.add(account.get("id").stringValue()));
      after = page.get("next").isNull() ? "" : page.get("next").stringValue();
    } while (!after.isEmpty());
    return together(
            16,
            accounts,
            id ->
                Http.get(node, "/v1/accounts/" + id + "/operations")
                    .body()
                    .get("operations")
                    .valueStream()
                    .filter(operation -> operation.get("status").stringValue().equals("running"))
                    .map(operation -> operation.get("id").stringValue())
                    .toList())
        .stream()
        .flatMap(List::stream)
        .toList();
  }

  /** Waits until these are over; how long that took. */
  static Duration untilOver(URI node, List<String> operations, Duration atMost) throws Exception {
    Instant began = Instant.now();
    var left = new ArrayList<>(operations);
    while (!left.isEmpty()) {
      left.removeAll(
          together(
              16,
              List.copyOf(left),
              id ->
                  Http.get(node, "/v1/operations/" + id)
                          .body()
                          .get("status")
                          .stringValue()
                          .equals("running")
                      ? ""
                      : id));
      assertThat(Duration.between(began, Instant.now())).as("left: " + left).isLessThan(atMost);
      Thread.sleep(100);
    }
    return Duration.between(began, Instant.now());
  }

  /** No account has less than one pair, and none has more. */
  void checkOnePairEach(List<String> customers) throws Exception {
    List<String> wrong =
        together(
                16,
                customers,
                name -> {
                  int tools = Http.objects(vapi, name, "tool").size();
                  int assistants = Http.objects(vapi, name, "assistant").size();
                  return tools == 1 && assistants == 1
                      ? ""
                      : name + ": " + tools + " tools, " + assistants + " assistants";
                })
            .stream()
            .filter(text -> !text.isEmpty())
            .toList();
    assertThat(wrong).isEmpty();
  }

  private static void writeTemplate(Path templates) throws IOException {
    Path template = Files.createDirectories(templates.resolve("front-desk"));
    Files.writeString(
        template.resolve("template-assistant.json"),
        """
        {"name":"Front Desk_v1","firstMessage":"Hello",
         "model":{"provider":"openai","model":"gpt-4o"}}
        """);
    Files.writeString(
        template.resolve("template-tool.json"),
        """
        {"type":"apiRequest","name":"book_visit_v1","method":"POST",
         "url":"https://example.com/1"}
        """);
  }

  @Override
  public void close() {
    nodes.values().forEach(GraftProcess::close);
    sandbox.close();
  }
}
