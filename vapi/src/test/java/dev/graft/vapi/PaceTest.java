package dev.graft.vapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final Pace.Limit FIVE = new Pace.Limit(5, 10);
  private static final Duration LONG = Duration.ofMinutes(10);

  private final AtomicLong now = new AtomicLong(1_000_000_000L);
  private final Pace pace = new Pace(FIVE, now::get);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private static Pace.State state(Pace pace) {
    return Objects.requireNonNull(pace.state());
  }

  private Pace another() {
    return new Pace(FIVE, now::get);
  }

  /** Calls that each wait for their turn; how long all of it takes. */
  private Duration callFor(int calls, Pace by) {
    long began = now.get();
    for (int i = 0; i < calls; i++) {
      pass(by.turn(LONG).pause());
      by.taken();
    }
    return Duration.ofNanos(now.get() - began);
  }

  @Test
  void aFirstCloneDoesNotWaitAndWhatIsMoreGoesAtThePace() {
    assertThat(callFor(10, pace)).isZero();
    assertThat(callFor(50, pace)).isBetween(Duration.ofMillis(9_900), Duration.ofMillis(10_100));
  }

  @Test
  void afterARestTheBurstIsThereAgain() {
    callFor(10, pace);
    pass(Duration.ofSeconds(2));
    assertThat(callFor(10, pace)).isZero();
    pass(Duration.ofHours(1));
    assertThat(callFor(11, pace)).as("no more than that").isPositive();
  }

  @Test
  void callsThatAskTogetherGetTheirTurnsOneAfterTheOther() {
    callFor(10, pace);
    assertThat(pace.turn(LONG).pause()).isEqualTo(Duration.ofMillis(200));
    assertThat(pace.turn(LONG).pause()).isEqualTo(Duration.ofMillis(400));
    assertThat(pace.turn(LONG).pause()).isEqualTo(Duration.ofMillis(600));
  }

  @Test
  void aTurnThatComesTooLateIsNotTaken() {
    callFor(10, pace);
    assertThat(pace.turn(Duration.ofMillis(100)).pause()).isEqualTo(Duration.ofMillis(200));
    assertThat(pace.turn(LONG).pause())
        .as("nobody stands before it")
        .isEqualTo(Duration.ofMillis(200));
  }

  @Test
  void whenVapiSaysTooManyAllWaitAsLongAsItSays() {
    callFor(2, pace);
    pace.tooMany(Duration.ofSeconds(7));
    assertThat(pace.turn(LONG).pause()).isEqualTo(Duration.ofSeconds(7));
    assertThat(pace.turn(LONG).pause())
        .as("and then at half the pace")
        .isEqualTo(Duration.ofMillis(7_400));
    assertThat(pace.isSlowed()).isTrue();
  }

  @Test
  void turnsFromBeforeThatAreTakenAnew() {
    List<Pace.Turn> before = Stream.generate(() -> pace.turn(LONG)).limit(40).toList();
    pace.taken();
    assertThat(before).allMatch(pace::isGood);

    pace.tooMany(Duration.ofSeconds(30));

    assertThat(before).noneMatch(pace::isGood);
    List<Pace.Turn> anew = Stream.generate(() -> pace.turn(LONG)).limit(30).toList();
    assertThat(anew).allMatch(pace::isGood);
    assertThat(anew.getFirst().pause()).isEqualTo(Duration.ofSeconds(30));
    assertThat(anew.getLast().pause())
        .as("at half the pace")
        .isEqualTo(Duration.ofSeconds(30).plusMillis(29 * 400));
  }

  @Test
  void callsThatWereRefusedTogetherAreOneWord() {
    for (int i = 0; i < 8; i++) {
      pace.tooMany(Duration.ofSeconds(1));
    }
    pass(Duration.ofSeconds(1));
    assertThat(pace.state()).isEqualTo(new Pace.State(1000, Duration.ZERO, 2500));
  }

  @Test
  void itRecoversBitByBitAndNeverStops() {
    for (int i = 0; i < 40; i++) {
      pace.tooMany(null);
      pass(Duration.ofSeconds(1));
    }
    assertThat(state(pace).perSecond()).as("a sixteenth of five").isEqualTo(312);
    callFor(15, pace);
    assertThat(state(pace).perSecond()).isBetween(2_600L, 2_700L);
    callFor(15, pace);
    assertThat(state(pace).perSecond()).isEqualTo(5_000);
    assertThat(pace.isSlowed()).isFalse();
  }

  /** A server that takes six a second and 20 at once: what comes of half a minute. */
  @Test
  void itSettlesBelowALimitThatNobodyPublished() {
    var fast = new Pace(new Pace.Limit(50, 100), now::get);
    double room = 20;
    long at = now.get();
    int refused = 0;
    int taken = 0;
    for (int i = 0; i < 400; i++) {
      pass(fast.turn(LONG).pause());
      room = Math.min(20, room + (now.get() - at) / 1e9 * 6);
      at = now.get();
      if (room >= 1) {
        room -= 1;
        taken++;
        fast.taken();
      } else {
        refused++;
        fast.tooMany(Duration.ofSeconds(1));
      }
    }
    assertThat(taken).as("of 400; refused " + refused).isGreaterThan(320);
  }

  @Test
  void whoeverHasTheAccountNextGoesOnFromThere() {
    callFor(8, pace);
    pace.tooMany(Duration.ofSeconds(3));
    Pace.State left = state(pace);
    Pace next = another();
    next.goOnFrom(left);
    assertThat(next.turn(LONG).pause()).isEqualTo(Duration.ofSeconds(3));

    Pace later = another();
    later.goOnFrom(new Pace.State(left.ready(), left.since().plusSeconds(8), left.perSecond()));
    assertThat(later.turn(LONG).pause()).isZero();
    assertThat(state(later).perSecond()).as("still careful").isEqualTo(2_500);
  }

  @Test
  void whatIsKeptOfAnotherNodeMakesNobodyFaster() {
    callFor(10, pace);
    pace.goOnFrom(new Pace.State(10_000, Duration.ofDays(400), 900_000));
    assertThat(pace.turn(LONG).pause()).isEqualTo(Duration.ofMillis(200));
  }

  @Test
  void withoutALimitNobodyWaits() {
    Pace off = Pace.off();
    off.tooMany(Duration.ofHours(1));
    for (int i = 0; i < 1_000; i++) {
      assertThat(off.turn(Duration.ZERO).pause()).isZero();
    }
    assertThat(off.state()).isNull();
  }

  @Test
  void accountsAtRestAreForgotten() {
    var paces = new Paces(FIVE);
    Pace busy = paces.of("busy");
    for (int i = 0; i < 5; i++) {
      assertThat(busy.turn(LONG).pause()).isZero();
    }
    busy.tooMany(Duration.ofMinutes(5));
    for (int i = 0; i < 25_000; i++) {
      paces.of("account-" + i).isSlowed();
    }
    assertThat(paces.size()).isLessThan(12_000);
    assertThat(paces.stateOf("busy")).isNotNull();
    assertThat(paces.stateOf("account-3")).isNull();
    assertThat(paces.seen().slowed()).isEqualTo(1);
  }
}
