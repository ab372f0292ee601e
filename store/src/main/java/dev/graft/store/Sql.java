package dev.graft.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Statements on one connection, written by hand. Three types go in and come out, the same on both
 * databases: text, 64-bit numbers and bytes; each can be null.
 */
final class Sql {
  private final Connection connection;
  private final AuditMac auditMac;
  private final @Nullable Compiled compiled;

  private Sql(Connection connection, AuditMac auditMac, @Nullable Compiled compiled) {
    this.connection = connection;
    this.auditMac = auditMac;
    this.compiled = compiled;
  }

  /** On a connection of PostgreSQL, whose driver remembers statements by itself. */
  static Sql of(Connection connection, AuditMac auditMac) {
    return new Sql(connection, auditMac, null);
  }

  /**
   * On a connection of SQLite that is used for long, by one thread at a time: each statement is
   * compiled once, which takes longer than most of them run.
   */
  static Sql compiling(Connection connection, AuditMac auditMac) {
    return new Sql(connection, auditMac, new Compiled(connection));
  }

  /** A statement, and the names of its columns once it has had a row. */
  private static final class Prepared implements AutoCloseable {
    private final PreparedStatement statement;
    private final boolean isKept;
    private String @Nullable [] labels;

    Prepared(PreparedStatement statement, boolean isKept) {
      this.statement = statement;
      this.isKept = isKept;
    }

    @Override
    public void close() throws SQLException {
      if (isKept) {
        // What was asked for is not remembered with the question.
        statement.clearParameters();
      } else {
        statement.close();
      }
    }
  }

  /** The statements that were used last. */
  private static final class Compiled {
    private static final int MOST = 300;

    private final Connection connection;
    private final LinkedHashMap<String, Prepared> statements =
        new LinkedHashMap<>(MOST, 0.75f, true);

    Compiled(Connection connection) {
      this.connection = connection;
    }

    Prepared get(String text) throws SQLException {
      Prepared known = statements.get(text);
      if (known != null) {
        return known;
      }
      if (statements.size() >= MOST) {
        statements.pollFirstEntry().getValue().statement.close();
      }
      var made = new Prepared(connection.prepareStatement(text), true);
      statements.put(text, made);
      return made;
    }

    void forget(String text) {
      Prepared gone = statements.remove(text);
      if (gone != null) {
        try {
          gone.statement.close();
        } catch (SQLException e) {
          // It is of no use in any case.
          return;
        }
      }
    }
  }

  /** What proves that a record of the audit trail is Graft's own. */
  AuditMac auditMac() {
    return auditMac;
  }

  /** Every row of a query. */
  List<Row> fetch(String text, @Nullable Object... values) {
    try (Prepared prepared = prepared(text, values);
        ResultSet results = prepared.statement.executeQuery()) {
      var rows = new ArrayList<Row>();
      while (results.next()) {
        String[] columns = prepared.labels;
        if (columns == null) {
          columns = labels(results.getMetaData());
          prepared.labels = columns;
        }
        var row = HashMap.<String, @Nullable Object>newHashMap(columns.length);
        for (int i = 0; i < columns.length; i++) {
          row.put(columns[i], results.getObject(i + 1));
        }
        rows.add(new Row(row));
      }
      return rows;
    } catch (SQLException e) {
      throw failed(text, e);
    }
  }

  private static String[] labels(ResultSetMetaData columns) throws SQLException {
    var labels = new String[columns.getColumnCount()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = columns.getColumnLabel(i + 1).toLowerCase(Locale.ROOT);
    }
    return labels;
  }

  /** Every row of a query, each read into a value. */
  <T> List<T> list(Function<Row, T> read, String text, @Nullable Object... values) {
    return fetch(text, values).stream().map(read).toList();
  }

  /** The number that a query counts. */
  int count(String text, @Nullable Object... values) {
    return (int) fetch(text, values).getFirst().number("n");
  }

  /** The first row of a query, if there is one. */
  Optional<Row> first(String text, @Nullable Object... values) {
    return fetch(text, values).stream().findFirst();
  }

  /** Carries out a statement and gives the number of rows that it touched. */
  int execute(String text, @Nullable Object... values) {
    try (Prepared prepared = prepared(text, values)) {
      return prepared.statement.executeUpdate();
    } catch (SQLException e) {
      throw failed(text, e);
    }
  }

  /** Carries out a statement once for each list of values, all of them in one go. */
  void executeEach(String text, List<@Nullable Object[]> values) {
    if (values.isEmpty()) {
      return;
    }
    try (Prepared prepared = prepared(text)) {
      for (@Nullable Object[] one : values) {
        set(prepared.statement, text, one);
        prepared.statement.addBatch();
      }
      prepared.statement.executeBatch();
    } catch (SQLException e) {
      throw failed(text, e);
    }
  }

  /** A statement of SQLite that failed once, for want of room perhaps, does nothing ever after. */
  private StoreException failed(String text, SQLException e) {
    if (compiled != null) {
      compiled.forget(text);
    }
    return Database.translated(e);
  }

  private Prepared prepared(String text, @Nullable Object... values) throws SQLException {
    Prepared prepared =
        compiled == null
            ? new Prepared(connection.prepareStatement(text), false)
            : compiled.get(text);
    try {
      set(prepared.statement, text, values);
      return prepared;
    } catch (SQLException | RuntimeException e) {
      prepared.close();
      throw e;
    }
  }

  private static void set(PreparedStatement statement, String text, @Nullable Object[] values)
      throws SQLException {
    for (int i = 0; i < values.length; i++) {
      switch (values[i]) {
        case String string -> statement.setString(i + 1, string);
        case Long number -> statement.setLong(i + 1, number);
        case Integer number -> statement.setLong(i + 1, number);
        case byte[] bytes -> statement.setBytes(i + 1, bytes);
        case Text(String string) -> statement.setString(i + 1, string);
        case Integral(Number number) -> {
          if (number == null) {
            statement.setNull(i + 1, Types.BIGINT);
          } else {
            statement.setLong(i + 1, number.longValue());
          }
        }
        case Bytes(Sealed bytes) -> statement.setBytes(i + 1, bytes == null ? null : bytes.bytes());
        case null, default ->
            throw new IllegalArgumentException("no type for value " + i + " of: " + text);
      }
    }
  }

  /** Text that may be null: PostgreSQL has to be told the type of a null. */
  record Text(@Nullable String value) {}

  /** A number that may be null. */
  record Integral(@Nullable Number value) {}

  /** Bytes that may be null. */
  record Bytes(@Nullable Sealed value) {}

  /** One row of a result. */
  static final class Row {
    private final Map<String, @Nullable Object> values;

    private Row(Map<String, @Nullable Object> values) {
      this.values = values;
    }

    String text(String column) {
      return (String) present(column);
    }

    @Nullable String textOrNull(String column) {
      return values.get(column) == null ? null : text(column);
    }

    long number(String column) {
      return ((Number) present(column)).longValue();
    }

    @Nullable Long numberOrNull(String column) {
      return values.get(column) == null ? null : number(column);
    }

    byte[] bytes(String column) {
      return (byte[]) present(column);
    }

    byte @Nullable [] bytesOrNull(String column) {
      return values.get(column) == null ? null : bytes(column);
    }

    /** Text or a number, whichever it is. */
    Object value(String column) {
      return values.get(column) instanceof Number ? number(column) : text(column);
    }

    private Object present(String column) {
      Object value = values.get(column);
      if (value == null) {
        throw new IllegalStateException("the column " + column + " is empty or not there");
      }
      return value;
    }
  }
}
