package dev.graft.store;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Scheduled work of a process that is alone on its database. */
final class OneProcess {
  /** A start is not made slower by what has time. */
  private static final Duration FIRST = Duration.ofSeconds(2);

  private final ScheduledExecutorService clockwork;
  private final List<Future<?>> turns;

  OneProcess(List<Schedule.Task> tasks) {
    this.clockwork =
        Executors.newScheduledThreadPool(
            Math.max(1, tasks.size()), Thread.ofVirtual().name("scheduled-", 0).factory());
    this.turns = List.copyOf(tasks.stream().map(this::turns).toList());
  }

  private Future<?> turns(Schedule.Task task) {
    Duration first = task.every().compareTo(FIRST) < 0 ? task.every() : FIRST;
    return clockwork.scheduleWithFixedDelay(
        task::run, first.toMillis(), task.every().toMillis(), TimeUnit.MILLISECONDS);
  }

  void stop() {
    turns.forEach(turn -> turn.cancel(false));
    clockwork.shutdown();
    try {
      if (!clockwork.awaitTermination(2, TimeUnit.SECONDS)) {
        clockwork.shutdownNow();
        clockwork.close();
      }
    } catch (InterruptedException e) {
      clockwork.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
