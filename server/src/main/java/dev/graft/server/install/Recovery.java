package dev.graft.server.install;

import dev.graft.server.telemetry.ErrorReports;
import dev.graft.store.Operations;
import dev.graft.vapi.Host;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Finishes what was left unfinished, by this node or by one that died, without anyone asking again.
 * It is scheduled work: whichever node's turn it is takes up as much as it has places for, and what
 * is left over is for the node whose turn is next.
 */
public final class Recovery implements AutoCloseable {
  private static final int TOGETHER = 64;
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final Operations operations;
  private final Installing installing;
  private final InstantSource clock;
  private final ErrorReports errors;
  private final Set<String> running = ConcurrentHashMap.newKeySet();
  private final Semaphore places = new Semaphore(TOGETHER);
  private volatile boolean closed;

  public Recovery(
      Operations operations, Installing installing, InstantSource clock, ErrorReports errors) {
    this.operations = operations;
    this.installing = installing;
    this.clock = clock;
    this.errors = errors;
  }

  /** Takes up what is due, and does not wait for its end: its leases say who works on it. */
  public void run() {
    // What has to wait at one host of Vapi is in the way of nothing at the other.
    for (Host host : installing.hosts()) {
      int most = closed ? 0 : installing.worthBeginning(host, places.availablePermits());
      if (most > 0) {
        takeUp(host, most);
      }
    }
  }

  private void takeUp(Host host, int most) {
    List<String> others =
        installing.hosts().stream().filter(one -> !one.equals(host)).map(Host::name).toList();
    // Those that run here are among the due for a moment before they have their lease.
    List<String> due = operations.due(clock.instant(), most + running.size(), others);
    due.stream()
        .filter(id -> !running.contains(id))
        .limit(most)
        .filter(_ -> places.tryAcquire())
        .forEach(id -> {
          running.add(id);
          Thread.startVirtualThread(() -> finish(id));
        });
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
      if (!closed) {
        installing.takeUp(id);
      }
    } catch (RuntimeException e) {
      LOG.warn("operation {} cannot be finished now: {}", id, e.getMessage());
      errors.tell(e, "finishing an operation");
    }
  }

  /** Takes up nothing more. What runs goes on. */
  @Override
  public void close() {
    closed = true;
  }
}
