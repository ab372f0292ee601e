package dev.graft.server.link;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The background work on data keys, in threads of its own, without anyone asking again. */
public final class KeyWork implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeyWork.class);

  private final Duration every;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;

  /** Begins to look for work, and goes on as often as said. */
  public KeyWork(
      Keys keys, Rewrapping rewrapping, Renewing renewing, Shredding shredding, Duration every) {
    this.every = every;
    watch("data-keys-rewrap", rewrapping::round);
    watch(
        "data-keys-renew",
        () -> {
          keys.wipeExpired();
          shredding.scrub();
          boolean more = renewing.round();
          while (more && !closed) {
            more = renewing.round();
          }
        });
  }

  private void watch(String name, Runnable round) {
    threads.add(
        Thread.ofPlatform()
            .daemon()
            .name(name)
            .start(() -> {
              while (!closed) {
                try {
                  round.run();
                } catch (RuntimeException e) {
                  LOG.warn("{} cannot go on now: {}", name, e.getMessage());
                }
                pause();
              }
            }));
  }

  private void pause() {
    try {
      Thread.sleep(every);
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
  }
}
