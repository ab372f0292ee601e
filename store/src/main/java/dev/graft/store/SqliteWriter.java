package dev.graft.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that writes to a SQLite file. Transactions that wait together are committed
 * together, each behind a savepoint of its own, so that many writers share one flush to the disk
 * and are served in the order in which they came. When one of them finds no room, each is committed
 * alone, and so runs again.
 */
final class SqliteWriter implements AutoCloseable {
  private static final int MOST_TOGETHER = 128;

  private final Connection connection;
  private final Sql sql;
  private final LinkedBlockingQueue<Job<?>> queue = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;

  SqliteWriter(Connection connection, AuditMac auditMac) {
    this.connection = connection;
    this.sql = Sql.compiling(connection, auditMac);
    this.thread = Thread.ofPlatform().daemon().name("sqlite-writer").start(this::work);
  }

  private static final class Job<T extends @Nullable Object> {
    private final Function<Sql, T> transaction;
    private final CompletableFuture<T> outcome = new CompletableFuture<>();
    private @Nullable Runnable whenDurable;

    Job(Function<Sql, T> transaction) {
      this.transaction = transaction;
    }

    void run(Sql sql) {
      T result = transaction.apply(sql);
      whenDurable = () -> outcome.complete(result);
    }
  }

  /** Runs a transaction and returns when it is on the disk. */
  <T extends @Nullable Object> T write(Function<Sql, T> transaction) {
    var job = new Job<>(transaction);
    queue.add(job);
    if (closed) {
      job.outcome.completeExceptionally(new IllegalStateException("the database is closed"));
    }
    try {
      return job.outcome.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }

  private void work() {
    var jobs = new ArrayList<Job<?>>();
    while (!closed) {
      try {
        jobs.add(queue.take());
      } catch (InterruptedException e) {
        break;
      }
      queue.drainTo(jobs, MOST_TOGETHER - 1);
      commit(jobs);
      jobs.clear();
    }
    queue.forEach(job ->
        job.outcome.completeExceptionally(new IllegalStateException("the database is closed")));
  }

  private void commit(List<Job<?>> jobs) {
    try (Statement control = connection.createStatement()) {
      control.execute("BEGIN IMMEDIATE");
      try {
        for (Job<?> job : jobs) {
          runOne(job, control);
        }
        control.execute("COMMIT");
      } catch (Throwable e) {
        rollback(control, e);
        throw e;
      }
      jobs.forEach(SqliteWriter::tell);
    } catch (TakenDown e) {
      // Who came together with one that found no room may find it alone.
      if (jobs.size() == 1) {
        jobs.getFirst().outcome.completeExceptionally(e.reason);
      } else {
        jobs.stream().filter(job -> !job.outcome.isDone()).forEach(job -> commit(List.of(job)));
      }
    } catch (SQLException e) {
      jobs.forEach(job -> job.outcome.completeExceptionally(Database.translated(e)));
    } catch (Throwable e) {
      // Whoever waits is told, and this thread goes on: there is no other that writes.
      jobs.forEach(job -> job.outcome.completeExceptionally(e));
    }
  }

  /** One transaction ended those that were to be committed with it. */
  private static final class TakenDown extends Exception {
    private final Throwable reason;

    TakenDown(Throwable reason) {
      super(reason);
      this.reason = reason;
    }
  }

  private void runOne(Job<?> job, Statement control) throws SQLException, TakenDown {
    control.execute("SAVEPOINT one");
    try {
      job.run(sql);
      control.execute("RELEASE one");
    } catch (RuntimeException | Error e) {
      // On a full disk SQLite ends the whole transaction by itself, and with it the savepoint.
      if (!isBackTo(control)) {
        throw new TakenDown(e);
      }
      job.outcome.completeExceptionally(e);
    }
  }

  private static boolean isBackTo(Statement control) {
    try {
      control.execute("ROLLBACK TO one");
      control.execute("RELEASE one");
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  private static void rollback(Statement control, Throwable because) {
    try {
      control.execute("ROLLBACK");
    } catch (SQLException e) {
      // SQLite has rolled back by itself already, as it does when the disk is full.
      because.addSuppressed(e);
    }
  }

  private static void tell(Job<?> job) {
    if (job.whenDurable != null) {
      job.whenDurable.run();
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      throw new IllegalStateException("the database file could not be closed", e);
    }
  }
}
