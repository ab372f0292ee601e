package dev.graft.server.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.RunningServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Specmatic, a program by others that makes tests from a description, sends what it makes of ours
 * to a real server. It comes from npm, and is known by its digest. Between the two stands a judge
 * of ours, since Specmatic takes every answer for wrong but the one that it wanted.
 */
class SpecmaticLongTest {
  private static final String VERSION = "2.55.1";
  private static final String DIGEST =
      "07a1ae4b861c6b4dab67a4a1407c58f28db306b3b7732eda92148bce8f2729b9";
  private static final Path WORK = Path.of("target", "specmatic").toAbsolutePath();
  private static final String TOKEN = "an-admin-token-for-specmatic";
  private static final Pattern SUMMARY =
      Pattern.compile("Tests run: (\\d+), Successes: (\\d+), Failures: (\\d+), .*Errors: (\\d+)");

  @TempDir private Path folder;

  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final Map<Integer, AtomicInteger> statuses = new TreeMap<>();
  private final AtomicInteger victims = new AtomicInteger();
  private Judge judge = new Judge(Set.of(TOKEN));

  @Test
  void whatSpecmaticMakesOfTheDescriptionIsAnsweredAsItSays() throws Exception {
    Path program = program();
    RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "1");
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment =
          RunningServer.environment(
              folder.resolve("data"), folder.resolve("templates"), sandbox.url());
      environment.remove("GRAFT_AUTH");
      environment.put("GRAFT_ADMIN_TOKEN", TOKEN);
      environment.put("GRAFT_MASTER_KEY", "000102030405060708090a0b0c0d0e0f".repeat(2));
      environment.put("GRAFT_WEBHOOK_ALLOW", "127.0.0.1");
      environment.put("GRAFT_CALL_TIMEOUT", "20s");
      environment.put("GRAFT_REQUEST_DEADLINE", "60s");
      try (var server = RunningServer.start(environment)) {
        Map<String, List<String>> known = prepare(server, sandbox);
        HttpServer between = between(server, sandbox, known);
        try {
          Path description = WORK.resolve("graft.json");
          Files.writeString(description, Json.write(ForSpecmatic.description(known)));
          String log = run(program, description, between.getAddress().getPort());
          report(log);
        } finally {
          between.stop(0);
        }
        assertThat(server.get("/health/ready").status()).isEqualTo(200);
      }
    }
  }

  private static Path program() throws IOException, InterruptedException, NoSuchAlgorithmException {
    Path jar = Files.createDirectories(WORK).resolve("package").resolve("specmatic.jar");
    if (!Files.exists(jar)) {
      Path log = WORK.resolve("fetch.log");
      String archive = "specmatic-" + VERSION + ".tgz";
      assertThat(finished(log, "npm", "pack", "specmatic@" + VERSION)).as("see " + log).isZero();
      assertThat(finished(log, "tar", "-xzf", archive, "package/specmatic.jar")).isZero();
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
    assertThat(HexFormat.of().formatHex(digest))
        .as(jar + " is the one that is known")
        .isEqualTo(DIGEST);
    return jar;
  }

  private static int finished(Path log, String... command)
      throws IOException, InterruptedException {
    return new ProcessBuilder(command)
        .directory(WORK.toFile())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start()
        .waitFor();
  }

  private static ObjectNode post(RunningServer server, String path, ObjectNode body) {
    return sent(server, "POST", path, body);
  }

  private static ObjectNode sent(
      RunningServer server, String method, String path, ObjectNode body) {
    var headers =
        List.of(
            new Call.Header("Host", "127.0.0.1"),
            new Call.Header("Authorization", "Bearer " + TOKEN),
            new Call.Header("Content-Type", "application/json"));
    byte[] bytes = method.equals("POST") ? Json.writeBytes(body) : new byte[0];
    try (var connection = new Connection(server.url())) {
      var answer =
          connection.send(new Call(method + path, method, path, headers, bytes, false, true));
      assertThat(answer.status()).as(path + " " + answer.text()).isBetween(200, 299);
      return Json.parseObject(answer.text());
    } catch (Connection.NoAnswer e) {
      throw new IllegalStateException(e);
    }
  }

  /** One of everything that a path can name. */
  private static Map<String, List<String>> prepare(RunningServer server, Sandbox sandbox) {
    var known = new TreeMap<String, List<String>>();
    String account = newAccount(server, sandbox, "user-1");
    post(server, "/api/vapi/clone", Json.object().put("userId", "user-1"));
    JsonNode installation =
        sent(server, "GET", "/v1/accounts/" + account + "/installations", Json.object())
            .required("installations")
            .get(0);
    JsonNode operation =
        sent(server, "GET", "/v1/accounts/" + account + "/operations", Json.object())
            .required("operations")
            .get(0);
    known.put("userId", List.of("user-1"));
    known.put("apiKey", List.of("key-of-user-1-5f0c7a1e"));
    known.put("url", List.of("http://127.0.0.1:9/nothing"));
    known.put("template", List.of("front-desk"));
    known.put("account", List.of(account));
    known.put("installation", List.of(id(installation)));
    known.put("operation", List.of(id(operation)));
    String webhook = newWebhook(server);
    known.put("webhook", List.of(webhook));
    known.put(
        "delivery", List.of(id(post(server, "/v1/webhooks/" + webhook + "/test", Json.object()))));
    known.put(
        "plan", List.of(id(post(server, "/v1/accounts/" + account + "/plans", Json.object()))));
    known.put("key", List.of(newKey(server)));
    known.put("file", List.of("index.html"));
    return known;
  }

  private static String id(JsonNode one) {
    return one.required("id").stringValue();
  }

  private static String newAccount(RunningServer server, Sandbox sandbox, String user) {
    String key = "key-of-" + user + "-5f0c7a1e";
    sandbox.account("Account of " + user, key);
    return id(post(server, "/v1/accounts", Json.object().put("userId", user).put("apiKey", key)));
  }

  private static String newWebhook(RunningServer server) {
    return id(post(server, "/v1/webhooks", Json.object().put("url", "http://127.0.0.1:9/nothing")));
  }

  private static String newKey(RunningServer server) {
    ObjectNode key = Json.object().put("label", "for Specmatic");
    key.putArray("scopes").add("read");
    return id(post(server, "/v1/api-keys", key));
  }

  /** What passes a request on to the server and looks at the answer. */
  private HttpServer between(RunningServer server, Sandbox sandbox, Map<String, List<String>> known)
      throws IOException {
    judge = new Judge(Set.of(TOKEN, "key-of-user-1-5f0c7a1e"));
    HttpServer between =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    between.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    between.createContext(
        "/",
        exchange -> {
          try (exchange) {
            pass(exchange, server.url(), victim(exchange, server, sandbox, known));
          } catch (Connection.NoAnswer e) {
            faults.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + ": " + e);
          }
        });
    between.start();
    return between;
  }

  /** What may be deleted in place of the only thing of its kind. */
  private String victim(
      HttpExchange exchange,
      RunningServer server,
      Sandbox sandbox,
      Map<String, List<String>> known) {
    String target = exchange.getRequestURI().toString();
    if (!exchange.getRequestMethod().equals("DELETE")) {
      return target;
    }
    String account = known.get("account").getFirst();
    String webhook = known.get("webhook").getFirst();
    String key = known.get("key").getFirst();
    if (target.contains(account)) {
      String user = "victim-" + victims.incrementAndGet();
      return target.replace(account, newAccount(server, sandbox, user));
    }
    if (target.contains(webhook)) {
      return target.replace(webhook, newWebhook(server));
    }
    return target.contains(key) ? target.replace(key, newKey(server)) : target;
  }

  private void pass(HttpExchange exchange, URI server, String target)
      throws IOException, Connection.NoAnswer {
    var headers = new ArrayList<Call.Header>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> {
          if (!Set.of("Connection", "Content-length", "Transfer-encoding").contains(name)) {
            values.forEach(value -> headers.add(new Call.Header(name, value)));
          }
        });
    String method = exchange.getRequestMethod();
    byte[] body = exchange.getRequestBody().readAllBytes();
    var call = new Call("of Specmatic", method, target, headers, body, false, true);
    Connection.Answer answer;
    try (var connection = new Connection(server)) {
      answer = connection.send(call);
    }
    synchronized (statuses) {
      statuses.computeIfAbsent(answer.status(), _ -> new AtomicInteger()).incrementAndGet();
    }
    judge.fault(call, answer, false).ifPresent(fault -> faults.add(fault + "\n" + call + "\n"));
    answer
        .headers()
        .forEach((name, values) -> {
          if (!Set.of("connection", "content-length", "transfer-encoding").contains(name)) {
            values.forEach(value -> exchange.getResponseHeaders().add(name, value));
          }
        });
    exchange.sendResponseHeaders(
        answer.status(), answer.body().length == 0 ? -1 : answer.body().length);
    if (answer.body().length > 0) {
      exchange.getResponseBody().write(answer.body());
    }
  }

  private static String run(Path program, Path description, int port)
      throws IOException, InterruptedException {
    Path log = WORK.resolve("run.log");
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx1g",
            "-jar",
            program.toString(),
            "test",
            description.toString(),
            "--lenient",
            "--timeout=60",
            "--testBaseURL=http://127.0.0.1:" + port);
    builder.environment().put("SPECMATIC_GENERATIVE_TESTS", "true");
    builder
        .environment()
        .put("MAX_TEST_REQUEST_COMBINATIONS", System.getProperty("graft.specmatic.most", "20"));
    builder.environment().put("adminToken", TOKEN);
    Process process =
        builder
            .directory(WORK.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(90, TimeUnit.MINUTES)).as("Specmatic came to an end").isTrue();
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(log);
  }

  /**
   * Of Specmatic's own verdicts two sorts must not be there: an answer that is not as described,
   * and a request that the description forbids and Graft carried out. What it calls a failure
   * beside these is a refusal that the description names, where it had hoped for a success.
   */
  private void report(String log) {
    Matcher summary = SUMMARY.matcher(log);
    assertThat(summary.find()).as("Specmatic's last words, in " + WORK).isTrue();
    List<String> failed = failed(log);
    List<String> carriedOut =
        failed.stream().filter(one -> one.contains("Expected 4xx status, but received")).toList();
    List<String> otherwise =
        failed.stream()
            .filter(one ->
                one.contains("RESPONSE.BODY")
                    || one.contains("RESPONSE.HEADER")
                    || one.contains("response contained status 5"))
            .toList();
    System.out.printf(
        "%s; answers %s; %d faults, %d requests carried out that are forbidden, %d other answers%n",
        summary.group(), statuses, faults.size(), carriedOut.size(), otherwise.size());
    faults.stream().limit(20).forEach(System.out::println);
    carriedOut.stream().limit(20).forEach(System.out::println);
    assertThat(faults).isEmpty();
    assertThat(carriedOut).isEmpty();
    assertThat(otherwise).isEmpty();
    assertThat(Integer.parseInt(summary.group(1))).isGreaterThan(1_000);
    assertThat(summary.group(4)).as("requests that Specmatic could not send").isEqualTo("0");
  }

  private static List<String> failed(String log) {
    int from = log.indexOf("Unsuccessful Scenarios:");
    return from < 0
        ? List.of()
        : Arrays.stream(log.substring(from).split("\n  \"(?=[-+]ve )", -1)).skip(1).toList();
  }
}
