package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.telemetry.Metrics;
import dev.graft.server.web.PublishedApi;
import dev.graft.vapi.Exchange;
import dev.graft.vapi.Host;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The figures of a running server, and whoever reads them: the page about them, alerts, dashboard.
 */
class MetricsTest {
  private static final String ADMIN = "an-admin-token-of-more-than-twenty-characters";
  private static final String KEY = UUID.randomUUID().toString();
  private static final String USER = "user-" + UUID.randomUUID();
  private static final String TASKS = "graft_task_duration_seconds_count";
  private static final Path HOME = Path.of("..");
  private static final Pattern TYPE = Pattern.compile("^# TYPE (\\S+) (\\S+)$", Pattern.MULTILINE);
  private static final Pattern SAMPLE =
      Pattern.compile("^([a-z_]+)(?:\\{(.*)})? (\\S+)$", Pattern.MULTILINE);
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");
  private static final Pattern NAME =
      Pattern.compile("\\b(?:graft|jvm|process|system)_[a-z][a-z_]*[a-z]\\b");
  private static final Pattern ROW = Pattern.compile("^\\| `(graft_[a-z_]+)`", Pattern.MULTILINE);

  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  /** What was read before anything was done, and afterwards. */
  private static String before;

  private static String after;

  @BeforeAll
  static void much() throws InterruptedException {
    sandbox = Sandbox.start();
    sandbox.account("A", KEY);
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(folder.resolve("data"), templates, sandbox.url());
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
    environment.put("GRAFT_RATE_LIMIT", "5/h");
    environment.put("GRAFT_AUDIT_SINK", "log,file:" + folder.resolve("checkpoints"));
    server = RunningServer.start(environment);
    before = read();
    // Totals are looked at once a minute, and nothing was there yet.
    server.close();
    server = RunningServer.start(environment);
    assertThat(post("/api/vapi/link", user().put("apiKey", KEY)).status()).isEqualTo(200);
    assertThat(post("/api/vapi/link", user().put("apiKey", KEY + "x")).status()).isEqualTo(401);
    // Vapi makes the tool and its answer is lost: Graft looks for it, and finds it.
    sandbox.fault(Fault.on("POST", "/tool").after(Effect.close()));
    assertThat(post("/api/vapi/clone", user()).status()).isEqualTo(200);
    assertThat(post("/api/vapi/clone", user()).status()).isEqualTo(200);
    // A name that cannot be taken is refused by Vapi, and the operation fails.
    RunningServer.writeTemplate(templates, "front-desk", "2");
    sandbox.fault(Fault.on("PATCH", "/*/*").always().before(Effect.status(400)));
    assertThat(post("/api/vapi/clone", user()).status()).isBetween(400, 502);
    assertThat(post("/api/vapi/clone", user()).status()).isEqualTo(429);
    get("/v1/accounts/acc_none");
    get("/nowhere/" + USER);
    // No figure stands still because what it asks was taken for garbage.
    System.gc();
    // Tasks begin some seconds after a start.
    after = read();
    for (int i = 0; i < 150 && sum(after, TASKS, "deliver-webhooks", "outcome=\"ok\"") == 0; i++) {
      Thread.sleep(200);
      after = read();
    }
  }

  @AfterAll
  static void stop() {
    server.close();
    sandbox.close();
  }

  private static ObjectNode user() {
    return Json.object().put("userId", USER);
  }

