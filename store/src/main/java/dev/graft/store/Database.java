package dev.graft.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The database behind everything that Graft remembers: a SQLite file that one process owns, or a
 * PostgreSQL that several nodes share. A write returns when it is durable.
 */
public final class Database implements AutoCloseable {
  /**
   * The generation of the schema that this version makes. A version that changes the schema adds
   * one (docs/adr/0029-two-versions-side-by-side.md).
   */
  static final int GENERATION = 1;

  private static final Pattern MIGRATION = Pattern.compile("V\\d+__\\w+\\.sql");
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);

  /** A statement that is not answered for so long is given up, and with it its connection. */
  private static final int SECONDS_WITHOUT_ANSWER = 20;

  private static final int MILLIS_TO_SCRUB = 100;

  private final Dialect dialect;
  private final @Nullable HikariDataSource pool;
  private final @Nullable SqliteReaders readers;
  private final @Nullable SqliteWriter writer;
  private final @Nullable FileLock owner;
  private final @Nullable Path file;
  private final AuditMac auditMac;
  private final long migrated;
  private final InstantSource clock;

  private Database(
      Dialect dialect,
      @Nullable HikariDataSource pool,
      @Nullable SqliteReaders readers,
      @Nullable SqliteWriter writer,
      @Nullable FileLock owner,
      @Nullable Path file,
      AuditMac auditMac,
      long migrated) {
    this.dialect = dialect;
    this.file = file;
    this.pool = pool;
    this.readers = readers;
    this.writer = writer;
    this.owner = owner;
    this.auditMac = auditMac;
    this.migrated = migrated;
    // A file has one process, and that one's clock is the database's.
    this.clock = writer == null ? new DatabaseClock(this) : InstantSource.system();
  }

  /**
   * Opens a SQLite file, makes it if it is not there, and brings it up to date.
   *
   * @throws StoreException with a sentence for the operator when that is not possible
   */
  public static Database sqlite(Path file) {
    return sqlite(file, List.of());
  }

  /** As above, with further migrations. */
  static Database sqlite(Path file, List<String> migrations) {
    FileLock owner = lock(file);
    try {
      SQLiteDataSource source = source(file);
      long migrated = migrate(source, Dialect.SQLITE, migrations);
      var auditMac = new AuditMac();
      return new Database(
          Dialect.SQLITE,
          null,
          new SqliteReaders(source, auditMac),
          new SqliteWriter(source.getConnection(), auditMac),
          owner,
          file,
          auditMac,
          migrated);
    } catch (StoreException e) {
      free(owner);
      throw e;
    } catch (SQLException e) {
      free(owner);
      throw new StoreException(
          "The database file "
              + file
              + " cannot be opened: "
              + plain(e)
              + ". See whether the folder exists, is writable and has room.",
          false,
          e);
    }
  }

  /**
   * Opens a copy of a SQLite file to read it as it is: nothing is brought up to date, and nothing
   * is written to it or beside it.
   */
  public static Database copy(Path file) {
    var auditMac = new AuditMac();
    try {
      return new Database(
          Dialect.SQLITE,
          null,
          new SqliteReaders(reading(file), auditMac),
          null,
          null,
          file,
          auditMac,
          0);
    } catch (SQLException e) {
      throw translated(e);
    }
  }

  private static SQLiteDataSource reading(Path file) {
    var config = new SQLiteConfig();
    config.setReadOnly(true);
    var source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file);
    return source;
  }

  /**
   * Keeps every process from opening a SQLite file, which need not be there yet, until this is
   * closed.
   *
   * @throws StoreException with a sentence for the operator when a process has it open
   */
  public static Closeable claim(Path file) {
    return lock(file).acquiredBy();
  }

  private static FileLock lock(Path file) {
    Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
    try {
      if (file.getParent() != null) {
        Files.createDirectories(file.getParent());
      }
      FileChannel channel =
          FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        throw inUse(file);
      }
      return lock;
    } catch (OverlappingFileLockException e) {
      throw inUse(file);
    } catch (IOException e) {
      throw new StoreException(
          "The folder of the database file "
              + file
              + " cannot be written to: "
              + e.getMessage()
              + ". Make it writable for the user that runs Graft, or set GRAFT_DATA_DIR to another"
              + " folder.",
          false,
          e);
    }
  }

  private static StoreException inUse(Path file) {
    return new StoreException(
        "Another process of Graft has the database file "
            + file
            + " open. A SQLite file belongs to one process: stop the other one, give this one its"
            + " own GRAFT_DATA_DIR, or use PostgreSQL for several nodes.");
  }

  private static SQLiteDataSource source(Path file) {
    return source(file, 10_000);
  }

  private static SQLiteDataSource source(Path file, int millisToWait) {
    var config = new SQLiteConfig();
    config.setJournalMode(JournalMode.WAL);
    // FULL: a committed intent survives a power cut, and only then may a create be sent.
    config.setSynchronous(SynchronousMode.FULL);
    // What is deleted is overwritten: a destroyed data key must not linger in a free page.
    config.setPragma(SQLiteConfig.Pragma.SECURE_DELETE, "ON");
    config.setBusyTimeout(millisToWait);
    config.enforceForeignKeys(true);
    var source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file);
    return source;
  }

  /**
   * Connects to a PostgreSQL database and brings it up to date.
   *
   * @param url as {@code postgresql://user:password@host:port/database}, with options after a
   *     question mark as the PostgreSQL driver takes them
   * @throws StoreException with a sentence for the operator when that is not possible
   */
  public static Database postgres(URI url, int connections) {
    return postgres(url, connections, List.of());
  }

  /** As above, with further migrations. */
  static Database postgres(URI url, int connections, List<String> migrations) {
    // A migration may take long, so that it has connections of its own, without a limit.
    long migrated;
    try (HikariDataSource source = new HikariDataSource(connections(url, 3))) {
      migrated = migrate(source, Dialect.POSTGRES, migrations);
    }
    HikariConfig config = connections(url, connections);
    config.addDataSourceProperty("socketTimeout", String.valueOf(SECONDS_WITHOUT_ANSWER));
    config.addDataSourceProperty("tcpKeepAlive", "true");
    var pool = new HikariDataSource(config);
    try {
      return new Database(Dialect.POSTGRES, pool, null, null, null, null, new AuditMac(), migrated);
    } catch (StoreException e) {
      pool.close();
      throw e;
    }
  }

  private static HikariConfig connections(URI url, int most) {
    var config = new HikariConfig();
    config.setPoolName("postgres");
    config.setJdbcUrl(jdbcUrl(url));
    config.setDataSourceProperties(credentials(url));
    config.setMaximumPoolSize(most);
    config.setConnectionTimeout(10_000);
    config.setInitializationFailTimeout(-1);
    return config;
  }

  static String jdbcUrl(URI url) {
    String options = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    int port = url.getPort() < 0 ? 5432 : url.getPort();
    return "jdbc:postgresql://" + url.getHost() + ":" + port + url.getRawPath() + options;
  }

  static Properties credentials(URI url) {
    var properties = new Properties();
    properties.setProperty("ApplicationName", "graft");
    if (url.getRawUserInfo() instanceof String info) {
      int colon = info.indexOf(':');
      String user = colon < 0 ? info : info.substring(0, colon);
      properties.setProperty("user", percentDecoded(user));
      if (colon >= 0) {
        properties.setProperty("password", percentDecoded(info.substring(colon + 1)));
      }
    }
    return properties;
  }

  /** A part of an address as it is meant. A plus is a plus there: only forms write spaces so. */
  public static String percentDecoded(String part) {
    return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /**
   * Brings a schema up to date. One of the next generation is left as it is, and worked with: what
   * that one adds is no harm to this version. Of those beyond nothing is known.
   *
   * @return the number of the newest migration that this version knows
   */
  private static long migrate(DataSource source, Dialect dialect, List<String> more) {
    try {
      long there = generation(source);
      if (there > GENERATION + 1) {
        throw new StoreException(
            "The database has a schema of generation "
                + there
                + ", and this version of Graft knows generation "
                + GENERATION
                + " and gets along with "
                + (GENERATION + 1)
                + ". It was made by a version that is too far ahead. Start that version, or one in"
                + " between, or restore a backup that this version made.");
      }
      boolean isAhead = there == GENERATION + 1;
      Flyway flyway = flyway(source, dialect, more, isAhead);
      if (isAhead) {
        LOG.info(
            "the database has a schema of generation {}, one ahead of this version: it is left as it"
                + " is",
            there);
        flyway.validate();
      } else {
        flyway.migrate();
      }
      return Stream.of(flyway.info().all())
          .filter(migration -> migration.getState().isResolved())
          .mapToLong(migration -> migration.getVersion().getMajor().longValue())
          .max()
          .orElse(0);
    } catch (SQLException e) {
      throw new StoreException(unreachable(e), false, e);
    } catch (FlywayException e) {
      throw new StoreException(migrationFailure(e), false, e);
    }
  }

  private static Flyway flyway(
      DataSource source, Dialect dialect, List<String> more, boolean isAhead) {
    return Flyway.configure()
        .dataSource(source)
        .locations(
            Stream.concat(Stream.of("classpath:dev/graft/store/migrations"), more.stream())
                .toArray(String[]::new))
        .table("graft_migration")
        .placeholders(dialect.placeholders())
        // A migration that this version does not know was made by a newer one.
        .ignoreMigrationPatterns(isAhead ? new String[] {"*:future"} : new String[0])
        .validateMigrationNaming(true)
        .load();
  }

  /** The generation of the schema that is there, 0 when there is none. */
  static long generation(DataSource source) throws SQLException {
    try (Connection connection = source.getConnection();
        ResultSet tables =
            connection
                .getMetaData()
                .getTables(null, connection.getSchema(), "schema_generation", null)) {
      if (!tables.next()) {
        return 0;
      }
      try (Statement asking = connection.createStatement();
          ResultSet newest =
              asking.executeQuery("SELECT COALESCE(MAX(generation), 0) FROM schema_generation")) {
        newest.next();
        return newest.getLong(1);
      }
    }
  }

  private static String unreachable(SQLException e) {
    return "The database cannot be reached or changed: "
        + plain(e)
        + ". See whether it is running, whether GRAFT_DATABASE_URL is right, and whether its user"
        + " may create tables.";
  }

  private static String migrationFailure(FlywayException e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("not resolved locally") || message.contains("applied to database")) {
      return "The database was made by a newer version of Graft than this one. Start that version,"
          + " or restore a backup that this version made.";
    }
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return step(e)
            .map(step ->
                "The database could not be brought up to date: "
                    + step
                    + " failed ("
                    + plain(sql)
                    + "), and nothing of it was kept. What was there is as it was. Start the version"
                    + " that ran before, or this one again when the reason is gone.")
            .orElseGet(() -> unreachable(sql));
      }
    }
    return "The database could not be brought up to date: "
        + message.lines().findFirst().orElse("");
  }

  /** The file that failed, when it was one. */
  private static Optional<String> step(FlywayException e) {
    Matcher file = MIGRATION.matcher(String.valueOf(e.getMessage()));
    return file.find() ? Optional.of("the step " + file.group()) : Optional.empty();
  }

  static String plain(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
  }

  Dialect dialect() {
    return dialect;
  }

  /** The one clock of all nodes that share this database. */
  public InstantSource clock() {
    return clock;
  }

  /** The connections to PostgreSQL themselves, for a library that writes its own statements. */
  DataSource connections() {
    return Objects.requireNonNull(pool, "a SQLite file has no pool of connections");
  }

  AuditMac auditMac() {
    return auditMac;
  }

  /** Reads. What another transaction writes meanwhile may or may not be seen. */
  <T extends @Nullable Object> T read(Function<Sql, T> query) {
    if (readers != null) {
      return readers.read(query);
    }
    try (Connection connection = connections().getConnection()) {
      return query.apply(Sql.of(connection, auditMac));
    } catch (SQLException e) {
      throw translated(e);
    }
  }

  /** Reads and writes in one transaction, and returns when it is durable. */
  <T extends @Nullable Object> T write(Function<Sql, T> transaction) {
    if (writer != null) {
      return writer.write(transaction);
    }
    try (Connection connection = connections().getConnection()) {
      connection.setAutoCommit(false);
      T result;
      try {
        result = transaction.apply(Sql.of(connection, auditMac));
      } catch (Throwable e) {
        // Whatever it was: what is not rolled back here would be committed below, half done.
        rollback(connection, e);
        throw e;
      }
      connection.commit();
      connection.setAutoCommit(true);
      return result;
    } catch (SQLException e) {
      throw translated(e);
    }
  }

  private static void rollback(Connection connection, Throwable because) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      // The connection is broken, and the database rolls back by itself.
      because.addSuppressed(e);
    }
  }

  /**
   * Sees to it that deleted rows are gone from the files, too, as far as this database can: SQLite
   * overwrites them, and what its log still holds of them is cut off here. PostgreSQL does that in
   * its own time.
   *
   * @return false when someone was reading just then, so that it has to be tried again
   */
  public boolean scrub() {
    if (file == null) {
      return true;
    }
    // Nobody can write while this waits for a reader, and one that makes a copy reads for long.
    try (Connection connection = source(file, MILLIS_TO_SCRUB).getConnection();
        Statement statement = connection.createStatement();
        ResultSet done = statement.executeQuery("PRAGMA wal_checkpoint(TRUNCATE)")) {
      return done.next() && done.getInt("busy") == 0;
    } catch (SQLException e) {
      throw translated(e);
    }
  }

  /**
   * The connections that are there.
   *
   * @param waiting how many threads wait for one
   */
  public record Pool(int most, int active, int idle, int waiting) {}

  public Pool pool() {
    if (readers != null) {
      return readers.state();
    }
    HikariDataSource all = Objects.requireNonNull(pool, "every database has connections");
    var bean = all.getHikariPoolMXBean();
    return bean == null
        ? new Pool(all.getMaximumPoolSize(), 0, 0, 0)
        : new Pool(
            all.getMaximumPoolSize(),
            bean.getActiveConnections(),
            bean.getIdleConnections(),
            bean.getThreadsAwaitingConnection());
  }

  /** Whether the tables are as this version wants them, or newer, as a neighbour may need them. */
  public enum Schema {
    FITS,
    OLDER,
    FAILED
  }

  /** How the tables are now: someone may have restored them, or changed them by half. */
  public Schema schema() {
    return read(sql -> {
      boolean failed = sql.count("SELECT count(*) AS n FROM graft_migration WHERE NOT success") > 0;
      long newest =
          sql.count("SELECT COALESCE(MAX(CAST(version AS INTEGER)), 0) AS n FROM graft_migration");
      return failed ? Schema.FAILED : newest < migrated ? Schema.OLDER : Schema.FITS;
    });
  }

  /**
   * Copies a SQLite file as it is at one moment, with what stands in its log only, while others
   * read and write. What was deleted is not in the copy.
   */
  void copyInto(Path target) {
    if (file == null) {
      throw new IllegalStateException("only a SQLite file is copied so");
    }
    try (Connection connection = source(file).getConnection();
        PreparedStatement statement = connection.prepareStatement("VACUUM INTO ?")) {
      statement.setString(1, target.toString());
      statement.execute();
    } catch (SQLException e) {
      throw translated(e);
    }
  }

  /** Whether a copy of a SQLite file is of a version of Graft that this one does not start on. */
  static boolean isTooFarAhead(Path copy) {
    SQLiteDataSource source = reading(copy);
    try {
      return isTooFarAhead(
          generation(source), flyway(source, Dialect.SQLITE, List.of(), false).info().all());
    } catch (SQLException e) {
      throw translated(e);
    }
  }

  /**
   * Whether this version does not start on a schema, as {@link #migrate} decides it.
   *
   * @param migrations those that the schema has had, and those that this version knows
   */
  static boolean isTooFarAhead(long generation, MigrationInfo[] migrations) {
    return generation > GENERATION + 1
        || generation <= GENERATION
            && Stream.of(migrations).anyMatch(migration -> !migration.getState().isResolved());
  }

  /** Whether the database answers. */
  public boolean isUp() {
    try {
      return read(sql -> sql.first("SELECT 1 AS one")).isPresent();
    } catch (RuntimeException e) {
      return false;
    }
  }

  /** What the operator should know of which database this is; no password in it. */
  public String description() {
    return dialect == Dialect.POSTGRES ? "PostgreSQL" : "SQLite";
  }

  /** What the database says, in words for the operator. */
  static StoreException translated(SQLException e) {
    if (e instanceof SQLiteException sqlite) {
      return translatedSqlite(sqlite);
    }
    String state = String.valueOf(e.getSQLState());
    if (e instanceof SQLTransientConnectionException
        || state.startsWith("08")
        || state.startsWith("57P")) {
      return new StoreException(
          "The database does not answer. Graft goes on by itself as soon as it does.", true, e);
    }
    if (state.startsWith("53")) {
      return new StoreException(
          "The database is out of room or connections. Make room; Graft goes on by itself.",
          true,
          e);
    }
    if (state.equals("23503")) {
      return StoreException.ofSomethingGone(e);
    }
    return new StoreException("The database refused a statement.", false, e);
  }

  private static StoreException translatedSqlite(SQLiteException e) {
    SQLiteErrorCode code = e.getResultCode();
    return switch (code) {
      case SQLITE_FULL ->
          new StoreException(
              "The disk that holds Graft's database is full. Make room; Graft goes on by itself.",
              true,
              e);
      case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_BUSY_SNAPSHOT ->
          new StoreException("Another program holds Graft's database file. Close it.", true, e);
      case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM ->
          new StoreException("Graft's database file cannot be written to.", true, e);
      case SQLITE_CORRUPT, SQLITE_NOTADB ->
          new StoreException(
              "Graft's database file is damaged. Restore the last backup.", false, e);
      case SQLITE_CONSTRAINT_FOREIGNKEY -> StoreException.ofSomethingGone(e);
      default ->
          code.name().startsWith("SQLITE_IOERR")
              ? new StoreException(
                  "The disk that holds Graft's database reports an error.", true, e)
              : new StoreException("The database refused a statement.", false, e);
    };
  }

  @Override
  public void close() {
    if (writer != null) {
      writer.close();
    }
    if (readers != null) {
      readers.close();
    }
    if (pool != null) {
      pool.close();
    }
    if (owner != null) {
      free(owner);
    }
  }

  private static void free(FileLock owner) {
    try {
      owner.acquiredBy().close();
    } catch (IOException e) {
      throw new IllegalStateException("the lock on the database file could not be freed", e);
    }
  }
}
