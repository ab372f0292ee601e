package dev.graft.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LookedTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  /** An {@code Error} as well: memory that ran out once would end all looks. */
  @Test
  void aLookThatFailsInWhateverWayIsNotTheLast() throws InterruptedException {
    var looks = new AtomicInteger();
    var looked =
        new Looked<>(
            () -> {
              if (looks.incrementAndGet() == 1) {
                throw new StackOverflowError("as ordered by a test");
              }
              return "seen";
            },
            LONG,
            LONG);
    assertThat(looked.now()).isEmpty();
    Thread.sleep(Duration.ofMillis(300));
    assertThat(looked.now()).hasValue("seen");
    assertThat(looks).hasValue(2);
  }

  @Test
  void aLookCanBeBegunBeforeItIsWaitedFor() throws InterruptedException {
    var begun = new CountDownLatch(1);
    var looked =
        new Looked<>(
            () -> {
              begun.countDown();
              return "seen";
            },
            LONG,
            LONG);
    looked.begin();
    assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(looked.now()).hasValue("seen");
  }
}
