package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.store.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Measures what a million linked accounts in the database make slower, against a thousand in the
 * same run. All but a few thousand of them are copies, made by statements, of one that was really
 * linked and cloned, with shorter bodies. Run with {@code ./check --figures}; {@code
 * -Dgraft.figures.accounts=N} makes another number.
 */
class ScaleFigures {
  private static final int FEW = 1_000;
  private static final int MANY = Integer.getInteger("graft.figures.accounts", 1_000_000);
  private static final int MEASURED = 300;
  private static final int CHUNK = 50_000;

  @TempDir private Path folder;
  private final FigureSheet sheet = new FigureSheet("scale");
  private URI vapi = URI.create("http://127.0.0.1");
  private int users;

  @Test
  void aMillionAccounts() throws Exception {
    try (GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      vapi = sandbox.url();
      FigureSheet.writeTemplate(folder, 1);
      sheet.heading();
      compare("SQLite", FigureSheet.environment(folder, vapi), "jdbc:sqlite:" + file());
      URI postgres = TestPostgres.freshDatabase();
      Map<String, String> environment = FigureSheet.environment(folder.resolve("pg"), vapi);
      environment.put("GRAFT_TEMPLATES", folder.resolve("templates").toString());
      environment.put("GRAFT_DATABASE_URL", postgres.toString());
      compare(
          "PostgreSQL",
          environment,
          "jdbc:postgresql://127.0.0.1:"
              + postgres.getPort()
              + postgres.getPath()
              + "?user=postgres&password=postgres");
    }
    sheet.write();
  }

  private Path file() {
    return folder.resolve("data/graft.db");
  }

  private void compare(String name, Map<String, String> environment, String jdbc) throws Exception {
    Map<String, Duration> few = measured(environment);
    long before = size(jdbc);
    sheet.row(
        name + ": database per account that was linked, cloned to and planned",
        "%d bytes".formatted(before / (FEW + MEASURED)));
    Instant start = Instant.now();
    generate(jdbc);
    sheet.row(
        name + ": accounts that were generated",
        "%d in %d s, %d bytes each with short bodies"
            .formatted(
                MANY,
                Duration.between(start, Instant.now()).toSeconds(),
                (size(jdbc) - before) / MANY));
    Map<String, Duration> many = measured(environment);
    few.forEach((what, time) ->
        sheet.row(
            name + ": " + what + ", median of " + MEASURED,
            "%s with %d accounts, %s with %d (%.2f x)"
                .formatted(
                    FigureSheet.millis(time),
                    FEW,
                    FigureSheet.millis(many.get(what)),
                    MANY,
                    (double) many.get(what).toNanos() / time.toNanos())));
  }

  /** What is measured, after as many clones each time. */
  private Map<String, Duration> measured(Map<String, String> environment) throws Exception {
    try (GraftProcess server = GraftProcess.start(environment, "serve")) {
      URI graft = server.url();
      for (int i = 0; i < FEW; i++) {
        clone(graft, linked(graft));
      }
      var times = new LinkedHashMap<String, Duration>();
      var clones = new ArrayList<Duration>();
      var repeats = new ArrayList<Duration>();
      var plans = new ArrayList<Duration>();
      var pages = new ArrayList<Duration>();
      for (int i = 0; i < MEASURED; i++) {
        String user = linked(graft);
        clones.add(timed(() -> clone(graft, user)));
        repeats.add(timed(() -> clone(graft, user)));
        String account =
            Http.get(graft, "/v1/accounts?userId=" + user)
                .body()
                .get("accounts")
                .get(0)
                .get("id")
                .stringValue();
        plans.add(
            timed(() ->
                assertThat(
                        Http.post(graft, "/v1/accounts/" + account + "/plans", Json.object())
                            .status())
                    .isEqualTo(201)));
        String after = "acc_0%07d".formatted((long) i * MANY / MEASURED);
        pages.add(
            timed(() ->
                assertThat(
                        Http.get(graft, "/v1/accounts?limit=50&after=" + after)
                            .body()
                            .get("accounts"))
                    .hasSize(50)));
      }
      times.put("first clone", FigureSheet.median(clones));
      times.put("repeat clone", FigureSheet.median(repeats));
      times.put("plan", FigureSheet.median(plans));
      times.put("a page of 50 of the accounts list", FigureSheet.median(pages));
      server.terminate();
      server.exit();
      return times;
    }
  }

