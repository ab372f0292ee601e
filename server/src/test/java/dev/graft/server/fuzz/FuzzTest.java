package dev.graft.server.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.sun.net.httpserver.HttpServer;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.RunningServer;
import dev.graft.server.TestIssuer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Throws requests of all sorts at a server that has accounts with clones in them, and holds every
 * answer against the published description; afterwards everything must still be there once.
 *
 * <p>{@code -Dgraft.fuzz.seed=N} repeats a run, {@code -Dgraft.fuzz.requests=N} sets its size.
 */
class FuzzTest {
  /** The normal run is the same each time; the long one looks where nobody has looked. */
  private static final long FIRST_SEED =
      Long.getLong(
          "graft.fuzz.seed",
          Boolean.getBoolean("graft.long") ? System.nanoTime() & 0xffffffffffL : 20261123L);

  private static final int ALL =
      Integer.getInteger(
          "graft.fuzz.requests", Boolean.getBoolean("graft.long") ? 1_000_000 : 20_000);

  /**
   * So many go to one server: later ones would mostly wait for backups of what earlier ones made.
   */
  private static final int REQUESTS = Math.min(ALL, 50_000);

  private static final int WORKERS = 4;
  private static final int KEPT = 6;
  private static final int BRIEF = 4;
  private static final String TOKEN = "an-admin-token-for-the-fuzz-test";
  private static final String MASTER_KEY = "000102030405060708090a0b0c0d0e0f".repeat(2);

  @TempDir private Path folder;
  private long seed;

  private final Known known = new Known();
  private final ConcurrentMap<String, ConcurrentMap<Integer, AtomicLong>> answers =
      new ConcurrentHashMap<>();
  private final Set<String> codes = ConcurrentHashMap.newKeySet();
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final AtomicLong number = new AtomicLong();
  private final AtomicLong replays = new AtomicLong();
  private final AtomicLong signIns = new AtomicLong();
  private final Map<String, String> firstAnswers = new ConcurrentHashMap<>();
  private final Set<String> customersOwn = ConcurrentHashMap.newKeySet();
  private final List<String> keptAccounts = new ArrayList<>();
  private final Set<String> keys = new HashSet<>();

  private Judge judge = new Judge(Set.of());

