package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.install.Installing;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that is told to stop lets end what it can, and hands the rest to the others at once. */
class StopTest {
  @TempDir private Path folder;
  private Sandbox sandbox;
  private final Map<String, String> environment = new HashMap<>();
  private final List<RunningServer> nodes = new ArrayList<>();

  @BeforeEach
  void start() {
    sandbox = Sandbox.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    environment.putAll(
        RunningServer.withPostgres(
            RunningServer.environment(folder.resolve("data"), templates, sandbox.url())));
    // Nobody waits for the end of a lease here.
    environment.put("GRAFT_LEASE_TIME", "10m");
    environment.put("GRAFT_CALL_TIMEOUT", "60s");
    environment.put("GRAFT_REQUEST_DEADLINE", "60s");
  }

  @AfterEach
  void stop() {
    nodes.forEach(RunningServer::close);
    sandbox.close();
  }

  private RunningServer node() {
    RunningServer node = RunningServer.start(environment);
    nodes.add(node);
    return node;
  }

  private static CompletableFuture<RunningServer.Answer> asked(
      RunningServer node, Work.Customer customer) {
    return CompletableFuture.supplyAsync(() -> node.clone(customer.userId()));
  }

  private void untilBegun(RunningServer node, int operations) {
    Eventually.holds(
        Duration.ofSeconds(20),
        () -> node.bean(Installing.class).running() == operations,
        () -> node.bean(Installing.class).running() + " operations run");
  }

  @Test
  void whatCanEndInTimeEnds() throws Exception {
    RunningServer node = node();
    Work.Customer customer = Work.customers(sandbox, node, "customer", 1).getFirst();
    sandbox.fault(Fault.on("POST", "/tool").before(Effect.hang(Duration.ofMillis(700))));
    CompletableFuture<RunningServer.Answer> answer = asked(node, customer);
    untilBegun(node, 1);
    Eventually.pause(Duration.ofMillis(150));
    node.close();
    assertThat(answer.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
    assertThat(customer.hasOnePair()).isTrue();
  }

  @Test
  void whatCannotIsGoneOnWithElsewhereWithinSeconds() throws Exception {
    RunningServer leaving = node();
    RunningServer staying = node();
    List<Work.Customer> customers = Work.customers(sandbox, leaving, "customer", 3);
    // One waits for a list, one for a create that arrived, one for a create that never does.
    sandbox.fault(
        Fault.on("GET", "/tool")
            .by(customers.get(0).account())
            .before(Effect.hang(Duration.ofMinutes(2))));
    sandbox.fault(
        Fault.on("POST", "/tool")
            .by(customers.get(1).account())
            .after(Effect.hang(Duration.ofMinutes(2))));
    sandbox.fault(
        Fault.on("POST", "/assistant")
            .by(customers.get(2).account())
            .before(Effect.hang(Duration.ofMinutes(2))));
    var answers = new ArrayList<CompletableFuture<RunningServer.Answer>>();
    customers.forEach(customer -> answers.add(asked(leaving, customer)));
    untilBegun(leaving, 3);
    Eventually.holds(
        Duration.ofSeconds(20),
        () -> sandbox.faults().stream().allMatch(fault -> fault.struck() == 1),
        () -> "not all of them hang");
    Instant told = Instant.now();
    leaving.close();
    Duration took = Duration.between(told, Instant.now());
    assertThat(took).as("2 s for what runs, and its last words").isLessThan(Duration.ofSeconds(15));
    Work.untilNothingRuns(staying, Duration.ofSeconds(15));
    assertThat(customers).allMatch(Work.Customer::hasOnePair);
    for (CompletableFuture<RunningServer.Answer> answer : answers) {
      try {
        RunningServer.Answer heard = answer.get(10, TimeUnit.SECONDS);
        assertThat(heard.status()).as(heard.body()).isIn(502, 503);
        assertThat(heard.header("Retry-After")).isNotEmpty();
      } catch (java.util.concurrent.ExecutionException e) {
        assertThat(e.getCause()).isInstanceOf(UncheckedIOException.class);
      }
    }
    assertThat(Work.cloneAll(staying, customers)).allMatch(answer -> answer.status() == 200);
  }

  /** A change or a removal that arrived is in the audit trail, whoever heard of it. */
  @Test
  void whatVapiDidBeforeTheCallWasCutOffIsOnRecord() {
    RunningServer leaving = node();
    RunningServer staying = node();
    List<Work.Customer> customers = Work.customers(sandbox, leaving, "customer", 2);
    assertThat(Work.cloneAll(leaving, customers)).allMatch(answer -> answer.status() == 200);
    RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "2");
    sandbox.fault(
        Fault.on("PATCH", "/tool/*")
            .by(customers.getFirst().account())
            .after(Effect.hang(Duration.ofMinutes(2))));
    sandbox.fault(
        Fault.on("DELETE", "/assistant/*")
            .by(customers.getLast().account())
            .after(Effect.hang(Duration.ofMinutes(2))));
    var answers =
        List.of(
            asked(leaving, customers.getFirst()),
            CompletableFuture.supplyAsync(() -> uninstalled(leaving, customers.getLast())));
    Eventually.holds(
        Duration.ofSeconds(20),
        () -> sandbox.faults().stream().allMatch(fault -> fault.struck() == 1),
        () -> "not all of them hang");

    leaving.close();

    Work.untilNothingRuns(staying, Duration.ofSeconds(15));
    Eventually.holds(
        Duration.ofSeconds(10),
        () ->
            records(staying, "object.updated", "tool/main") == 1
                && records(staying, "object.deleted", "assistant/main") == 1,
        () -> staying.get("/v1/audit?limit=200").body());
    assertThat(customers.getLast().account().objects("tool")).isEmpty();
    answers.forEach(answer -> answer.handle((heard, broken) -> heard).join());
  }

  private static RunningServer.Answer uninstalled(RunningServer node, Work.Customer customer) {
    String account =
        node.get("/v1/accounts?userId=" + customer.userId())
            .json()
            .at("/accounts/0/id")
            .stringValue();
    String installation =
        node.get("/v1/accounts/" + account + "/installations")
            .json()
            .at("/installations/0/id")
            .stringValue();
    return node.post(
        "/v1/installations/" + installation + "/operations", "{\"kind\":\"uninstall\"}");
  }

  private static long records(RunningServer node, String act, String address) {
    return node.get("/v1/audit?limit=200")
        .json()
        .get("records")
        .valueStream()
        .filter(record -> record.get("act").stringValue().equals(act))
        .filter(record -> record.get("detail").stringValue().contains("\"" + address + "\""))
        .count();
  }

  @Test
  void beforeItTakesNoMoreItSaysSoAndServesOn() throws Exception {
    environment.put("GRAFT_STOP_PAUSE", "2s");
    RunningServer node = node();
    Work.Customer customer = Work.customers(sandbox, node, "customer", 1).getFirst();
    assertThat(node.get("/health/ready").status()).isEqualTo(200);
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(node::close);
    Eventually.holds(
        Duration.ofSeconds(2), () -> node.get("/health/ready").status() == 503, () -> "ready");
    RunningServer.Answer ready = node.get("/health/ready");
    assertThat(ready.json().at("/checks/node").stringValue()).contains("is being stopped");
    assertThat(node.get("/health").status()).as("it lives").isEqualTo(200);
    RunningServer.Answer served = node.clone(customer.userId());
    assertThat(served.status()).isEqualTo(200);
    assertThat(served.header("Connection")).isEqualToIgnoringCase("close");
    stopped.get(20, TimeUnit.SECONDS);
  }
}
