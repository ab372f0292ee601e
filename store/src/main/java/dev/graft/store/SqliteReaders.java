package dev.graft.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The connections that read a SQLite file. There are few, since native code holds a processor while
 * it reads; each keeps the statements that it has compiled, which a pool that hands connections out
 * for anything would throw away.
 */
final class SqliteReaders implements AutoCloseable {
  private static final int CONNECTIONS = 4;

  private final List<Connection> connections = new ArrayList<>();
  private final BlockingQueue<Sql> idle = new ArrayBlockingQueue<>(CONNECTIONS, true);
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile boolean closed;

  SqliteReaders(DataSource source, AuditMac auditMac) throws SQLException {
    try {
      for (int i = 0; i < CONNECTIONS; i++) {
        Connection connection = source.getConnection();
        connections.add(connection);
        try (Statement statement = connection.createStatement()) {
          statement.execute("PRAGMA query_only = 1");
        }
        idle.add(Sql.compiling(connection, auditMac));
      }
    } catch (SQLException e) {
      close();
      throw e;
    }
  }

  /** Reads, as soon as one of the connections is free; they are given in the order of asking. */
  <T extends @Nullable Object> T read(Function<Sql, T> query) {
    Sql sql;
    waiting.incrementAndGet();
    try {
      sql = idle.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the database", e);
    } finally {
      waiting.decrementAndGet();
    }
    try {
      if (closed) {
        throw new IllegalStateException("the database is closed");
      }
      return query.apply(sql);
    } finally {
      idle.add(sql);
    }
  }

  Database.Pool state() {
    int free = idle.size();
    return new Database.Pool(CONNECTIONS, CONNECTIONS - free, free, waiting.get());
  }

  /** Waits for what is being read. Whoever wants to read after that is told. */
  @Override
  public void close() {
    closed = true;
    Sql last = null;
    try {
      for (Connection connection : connections) {
        Sql taken = idle.poll(5, TimeUnit.SECONDS);
        last = taken == null ? last : taken;
        connection.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      throw new IllegalStateException("the database file could not be closed", e);
    } finally {
      if (last != null) {
        // It goes from one who waits to the next.
        idle.add(last);
      }
    }
  }
}
