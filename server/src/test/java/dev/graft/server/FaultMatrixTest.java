package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.RunningServer.Answer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every call of every job, struck by every fault, over real HTTP at both ends: in the end there is
 * one pair as the release wants it, nothing was made twice, and what was the customer's still is.
 */
class FaultMatrixTest {
  private static final int AT_ONCE = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final Duration CALL_TIMEOUT = Duration.ofMillis(700);

  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    for (Job job : Job.values()) {
      RunningServer.writeTemplate(templates(), job.template(), "1");
    }
    Map<String, String> environment =
        RunningServer.environment(folder.resolve("data"), templates(), sandbox.url());
    environment.put("GRAFT_CALL_TIMEOUT", CALL_TIMEOUT.toMillis() + "ms");
    environment.put("GRAFT_REQUEST_DEADLINE", "3s");
    environment.put("GRAFT_SETTLING_TIME", "1s");
    server = RunningServer.start(environment);
  }

  @AfterAll
  static void stop() {
    server.close();
    sandbox.close();
  }

  private static Path templates() {
    return folder.resolve("templates");
  }

  /** A request to Vapi: the nth of those of an account that have this method and path. */
  private record Call(String method, String path, int nth) {
    boolean writes() {
      return !method.equals("GET");
    }

    Fault.Trigger by(Account account) {
      return Fault.on(method, path).nth(nth).by(account);
    }

    @Override
    public String toString() {
      return (nth == 1 ? "" : "second ") + method + " " + path.replace("*", "{id}");
    }
  }

  /** What is asked of Graft. Each job has its own template, so that one can get a new release. */
  private enum Job {
    FIRST_CLONE("first clone"),
    SEARCH("search for what a lost reply told of"),
    REPEAT("repeat"),
    UPGRADE("upgrade"),
    REMAKING("deleted tool made again");

    private final String title;

    Job(String title) {
      this.title = title;
    }

    String template() {
      return title.replace(' ', '-');
    }

    String version() {
      return this == UPGRADE ? "2" : "1";
    }

    boolean isTheFirst() {
      return this == FIRST_CLONE || this == SEARCH;
    }

    List<Call> calls() {
      var lists = List.of(new Call("GET", "/tool", 1), new Call("GET", "/assistant", 1));
      var reads = new ArrayList<Call>(lists);
      reads.add(new Call("GET", "/tool/*", 1));
      reads.add(new Call("GET", "/assistant/*", 1));
      return switch (this) {
        case FIRST_CLONE -> with(lists, "POST /tool", "POST /assistant");
        case SEARCH -> List.of(new Call("GET", "/tool", 2), new Call("GET", "/assistant", 2));
        case REPEAT -> reads;
        case UPGRADE -> with(reads, "PATCH /tool/*", "PATCH /assistant/*");
        case REMAKING -> with(reads, "POST /tool", "PATCH /assistant/*");
      };
    }

    private static List<Call> with(List<Call> reads, String... writes) {
      var calls = new ArrayList<Call>(reads);
      for (String write : writes) {
        calls.add(new Call(write.split(" ", -1)[0], write.split(" ", -1)[1], 1));
      }
      return calls;
    }

    List<String> actions() {
      return switch (this) {
        case FIRST_CLONE, SEARCH -> List.of("created-tool", "created-assistant");
        case REPEAT -> List.of("reused-tool", "reused-assistant");
        case UPGRADE -> List.of("updated-tool", "updated-assistant");
        case REMAKING -> List.of("created-tool", "updated-assistant");
      };
    }
  }

  /** What goes wrong with a call. */
  private record Trouble(String name, Fault.Moment moment, Effect effect) {
    static Trouble before(String name, Effect effect) {
      return new Trouble(name, Fault.Moment.BEFORE, effect);
    }

    static Trouble after(String name, Effect effect) {
      return new Trouble(name, Fault.Moment.AFTER, effect);
    }

    boolean comesLate() {
      return effect instanceof Effect.Hang || effect instanceof Effect.Drip;
    }

    Fault on(Fault.Trigger trigger) {
      return moment == Fault.Moment.BEFORE ? trigger.before(effect) : trigger.after(effect);
    }
  }

  /** One of each sort that Graft tells apart: these strike once and, in cells of their own, on. */
  private static final List<Trouble> ONCE_AND_ON =
      List.of(
          Trouble.before("503", Effect.status(503)),
          Trouble.before("connection closed", Effect.close()),
          Trouble.before("429 with Retry-After", Effect.throttled(Duration.ofSeconds(1))),
          Trouble.after("hang", Effect.hang(CALL_TIMEOUT.multipliedBy(2))),
          Trouble.after("malformed JSON", Effect.garble()),
          Trouble.after(
              "answer of something else", Effect.json(200, Json.object().put("status", "ok"))));

  private static final List<Trouble> ONCE_AND_ON_OF_WRITES =
      List.of(
          Trouble.after("503", Effect.status(503)),
          Trouble.after("connection closed", Effect.close()),
          Trouble.before("hang", Effect.hang(CALL_TIMEOUT.plusMillis(200))));

  /** The others of each sort. */
  private static final List<Trouble> ONCE =
      List.of(
          Trouble.before("500", Effect.status(500)),
          Trouble.before("502", Effect.status(502)),
          Trouble.before("403 as a page", Effect.html(403)),
          Trouble.before("404 as a page", Effect.html(404)),
          Trouble.before("429", Effect.throttled(null)),
          Trouble.after("truncated body", Effect.truncate()),
          Trouble.after("slow drip", Effect.drip(CALL_TIMEOUT.multipliedBy(3))),
          Trouble.after("empty body", Effect.empty(200)));

  private static final List<Trouble> ONCE_OF_WRITES =
      List.of(
          Trouble.after("500", Effect.status(500)),
          Trouble.after("502 as a page", Effect.html(502)));

  /** How long the trouble goes on, and thereby who gets the job done. */
  private enum Span {
    /** One call is struck; whoever asked asks again until it is done. */
    ONCE,
    /** Until whoever asked has got an answer; nobody asks again. */
    UNTIL_ANSWERED
  }

  /** One customer: a user, an account with something of the customer's own, a key. */
  private record Customer(String userId, Account account, Map<String, ObjectNode> own) {
    static Customer linked() throws InterruptedException {
      String key = UUID.randomUUID().toString();
      Account account = sandbox.account("Account " + key, key);
      var own = new LinkedHashMap<String, ObjectNode>();
      own.put("tool", account.put("tool", Json.parseObject("{\"type\":\"endCall\"}")));
      own.put("assistant", account.put("assistant", Json.parseObject("{\"name\":\"Own\"}")));
      String user = "user-" + key;
      patiently(() -> server.link(user, key));
      return new Customer(user, account, own);
    }

    Answer clone(Job job) {
      return server.post(
          "/api/vapi/clone",
          Json.write(Json.object().put("userId", userId).put("template", job.template())));
    }

    /** The one object that is not the customer's own. */
    ObjectNode clonedOne(String kind) {
      List<ObjectNode> all = new ArrayList<>(account.objects(kind));
      assertThat(all.remove(own.get(kind))).as("the customer's own " + kind).isTrue();
      assertThat(all).as(kind).hasSize(1);
      return all.getFirst();
    }

    String idOf(String kind) {
      return clonedOne(kind).get("id").stringValue();
    }

    List<String> withIds(List<String> actions) {
      return actions.stream()
          .map(action -> action + ":" + idOf(action.substring(action.indexOf('-') + 1)))
          .toList();
    }

    long requests(String method) {
      return sandbox.requests().count(account, method, "/tool")
          + sandbox.requests().count(account, method, "/assistant");
    }

    long writes() {
      return requests("POST") + requests("PATCH") + requests("DELETE");
    }
  }

  /** One call of one job, struck by one fault. */
  private record Cell(Job job, Call call, Trouble trouble, Span span) {
    String name() {
      String moment =
          call.writes()
              ? trouble.moment() == Fault.Moment.BEFORE ? " before commit" : " after commit"
              : "";
      String going = span == Span.ONCE ? "" : ", until answered";
      return job.title + ", " + call + ", " + trouble.name() + moment + going;
    }

    /** Brings a new account to where the job begins, but for a new release. */
    Customer prepare() throws InterruptedException {
      Customer customer = Customer.linked();
      if (!job.isTheFirst()) {
        patiently(() -> customer.clone(job));
        customer
            .account()
            .patch(
                "assistant",
                customer.idOf("assistant"),
                Json.parseObject("{\"endCallMessage\":\"Ciao\"}"));
      }
      if (job == Job.REMAKING) {
        customer.account().delete("tool", customer.idOf("tool"));
      }
      if (job == Job.SEARCH) {
        for (String path : List.of("/tool", "/assistant")) {
          sandbox.fault(Fault.on("POST", path).by(customer.account()).after(Effect.close()));
        }
      }
      return customer;
    }

    Customer run(Customer customer) throws InterruptedException {
      Fault.Trigger trigger = call.by(customer.account());
      Fault fault = sandbox.fault(trouble.on(span == Span.ONCE ? trigger : trigger.always()));
      Answer answer = customer.clone(job);
      if (span == Span.UNTIL_ANSWERED) {
        sandbox.remove(fault);
      }
      checkAnswer(answer);
      if (answer.status() == 200) {
        assertThat(answer.actions()).isEqualTo(customer.withIds(job.actions()));
      } else {
        finish(customer, answer);
      }
      assertThat(fault.struck()).isBetween(1, span == Span.ONCE ? 1 : Integer.MAX_VALUE);
      if (trouble.comesLate()) {
        // What comes late has to have come, or not to come at all, before the account is looked at.
        Thread.sleep(CALL_TIMEOUT.multipliedBy(2));
      }
      checkEnd(customer);
      assertThat(customer.requests("DELETE")).as("nothing was made and taken away again").isZero();
      assertThat(sandbox.faults())
          .filteredOn(each -> customer.account().orgId().equals(each.trigger().orgId()))
          .as("each fault has struck, and no longer does")
          .allMatch(each -> each.struck() == 1)
          .allSatisfy(sandbox::remove);
      checkRepeat(customer);
      return customer;
    }

    private void finish(Customer customer, Answer first) throws InterruptedException {
      if (span == Span.ONCE) {
        patiently(() -> customer.clone(job));
        return;
      }
      String operation = first.json().required("operation").stringValue();
      Instant end = Instant.now().plus(PATIENCE);
      while (statusOf(server.get("/v1/operations/" + operation).json()).equals("running")) {
        assertThat(Instant.now()).isBefore(end);
        Thread.sleep(100);
      }
    }

    private static String statusOf(JsonNode operation) {
      return operation.required("status").stringValue();
    }

    private void checkEnd(Customer customer) {
      ObjectNode tool = customer.clonedOne("tool");
      ObjectNode assistant = customer.clonedOne("assistant");
      String version = job.version();
      assertThat(tool.at("/name").asString()).isEqualTo("book_visit_v" + version);
      assertThat(tool.at("/url").asString()).isEqualTo("https://example.com/" + version);
      assertThat(assistant.at("/name").asString()).isEqualTo("Front Desk_v" + version);
      assertThat(assistant.at("/firstMessage").asString()).isEqualTo("Hello from " + version);
      assertThat(assistant.at("/model/messages/0/content").asString())
          .isEqualTo("You book visits. " + version);
      assertThat(assistant.at("/model/toolIds"))
          .isEqualTo(Json.array().add(tool.get("id").stringValue()));
      assertThat(assistant.at("/endCallMessage").asString(""))
          .isEqualTo(job.isTheFirst() ? "" : "Ciao");

      List<JsonNode> operations = operations(customer);
      assertThat(operations).hasSize(job.isTheFirst() ? 1 : 2);
      assertThat(operations).extracting(Cell::statusOf).containsOnly("succeeded");
      assertThat(operations.getFirst().get("actions").valueStream().map(JsonNode::stringValue))
          .isEqualTo(customer.withIds(job.actions()));
    }

    /** Those that were asked for: a sweep has time, and is no part of the answer. */
    private static List<JsonNode> operations(Customer customer) {
      JsonNode account =
          server.get("/v1/accounts?userId=" + customer.userId()).json().at("/accounts/0/id");
      return server
          .get("/v1/accounts/" + account.stringValue() + "/operations")
          .json()
          .get("operations")
          .valueStream()
          .filter(operation -> !operation.get("kind").stringValue().equals("sweep"))
          .toList();
    }

    private void checkRepeat(Customer customer) {
      List<ObjectNode> tools = customer.account().objects("tool");
      List<ObjectNode> assistants = customer.account().objects("assistant");
      long writes = customer.writes();
      Answer repeat = customer.clone(job);
      assertThat(repeat.status()).as(repeat.body()).isEqualTo(200);
      assertThat(repeat.actions()).isEqualTo(customer.withIds(Job.REPEAT.actions()));
      assertThat(customer.writes()).isEqualTo(writes);
      assertThat(customer.account().objects("tool")).isEqualTo(tools);
      assertThat(customer.account().objects("assistant")).isEqualTo(assistants);
    }
  }

  private static void checkAnswer(Answer answer) {
    assertThat(answer.status()).as(answer.body()).isIn(200, 502, 503, 504);
    if (answer.status() != 200) {
      assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
      assertThat(answer.code()).isIn("VAPI_UNAVAILABLE", "ACCOUNT_BUSY");
      assertThat(answer.header("Retry-After")).isNotEmpty();
    }
  }

  /** Asks, and asks again as long as the answer is that Vapi is away. */
  private static void patiently(Supplier<Answer> request) throws InterruptedException {
    Instant end = Instant.now().plus(PATIENCE);
    for (Answer answer = request.get(); answer.status() != 200; answer = request.get()) {
      checkAnswer(answer);
      assertThat(Instant.now()).isBefore(end);
      Thread.sleep(100);
    }
  }

  private static List<Cell> cells(Job job) {
    var cells = new ArrayList<Cell>();
    for (Call call : job.calls()) {
      var goingOn = new ArrayList<Trouble>(ONCE_AND_ON);
      var once = new ArrayList<Trouble>(ONCE);
      if (call.writes()) {
        goingOn.addAll(ONCE_AND_ON_OF_WRITES);
        once.addAll(ONCE_OF_WRITES);
      }
      once.addAll(goingOn);
      once.forEach(trouble -> cells.add(new Cell(job, call, trouble, Span.ONCE)));
      goingOn.forEach(trouble -> cells.add(new Cell(job, call, trouble, Span.UNTIL_ANSWERED)));
    }
    return cells;
  }

  @TestFactory
  @Timeout(150)
  Stream<DynamicContainer> whateverBreaksInWhicheverCallThereIsOnePairInTheEnd() {
    List<Cell> cells = Stream.of(Job.values()).flatMap(job -> cells(job).stream()).toList();
    List<Future<Customer>> prepared =
        together(cells.stream().<Callable<Customer>>map(cell -> cell::prepare).toList());
    RunningServer.writeTemplate(templates(), Job.UPGRADE.template(), "2");
    var runs = new ArrayList<Callable<Customer>>();
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      Future<Customer> customer = prepared.get(i);
      runs.add(() -> cell.run(result(cell, customer)));
    }
    List<Future<Customer>> done = together(runs);
    var tests = new EnumMap<Job, List<DynamicTest>>(Job.class);
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      Future<Customer> run = done.get(i);
      tests
          .computeIfAbsent(cell.job(), _ -> new ArrayList<>())
          .add(DynamicTest.dynamicTest(cell.name(), () -> result(cell, run)));
    }
    return tests.entrySet().stream()
        .map(each -> DynamicContainer.dynamicContainer(each.getKey().title, each.getValue()));
  }

  private static Customer result(Cell cell, Future<Customer> over) {
    if (over.state() == Future.State.FAILED) {
      Throwable why = over.exceptionNow();
      throw new AssertionError(cell.name() + ": " + why.getMessage(), why);
    }
    return over.resultNow();
  }

  /** Does all of it, many at a time, and waits for the end. */
  private static <T> List<Future<T>> together(List<Callable<T>> tasks) {
    var places = new Semaphore(AT_ONCE);
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      return tasks.stream()
          .map(task ->
              executor.submit(() -> {
                places.acquire();
                try {
                  return task.call();
                } finally {
                  places.release();
                }
              }))
          .toList();
    }
  }
}