  private static RunningServer.Answer post(String path, ObjectNode body) {
    return server.send(
        HttpRequest.newBuilder(server.url().resolve(path))
            .header("Authorization", "Bearer " + ADMIN)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(Json.write(body))));
  }

  private static RunningServer.Answer get(String path) {
    return get(path, ADMIN);
  }

  private static RunningServer.Answer get(String path, String token) {
    return server.send(
        HttpRequest.newBuilder(server.url().resolve(path))
            .header("Authorization", "Bearer " + token)
            .GET());
  }

  private static String read() {
    RunningServer.Answer answer = get("/metrics");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo(Metrics.CONTENT_TYPE);
    return answer.body();
  }

  /** The sum of all samples of this name whose labels have these. */
  private static double sum(String text, String name, String... labels) {
    double sum = 0;
    boolean found = false;
    for (Matcher sample = SAMPLE.matcher(text); sample.find(); ) {
      String its = "{" + sample.group(2) + "}";
      if (sample.group(1).equals(name) && Stream.of(labels).allMatch(its::contains)) {
        sum += Double.parseDouble(sample.group(3));
        found = true;
      }
    }
    assertThat(found).as(name + List.of(labels)).isTrue();
    return sum;
  }

  @Test
  void figuresTellWhatWasDone() {
    String requests = "graft_http_request_duration_seconds_count";
    assertThat(sum(after, requests, "route=\"/api/vapi/link\"", "status=\"200\"")).isEqualTo(1);
    assertThat(sum(after, requests, "route=\"/api/vapi/link\"", "status=\"401\"")).isEqualTo(1);
    assertThat(sum(after, requests, "route=\"/api/vapi/clone\"", "method=\"post\"")).isEqualTo(4);
    assertThat(sum(after, requests, "route=\"/v1/accounts/{account}\"", "status=\"404\""))
        .isEqualTo(1);
    assertThat(sum(after, requests, "route=\"none\"", "status=\"404\"")).isEqualTo(1);
    String operations = "graft_operation_duration_seconds_count";
    assertThat(sum(after, operations, "kind=\"clone\"", "outcome=\"succeeded\"")).isEqualTo(2);
    assertThat(sum(after, operations, "kind=\"clone\"", "outcome=\"failed\"")).isEqualTo(1);
    assertThat(sum(before, operations, "kind=\"clone\"", "outcome=\"failed\""))
        .as("what did not happen yet is there at zero")
        .isZero();
    assertThat(sum(after, "graft_steps_total", "verb=\"create\"", "outcome=\"done\"")).isEqualTo(2);
    assertThat(sum(after, "graft_calls_in_doubt_total")).isEqualTo(1);
    assertThat(sum(after, "graft_calls_in_doubt_settled_total", "how=\"found\"")).isEqualTo(1);
    assertThat(sum(after, "graft_calls_in_doubt_settled_total")).isEqualTo(1);
    String calls = "graft_vapi_call_duration_seconds_count";
    assertThat(sum(after, calls, "route=\"/tool\"", "method=\"post\"", "status=\"unreachable\""))
        .isEqualTo(1);
    assertThat(sum(after, calls, "route=\"/assistant\"", "method=\"post\"", "status=\"201\""))
        .isEqualTo(1);
    assertThat(sum(after, calls, "method=\"patch\"", "/{id}\"", "status=\"400\"")).isPositive();
    assertThat(sum(after, "graft_rate_limited_total", "limit=\"user\"")).isEqualTo(1);
    assertThat(sum(after, "graft_accounts", "key=\"active\"")).isEqualTo(1);
    assertThat(sum(after, "graft_accounts", "key=\"revoked\"")).isZero();
    assertThat(sum(after, "graft_installations")).isEqualTo(1);
    assertThat(sum(after, "graft_operations_unfinished")).isZero();
    assertThat(sum(after, "graft_operations_unfinished_oldest_seconds")).isZero();
    assertThat(sum(after, "graft_database_up")).isEqualTo(1);
    assertThat(
            sum(
                after,
                "graft_key_provider_call_duration_seconds_count",
                "provider=\"local\"",
                "call=\"wrap\"",
                "outcome=\"ok\""))
        .isPositive();
    assertThat(sum(after, "graft_data_key_uses_total", "cached=\"yes\"")).isPositive();
    for (String outcome : List.of("key-unavailable", "tampered", "wrong-key", "failed")) {
      assertThat(
              sum(
                  before,
                  "graft_key_provider_call_duration_seconds_count",
                  "call=\"unwrap\"",
                  "outcome=\"" + outcome + "\""))
          .as(outcome)
          .isZero();
    }
    assertThat(sum(after, TASKS, "task=\"deliver-webhooks\"")).isPositive();
    assertThat(sum(after, "graft_task_last_end_timestamp_seconds", "task=\"deliver-webhooks\""))
        .isCloseTo(
            (double) Instant.now().getEpochSecond(), org.assertj.core.data.Offset.offset(60.0));
    assertThat(sum(after, "graft_disk_free_bytes"))
        .isPositive()
        .isLessThan(sum(after, "graft_disk_size_bytes"));
    assertThat(sum(after, "graft_audit_chain_ok")).isEqualTo(1);
    assertThat(sum(after, "graft_audit_sink_behind_seconds", "sink=\"file\"")).isZero();
    assertThat(sum(after, "graft_backup_last_timestamp_seconds")).as("none is known").isZero();
  }

  @Test
  void histogramsHaveTheSameBoundsEverywhere() {
    Set<String> bounds = new TreeSet<>();
    Matcher bound =
        Pattern.compile("^graft_http_\\S*_bucket\\{.*le=\"([^\"]+)\"", Pattern.MULTILINE)
            .matcher(after);
    while (bound.find()) {
      bounds.add(bound.group(1));
    }
    assertThat(bounds).contains("0.005", "0.1", "1.0", "300.0", "+Inf").hasSize(15);
  }

  /** A label that holds whatever a caller sends makes as many figures as they like. */
  @Test
  void noFigureIsOfAnyCustomer() {
    assertThat(
            new Canary.Search(Map.of("the key", KEY, "the user", USER))
                .in(after.getBytes(StandardCharsets.UTF_8)))
        .isEmpty();
    String account = get("/v1/accounts?userId=" + USER).json().at("/accounts/0/id").stringValue();
    assertThat(after).doesNotContain(account, "front-desk", ADMIN, folder.toString(), "/nowhere");
    Set<String> routes = new TreeSet<>();
    PublishedApi.operations()
        .forEach(operation -> routes.add(operation.substring(operation.indexOf(' ') + 1)));
    routes.add("none");
    Map<String, Set<String>> values = new TreeMap<>();
    for (Matcher sample = SAMPLE.matcher(after); sample.find(); ) {
      if (sample.group(1).startsWith("graft_") && sample.group(2) != null) {
        for (Matcher label = LABEL.matcher(sample.group(2)); label.find(); ) {
          values.computeIfAbsent(label.group(1), _ -> new TreeSet<>()).add(label.group(2));
        }
      }
    }
    assertThat(values.keySet())
        .containsExactlyInAnyOrder(
            "cached",
            "call",
            "host",
            "how",
            "key",
            "kind",
            "le",
            "limit",
            "method",
            "outcome",
            "part",
            "provider",
            "route",
            "sink",
            "state",
            "status",
            "task",
            "verb",
            "version");
    routes.addAll(
        Set.of("/tool", "/tool/{id}", "/assistant", "/assistant/{id}", "/phone-number", "/squad"));
    assertThat(values.getOrDefault("route", Set.of())).isNotEmpty().isSubsetOf(routes);
  }

  @Test
  void whoeverAnswersForVapiCannotMakeFiguresWithoutEnd() {
    var metrics = new Metrics("test", "local");
    for (int status = 100; status < 1_000; status++) {
      metrics.vapi(
          new Exchange(
              Host.US, "GET", "/tool", status, false, Instant.EPOCH, Duration.ofMillis(1), null));
      metrics.request("none", "METHOD" + status, 404, Duration.ofMillis(1));
    }
    assertThat(metrics.text().lines().filter(line -> line.contains("_count{"))).hasSizeLessThan(92);
    metrics.close();
  }

  @Test
  void aMonitorNeedsOnePermissionAndGetsNothingElse() {
    String key = post("/v1/api-keys", scopes("metrics")).json().get("key").stringValue();
    assertThat(get("/metrics", key).status()).isEqualTo(200);
    for (String path : List.of("/v1/accounts", "/v1/templates", "/v1/api-keys", "/v1/audit")) {
      assertThat(get(path, key).code()).as(path).isEqualTo("FORBIDDEN");
    }
    String reader = post("/v1/api-keys", scopes("read")).json().get("key").stringValue();
    assertThat(get("/metrics", reader).code()).isEqualTo("FORBIDDEN");
    assertThat(get("/metrics", "wrong").status()).isEqualTo(401);
    assertThat(post("/v1/api-keys", scopes("metrics").put("userId", USER)).code())
        .isEqualTo("INVALID_SCOPES");
  }

  private static ObjectNode scopes(String scope) {
    ObjectNode wish = Json.object().put("label", "monitor");
    wish.putArray("scopes").add(scope);
    return wish;
  }

  /** Names as they stand in expressions: histograms have three each. */
  private static Set<String> names() {
    Set<String> names = new TreeSet<>();
    for (Matcher type = TYPE.matcher(after); type.find(); ) {
      names.add(type.group(1));
      if (type.group(2).equals("histogram") || type.group(2).equals("summary")) {
        Stream.of("_bucket", "_count", "_sum").forEach(end -> names.add(type.group(1) + end));
      }
    }
    return names;
  }

  private static Set<String> named(String text) {
    Set<String> named = new TreeSet<>();
    for (Matcher name = NAME.matcher(text); name.find(); ) {
      named.add(name.group());
    }
    assertThat(named).isNotEmpty();
    return named;
  }

  @Test
  void everyFigureStandsInTheTableAndNothingElseDoes() throws IOException {
    Set<String> there = new TreeSet<>();
    for (Matcher type = TYPE.matcher(after); type.find(); ) {
      // The largest of the last minutes is of no use to Prometheus, which knows when it asked.
      if (type.group(1).startsWith("graft_") && !type.group(1).endsWith("_max")
          || type.group(1).equals("graft_database_connections_max")) {
        there.add(type.group(1));
      }
    }
    Set<String> listed = new TreeSet<>();
    for (Matcher row = ROW.matcher(text("docs/observing.md")); row.find(); ) {
      listed.add(row.group(1));
    }
    assertThat(listed).isEqualTo(there);
  }

  @Test
  void alertsAndDashboardNameFiguresThatThereAre() throws IOException {
    assertThat(names()).containsAll(named(expressions("ops/prometheus/alerts.yml")));
    assertThat(names()).containsAll(named(text("ops/prometheus/alerts_test.yml")));
    assertThat(names()).containsAll(named(text("docs/observing.md")));
    var queries = new StringBuilder();
    everyQuery(Json.parse(text("ops/grafana/graft.json")), queries);
    assertThat(names()).containsAll(named(queries.toString()));
    try (Stream<Path> pages = Files.list(HOME.resolve("docs/runbooks"))) {
      for (Path page : pages.toList()) {
        NAME.matcher(Files.readString(page))
            .results()
            .forEach(name -> assertThat(names()).as(page.toString()).contains(name.group()));
      }
    }
  }

  private static void everyQuery(JsonNode node, StringBuilder queries) {
    if (node.get("expr") instanceof JsonNode query) {
      queries.append(query.stringValue()).append('\n');
    }
    node.forEach(child -> everyQuery(child, queries));
  }

  @Test
  void everyAlertHasItsPageAndItsTest() throws IOException {
    Set<String> alerts = new TreeSet<>();
    for (Map<?, ?> rule : rules("ops/prometheus/alerts.yml")) {
      if (rule.get("alert") instanceof String alert) {
        alerts.add(alert);
        String page = "docs/runbooks/" + alert + ".md";
        assertThat(HOME.resolve(page)).exists();
        String text = text(page);
        assertThat(text).startsWith("# " + alert + "\n");
        assertThat(text).contains("## What it means", "## What to look at", "## What to do");
        assertThat(rule.get("annotations"))
            .asString()
            .contains("docs/runbooks/" + alert + ".md", "summary=", "description=");
        assertThat(rule.get("labels")).asString().containsPattern("severity=(page|ticket)");
        assertThat(text("ops/prometheus/alerts_test.yml")).contains("alertname: " + alert + "\n");
      }
    }
    assertThat(alerts).hasSizeGreaterThan(9);
    try (Stream<Path> pages = Files.list(HOME.resolve("docs/runbooks"))) {
      assertThat(pages.map(page -> page.getFileName().toString().replace(".md", "")))
          .containsExactlyInAnyOrderElementsOf(alerts);
    }
  }

  private static String expressions(String file) throws IOException {
    var all = new StringBuilder();
    rules(file).forEach(rule -> all.append(rule.get("expr")).append('\n'));
    return all.toString();
  }

  private static List<Map<?, ?>> rules(String file) throws IOException {
    Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(text(file));
    return in(root, "groups").stream()
        .flatMap(group -> in(group, "rules").stream())
        .<Map<?, ?>>map(rule -> (Map<?, ?>) rule)
        .toList();
  }

  private static List<?> in(Object node, String name) {
    return node instanceof Map<?, ?> map && map.get(name) instanceof List<?> list
        ? list
        : List.of();
  }

  private static String text(String file) throws IOException {
    return Files.readString(HOME.resolve(file));
  }
}
