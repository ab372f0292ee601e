package dev.graft.server;

import dev.graft.server.install.Installing;
import dev.graft.server.install.Recovery;
import dev.graft.store.Schedule;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * How a node ends when it is asked to. First it only says so, and serves on, until whatever
 * balances the load sends nothing more; scheduled work ends at once. Then it takes no new requests,
 * and lets end what runs. After a declared time what still runs is handed to whoever lives.
 */
public final class Stopping implements SmartLifecycle {
  /** For the last entries in the journals, once nothing is sent any more. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(3);

  private static final Logger LOG = LoggerFactory.getLogger(Stopping.class);

  private final Settings.Stop times;
  private final Schedule schedule;
  private final Recovery recovery;
  private final Installing installing;
  private final Last last;
  private volatile boolean running;
  private volatile boolean begun;

  /**
   * An end that comes when it is asked for.
   *
   * @param last what comes after all requests; whatever depends on another ends before it
   */
  Stopping(
      Settings.Stop times, Schedule schedule, Recovery recovery, Installing installing, Last last) {
    this.times = times;
    this.schedule = schedule;
    this.recovery = recovery;
    this.installing = installing;
    this.last = last;
  }

  /** Whether this node is about to stop, so that nobody should turn to it any more. */
  public boolean hasBegun() {
    return begun;
  }

  /** Before anything else ends, requests in particular. */
  @Override
  public int getPhase() {
    return Integer.MAX_VALUE;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    begun = true;
    recovery.close();
    // It waits a little for what it is just doing.
    Thread.startVirtualThread(schedule::close);
    if (times.pause().isPositive()) {
      LOG.info("this node stops: it serves on for {} s, and says so at /health/ready", seconds());
      sleep(times.pause());
    }
    LOG.info("this node takes no more requests; {} operations run", installing.running());
    Thread.startVirtualThread(this::handBackInTime);
    running = false;
  }

  private long seconds() {
    return times.pause().toSeconds();
  }

  /** Requests wait for their operations, and the end of all requests is waited for. */
  private void handBackInTime() {
    try {
      if (!last.drained.await(times.time().toMillis(), TimeUnit.MILLISECONDS)) {
        installing.handBack(LAST_WORDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** How long the end of requests is waited for: until what they wait for is handed back. */
  Duration patience() {
    return times.time().plus(LAST_WORDS).plusSeconds(2);
  }

  /** What is left when no request is served any more: work that nobody waits for. */
  static final class Last implements SmartLifecycle {
    private final Installing installing;
    private final CountDownLatch drained = new CountDownLatch(1);
    private volatile boolean running;

    Last(Installing installing) {
      this.installing = installing;
    }

    @Override
    public int getPhase() {
      return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1;
    }

    @Override
    public void start() {
      running = true;
    }

    @Override
    public void stop() {
      drained.countDown();
      installing.handBack(LAST_WORDS);
      running = false;
    }

    @Override
    public boolean isRunning() {
      return running;
    }
  }
}
