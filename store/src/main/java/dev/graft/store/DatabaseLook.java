package dev.graft.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/**
 * What a database says to someone who only looks: nothing is made, changed, migrated or locked, and
 * a server may run on it meanwhile.
 *
 * @param product what it is and in which version
 * @param ahead how far its clock is ahead of this machine's
 * @param applied the versions of the migrations that it has had
 * @param pending those that this Graft would bring
 * @param unknown those that this Graft does not know
 * @param failed those that stopped half-way
 * @param isTooFarAhead whether this Graft does not start on it; on the next generation it does
 */
public record DatabaseLook(
    String product,
    Duration ahead,
    List<String> applied,
    List<String> pending,
    List<String> unknown,
    List<String> failed,
    boolean isTooFarAhead) {
  private static final int MILLIS_TO_CONNECT = 5_000;

  public DatabaseLook {
    applied = List.copyOf(applied);
    pending = List.copyOf(pending);
    unknown = List.copyOf(unknown);
    failed = List.copyOf(failed);
  }

  /**
   * Looks at a PostgreSQL database.
   *
   * @throws StoreException with the reason when it cannot be looked at
   */
  public static DatabaseLook postgres(URI url) {
    var config = new HikariConfig();
    config.setJdbcUrl(Database.jdbcUrl(url));
    config.setDataSourceProperties(Database.credentials(url));
    return look(Dialect.POSTGRES, config);
  }

  /**
   * Looks at a SQLite file; there is nothing to see before the first start has made it.
   *
   * @throws StoreException with the reason when it cannot be looked at
   */
  public static Optional<DatabaseLook> sqlite(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    var reading = new SQLiteConfig();
    reading.setReadOnly(true);
    reading.setBusyTimeout(2_000);
    var source = new SQLiteDataSource(reading);
    source.setUrl("jdbc:sqlite:" + file);
    var config = new HikariConfig();
    config.setDataSource(source);
    return Optional.of(look(Dialect.SQLITE, config));
  }

  private static DatabaseLook look(Dialect dialect, HikariConfig config) {
    config.setPoolName("look");
    config.setMaximumPoolSize(2);
    config.setReadOnly(true);
    config.setConnectionTimeout(MILLIS_TO_CONNECT);
    config.setInitializationFailTimeout(1);
    try (var pool = new HikariDataSource(config)) {
      MigrationInfo[] migrations =
          Flyway.configure()
              .dataSource(pool)
              .locations("classpath:dev/graft/store/migrations")
              .table("graft_migration")
              .placeholders(dialect.placeholders())
              .load()
              .info()
              .all();
      try (Connection connection = pool.getConnection()) {
        String product =
            connection.getMetaData().getDatabaseProductName()
                + " "
                + connection.getMetaData().getDatabaseProductVersion();
        return new DatabaseLook(
            product,
            ahead(connection, dialect),
            versions(migrations, MigrationState::isApplied),
            versions(migrations, MigrationState.PENDING::equals),
            versions(migrations, state -> state.name().startsWith("FUTURE")),
            versions(migrations, MigrationState::isFailed),
            Database.isTooFarAhead(Database.generation(pool), migrations));
      }
    } catch (PoolInitializationException | FlywayException e) {
      throw new StoreException(reason(e), false, e);
    } catch (SQLException e) {
      throw new StoreException(Database.plain(e), false, e);
    }
  }

  private static String reason(RuntimeException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return Database.plain(sql);
      }
    }
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
  }

  private static Duration ahead(Connection connection, Dialect dialect) throws SQLException {
    Instant before = Instant.now();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT " + dialect.now())) {
      row.next();
      Instant there = Instant.ofEpochMilli(row.getLong(1));
      Instant here = before.plus(Duration.between(before, Instant.now()).dividedBy(2));
      return Duration.between(here, there);
    }
  }

  private static List<String> versions(
      MigrationInfo[] migrations, Predicate<MigrationState> wanted) {
    return Arrays.stream(migrations)
        .filter(migration -> wanted.test(migration.getState()))
        .map(migration -> String.valueOf(migration.getVersion()))
        .toList();
  }
}
