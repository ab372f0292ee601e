package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.RequestLog;
import dev.graft.sandbox.Sandbox;
import dev.graft.vapi.Circuit;
import dev.graft.vapi.VapiHttp;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vapi is away, for ten minutes in the long run: nobody waits in vain, and nothing is lost. */
class VapiAwayTest {
  private static final Duration AWAY =
      Boolean.getBoolean("graft.long") ? Duration.ofMinutes(10) : Duration.ofSeconds(4);
  private static final int CUSTOMERS = 8;

  @TempDir private Path folder;
  private Sandbox sandbox;
  private RunningServer server;

  @BeforeEach
  void start() {
    sandbox = Sandbox.start();
    server = RunningServer.start(RunningServer.environment(folder, sandbox));
  }

  @AfterEach
  void stop() {
    server.close();
    sandbox.close();
  }

  private Circuit.Seen circuit() {
    return server
        .bean(VapiHttp.class)
        .circuit(server.bean(Settings.class).hosts().getFirst())
        .seen();
  }

  private long asked() {
    return sandbox.requests().counts().stream().mapToLong(RequestLog.Count::requests).sum();
  }

  @Test
  void whileVapiIsAwayNobodyWaitsAndWhenItIsBackAllIsDone() {
    List<Work.Customer> before = Work.customers(sandbox, server, "before", 2);
    List<Work.Customer> customers = Work.customers(sandbox, server, "customer", CUSTOMERS);
    // The first create arrives and is carried out; its answer and all that follows are lost.
    Account inDoubt = before.getFirst().account();
    sandbox.fault(Fault.on("POST", "/assistant").by(inDoubt).after(Effect.close()));
    sandbox.fault(
        Fault.on("GET", "/assistant").nth(2).always().by(inDoubt).before(Effect.status(503)));
    assertThat(server.clone(before.getFirst().userId()).status()).isGreaterThanOrEqualTo(500);

    sandbox.fault(Fault.on("*", "/**").always().before(Effect.status(503)));
    Instant gone = Instant.now();
    Eventually.holds(
        Duration.ofSeconds(30),
        () -> {
          Work.cloneAll(server, customers);
          return circuit().state() != Circuit.State.CLOSED;
        },
        () -> "the circuit is " + circuit());
    long asked = asked();
    int quick = 0;
    for (int i = 0; i < 20; i++) {
      Instant began = Instant.now();
      RunningServer.Answer answer = server.clone(customers.get(i % CUSTOMERS).userId());
      assertThat(answer.status()).isGreaterThanOrEqualTo(500);
      if (answer.code().equals("VAPI_CIRCUIT_OPEN")) {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(1, 31);
        quick += Duration.between(began, Instant.now()).toMillis() < 1_500 ? 1 : 0;
      }
    }
    assertThat(quick).as("told at once, of 20").isGreaterThan(15);
    while (Duration.between(gone, Instant.now()).compareTo(AWAY) < 0) {
      Eventually.pause(Duration.ofMillis(500));
    }
    long probes = asked() - asked;
    long most = 8 + Duration.between(gone, Instant.now()).toSeconds();
    assertThat(probes).as("questions to who is away").isLessThan(most);

    sandbox.clearFaults();
    Work.untilNothingRuns(server, Duration.ofSeconds(90));
    assertThat(circuit().state()).isEqualTo(Circuit.State.CLOSED);
    for (Work.Customer customer : customers) {
      assertThat(customer.hasOnePair()).as(customer.userId()).isTrue();
    }
    assertThat(before.getFirst().hasOnePair()).as("the one in doubt").isTrue();
    assertThat(Work.cloneAll(server, customers)).allMatch(answer -> answer.status() == 200);
  }

  @Test
  void aPoisonedAccountSlowsNobodyElse() {
    int many = Boolean.getBoolean("graft.long") ? 1_000 : 60;
    List<Work.Customer> poisoned = Work.customers(sandbox, server, "poisoned", 2);
    List<Work.Customer> others = Work.customers(sandbox, server, "other", many);
    poisoned.getFirst().account().revoke("key-of-poisoned-0");
    // Never answered while the others are cloned.
    sandbox.fault(
        Fault.on("*", "/**")
            .always()
            .by(poisoned.getLast().account())
            .before(Effect.hang(Duration.ofMinutes(5))));
    for (int i = 0; i < 40; i++) {
      int which = i % 2;
      Thread.startVirtualThread(() -> server.clone(poisoned.get(which).userId()));
    }
    assertThat(Work.cloneAll(server, others)).allMatch(answer -> answer.status() == 200);
    assertThat(others).allMatch(Work.Customer::hasOnePair);
    assertThat(circuit().opened()).as("one account's trouble is its own").isZero();
    assertThat(server.clone(poisoned.getFirst().userId()).code())
        .isEqualTo("INSUFFICIENT_PERMISSIONS");
    sandbox.clearFaults();
  }
}
