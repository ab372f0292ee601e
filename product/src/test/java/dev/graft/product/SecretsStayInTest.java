package dev.graft.product;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.server.Canary;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;
import tools.jackson.databind.node.ObjectNode;

/**
 * Secrets made for this run go through everything that a real process of Graft does, and then every
 * byte that it left anywhere is searched for them, and every byte that lives in its heap.
 */
class SecretsStayInTest {
  private static final Duration AFTER_LAST_USE = Duration.ofSeconds(5);
  private static final int SHOWN = 12;

  @TempDir private Path folder;

  private final Map<String, byte[]> found = new TreeMap<>();
  private final Secrets secrets = new Secrets();

  /** What must not be seen, by what it is. */
  private static final class Secrets {
    static final String MASTER = "the master key";
    static final String ADMIN = "the admin token";
    static final String OWN = "a credential in a customer's tool";

    /**
     * What is in the heap for longer: what was set in the environment, and what Vapi answered, in
     * the buffers of connections that are kept for the next call.
     */
    static final Set<String> MAY_LIVE = Set.of(MASTER, ADMIN, OWN);

    final String vapiKey = UUID.randomUUID().toString();
    final String nextVapiKey = UUID.randomUUID().toString();
    final String wrongKey = UUID.randomUUID().toString();
    final String adminToken = "admin-" + UUID.randomUUID();
    final String masterKey = HexFormat.of().formatHex(bytes());
    final String customersOwn = "customers-own/" + UUID.randomUUID() + "+?";
    final Map<String, String> made = new TreeMap<>();

    private static byte[] bytes() {
      var bytes = new byte[32];
      new java.security.SecureRandom().nextBytes(bytes);
      return bytes;
    }

    Map<String, String> all() {
      var all = new TreeMap<>(made);
      all.put("the customer's Vapi key", vapiKey);
      all.put("the Vapi key after it", nextVapiKey);
      all.put("a key that Vapi does not know", wrongKey);
      all.put(ADMIN, adminToken);
      all.put(MASTER, masterKey);
      all.put(OWN, customersOwn);
      return all;
    }
  }

  @Test
  void ofAServerWithSqliteThatLogsText() throws Exception {
    Path data = folder.resolve("data");
    everything(
        Map.of("GRAFT_LOG_FORMAT", "text"),
        () -> DriverManager.getConnection("jdbc:sqlite:" + data.resolve("graft.db")),
        database -> {
          try (var statement = database.createStatement()) {
            statement.execute("VACUUM INTO '" + folder.resolve("backup.db") + "'");
          }
          assertThat(found).containsKey("the database in a backup");
        });
  }