  /** The servers that are asked, each new and with a seed of its own. */
  static LongStream seeds() {
    return LongStream.range(FIRST_SEED, FIRST_SEED + ALL / REQUESTS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whateverIsSentEveryAnswerIsInTheContractAndNothingIsMadeTwice(long seed) throws Exception {
    this.seed = seed;
    System.out.println("seed " + seed + ", " + REQUESTS + " requests");
    try (var sandbox = Sandbox.start();
        var issuer = TestIssuer.start();
        var receiver = new OddReceiver()) {
      writeTemplates("1");
      var environment =
          RunningServer.environment(
              folder.resolve("data"), folder.resolve("templates"), sandbox.url());
      environment.remove("GRAFT_AUTH");
      environment.put("GRAFT_ADMIN_TOKEN", TOKEN);
      environment.put("GRAFT_MASTER_KEY", MASTER_KEY);
      environment.put("GRAFT_CALL_TIMEOUT", "20s");
      environment.put("GRAFT_REQUEST_DEADLINE", "60s");
      environment.put("GRAFT_LEASE_TIME", "30s");
      environment.put("GRAFT_WEBHOOK_ALLOW", "127.0.0.1");
      environment.putAll(issuer.settings());
      environment.put("GRAFT_PUBLIC_URL", "http://127.0.0.1");
      known.put("url", receiver.urls());
      long began = System.nanoTime();
      try (var server = RunningServer.start(environment)) {
        keepTheLogShort();
        prepare(server, sandbox);
        run(server, sandbox, issuer, REQUESTS - REQUESTS / 10 - REQUESTS / 20, false);
        run(server, sandbox, issuer, REQUESTS / 10, true);
      }
      // Once more with limits that are soon reached, on what is there now.
      environment.put("GRAFT_RATE_LIMIT", "2/min");
      environment.put("GRAFT_RATE_LIMIT_SERVICE", "60/min");
      try (var server = RunningServer.start(environment)) {
        keepTheLogShort();
        run(server, sandbox, issuer, REQUESTS / 20, false);
      }
      report((System.nanoTime() - began) / 1_000_000);
      assertThat(faults).as("seed " + seed).isEmpty();
      environment.put("GRAFT_RATE_LIMIT", "off");
      environment.put("GRAFT_RATE_LIMIT_SERVICE", "off");
      try (var server = RunningServer.start(environment)) {
        everythingIsThereOnce(server, sandbox);
      }
      everyOperationWasReached();
      assertThat(codes)
          .as("what was made to happen did happen; seed " + seed)
          .contains("429 RATE_LIMITED", "422 IDEMPOTENCY_KEY_REUSED", "403 FORGED_FORM");
      assertThat(replays.get()).as("answers that were given again").isPositive();
      assertThat(signIns.get()).as("sessions that were begun").isPositive();
    }
  }

  /** A line for each of a million requests helps nobody. */
  private static void keepTheLogShort() {
    if (ALL > 100_000) {
      ((Logger) LoggerFactory.getLogger("dev.graft")).setLevel(Level.WARN);
    }
  }

  /** Webhooks lead here, and are answered in ways that one may be answered. */
  private static final class OddReceiver implements AutoCloseable {
    private final HttpServer server;

    OddReceiver() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
      for (int status : List.of(204, 500, 410, 302)) {
        server.createContext(
            "/" + status,
            exchange -> {
              exchange.getRequestBody().readAllBytes();
              exchange.sendResponseHeaders(status, -1);
              exchange.close();
            });
      }
      server.start();
    }

    List<String> urls() {
      String base = "http://127.0.0.1:" + server.getAddress().getPort();
      return List.of(base + "/204", base + "/500", base + "/410", base + "/302");
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private void prepare(RunningServer server, Sandbox sandbox) throws Exception {
    judge = new Judge(Set.of(TOKEN, MASTER_KEY));
    try (var connection = new Connection(server.url())) {
      for (int i = 0; i < KEPT + BRIEF; i++) {
        String user = "user-" + i;
        String key = "key-of-the-customer-" + i + "-5f0c7a1e";
        sandbox.account("Account " + i, key);
        keys.add(key);
        known.put("userId", user);
        known.put("apiKey", key);
        known.put("sealedApiKey", sealed(key));
        ObjectNode link = Json.object().put("userId", user).put("apiKey", key);
        JsonNode account = sent(connection, "POST", "/v1/accounts", link);
        if (i < KEPT) {
          keptAccounts.add(account.required("id").stringValue());
          sent(connection, "POST", "/api/vapi/clone", Json.object().put("userId", user));
        }
        known.learn("POST /v1/accounts", 201, account);
      }
    }
    judge = new Judge(union(keys, Set.of(TOKEN, MASTER_KEY)));
    known.put("template", List.of("front-desk", "support-line"));
    known.put("release", List.of("1", "2", "3"));
    known.put("adopt member", List.of("tool/main", "assistant/main"));
    known.put(
        "take member",
        List.of(
            "tool/main#url", "assistant/main#firstMessage", "assistant/main#model.temperature"));
  }

  private static Set<String> union(Set<String> some, Set<String> others) {
    var all = new HashSet<>(some);
    all.addAll(others);
    return all;
  }

  /** A key in the form of the product that Graft comes from. */
  private static String sealed(String key) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    byte[] iv = new Chance(key.hashCode()).bytes(16);
    cipher.init(
        Cipher.ENCRYPT_MODE,
        new SecretKeySpec(HexFormat.of().parseHex(MASTER_KEY), "AES"),
        new GCMParameterSpec(128, iv));
    String both = HexFormat.of().formatHex(cipher.doFinal(key.getBytes(StandardCharsets.UTF_8)));
    int tag = both.length() - 32;
    return HexFormat.of().formatHex(iv) + ":" + both.substring(tag) + ":" + both.substring(0, tag);
  }

  private static JsonNode sent(Connection connection, String method, String path, ObjectNode body)
      throws Connection.NoAnswer {
    Connection.Answer answer = connection.send(call(method, path, body));
    assertThat(answer.status()).as(path + " " + answer.text()).isBetween(200, 299);
    return Json.parse(answer.body());
  }

  private static Call call(String method, String path, ObjectNode body) {
    var headers =
        List.of(
            new Call.Header("Host", "127.0.0.1"),
            new Call.Header("Authorization", "Bearer " + TOKEN),
            new Call.Header("Content-Type", "application/json"));
    byte[] bytes = method.equals("GET") ? new byte[0] : Json.writeBytes(body);
    return new Call(method + " " + path, method, path, headers, bytes, false, true);
  }

  private void run(
      RunningServer server, Sandbox sandbox, TestIssuer issuer, int requests, boolean isVapiFailing)
      throws Exception {
    try (var executor = Executors.newFixedThreadPool(WORKERS)) {
      var workers = new ArrayList<Callable<Void>>();
      for (int i = 0; i < WORKERS; i++) {
        long own = seed * 31 + i + number.get();
        boolean isFirst = i == 0;
        workers.add(() -> {
          var chance = new Chance(own);
          var visitor = new Visitor();
          var made = new Requests(known, chance, TOKEN, () -> person(issuer, chance), visitor);
          work(server, sandbox, requests / WORKERS, made, chance, visitor, isFirst, isVapiFailing);
          signIns.addAndGet(visitor.signIns());
          return null;
        });
      }
      for (Future<Void> worker : executor.invokeAll(workers)) {
        worker.get();
      }
    }
    sandbox.clearFaults();
  }

  /** The token of someone who may do more or less, and of whoever has an account. */
  private static String person(TestIssuer issuer, Chance chance) {
    String role = chance.of("graft-admin", "graft-operator", "graft-developer", "graft-tenant");
    return issuer.token("user-" + chance.below(KEPT + BRIEF), role);
  }

  private void work(
      RunningServer server,
      Sandbox sandbox,
      int requests,
      Requests made,
      Chance chance,
      Visitor visitor,
      boolean isFirst,
      boolean isVapiFailing)
      throws Exception {
    try (var connection = new Connection(server.url())) {
      for (int i = 0; i < requests && faults.size() < 10; i++) {
        if (isFirst && chance.oneIn(60)) {
          somethingHappens(sandbox, chance, isVapiFailing);
        }
        Call call = keeping(made.next());
        Optional<String> fault = outcome(connection, call, isVapiFailing, visitor);
        if (fault.isPresent()) {
          tell(server, call, fault.get(), isVapiFailing);
        }
      }
    }
  }

  /** Accounts that are looked at in the end stay linked. */
  private Call keeping(Call call) {
    boolean kept = keptAccounts.stream().anyMatch(call.target()::contains);
    return kept && call.method().equals("DELETE") ? call.withMethod("GET") : call;
  }

  private Optional<String> outcome(
      Connection connection, Call call, boolean isVapiFailing, @Nullable Visitor visitor) {
    try {
      Connection.Answer answer = connection.send(call);
      if (visitor != null) {
        visitor.see(answer);
        number.incrementAndGet();
        answers
            .computeIfAbsent(call.operation(), _ -> new ConcurrentHashMap<>())
            .computeIfAbsent(answer.status(), _ -> new AtomicLong())
            .incrementAndGet();
        learn(call, answer);
      }
      return otherThanBefore(call, answer).or(() -> judge.fault(call, answer, isVapiFailing));
    } catch (Connection.NoAnswer e) {
      // What has no end that a server could tell may be met with silence, and what is no HTTP is
      // answered and hung up on at once: now and then the end of the connection is all that
      // arrives.
      return call.framed() && call.hasProperTarget()
          ? Optional.of("no answer: " + e.getMessage())
          : Optional.empty();
    }
  }

  /** What is answered once more must be what was answered first. */
  private Optional<String> otherThanBefore(Call call, Connection.Answer answer) {
    if (call.headers().stream().noneMatch(one -> one.name().equals("Idempotency-Key"))) {
      return Optional.empty();
    }
    String sent = new String(call.bytes(), StandardCharsets.ISO_8859_1);
    if (answer.header("Idempotency-Replayed").isEmpty()) {
      if (answer.status() < 300) {
        firstAnswers.put(sent, answer.text());
      }
      return Optional.empty();
    }
    replays.incrementAndGet();
    String first = firstAnswers.get(sent);
    boolean isSame = first == null || first.equals(answer.text());
    return isSame || answer.text().contains("\"SECRET_NOT_KEPT\"")
        ? Optional.empty()
        : Optional.of("another answer than the first: " + answer.text() + "\nwas " + first);
  }

  private void learn(Call call, Connection.Answer answer) {
    if (answer.header("Content-Type").endsWith("json") && answer.body().length > 0) {
      try {
        JsonNode json = Json.parse(answer.body());
        if (answer.status() < 300) {
          known.learn(call.operation(), answer.status(), json);
        } else {
          codes.add(answer.status() + " " + json.path("code").asString(""));
        }
      } catch (MalformedJson e) {
        // The judge says so.
        return;
      }
    }
  }

  private void tell(RunningServer server, Call call, String fault, boolean isVapiFailing) {
    try (var connection = new Connection(server.url())) {
      String kind = fault.substring(0, Math.min(24, fault.length()));
      Call smallest =
          Shrinking.smallest(
              call,
              smaller ->
                  outcome(connection, smaller, isVapiFailing, null)
                      .filter(same -> same.startsWith(kind))
                      .isPresent());
      faults.add(fault + "\n" + smallest + "\n(made from " + call.operation() + ")\n");
    }
  }

  /** Vendor and customers do something, too, and Vapi fails if it is told to. */
  private void somethingHappens(Sandbox sandbox, Chance chance, boolean isVapiFailing)
      throws Exception {
    if (isVapiFailing) {
      sandbox.clearFaults();
      Fault.Trigger trigger =
          Fault.on(
                  chance.of("GET", "POST", "PATCH", "DELETE"),
                  chance.of("/tool*", "/assistant*", "/**"))
              .times(chance.between(1, 5));
      Effect effect =
          chance.of(
              Effect.status(500),
              Effect.status(429),
              Effect.html(502),
              Effect.empty(200),
              Effect.close(),
              Effect.status(404));
      sandbox.fault(chance.oneIn(3) ? trigger.after(Effect.close()) : trigger.before(effect));
      return;
    }
    List<Account> accounts = sandbox.allAccounts();
    Account account = chance.of(accounts);
    switch (chance.below(6)) {
      case 0 -> writeTemplates(String.valueOf(chance.between(1, 3)));
      case 1 -> {
        ObjectNode body = Json.object().put("name", "Front Desk_v" + chance.between(1, 4));
        customersOwn.add(account.put("assistant", body).required("id").stringValue());
      }
      default -> {
        String kind = chance.of("tool", "assistant");
        List<ObjectNode> objects = account.objects(kind);
        if (!objects.isEmpty()) {
          String id = chance.of(objects).required("id").stringValue();
          if (chance.oneIn(4)) {
            account.delete(kind, id);
          } else {
            String field = kind.equals("tool") ? "url" : "firstMessage";
            account.patch(
                kind, id, Json.object().put(field, "https://example.com/" + chance.below(99)));
          }
        }
      }
    }
  }

  private void writeTemplates(String version) throws Exception {
    Path drafts = folder.resolve("drafts");
    RunningServer.writeTemplate(drafts, "front-desk", version);
    RunningServer.writeTemplate(drafts, "support-line", version);
    for (String template : List.of("front-desk", "support-line")) {
      Path home = Files.createDirectories(folder.resolve("templates").resolve(template));
      for (String file : List.of("template-assistant.json", "template-tool.json")) {
        String text = Files.readString(drafts.resolve(template).resolve(file));
        Path draft = drafts.resolve(file);
        Files.writeString(
            draft, template.equals("front-desk") ? text : text.replace("ront", "upport"));
        Files.move(draft, home.resolve(file), StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  /** The server lives, and each account has what its ledger says and nothing of ours beside it. */
  private void everythingIsThereOnce(RunningServer server, Sandbox sandbox) throws Exception {
    try (var connection = new Connection(server.url())) {
      sent(connection, "GET", "/health/ready", Json.object());
      for (int i = 0; i < KEPT; i++) {
        String path = "/v1/accounts/" + keptAccounts.get(i);
        Account account = sandbox.account("Account " + i, "key-of-the-customer-" + i + "-5f0c7a1e");
        for (String template : List.of("front-desk", "support-line")) {
          ObjectNode wish = Json.object().put("template", template).put("take", "ours");
          sent(connection, "POST", path + "/installations", wish);
          long before = objects(account).size();
          JsonNode again = sent(connection, "POST", path + "/installations", wish);
          assertThat(again.required("actions").valueStream().map(JsonNode::stringValue))
              .as("seed " + seed)
              .allMatch(action -> action.startsWith("reused-") || action.startsWith("skipped-"));
          assertThat(objects(account)).hasSize((int) before);
        }
        var claimed = new ArrayList<String>();
        sent(connection, "GET", path + "/installations", Json.object())
            .required("installations")
            .forEach(one ->
                one.required("objects")
                    .forEach(object -> claimed.add(object.required("object").stringValue())));
        assertThat(claimed).as("seed " + seed).doesNotHaveDuplicates();
        Set<String> unclaimed = objects(account);
        unclaimed.removeAll(claimed);
        unclaimed.removeAll(customersOwn);
        assertThat(unclaimed).as("objects of nobody in account " + i + ", seed " + seed).isEmpty();
      }
    }
  }

  private static Set<String> objects(Account account) {
    var ids = new HashSet<String>();
    for (String kind : List.of("tool", "assistant")) {
      account.objects(kind).forEach(object -> ids.add(object.required("id").stringValue()));
    }
    return ids;
  }

  private void everyOperationWasReached() {
    for (String operation : Requests.operations()) {
      assertThat(answers.get(operation))
          .as(operation + " succeeded at least once; seed " + seed)
          .isNotNull()
          .satisfies(statuses -> assertThat(statuses.keySet()).anyMatch(status -> status < 400));
    }
  }

  private void report(long millis) {
    System.out.println(
        number.get()
            + " requests in "
            + millis / 1000
            + " s, "
            + faults.size()
            + " faults, "
            + replays.get()
            + " replays, "
            + signIns.get()
            + " sign-ins");
    new TreeMap<>(answers)
        .forEach((operation, statuses) ->
            System.out.println("  " + operation + " " + new TreeMap<>(statuses)));
    System.out.println("  problems: " + codes.stream().sorted().toList());
    System.out.println("  known: " + new TreeMap<>(known.sizes()));
  }
}