  private String linked(URI graft) {
    String user = "sandbox-" + users++;
    try {
      assertThat(Http.link(graft, user, user).status()).isEqualTo(200);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return user;
  }

  private static void clone(URI graft, String user) throws IOException {
    Http.Answer answer = Http.clone(graft, user);
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
  }

  /** Something that takes time. */
  private interface Work {
    void run() throws Exception;
  }

  private static Duration timed(Work work) throws Exception {
    long start = System.nanoTime();
    work.run();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** The bytes of a database. */
  private static long size(String jdbc) throws Exception {
    try (Connection connection = DriverManager.getConnection(jdbc);
        Statement statement = connection.createStatement()) {
      String query =
          jdbc.startsWith("jdbc:sqlite:")
              ? "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
              : "SELECT pg_database_size(current_database())";
      try (ResultSet results = statement.executeQuery(query)) {
        results.next();
        return results.getLong(1);
      }
    }
  }

  private static void generate(String jdbc) throws SQLException {
    boolean isSqlite = jdbc.startsWith("jdbc:sqlite:");
    try (Connection connection = DriverManager.getConnection(jdbc);
        Statement statement = connection.createStatement()) {
      if (isSqlite) {
        statement.execute("PRAGMA synchronous = OFF");
      }
      Map<String, String> one = one(statement);
      connection.setAutoCommit(false);
      for (int from = 0; from < MANY; from += CHUNK) {
        int to = Math.min(MANY, from + CHUNK);
        for (Copy copy : copies(one, isSqlite)) {
          statement.executeUpdate(
              copy.statement(columns(connection, copy.table), from, to, isSqlite));
        }
        connection.commit();
      }
      connection.setAutoCommit(true);
      statement.execute(isSqlite ? "ANALYZE" : "VACUUM ANALYZE");
    }
  }

  /** The ids of an account that was cloned to, by the names of the columns that refer to them. */
  private static Map<String, String> one(Statement statement) throws SQLException {
    var one = new HashMap<String, String>();
    try (ResultSet results =
        statement.executeQuery(
            "SELECT o.id AS operation, o.installation_id AS installation, o.account_id AS account,"
                + " a.data_key FROM operation o JOIN account a ON a.id = o.account_id"
                + " WHERE o.kind = 'clone' AND o.state = 'succeeded' ORDER BY o.created_at LIMIT 1")) {
      results.next();
      for (String name : List.of("operation", "installation", "account", "data_key")) {
        one.put(name, results.getString(name));
      }
    }
    return one;
  }

  /**
   * How rows of a table are copied.
   *
   * @param where which of them
   * @param changed what stands instead of what is in a column
   */
  private record Copy(String table, String where, Map<String, String> changed) {
    String statement(List<String> columns, int from, int to, boolean isSqlite) {
      String values =
          columns.stream()
              .map(column -> changed.getOrDefault(column, "t." + column))
              .collect(Collectors.joining(", "));
      String series =
          isSqlite
              ? "WITH RECURSIVE n(i) AS (SELECT "
                  + from
                  + " UNION ALL SELECT i + 1 FROM n WHERE i < "
                  + (to - 1)
                  + ") "
              : "WITH n(i) AS (SELECT generate_series(" + from + ", " + (to - 1) + ")) ";
      String names = String.join(", ", columns);
      return isSqlite
          ? "INSERT INTO %s (%s) %s SELECT %s FROM n, %s t WHERE %s"
              .formatted(table, names, series, values, table, where)
          : "%s INSERT INTO %s (%s) SELECT %s FROM n, %s t WHERE %s"
              .formatted(series, table, names, values, table, where);
    }
  }

  private static List<Copy> copies(Map<String, String> one, boolean isSqlite) {
    String number = isSqlite ? "printf('%07d', i)" : "lpad(i::text, 7, '0')";
    String account = "'acc_0' || " + number;
    String key = "'00000000-0000-4000-8000-00000' || " + number;
    String installation = "'ins_0' || " + number;
    String operation = "'op_0' || " + number;
    String now = String.valueOf(System.currentTimeMillis());
    String ofOne = "t.account_id = '" + one.get("account") + "'";
    String ofInstallation = "t.installation_id = '" + one.get("installation") + "'";
    return List.of(
        new Copy(
            "data_key",
            "t.id = '" + one.get("data_key") + "'",
            Map.of("id", key, "owner", account)),
        new Copy(
            "account",
            "t.id = '" + one.get("account") + "'",
            Map.of(
                "id", account,
                "org_id", "NULL",
                "data_key", key,
                "key_fingerprint", "t.key_fingerprint || i",
                "key_check_from", now)),
        new Copy(
            "account_user", ofOne, Map.of("user_id", "'gen-' || " + number, "account_id", account)),
        new Copy("lease", ofOne, Map.of("account_id", account)),
        new Copy(
            "installation",
            "t.id = '" + one.get("installation") + "'",
            Map.of(
                "id", installation,
                "account_id", account,
                "told_release", "t.release_digest",
                "drift_check_from", now)),
        new Copy(
            "ledger",
            ofInstallation,
            Map.of(
                "installation_id", installation,
                "applied", "substr(t.applied, 1, 200)",
                "observed", "substr(t.observed, 1, 200)")),
        new Copy(
            "operation",
            "t.id = '" + one.get("operation") + "'",
            Map.of("id", operation, "account_id", account, "installation_id", installation)),
        new Copy(
            "journal",
            "t.operation_id = '" + one.get("operation") + "'",
            Map.of(
                "operation_id", operation,
                "making", "substr(t.making, 1, 200)",
                "earlier", "substr(t.earlier, 1, 200)")));
  }

  private static List<String> columns(Connection connection, String table) throws SQLException {
    var columns = new ArrayList<String>();
    try (ResultSet results = connection.getMetaData().getColumns(null, null, table, null)) {
      while (results.next()) {
        columns.add(results.getString("COLUMN_NAME"));
      }
    }
    return columns;
  }
}