  /** The database logs every statement with its parameters, and its own files are searched, too. */
  @Test
  void ofAServerWithPostgresqlThatLogsJson() throws Exception {
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .setDataDirectory(folder.resolve("postgres"))
            .setServerConfig("logging_collector", "on")
            .setServerConfig("log_directory", folder.resolve("postgres-log").toString())
            .setServerConfig("log_statement", "all")
            .start()) {
      String url = "//127.0.0.1:" + postgres.getPort() + "/postgres";
      everything(
          Map.of(
              "GRAFT_LOG_FORMAT",
              "json",
              "GRAFT_DATABASE_URL",
              "postgresql://postgres:postgres@" + url.substring(2)),
          () -> DriverManager.getConnection("jdbc:postgresql:" + url, "postgres", "postgres"),
          database -> {
            dump(database);
            try (var statement = database.createStatement()) {
              statement.execute("CHECKPOINT");
            }
          });
      assertThat(found.keySet()).anyMatch(name -> name.startsWith("file postgres-log/"));
    }
  }

  /** As {@code pg_dump} reads them: every table, in its text form and in its binary one. */
  private void dump(Connection database) throws SQLException, IOException {
    var copies = database.unwrap(PGConnection.class).getCopyAPI();
    var tables = new ArrayList<String>();
    try (var rows =
        database
            .createStatement()
            .executeQuery("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")) {
      while (rows.next()) {
        tables.add(rows.getString(1));
      }
    }
    assertThat(tables).contains("account", "journal", "kept_reply", "webhook");
    for (String table : tables) {
      for (String form : List.of("text", "binary")) {
        var copy = new ByteArrayOutputStream();
        copies.copyOut("COPY " + table + " TO STDOUT (FORMAT " + form + ")", copy);
        found.put("table " + table + " as " + form, copy.toByteArray());
      }
    }
  }

  /** A way to the database beside Graft's own. */
  private interface Door {
    Connection open() throws SQLException;
  }

  /** What a backup of the database does. */
  private interface Backup {
    void of(Connection database) throws SQLException, IOException;
  }

  private Map<String, String> environment(URI vapi, Map<String, String> more) throws IOException {
    var environment = new HashMap<String, String>();
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_ADMIN_TOKEN", secrets.adminToken);
    environment.put("GRAFT_MASTER_KEY", secrets.masterKey);
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    environment.put("GRAFT_TEMPLATES", folder.resolve("templates").toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    environment.put("GRAFT_AUDIT_SINK", "log,file:" + folder.resolve("checkpoints"));
    environment.put("GRAFT_LOG_LEVEL", "debug");
    environment.put("GRAFT_WEBHOOK_ALLOW", "127.0.0.1");
    environment.put("GRAFT_RATE_LIMIT", "off");
    environment.put("GRAFT_RATE_LIMIT_SERVICE", "off");
    environment.put("GRAFT_CALL_TIMEOUT", "10s");
    environment.put("GRAFT_SETTLING_TIME", "500ms");
    // Whatever a library writes there is among what is searched.
    Path temporary = Files.createDirectories(folder.resolve("temporary"));
    environment.put("TMPDIR", temporary.toString());
    environment.put("SQLITE_TMPDIR", temporary.toString());
    environment.put("GRAFT_JAVA_OPTS", "-XX:-DisableAttachMechanism -Djava.io.tmpdir=" + temporary);
    environment.putAll(more);
    return environment;
  }

  private void everything(Map<String, String> more, Door door, Backup backup) throws Exception {
    template("1");
    try (var receiver = new Receiver();
        GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0");
        GraftProcess server =
            GraftProcess.start(
                environment(sandbox.url(), telling(receiver.url(), new HashMap<>(more))),
                "serve")) {
      var story = new Story(sandbox, server, receiver, more.containsKey("GRAFT_DATABASE_URL"));
      story.goesWell();
      story.goesWrong(door);
      story.everyGet();
      Instant lastUse = story.lastUse(server);
      try (Connection database = door.open()) {
        backup.of(database);
      }
      found.put("threads", HeapDump.jcmd(server.pid(), "Thread.print", "-l").getBytes(UTF_8));
      tasks(server.pid());
      found.put("what webhooks, collector and error tracker were told", receiver.all());
      assertThat(new String(receiver.all(), UTF_8))
          .contains("/v1/traces", "operation clone", "/api/1/envelope/", "\"during\"");
      heap(server, lastUse);
      found.put("what the process wrote", server.output().getBytes(UTF_8));
      // While it runs, so that its write-ahead log is there as well.
      files();
      search();
      server.terminate();
      server.exit();
      files();
      found.put("what the process wrote", server.output().getBytes(UTF_8));
      search();
    }
  }

  /** Traces and errors go where webhooks go, too. */
  private static Map<String, String> telling(URI receiver, Map<String, String> environment) {
    environment.put("GRAFT_OTLP_URL", receiver.toString());
    environment.put("GRAFT_SENTRY_DSN", receiver.toString().replace("://", "://key@") + "1");
    return environment;
  }

  private void template(String version) throws IOException {
    Path template = Files.createDirectories(folder.resolve("templates/front-desk"));
    for (String file : List.of("template-assistant.json", "template-tool.json")) {
      String text = Files.readString(GraftProcess.home().resolve("templates/front-desk/" + file));
      Files.writeString(
          template.resolve(file),
          text.replace("_v1", "_v" + version)
              .replace("What is", "What, in version " + version + ", is"));
    }
  }

  /** Where the system shows them as files. */
  private void tasks(long pid) throws IOException {
    if (!Files.exists(Path.of("/proc/" + pid))) {
      return;
    }
    try (Stream<Path> names = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path task : names.toList()) {
        found.put("thread " + task.getFileName(), read(task.resolve("comm")));
      }
    }
    found.put("command line", read(Path.of("/proc/" + pid + "/cmdline")));
  }

  /** A thread or a temporary file may be gone by now. */
  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      return new byte[0];
    }
  }

  private void files() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .filter(Files::isRegularFile)
          .filter(file -> !file.endsWith("heap.hprof"))
          .forEach(file -> found.put("file " + folder.relativize(file), read(file)));
    }
  }

  private void search() {
    for (String place :
        List.of(
            "file .*(graft\\.db-|pg_)wal.*",
            ".*checkpoints",
            "GET /v1/.*",
            "GET /metrics",
            "graft .*")) {
      assertThat(found.keySet().stream().anyMatch(name -> name.matches(place)))
          .as("searched are places like " + place)
          .isTrue();
    }
    var search = new Canary.Search(secrets.all());
    var seen = new ArrayList<String>();
    found.forEach(
        (place, bytes) -> search.in(bytes).forEach(find -> seen.add(find + " of " + place)));
    assertThat(seen).isEmpty();
    System.out.printf(
        "%d secrets in up to %d forms: 0 occurrences in %d places, %,d bytes%n",
        secrets.all().size(),
        Canary.forms(secrets.customersOwn).size(),
        found.size(),
        found.values().stream().mapToLong(bytes -> bytes.length).sum());
  }

  private void heap(GraftProcess server, Instant lastUse) throws Exception {
    Duration left = Duration.between(Instant.now(), lastUse.plus(AFTER_LAST_USE));
    if (left.isPositive()) {
      Thread.sleep(left);
    }
    HeapDump dump = HeapDump.of(server.pid(), folder.resolve("heap.hprof"));
    List<Canary.Find> finds = dump.find(new Canary.Search(secrets.all()));
    for (String what : secrets.all().keySet()) {
      long count = finds.stream().filter(find -> find.what().equals(what)).count();
      System.out.printf("%d live copies of %s%n", count, what);
    }
    System.out.printf("in %,d bytes of live heap%n", dump.size());
    // They are in the environment of the process, so that whoever searches well finds them.
    assertThat(finds).extracting(Canary.Find::what).contains(Secrets.MASTER, Secrets.ADMIN);
    finds.removeIf(find -> Secrets.MAY_LIVE.contains(find.what()));
    assertThat(finds.stream().limit(SHOWN).map(dump::holdersOf)).isEmpty();
  }

  /** What is done with the secrets. */
  private final class Story {
    private final GraftProcess sandbox;
    private final Caller caller;
    private final Receiver receiver;
    private final boolean logsStatements;
    private final Map<String, String> ids = new HashMap<>();

    Story(GraftProcess sandbox, GraftProcess server, Receiver receiver, boolean logsStatements) {
      this.sandbox = sandbox;
      this.caller = new Caller(server.url(), secrets.adminToken);
      this.receiver = receiver;
      this.logsStatements = logsStatements;
    }

    private void vapi(String path, ObjectNode body) throws IOException {
      assertThat(Http.post(sandbox.url(), "/_sandbox" + path, body).status()).isEqualTo(201);
    }

    private void keep(String what, Caller.Answer answer) {
      found.put(what + " -> " + answer.status() + " (" + found.size() + ")", answer.bytes());
    }

    private Caller.Answer done(int status, Caller.Answer answer) {
      assertThat(answer.status()).as(answer.text()).isEqualTo(status);
      keep("an answer", answer);
      return answer;
    }

    private Caller.Answer link(int status, String user, String key, String... headers) {
      return done(
          status,
          caller.post(
              "/v1/accounts", Json.object().put("userId", user).put("apiKey", key), headers));
    }

    private void clone(int status) {
      done(status, caller.post("/api/vapi/clone", Json.object().put("userId", "u")));
    }

    void goesWell() throws Exception {
      vapi("/accounts", Json.object().put("name", "Canary").put("key", secrets.vapiKey));
      webhook();
      apiKey();
      link(201, "u", secrets.vapiKey, "Idempotency-Key", "link-1");
      link(201, "u", secrets.vapiKey, "Idempotency-Key", "link-1");
      link(200, "other", secrets.vapiKey);
      done(
          200,
          caller.post(
              "/api/vapi/link",
              Json.object().put("userId", "u").put("apiKey", secrets.vapiKey),
              "Idempotency-Key",
              "link-2"));
      clone(200);
      String tool = caller.first("/v1/accounts?userId=u", "accounts", "id");
      ids.put("account", tool);
      ids.put(
          "installation",
          caller.first("/v1/accounts/" + tool + "/installations", "installations", "id"));
      customersCredential();
      template("2");
      ids.put(
          "plan",
          done(201, caller.post("/v1/accounts/" + tool + "/plans", Json.object()))
              .json()
              .get("id")
              .stringValue());
      clone(200);
    }

    /** Added, tried, given another secret, and one whose deliveries fail. */
    private void webhook() throws Exception {
      var body = Json.object().put("url", receiver.url().toString());
      ObjectNode added = caller.post("/v1/webhooks", body).json();
      secrets.made.put("a webhook's secret", added.get("secret").stringValue());
      String id = added.get("id").stringValue();
      ids.put("webhook", id);
      done(200, caller.post("/v1/webhooks/" + id + "/test", Json.object()));
      ObjectNode rotated =
          caller.post("/v1/webhooks/" + id + "/rotate-secret", Json.object()).json();
      secrets.made.put("its next secret", rotated.get("secret").stringValue());
      done(200, caller.post("/v1/webhooks/" + id + "/test", Json.object()));
      var broken = Json.object().put("url", receiver.url() + "broken");
      ObjectNode failing = caller.post("/v1/webhooks", broken).json();
      secrets.made.put("a failing webhook's secret", failing.get("secret").stringValue());
    }

    private void apiKey() {
      var wish = Json.object().put("label", "canary");
      wish.putArray("scopes").add("read").add("link").add("change");
      ObjectNode made = caller.post("/v1/api-keys", wish).json();
      String key = made.get("key").stringValue();
      secrets.made.put("an API key of Graft's own", key);
      var service = new Caller(caller.url(), key);
      done(200, service.get("/v1/accounts"));
      done(401, new Caller(caller.url(), key.substring(0, 60) + "AAAA").get("/v1/accounts"));
      String id = made.get("id").stringValue();
      ObjectNode rotated = caller.post("/v1/api-keys/" + id + "/rotate", Json.object()).json();
      secrets.made.put("its successor", rotated.get("key").stringValue());
      done(200, new Caller(caller.url(), rotated.get("key").stringValue()).get("/v1/accounts"));
    }

    /** What the customer keeps in what is theirs now, which Graft reads with every look at it. */
    private void customersCredential() throws IOException {
      String tool =
          Http.objects(sandbox.url(), "Canary", "tool").getFirst().get("id").stringValue();
      ObjectNode server = Json.object();
      server
          .putObject("server")
          .put("url", "https://example.com")
          .putObject("headers")
          .put("X-Api-Key", secrets.customersOwn);
      assertThat(
              Http.send(
                      java.net.http.HttpRequest.newBuilder(
                              sandbox
                                  .url()
                                  .resolve("/_sandbox/accounts/Canary/objects/tool/" + tool))
                          .method(
                              "PATCH",
                              java.net.http.HttpRequest.BodyPublishers.ofString(
                                  Json.write(server))))
                  .status())
          .isEqualTo(200);
    }

    void goesWrong(Door door) throws Exception {
      link(401, "u", secrets.wrongKey);
      link(401, "stranger", secrets.wrongKey, "Idempotency-Key", "link-3");
      mistakesOfCallers();
      for (int status : new int[] {400, 401, 401, 403, 500, 503}) {
        template(String.valueOf(ids.size() + found.size()));
        vapiRepeatsTheKey(status);
        keep("a clone that fails", caller.post("/api/vapi/clone", user()));
        keep(
            "a link that fails",
            caller.post("/api/vapi/link", user().put("apiKey", secrets.vapiKey)));
        keep(
            "a drift check that fails",
            caller.get("/v1/installations/" + ids.get("installation") + "/drift"));
        assertThat(Http.send(faults().DELETE()).status()).isEqualTo(200);
      }
      template("5");
      clone(200);
      theStoreFails(door);
      vapi("/accounts/Canary/keys", Json.object().put("key", secrets.nextVapiKey));
      link(200, "u", secrets.nextVapiKey);
      done(200, caller.get("/v1/installations/" + ids.get("installation") + "/drift"));
    }

    private ObjectNode user() {
      return Json.object().put("userId", "u");
    }

    private java.net.http.HttpRequest.Builder faults() {
      return java.net.http.HttpRequest.newBuilder(sandbox.url().resolve("/_sandbox/faults"));
    }

    private void vapiRepeatsTheKey(int status) throws IOException {
      String key = secrets.vapiKey;
      ObjectNode said = Json.object();
      said.put("statusCode", status);
      said.put("error", "Invalid Key " + key);
      said.putArray("message").add("Invalid Key " + key).add("Bearer " + key + " is unknown");
      said.put("authorization", "Bearer " + key);
      vapi(
          "/faults",
          Json.object()
              .put("method", "*")
              .put("path", "/**")
              .put("times", 1000)
              .put("when", "before")
              .put("do", "status")
              .put("status", status)
              .put("body", Json.write(said)));
    }

    private void mistakesOfCallers() {
      String key = secrets.vapiKey;
      for (String body :
          new String[] {
            "{\"userId\":\"u\",\"apiKey\":\"" + key + "\"",
            "{\"userId\":\"u\",\"apiKey\":\"" + key + "\",}",
            "{\"userId\":\"u\",\"apiKey\":\"" + key + "\",\"apiKey\":\"" + key + "\"}",
            "{\"userId\":\"u\",\"apiKey\":" + key + "}",
            "{\"userId\":\"u\",\"apiKey\":[\"" + key + "\"]}",
            "{\"userId\":\"u\",\"apiKey\":\"" + key + "\",\"region\":\"mars\"}",
            "{\"userId\":\"u\",\"apiKey\":\"" + key + "\u0000\"}",
            "apiKey=" + key
          }) {
        keep("a body that is wrong", caller.send("POST", "/api/vapi/link", body));
        keep("a body that is wrong", caller.send("POST", "/v1/accounts", body));
      }
      // Asked for like an id: a database that logs its statements has to log what it is asked for.
      if (!logsStatements) {
        keep("the key in the path", caller.get("/v1/accounts/" + key));
        keep("the key in the query", caller.get("/v1/accounts?after=" + key));
      }
      keep("the key as a token", new Caller(caller.url(), key).get("/v1/accounts"));
    }

    /** An exception with its whole stack is logged, and the caller hears of it. */
    private void theStoreFails(Door door) throws SQLException {
      rename(door, "account", "account_elsewhere");
      try {
        done(503, caller.post("/api/vapi/clone", user()));
        done(503, caller.post("/api/vapi/link", user().put("apiKey", secrets.vapiKey)));
      } finally {
        rename(door, "account_elsewhere", "account");
      }
      clone(200);
    }

    private static void rename(Door door, String from, String to) throws SQLException {
      try (Connection database = door.open();
          var statement = database.createStatement()) {
        statement.execute("ALTER TABLE " + from + " RENAME TO " + to);
      }
    }

    /** A backup as Graft makes it, and the database that is packed in it. */
    private void backUp() throws Exception {
      Caller.Answer asked = caller.post("/v1/backups", Json.object());
      keep("a backup that is asked for", asked);
      ids.put("backup", asked.json().path("name").asString("graft-20261123T152005Z.zip"));
      if (asked.status() != 202) {
        return;
      }
      String state = "running";
      while (state.equals("running")) {
        Thread.sleep(50);
        Caller.Answer answer = done(200, caller.get("/v1/backups/" + ids.get("backup")));
        state = answer.json().get("status").stringValue();
      }
      Path backup = folder.resolve("data/backups").resolve(ids.get("backup"));
      try (var zip = new ZipFile(backup.toFile());
          var in = zip.getInputStream(zip.getEntry("graft.db"))) {
        found.put("the database in a backup", in.readAllBytes());
      }
    }

    /** Every route that reads, as the description of the API lists them. */
    void everyGet() throws Exception {
      backUp();
      String account = "/v1/accounts/" + ids.get("account");
      ids.put("operation", caller.first(account + "/operations", "operations", "id"));
      ids.put("template", "front-desk");
      ids.put("file", "docs.js");
      ids.put("key", caller.first("/v1/api-keys", "apiKeys", "id"));
      Matcher routes =
          Pattern.compile("(?m)^  (/\\S*):\n(?:    (?!get:).*\n|     .*\n)*    get:")
              .matcher(caller.get("/openapi.yaml").text());
      int count = 0;
      for (; routes.find(); count++) {
        String path = routes.group(1);
        for (var id : ids.entrySet()) {
          path = path.replace("{" + id.getKey() + "}", id.getValue());
        }
        assertThat(path)
            .as("a route with a name in it that this test does not know")
            .doesNotContain("{");
        Caller.Answer answer = caller.get(path);
        assertThat(answer.status()).as(path).isLessThan(500);
        found.put("GET " + path, answer.bytes());
        found.put("GET " + path + " by nobody", new Caller(caller.url(), "").get(path).bytes());
      }
      assertThat(count).isGreaterThan(25);
      for (String page : List.of("/v1/audit?limit=200", account + "/operations?limit=200")) {
        for (String next = page; !next.isEmpty(); ) {
          Caller.Answer answer = done(200, caller.get(next));
          String after = answer.json().path("next").asString("");
          next = after.isEmpty() ? "" : page + "&after=" + after;
        }
      }
      for (String list :
          List.of("accounts", "webhook deliveries " + ids.get("webhook"), "audit list")) {
        try (GraftProcess graft =
            GraftProcess.start(
                Map.of("GRAFT_URL", caller.url().toString(), "GRAFT_TOKEN", secrets.adminToken),
                list.split(" ", -1))) {
          graft.type("");
          assertThat(graft.exit()).as(graft.output()).isZero();
          found.put("graft " + list, graft.output().getBytes(UTF_8));
        }
      }
    }

    /**
     * One more clone, during which the key is there to be found; and nothing after it.
     *
     * @return when it was over
     */
    Instant lastUse(GraftProcess server) throws Exception {
      template("7");
      ObjectNode slow = Json.object().put("latency-ms", 4_000);
      patchOptions(slow);
      var cloned = CompletableFuture.supplyAsync(() -> caller.post("/api/vapi/clone", user()));
      Thread.sleep(1_500);
      HeapDump during = HeapDump.of(server.pid(), folder.resolve("heap.hprof"));
      assertThat(during.find(new Canary.Search(Map.of("in use", secrets.nextVapiKey))))
          .as("copies while it is used")
          .isNotEmpty();
      patchOptions(Json.object().put("latency-ms", 0));
      done(200, cloned.get());
      return Instant.now();
    }

    private void patchOptions(ObjectNode options) throws IOException {
      assertThat(
              Http.send(
                      java.net.http.HttpRequest.newBuilder(
                              sandbox.url().resolve("/_sandbox/options"))
                          .method(
                              "PATCH",
                              java.net.http.HttpRequest.BodyPublishers.ofString(
                                  Json.write(options))))
                  .status())
          .isEqualTo(200);
    }
  }

  /** Whatever is planted anywhere is found, in each form and at each place. */
  @Test
  void theSearchFindsWhatIsThere() {
    var random = new Random(4);
    for (String secret : List.of(secrets.vapiKey, secrets.customersOwn, "whsec_+/" + "Ab1=")) {
      var search = new Canary.Search(Map.of("planted", secret, "another", secrets.wrongKey));
      for (Canary.Form form : Canary.forms(secret)) {
        for (int before : new int[] {0, 1, 4_095, 100_000}) {
          var around = new byte[before + form.bytes().length + random.nextInt(3)];
          random.nextBytes(around);
          assertThat(search.in(around)).isEmpty();
          System.arraycopy(form.bytes(), 0, around, before, form.bytes().length);
          assertThat(search.in(around))
              .singleElement()
              .hasToString("planted, " + form + ", at " + before);
          around[before + form.bytes().length / 2] ^= 1;
          assertThat(search.in(around)).isEmpty();
        }
      }
    }
  }
}
