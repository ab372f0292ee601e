package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Dial;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Quirk;
import dev.graft.sandbox.RequestLog;
import dev.graft.sandbox.Sandbox;
import dev.graft.vapi.Paces;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How fast accounts are called, by two nodes that share them. */
class VapiPaceTest {
  @TempDir private Path folder;
  private Sandbox sandbox;
  private RunningServer one;
  private RunningServer two;

  @BeforeEach
  void start() {
    sandbox = Sandbox.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.withPostgres(
            RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
    environment.put("GRAFT_VAPI_PACE", "5/s");
    environment.put("GRAFT_REQUEST_DEADLINE", "30s");
    one = RunningServer.start(environment);
    two = RunningServer.start(environment);
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    sandbox.close();
  }

  private List<Instant> callsOf(Work.Customer customer) {
    return sandbox
        .requests()
        .entries(entry -> customer.account().name().equals(entry.account()))
        .stream()
        .map(RequestLog.Entry::at)
        .sorted()
        .toList();
  }

  @Test
  void aFirstCloneDoesNotWaitAndTwoNodesKeepOnePaceTogether() {
    Work.Customer customer = Work.customers(sandbox, one, "customer", 1).getFirst();
    sandbox.requests().clear();
    assertThat(one.clone(customer.userId()).status()).isEqualTo(200);
    assertThat(one.bean(Paces.class).seen().waited()).as("calls that waited").isZero();
    for (int i = 0; i < 6; i++) {
      assertThat((i % 2 == 0 ? two : one).clone(customer.userId()).status()).isEqualTo(200);
    }
    List<Instant> calls = callsOf(customer);
    assertThat(calls).hasSize(28);
    Duration all = Duration.between(calls.getFirst(), calls.getLast());
    // 28 calls: 10 at once, and 18 at five a second.
    assertThat(all).isGreaterThan(Duration.ofMillis(3_400));
    assertThat(two.bean(Paces.class).seen().waited()).isPositive();
  }

  @Test
  void whatVapiSaysToOneNodeHoldsForTheOther() {
    Work.Customer customer = Work.customers(sandbox, one, "customer", 1).getFirst();
    sandbox.fault(
        Fault.on("POST", "/assistant")
            .by(customer.account())
            .before(Effect.throttled(Duration.ofSeconds(2))));
    sandbox.requests().clear();
    Instant began = Instant.now();
    RunningServer.Answer answer = one.clone(customer.userId());
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(Duration.between(began, Instant.now())).isGreaterThan(Duration.ofSeconds(2));
    assertThat(customer.hasOnePair()).isTrue();
    assertThat(one.bean(Paces.class).seen().slowed()).isEqualTo(1);
    assertThat(two.clone(customer.userId()).status()).isEqualTo(200);
    assertThat(two.bean(Paces.class).seen().slowed()).as("it has heard of it").isEqualTo(1);
  }

  @Test
  void anAccountThatVapiLimitsIsClonedNeverthelessAndOnce() {
    sandbox.turn(Quirk.RETRY_AFTER, true).set(Dial.RATE_LIMIT, 3);
    List<Work.Customer> customers = Work.customers(sandbox, one, "customer", 6);
    assertThat(Work.cloneAll(one, customers)).allMatch(answer -> answer.status() == 200);
    assertThat(customers).allMatch(Work.Customer::hasOnePair);
    assertThat(one.bean(Paces.class).seen().refused()).isPositive();
  }
}
