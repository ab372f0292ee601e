package dev.graft.server.install;

import dev.graft.server.telemetry.ErrorReports;
import dev.graft.store.Operations;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Finishes what was left unfinished, by this process or by one that died, without anyone asking
 * again.
 */
public final class Recovery implements AutoCloseable {
  private static final int TOGETHER = 16;
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final Operations operations;
  private final Installing installing;
  private final InstantSource clock;
  private final Duration every;
  private final ErrorReports errors;
  private final Set<String> running = ConcurrentHashMap.newKeySet();
  private final Semaphore places = new Semaphore(TOGETHER);
  private final Thread thread;
  private volatile boolean closed;

  /** Begins to look for unfinished operations, and goes on as often as said. */
  public Recovery(
      Operations operations,
      Installing installing,
      InstantSource clock,
      Duration every,
      ErrorReports errors) {
    this.operations = operations;
    this.installing = installing;
    this.clock = clock;
    this.every = every;
    this.errors = errors;
    this.thread = Thread.ofPlatform().daemon().name("recovery").start(this::watch);
  }

  private void watch() {
    while (!closed) {
      try {
        for (String id : operations.due(clock.instant(), 100)) {
          places.acquire();
          if (running.add(id)) {
            Thread.startVirtualThread(() -> finish(id));
          } else {
            places.release();
          }
        }
        Thread.sleep(every);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.warn("unfinished operations cannot be looked for now: {}", e.getMessage());
        pause();
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(every);
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  private void finish(String id) {
    try (var _ = MDC.putCloseable("operationId", id)) {
      work(id);
    } finally {
      running.remove(id);
      places.release();
    }
  }

  private void work(String id) {
    try {
      installing.takeUp(id);
    } catch (RuntimeException e) {
      LOG.warn("operation {} cannot be finished now: {}", id, e.getMessage());
      errors.tell(e, "finishing an operation");
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
