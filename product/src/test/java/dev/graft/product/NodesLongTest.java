package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link NodesTest} at full size, and with clocks that are five minutes apart. */
class NodesLongTest {
  private static final NodesTest.Size FULL =
      new NodesTest.Size(
          Integer.getInteger("graft.nodes.accounts", 2_000),
          8,
          11,
          Duration.ofSeconds(20),
          Duration.ofSeconds(15));

  @TempDir private Path folder;

  @Test
  void aNodeIsKilledEveryTwentySeconds() throws Exception {
    try (Cluster cluster = new Cluster(folder, 3, Duration.ofMillis(250))) {
      NodesTest.kill(cluster, FULL);
    }
  }

  /** One node is five minutes ahead, one five minutes behind, and both are killed now and then. */
  @Test
  void clocksAreFiveMinutesApart() throws Exception {
    String library = faketime();
    try (Cluster cluster = new Cluster(folder, 3, Duration.ofMillis(250))) {
      for (int node = 1; node < 3; node++) {
        cluster
            .with(node, "LD_PRELOAD", library)
            .with(node, "FAKETIME", node == 1 ? "+5m" : "-5m")
            .with(node, "DONT_FAKE_MONOTONIC", "1")
            .with(node, "FAKETIME_DONT_FAKE_MONOTONIC", "1");
      }
      NodesTest.kill(
          cluster, new NodesTest.Size(200, 6, 6, Duration.ofSeconds(8), Duration.ofSeconds(10)));
      assertThat(cluster.node(1).output() + cluster.node(2).output()).doesNotContain("ld.so");
    }
  }

  @Test
  void nodesAreStoppedAndStartedInTurnUnderLoad() throws Exception {
    try (Cluster cluster = new Cluster(folder, 2, Duration.ofMillis(50))) {
      cluster.start();
      NodesTest.roll(cluster, List.of(0, 1, 0, 1, 0, 1), 12);
    }
  }

  /** The library that shows a program another time of day, of Debian's package. */
  private String faketime() throws Exception {
    Path into = Files.createDirectories(folder.resolve("faketime"));
    Process fetching =
        new ProcessBuilder(
                "sh", "-c", "apt-get download libfaketime && dpkg -x libfaketime_*.deb .")
            .directory(into.toFile())
            .redirectErrorStream(true)
            .redirectOutput(into.resolve("log").toFile())
            .start();
    assertThat(fetching.waitFor(5, TimeUnit.MINUTES) && fetching.exitValue() == 0)
        .as("libfaketime could not be fetched: " + Files.readString(into.resolve("log")))
        .isTrue();
    try (Stream<Path> files = Files.walk(into)) {
      return files
          .filter(file -> file.endsWith("libfaketimeMT.so.1"))
          .findFirst()
          .orElseThrow()
          .toString();
    }
  }
}
