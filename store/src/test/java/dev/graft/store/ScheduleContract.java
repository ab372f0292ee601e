package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What scheduled work may count on, on either database. */
interface ScheduleContract {
  Database database();

  Schedule.Pace QUICK = new Schedule.Pace(Duration.ofMillis(50), Duration.ofMillis(200));
  Duration EVERY = Duration.ofMillis(30);

  static Schedule.Task task(Runnable work) {
    return new Schedule.Task(StoreContract.id("task-"), EVERY, work);
  }

  /** Waits until something holds, and no longer than a test may take. */
  static void until(java.util.function.BooleanSupplier holds) throws InterruptedException {
    Instant end = Instant.now().plusSeconds(20);
    while (!holds.getAsBoolean()) {
      assertThat(Instant.now()).as("it takes too long").isBefore(end);
      Thread.sleep(10);
    }
  }

  @Test
  default void workIsDoneAgainAndAgainAndNeverTwiceAtATime() throws Exception {
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var runs = new AtomicInteger();
    Schedule.Task task =
        task(() -> {
          most.accumulateAndGet(inside.incrementAndGet(), Math::max);
          pause(40);
          inside.decrementAndGet();
          runs.incrementAndGet();
        });
    try (var one = Schedule.start(database(), "one", List.of(task), QUICK)) {
      assertThat(one).isNotNull();
      until(() -> runs.get() >= 5);
    }
    assertThat(most).hasValue(1);
    int atTheEnd = runs.get();
    pause(200);
    assertThat(runs).hasValue(atTheEnd);
  }

  @Test
  default void workThatFailsIsDoneAgain() throws Exception {
    var runs = new AtomicInteger();
    Schedule.Task task =
        task(() -> {
          if (runs.incrementAndGet() % 2 == 0) {
            throw new IllegalStateException("as ordered by a test");
          }
          throw new StackOverflowError("as ordered by a test");
        });
    try (var one = Schedule.start(database(), "one", List.of(task), QUICK)) {
      assertThat(one).isNotNull();
      until(() -> runs.get() >= 3);
    }
  }

  @Test
  default void slowWorkDoesNotHoldUpOther() throws Exception {
    var release = new CountDownLatch(1);
    var slow = new AtomicInteger();
    var quick = new AtomicInteger();
    List<Schedule.Task> tasks =
        List.of(
            task(() -> {
              slow.incrementAndGet();
              await(release);
            }),
            task(quick::incrementAndGet));
    try (var one = Schedule.start(database(), "one", tasks, QUICK)) {
      assertThat(one).isNotNull();
      until(() -> slow.get() == 1 && quick.get() >= 3);
      release.countDown();
    }
    assertThat(slow.get()).isGreaterThanOrEqualTo(1);
  }

  @Test
  default void aNameStandsForOneTask() {
    Schedule.Task task = task(() -> {});
    assertThatThrownBy(() -> Schedule.start(database(), "one", List.of(task, task), QUICK))
        .isInstanceOf(IllegalArgumentException.class);
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
