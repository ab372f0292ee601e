package dev.graft.vapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CircuitTest {
  private final AtomicLong now = new AtomicLong();
  private final Circuit circuit = new Circuit(now::get);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private void fail(int times, int accounts, boolean unreached) {
    for (int i = 0; i < times; i++) {
      assertThat(circuit.admit(true)).isZero();
      circuit.failed("account-" + i % accounts, unreached);
      pass(Duration.ofMillis(250));
    }
  }

  private Circuit.State state() {
    return circuit.seen().state();
  }

  @Test
  void failuresOfSeveralAccountsOpenIt() {
    fail(9, 3, false);
    assertThat(state()).isEqualTo(Circuit.State.CLOSED);
    fail(1, 3, false);
    assertThat(state()).isEqualTo(Circuit.State.OPEN);
    assertThat(circuit.admit(true)).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(5));
    assertThat(circuit.admit(false)).isPositive();
    assertThat(circuit.seen()).isEqualTo(new Circuit.Seen(Circuit.State.OPEN, 1, 2));
  }

  @Test
  void oneAccountsTroubleIsItsOwn() {
    fail(1_000, 2, false);
    assertThat(state()).isEqualTo(Circuit.State.CLOSED);
  }

  @Test
  void noConnectionIsNobodysOwnTrouble() {
    fail(10, 1, true);
    assertThat(state()).isEqualTo(Circuit.State.OPEN);
  }

  @Test
  void anAnswerBetweenThemKeepsItClosed() {
    for (int i = 0; i < 100; i++) {
      fail(9, 9, true);
      circuit.answered();
    }
    assertThat(state()).isEqualTo(Circuit.State.CLOSED);
  }

  @Test
  void aBlipIsNoOutage() {
    for (int i = 0; i < 50; i++) {
      circuit.failed("account-" + i, true);
    }
    assertThat(state()).isEqualTo(Circuit.State.CLOSED);
    pass(Duration.ofSeconds(2));
    circuit.failed("account-50", true);
    assertThat(state()).isEqualTo(Circuit.State.OPEN);
  }

  @Test
  void oneReadFindsOutWhetherVapiIsBack() {
    fail(10, 3, true);
    pass(Duration.ofSeconds(5));
    assertThat(state()).isEqualTo(Circuit.State.HALF_OPEN);
    assertThat(circuit.admit(false)).as("a write is no question").isPositive();
    assertThat(circuit.admit(true)).isZero();
    assertThat(circuit.admit(true)).as("one is enough").isPositive();
    circuit.answered();
    assertThat(state()).isEqualTo(Circuit.State.CLOSED);
    assertThat(circuit.admit(false)).isZero();
  }

  @Test
  void itWaitsLongerEachTimeAndNoLongerThanHalfAMinute() {
    fail(10, 3, true);
    pass(Duration.ofSeconds(5));
    for (Duration pause :
        new Duration[] {
          Duration.ofSeconds(10),
          Duration.ofSeconds(20),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30)
        }) {
      assertThat(circuit.admit(true)).isZero();
      circuit.failed("account-1", false);
      pass(pause.minusMillis(1));
      assertThat(circuit.admit(true)).isPositive();
      pass(Duration.ofMillis(1));
    }
  }

  @Test
  void whatWasOnItsWayChangesNothingUnlessItIsAnAnswer() {
    fail(10, 3, true);
    pass(Duration.ofSeconds(4));
    circuit.failed("late", true);
    pass(Duration.ofSeconds(1));
    assertThat(state()).isEqualTo(Circuit.State.HALF_OPEN);
    circuit.answered();
    assertThat(state()).isEqualTo(Circuit.State.CLOSED);
  }
}
