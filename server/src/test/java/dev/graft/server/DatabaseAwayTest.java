package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Sandbox;
import dev.graft.store.OwnPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PostgreSQL goes away under load: stopped, restarted, or silent with its connections open. Whoever
 * asks meanwhile is told, nothing is made twice or lost, and all of it is finished without a word
 * from anyone when the database is back.
 */
class DatabaseAwayTest {
  private static final boolean LONG = Boolean.getBoolean("graft.long");
  private static final int CUSTOMERS = LONG ? 300 : 20;

  @TempDir private Path folder;
  private Sandbox sandbox;
  private OwnPostgres postgres;
  private List<RunningServer> nodes;
  private List<Work.Customer> customers;

  @BeforeEach
  void start() {
    sandbox = Sandbox.start();
    sandbox.latency(Duration.ofMillis(30));
    postgres = new OwnPostgres(folder.resolve("postgres"));
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        new HashMap<>(RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
    environment.put("GRAFT_DATABASE_URL", postgres.url().toString());
    environment.put("GRAFT_REQUEST_DEADLINE", "10s");
    nodes = List.of(RunningServer.start(environment), RunningServer.start(environment));
    customers = Work.customers(sandbox, nodes.getFirst(), "customer", CUSTOMERS);
  }

  @AfterEach
  void stop() {
    nodes.forEach(RunningServer::close);
    postgres.close();
    sandbox.close();
  }

  /** Clients that ask until they have what they want, and what they were told till then. */
  private final class Clients {
    private final Set<String> done = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> told = new ConcurrentHashMap<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    Clients() {
      for (int i = 0; i < customers.size(); i++) {
        int number = i;
        threads.add(Thread.startVirtualThread(() -> ask(number)));
      }
    }

    private void ask(int number) {
      Work.Customer customer = customers.get(number);
      for (int tries = 0; !over.get(); tries++) {
        RunningServer.Answer answer =
            nodes.get((number + tries) % nodes.size()).clone(customer.userId());
        if (answer.status() == 200) {
          done.add(customer.userId());
          return;
        }
        told.merge(answer.status() + " " + answer.code(), 1, Integer::sum);
        Eventually.pause(Duration.ofMillis(300));
      }
    }

    void await() throws InterruptedException {
      for (Thread thread : threads) {
        if (!thread.join(Duration.ofSeconds(90))) {
          over.set(true);
          throw new AssertionError(done.size() + " done of " + customers.size() + "; " + told);
        }
      }
    }
  }

  private void checkAll(Clients clients) {
    assertThat(clients.done).hasSize(CUSTOMERS);
    Work.untilNothingRuns(nodes.getFirst(), Duration.ofSeconds(30));
    assertThat(customers).allMatch(Work.Customer::hasOnePair);
  }

  @Test
  void theDatabaseIsStoppedForAWhile() throws Exception {
    var clients = new Clients();
    Eventually.pause(Duration.ofMillis(400));
    postgres.stop();
    RunningServer.Answer told = nodes.getFirst().clone(customers.getFirst().userId());
    assertThat(told.status()).as(told.body()).isEqualTo(503);
    assertThat(told.code()).isEqualTo("STORAGE_UNAVAILABLE");
    assertThat(told.body()).contains("goes on by itself");
    assertThat(told.header("Retry-After")).isNotEmpty();
    assertThat(nodes.getFirst().get("/health").status()).isEqualTo(200);
    RunningServer.Answer ready = nodes.getFirst().get("/health/ready");
    assertThat(ready.status()).isEqualTo(503);
    assertThat(ready.body()).contains("The database does not answer.");
    Eventually.pause(LONG ? Duration.ofMinutes(1) : Duration.ofSeconds(1));
    postgres.startAgain();
    clients.await();
    assertThat(clients.told.keySet())
        .allMatch(answer -> answer.startsWith("503 ") || answer.startsWith("409 "));
    checkAll(clients);
    Eventually.holds(
        Duration.ofSeconds(20),
        () -> nodes.stream().allMatch(node -> node.get("/health/ready").status() == 200),
        () -> nodes.getFirst().get("/health/ready").body());
  }

  @Test
  void theDatabaseIsRestartedUnderLoad() throws Exception {
    var clients = new Clients();
    for (int i = 0; i < (LONG ? 10 : 2); i++) {
      Eventually.pause(Duration.ofMillis(300));
      postgres.stop();
      postgres.startAgain();
    }
    clients.await();
    checkAll(clients);
  }

  @Test
  void theDatabaseIsSilentWithItsConnectionsOpen() throws Exception {
    var clients = new Clients();
    Eventually.pause(Duration.ofMillis(500));
    postgres.freeze();
    long began = System.nanoTime();
    if (LONG) {
      RunningServer.Answer told = nodes.getFirst().clone(customers.getFirst().userId());
      assertThat(told.code()).isEqualTo("STORAGE_UNAVAILABLE");
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(45));
    }
    // Silence is noticed after twenty seconds; a shorter one is a gap that nobody sees.
    Duration silence = LONG ? Duration.ofMinutes(1) : Duration.ofSeconds(2);
    Eventually.pause(silence.minusNanos(System.nanoTime() - began));
    postgres.thaw();
    clients.await();
    checkAll(clients);
  }
}
