package dev.graft.server.telemetry;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Something that costs a look, kept for a while: however many ask, one looks, and nobody waits for
 * longer than they have time.
 */
public final class Looked<T> {
  /** That something cannot be seen is asked again soon, and not by everyone who wants to know. */
  private static final Duration FAILURE_FRESH = Duration.ofMillis(250);

  private final Supplier<T> look;
  private final Function<T, Duration> fresh;
  private final Duration patience;

  private @Nullable CompletableFuture<T> latest;
  private long lookedAt;

  /**
   * Looks at nothing yet.
   *
   * @param fresh for how long what was seen will do
   * @param patience for how long someone who asks waits
   */
  public Looked(Supplier<T> look, Duration fresh, Duration patience) {
    this(look, _ -> fresh, patience);
  }

  /**
   * Looks at nothing yet.
   *
   * @param fresh for how long this that was seen will do
   * @param patience for how long someone who asks waits
   */
  public Looked(Supplier<T> look, Function<T, Duration> fresh, Duration patience) {
    this.look = look;
    this.fresh = fresh;
    this.patience = patience;
  }

  /** Begins to look, for who will want to know in a moment and has others to ask till then. */
  public void begin() {
    var _ = latest();
  }

  /** What is there; nothing when the look failed or takes too long. */
  public Optional<T> now() {
    CompletableFuture<T> look = latest();
    try {
      return Optional.of(look.get(patienceLeft(), TimeUnit.NANOSECONDS));
    } catch (ExecutionException | TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** However many look one after the other, the time of one look is all that they wait. */
  private synchronized long patienceLeft() {
    return Math.max(0, lookedAt + patience.toNanos() - System.nanoTime());
  }

  private synchronized CompletableFuture<T> latest() {
    long now = System.nanoTime();
    if (latest == null || latest.isDone() && now - lookedAt > freshFor(latest)) {
      var seen = new CompletableFuture<T>();
      Thread.startVirtualThread(() -> {
        try {
          seen.complete(look.get());
        } catch (Throwable e) {
          // Whatever it is: a look without an end would be the last one.
          seen.completeExceptionally(e);
        }
      });
      latest = seen;
      lookedAt = now;
    }
    return latest;
  }

  private long freshFor(CompletableFuture<T> look) {
    return (look.isCompletedExceptionally() ? FAILURE_FRESH : fresh.apply(look.join())).toNanos();
  }
}
