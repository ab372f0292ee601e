package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Sandbox;
import dev.graft.store.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What probes are told while the parts of a server are away. */
class HealthTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path folder;

  private Map<String, String> environment(URI vapi) {
    RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "1");
    return RunningServer.environment(folder.resolve("data"), folder.resolve("templates"), vapi);
  }

  private static RunningServer.Answer awaitReady(
      RunningServer server, Predicate<RunningServer.Answer> wanted) throws InterruptedException {
    Instant end = Instant.now().plus(PATIENCE);
    while (true) {
      RunningServer.Answer answer = server.get("/health/ready");
      if (wanted.test(answer)) {
        return answer;
      }
      assertThat(Instant.now()).as(answer.body()).isBefore(end);
      Thread.sleep(100);
    }
  }

  @Test
  void aDatabaseThatIsAwayIsSaidInTimeAndNothingElseIs() throws Exception {
    URI real = TestPostgres.freshDatabase();
    try (var sandbox = Sandbox.start();
        var cable = new Cable(real.getPort())) {
      Map<String, String> environment = environment(sandbox.url());
      environment.put(
          "GRAFT_DATABASE_URL",
          real.toString().replace(":" + real.getPort() + "/", ":" + cable.port() + "/"));
      try (RunningServer server = RunningServer.start(environment)) {
        assertThat(server.get("/health/ready").json().required("checks"))
            .allSatisfy(check -> assertThat(check.stringValue()).isEqualTo("ok"))
            .hasSize(7);

        cable.cut();
        RunningServer.Answer away = awaitReady(server, answer -> answer.status() == 503);
        assertThat(away.json().at("/checks/database").stringValue())
            .isEqualTo("The database does not answer.");
        assertThat(away.json().at("/checks/keys").stringValue())
            .isEqualTo("They are in the database.");
        assertThat(away.body())
            .doesNotContain("postgres", "127.0.0.1", "Connection", "Exception", "Hikari");
        Instant asked = Instant.now();
        server.get("/health/ready");
        assertThat(Duration.between(asked, Instant.now()))
            .as("a probe does not wait for the driver")
            .isLessThan(Duration.ofSeconds(5));
        assertThat(server.get("/health").status()).isEqualTo(200);
        assertThat(server.get("/health/startup").status()).isEqualTo(200);
        asked = Instant.now();
        RunningServer.Answer metrics = server.get("/metrics");
        assertThat(Duration.between(asked, Instant.now()))
            .as("nor does Prometheus")
            .isLessThan(Duration.ofSeconds(8));
        assertThat(metrics.status()).isEqualTo(200);
        assertThat(metrics.body())
            .contains("graft_database_up 0", "graft_operations_unfinished NaN")
            .as("of this database others make backups")
            .doesNotContain("graft_backup_last");

        cable.mend();
        assertThat(awaitReady(server, answer -> answer.status() == 200).json().get("status"))
            .asString()
            .contains("ready");
      }
    }
  }

  @Test
  void tablesThatDoNotFitAreSaid() throws Exception {
    try (var sandbox = Sandbox.start();
        RunningServer server = RunningServer.start(environment(sandbox.url()));
        var connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/graft.db"));
        var statement = connection.createStatement()) {
      assertThat(server.get("/health/ready").status()).isEqualTo(200);
      statement.execute("UPDATE graft_migration SET success = 0 WHERE version = '8'");
      RunningServer.Answer failed = awaitReady(server, answer -> answer.status() == 503);
      assertThat(failed.json().at("/checks/migrations").stringValue())
          .contains("not as this version of Graft needs them");
      assertThat(failed.json().at("/checks/database").stringValue()).isEqualTo("ok");
      statement.execute("UPDATE graft_migration SET success = 1");
      awaitReady(server, answer -> answer.status() == 200);
      // As after a restore of an older database under a server that runs.
      statement.execute("DELETE FROM graft_migration WHERE CAST(version AS INTEGER) > 5");
      awaitReady(server, answer -> answer.status() == 503);
    }
  }

  @Test
  void templatesThatAreGoneAreSaid() throws Exception {
    try (var sandbox = Sandbox.start();
        RunningServer server = RunningServer.start(environment(sandbox.url()))) {
      assertThat(server.get("/health/ready").status()).isEqualTo(200);
      Files.move(folder.resolve("templates"), folder.resolve("elsewhere"));
      RunningServer.Answer failed = awaitReady(server, answer -> answer.status() == 503);
      assertThat(failed.json().at("/checks/templates").stringValue())
          .isEqualTo("There is no template.");
      Files.move(folder.resolve("elsewhere"), folder.resolve("templates"));
      awaitReady(server, answer -> answer.status() == 200);
    }
  }

  @Test
  void nobodyMakesGraftAskItsKeyProviderAsOftenAsTheyLike() throws Exception {
    try (var sandbox = Sandbox.start();
        RunningServer server = RunningServer.start(environment(sandbox.url()))) {
      double before = checks(server);
      Instant began = Instant.now();
      for (int i = 0; i < 100; i++) {
        assertThat(server.get("/health/ready").status()).isEqualTo(200);
      }
      double most = Duration.between(began, Instant.now()).toMillis() / 5_000.0 + 2;
      assertThat(checks(server) - before).isLessThanOrEqualTo(most);
    }
  }

  private static double checks(RunningServer server) {
    return server
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("graft_key_provider_call_duration_seconds_count"))
        .filter(line -> line.contains("call=\"check\"") && line.contains("outcome=\"ok\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  /** What a database is connected with, which can be cut. */
  private static final class Cable implements AutoCloseable {
    private final int to;
    private final ServerSocket door;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean isCut;

    Cable(int to) throws IOException {
      this.to = to;
      this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      Thread.startVirtualThread(this::work);
    }

    int port() {
      return door.getLocalPort();
    }

    void cut() {
      isCut = true;
      open.forEach(Cable::close);
    }

    void mend() {
      isCut = false;
    }

    private void work() {
      try {
        while (true) {
          Socket from = door.accept();
          if (isCut) {
            close(from);
            continue;
          }
          Socket there = new Socket(InetAddress.getLoopbackAddress(), to);
          open.add(from);
          open.add(there);
          Thread.startVirtualThread(() -> pass(from, there));
          Thread.startVirtualThread(() -> pass(there, from));
        }
      } catch (IOException e) {
        // It is closed.
      }
    }

    private static void pass(Socket from, Socket there) {
      try {
        from.getInputStream().transferTo(there.getOutputStream());
      } catch (IOException e) {
        // As good as its end.
      }
      close(from);
      close(there);
    }

    private static void close(Socket socket) {
      try {
        socket.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() throws IOException {
      door.close();
      cut();
    }
  }
}
