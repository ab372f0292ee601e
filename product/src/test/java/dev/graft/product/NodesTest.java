package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes on one database, of which one after the other is killed while clients clone; and a
 * node that is stopped and started under load behind something that balances it.
 */
class NodesTest {
  @TempDir private Path folder;

  /** How much of it. */
  record Size(int customers, int atATime, int kills, Duration between, Duration lease) {}

  @Test
  void killedNodesLoseAndRepeatNothing() throws Exception {
    try (Cluster cluster = new Cluster(folder, 3, Duration.ofMillis(250))) {
      kill(cluster, new Size(60, 4, 3, Duration.ofSeconds(3), Duration.ofSeconds(5)));
      cluster.node(2).close();
      roll(cluster, List.of(0), 6);
    }
  }

  /** Clones for every customer while nodes are killed, and looks at what became of it. */
  static void kill(Cluster cluster, Size size) throws Exception {
    cluster
        .with("GRAFT_LEASE_TIME", size.lease().toSeconds() + "s")
        .with("GRAFT_SETTLING_TIME", "2s");
    cluster.start();
    List<String> customers = cluster.customers(size.customers());
    var retries = new AtomicInteger();
    Instant began = Instant.now();
    CompletableFuture<Void> clients =
        CompletableFuture.runAsync(() -> {
          try {
            Cluster.together(
                size.atATime(), customers, name -> cloneSomewhere(cluster, name, retries));
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
    Duration longest = Duration.ZERO;
    int kills = 0;
    while (kills < size.kills() || !clients.isDone() && size.kills() > 10) {
      Thread.sleep(size.between());
      int victim = kills % cluster.size();
      cluster.node(victim).kill();
      kills++;
      URI other = someOther(cluster, victim);
      List<String> left = cluster.running(other);
      cluster.start(victim);
      if (kills >= size.kills()) {
        longest = Cluster.untilOver(other, left, size.lease().plusSeconds(30));
        assertThat(longest)
            .as("the operations of the node that was killed last are over")
            .isLessThan(size.lease().plusSeconds(10));
      }
    }
    clients.join();
    Duration took = Duration.between(began, Instant.now());
    cluster.checkOnePairEach(customers);
    assertThat(cluster.running(someOther(cluster, -1))).isEmpty();
    assertThat(retries).as("kills that anyone noticed").hasPositiveValue();
    System.out.printf(
        "%d accounts, %d kills, %d requests sent again, %.0f s; the last over %.1f s after the last"
            + " kill (lease %d s)%n",
        customers.size(),
        kills,
        retries.get(),
        took.toMillis() / 1e3,
        longest.toMillis() / 1e3,
        size.lease().toSeconds());
  }

  private static URI someOther(Cluster cluster, int than) throws InterruptedException {
    while (true) {
      for (int i = 0; i < cluster.size(); i++) {
        Optional<URI> url = cluster.urlOf(i);
        if (i != than && url.isPresent()) {
          return url.get();
        }
      }
      Thread.sleep(50);
    }
  }

  /** As a client does that wants it done: again, with the same key, wherever someone answers. */
  private static boolean cloneSomewhere(Cluster cluster, String name, AtomicInteger retries)
      throws Exception {
    Instant until = Instant.now().plusSeconds(180);
    for (int tries = 0; ; tries++) {
      Optional<URI> node = cluster.urlOf((name.hashCode() + tries & 0xffff) % cluster.size());
      try {
        if (node.isPresent() && Http.clone(node.get(), name, name).status() == 200) {
          return true;
        }
      } catch (IOException e) {
        // Killed before it could answer.
        assertThat(e).isNotNull();
      }
      retries.incrementAndGet();
      assertThat(Instant.now()).as(name).isBefore(until);
      Thread.sleep(200);
    }
  }

  /** Stops and starts these nodes one after the other under load, of which nothing may fail. */
  static void roll(Cluster cluster, List<Integer> nodes, int clients) throws Exception {
    try (var balancer = new Balancer(cluster)) {
      var load = new Load(balancer.url(), clients, cluster);
      for (int node : nodes) {
        Thread.sleep(1_000);
        Instant told = Instant.now();
        cluster.node(node).terminate();
        assertThat(cluster.node(node).exit()).as(cluster.node(node).output()).isIn(0, 143);
        System.out.printf(
            "node %d stopped in %.1f s%n",
            node, Duration.between(told, Instant.now()).toMillis() / 1e3);
        cluster.start(node);
        cluster.node(node).url();
      }
      Thread.sleep(1_000);
      load.stop();
      System.out.printf("%d requests, %d of them failed%n", load.answered(), load.failed().size());
      assertThat(load.failed()).isEmpty();
      assertThat(load.answered()).isGreaterThan(20);
    }
  }
}
