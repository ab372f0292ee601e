package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DataKeyCacheTest {
  private static final Duration FIVE_MINUTES = Duration.ofMinutes(5);

  private final WatchedKeyProvider provider = new WatchedKeyProvider(Fixtures.localProvider(0x11));
  private final TestClock clock = new TestClock();

  @Test
  void aKeyIsUnwrappedOnceAndLentManyTimes() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();

    for (int i = 0; i < 1_000; i++) {
      cache.borrow(dataKey).close();
    }

    assertThat(provider.unwrapped).hasSize(1);
  }

  @Test
  void whatIsLentIsTheBorrowersOwn() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();
    Secret first = cache.borrow(dataKey);

    cache.borrow(dataKey).wipe();
    cache.forget(dataKey.id());

    assertThat(first).isEqualTo(cache.borrow(dataKey));
  }

  @Test
  void afterItsTimeAKeyIsWipedAndUnwrappedAgain() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();
    cache.borrow(dataKey);

    clock.pass(FIVE_MINUTES.minusNanos(1));
    cache.borrow(dataKey);
    assertThat(provider.unwrapped).hasSize(1);

    clock.pass(Duration.ofNanos(1));
    cache.borrow(dataKey);
    assertThat(provider.unwrapped).hasSize(2);
    assertWiped(provider.unwrapped.getFirst());
  }

  @Test
  void usingAKeyDoesNotProlongItsTime() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();
    for (int minute = 0; minute < 20; minute++) {
      cache.borrow(dataKey);
      clock.pass(Duration.ofMinutes(1));
    }
    assertThat(provider.unwrapped).hasSize(4);
  }

  @Test
  void aClockSetBackDoesNotProlongItsTime() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();
    cache.borrow(dataKey);

    clock.pass(Duration.ofHours(-1));
    cache.borrow(dataKey);

    assertThat(provider.unwrapped).hasSize(2);
    assertWiped(provider.unwrapped.getFirst());
  }

  @Test
  void theTimeRunsFromBeforeTheProviderWasAsked() {
    DataKey dataKey = dataKey();
    var cache =
        new DataKeyCache(
            row -> {
              Secret key = provider.unwrap(row.wrapped(), row.context());
              clock.pass(Duration.ofMinutes(4));
              return key;
            },
            clock,
            new Vault.CacheLimits(FIVE_MINUTES, 1_000, 10));
    cache.borrow(dataKey);

    clock.pass(Duration.ofMinutes(1));
    cache.borrow(dataKey);

    assertThat(provider.unwrapped).hasSize(2);
  }

  @Test
  void aKeyThatTookLongToUnwrapDoesNotOutliveItsTimeBehindAYoungerOne() throws Exception {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey slow = dataKey();
    provider.gate = new CountDownLatch(1);
    CountDownLatch slowGate = provider.gate;
    List<Thread> threads = startAndAwaitBlocked(1, () -> cache.borrow(slow));
    clock.pass(Duration.ofMinutes(1));
    provider.gate = new CountDownLatch(0);
    cache.borrow(dataKey());
    slowGate.countDown();
    joinAll(threads);

    clock.pass(Duration.ofMinutes(4));
    cache.borrow(slow);

    assertThat(provider.unwrapped).hasSize(3);
    assertWiped(provider.unwrapped.get(1));
  }

  @Test
  void afterItsUsesAKeyIsWipedAtOnce() {
    var cache = cache(FIVE_MINUTES, 3, 10);
    DataKey dataKey = dataKey();

    cache.borrow(dataKey);
    cache.borrow(dataKey);
    assertThat(provider.unwrapped.getFirst()).isEqualTo(clear(dataKey));
    cache.borrow(dataKey);
    assertWiped(provider.unwrapped.getFirst());

    cache.borrow(dataKey);
    assertThat(provider.unwrapped).hasSize(2);
  }

  @Test
  void withOneUseEveryUseUnwraps() {
    var cache = cache(FIVE_MINUTES, 1, 10);
    DataKey dataKey = dataKey();

    for (int i = 0; i < 5; i++) {
      assertThat(cache.borrow(dataKey)).isEqualTo(clear(dataKey));
    }

    assertThat(provider.unwrapped).hasSize(5);
  }

  @Test
  void noMoreKeysAreKeptThanAllowedAndTheEldestGoes() {
    var cache = cache(FIVE_MINUTES, 1_000, 3);
    List<DataKey> dataKeys = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      dataKeys.add(dataKey());
      cache.borrow(dataKeys.getLast());
    }

    assertWiped(provider.unwrapped.getFirst());
    dataKeys.subList(1, 4).forEach(cache::borrow);
    assertThat(provider.unwrapped).hasSize(4);
    cache.borrow(dataKeys.getFirst());
    assertThat(provider.unwrapped).hasSize(5);
  }

  @Test
  void unwrappingOneKeyWipesAllOthersWhoseTimeIsUp() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    for (int i = 0; i < 5; i++) {
      cache.borrow(dataKey());
    }
    clock.pass(FIVE_MINUTES);

    cache.borrow(dataKey());

    provider.unwrapped.subList(0, 5).forEach(DataKeyCacheTest::assertWiped);
  }

  @Test
  void anIdleCacheKeepsNothingOnceItIsSwept() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    cache.borrow(dataKey());
    clock.pass(FIVE_MINUTES);

    cache.wipeExpired();

    assertWiped(provider.unwrapped.getFirst());
  }

  @Test
  void aForgottenKeyIsWipedAtOnceInEachOfItsWrappings() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();
    DataKey rewrapped = Fixtures.vault(Fixtures.localProvider(0x11)).rewrap(dataKey);
    DataKey other = dataKey();
    cache.borrow(dataKey);
    cache.borrow(rewrapped);
    cache.borrow(other);

    cache.forget(dataKey.id());

    assertWiped(provider.unwrapped.get(0));
    assertWiped(provider.unwrapped.get(1));
    assertThat(provider.unwrapped.get(2)).isEqualTo(clear(other));
  }

  @Test
  void aThousandThreadsAtOnceUnwrapOnce() throws Exception {
    var cache = cache(FIVE_MINUTES, 10_000, 10);
    DataKey dataKey = dataKey();
    Secret clear = clear(dataKey);
    provider.unwrapped.clear();
    provider.gate = new CountDownLatch(1);
    var right = new AtomicInteger();

    List<Thread> threads =
        startAndAwaitBlocked(
            1_000,
            () -> {
              try (Secret lent = cache.borrow(dataKey)) {
                if (lent.equals(clear)) {
                  right.incrementAndGet();
                }
              }
            });
    provider.gate.countDown();
    joinAll(threads);

    assertThat(right).hasValue(1_000);
    assertThat(provider.unwrapped).hasSize(1);
  }

  @Test
  void whoeverWaitedForAnUnwrapSharesItsFailure() throws Exception {
    var cache = cache(FIVE_MINUTES, 10_000, 10);
    DataKey dataKey = dataKey();
    int calls = provider.calls;
    provider.gate = new CountDownLatch(1);
    provider.away = true;
    var refused = new AtomicInteger();

    List<Thread> threads =
        startAndAwaitBlocked(
            1_000,
            () -> {
              try {
                cache.borrow(dataKey);
              } catch (VaultException e) {
                if (e.mayHelpToTryAgain()) {
                  refused.incrementAndGet();
                }
              }
            });
    provider.gate.countDown();
    joinAll(threads);

    assertThat(refused).hasValue(1_000);
    assertThat(provider.calls - calls).isEqualTo(1);
  }

  @Test
  void aFailureIsNotRemembered() {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();
    provider.away = true;
    assertThatThrownBy(() -> cache.borrow(dataKey)).isInstanceOf(VaultException.class);

    provider.away = false;

    assertThat(cache.borrow(dataKey)).isEqualTo(clear(dataKey));
  }

  @Test
  void aSlowUnwrapHoldsUpNoOtherKey() throws Exception {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey slow = dataKey();
    DataKey inUse = dataKey();
    cache.borrow(inUse);
    provider.gate = new CountDownLatch(1);
    List<Thread> threads = startAndAwaitBlocked(1, () -> cache.borrow(slow));

    cache.borrow(inUse);

    provider.gate.countDown();
    joinAll(threads);
  }

  @Test
  void aKeyForgottenWhileItWasUnwrappedIsNotKept() throws Exception {
    var cache = cache(FIVE_MINUTES, 1_000, 10);
    DataKey dataKey = dataKey();
    provider.gate = new CountDownLatch(1);
    List<Thread> threads = startAndAwaitBlocked(1, () -> cache.borrow(dataKey).close());

    cache.forget(dataKey.id());
    provider.gate.countDown();
    joinAll(threads);

    provider.away = true;
    assertThatThrownBy(() -> cache.borrow(dataKey)).isInstanceOf(VaultException.class);
    assertWiped(provider.unwrapped.getFirst());
  }

  @Test
  void withTightLimitsAndManyThreadsEveryBorrowerGetsTheRightKey() throws Exception {
    var cache = cache(Duration.ofMillis(1), 3, 2);
    List<DataKey> dataKeys = new ArrayList<>();
    List<Secret> clear = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      dataKeys.add(dataKey());
      clear.add(clear(dataKeys.getLast()));
    }
    var right = new AtomicInteger();

    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      threads.add(
          Thread.startVirtualThread(() -> {
            for (int round = 0; round < 20; round++) {
              int which = ThreadLocalRandom.current().nextInt(dataKeys.size());
              if (round % 7 == 0) {
                clock.pass(Duration.ofMillis(1));
              }
              if (round % 11 == 0) {
                cache.forget(dataKeys.get(which).id());
              }
              try (Secret lent = cache.borrow(dataKeys.get(which))) {
                if (lent.equals(clear.get(which))) {
                  right.incrementAndGet();
                }
              }
            }
          }));
    }
    joinAll(threads);

    assertThat(right).hasValue(10_000);
  }

  private DataKeyCache cache(Duration time, int uses, int entries) {
    return new DataKeyCache(
        row -> provider.unwrap(row.wrapped(), row.context()),
        clock,
        new Vault.CacheLimits(time, uses, entries));
  }

  private DataKey dataKey() {
    var id = UUID.randomUUID();
    return new DataKey(
        id,
        "acct-1",
        provider.uri(),
        provider.real().wrap(Secret.owning(Primitives.random(32)), DataKey.context(id, "acct-1")));
  }

  private Secret clear(DataKey dataKey) {
    return provider.real().unwrap(dataKey.wrapped(), dataKey.context());
  }

  private static void assertWiped(Secret secret) {
    assertThatThrownBy(() -> secret.reveal(SecretAccess.of("a test"), bytes -> bytes.length))
        .isInstanceOf(IllegalStateException.class);
  }

  /** Comes back when all are held up: one at the gate of the provider, the others behind it. */
  private static List<Thread> startAndAwaitBlocked(int count, Runnable work)
      throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      threads.add(Thread.startVirtualThread(work));
    }
    for (Thread thread : threads) {
      while (thread.getState() != Thread.State.WAITING) {
        Thread.sleep(1);
      }
    }
    return threads;
  }

  private static void joinAll(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
