package dev.graft.store;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that is done again and again, each piece of it by one node at a time, and by another one
 * when that node dies. With several nodes the database says whose turn it is; a SQLite file has one
 * process, which needs nobody to say it (docs/adr/0021-scheduled-work.md).
 */
public final class Schedule implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Schedule.class);

  private final Runnable stop;
  private boolean closed;

  private Schedule(Runnable stop) {
    this.stop = stop;
  }

  /**
   * Something to be done again and again. It may be cut off at any line, and be begun again by
   * another node, so that it does a bit at a time and each bit once.
   *
   * @param name in lower case, the same for ever: a node of another version knows it by this
   * @param every the pause after its end before it is begun again
   */
  public record Task(String name, Duration every, Runnable work) {
    public Task {
      if (!name.equals(name.toLowerCase(Locale.ROOT)) || name.isBlank() || !every.isPositive()) {
        throw new IllegalArgumentException("no task that can be scheduled: " + name);
      }
    }

    /** What goes wrong in one run is told and is not the end of the task, whatever it is. */
    void run() {
      try {
        work.run();
      } catch (Throwable e) {
        LOG.warn("the scheduled work '{}' could not be done now: {}", name, e.getMessage(), e);
      }
    }
  }

  /**
   * How often nodes look.
   *
   * @param poll the pause between two looks for what is due
   * @param heartbeat how often a node says that it lives; after four of them without a word its
   *     work is taken over
   */
  record Pace(Duration poll, Duration heartbeat) {
    private static final Duration SLOWEST = Duration.ofSeconds(5);
    private static final Duration QUICKEST = Duration.ofMillis(250);

    /** A node that died is given up before its leases end. */
    static Pace within(Duration leaseTime) {
      Duration heartbeat = leaseTime.dividedBy(6);
      return new Pace(
          Duration.ofSeconds(1),
          heartbeat.compareTo(SLOWEST) > 0
              ? SLOWEST
              : heartbeat.compareTo(QUICKEST) < 0 ? QUICKEST : heartbeat);
    }
  }

  /**
   * Begins with these tasks.
   *
   * @param node names this process among those that share the database
   * @param leaseTime how long a node that says nothing keeps what it works on
   */
  public static Schedule start(
      Database database, String node, List<Task> tasks, Duration leaseTime) {
    return start(database, node, tasks, Pace.within(leaseTime));
  }

  static Schedule start(Database database, String node, List<Task> tasks, Pace pace) {
    if (tasks.stream().map(Task::name).distinct().count() < tasks.size()) {
      throw new IllegalArgumentException("two scheduled tasks have the same name: " + tasks);
    }
    return new Schedule(
        switch (database.dialect()) {
          case SQLITE -> new OneProcess(tasks)::stop;
          case POSTGRES -> new SharedSchedule(database, node, tasks, pace)::stop;
        });
  }

  /** Begins nothing more, and cuts off after some seconds what does not end by itself. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      stop.run();
    }
  }
}
