package dev.graft.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * What a demo runs on: a folder of its own, and the programs that work in it. When it is closed, or
 * this process is told to stop, the programs are stopped and the folder is gone.
 */
final class Stage implements AutoCloseable {
  /** Settings that say how programs are started, and none of what they do. */
  private static final Set<String> KEPT =
      Set.of("GRAFT_HOME", "GRAFT_JAVA_HOME", "GRAFT_JAVA_OPTS", "GRAFT_CACHE");

  private final Path home;
  private final Map<String, String> environment;
  private final Path folder;
  private final Deque<Child> children = new ArrayDeque<>();
  private final Thread atShutdown = new Thread(this::clearAndSay);
  private final Output out;
  private volatile boolean isStopping;

  private Stage(Path home, Map<String, String> environment, Path folder, Output out) {
    this.home = home;
    this.environment = environment;
    this.folder = folder;
    this.out = out;
  }

  /**
   * A stage with nothing on it.
   *
   * @param home the folder of the launcher
   * @param out where it is said that all was stopped from outside
   */
  static Stage in(Path home, Map<String, String> environment, Output out) {
    try {
      var stage = new Stage(home, own(environment), Files.createTempDirectory("graft-demo-"), out);
      Runtime.getRuntime().addShutdownHook(stage.atShutdown);
      return stage;
    } catch (IOException e) {
      throw Refusal.failed("A temporary folder cannot be made: " + FileTrouble.why(e), e);
    }
  }

  /** Without the settings of a real server, which must not reach that of a demo. */
  private static Map<String, String> own(Map<String, String> environment) {
    var own = new HashMap<>(environment);
    own.keySet()
        .removeIf(
            name -> name.startsWith("GRAFT_") && !KEPT.contains(name) || name.equals("MASTER_KEY"));
    // The launcher that started this process has built what there is to build.
    own.put("GRAFT_NO_BUILD", "1");
    return own;
  }

  Path folder() {
    return folder;
  }

  /** Starts the launcher with these arguments and settings. */
  Child start(String name, Map<String, String> settings, List<String> arguments) {
    var program = new ProcessBuilder(launcher().toString());
    program.command().addAll(arguments);
    // Away from wherever the caller is: a file of settings may lie there.
    program.directory(folder.toFile());
    program.environment().clear();
    program.environment().putAll(environment);
    program.environment().putAll(settings);
    synchronized (children) {
      if (isStopping) {
        throw Refusal.failed("The demo is being stopped.");
      }
      Child child = Child.start(name, program);
      children.push(child);
      return child;
    }
  }

  /** A checkout has it at the top, an archive beside its other programs. */
  private Path launcher() {
    Path installed = home.resolve("bin").resolve("graft");
    return Files.isExecutable(installed) ? installed : home.resolve("graft");
  }

  /** Waits for the end: of this process, which is what is asked for, or of a program on stage. */
  Refusal awaitEnd() {
    CompletableFuture.anyOf(children.stream().map(Child::end).toArray(CompletableFuture<?>[]::new))
        .join();
    yieldToShutdown();
    return children.stream().filter(child -> !child.isAlive()).findFirst().orElseThrow().ended();
  }

  /**
   * Does not return while the process stops: the same signal has reached the programs on stage, and
   * that they ended then is no news.
   */
  void yieldToShutdown() {
    try {
      Thread.sleep(300);
      if (isStopping) {
        new CountDownLatch(1).await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void clearAndSay() {
    clear();
    out.print(Line.EMPTY);
    out.print("Stopped, and nothing is left behind.");
  }

  private void clear() {
    isStopping = true;
    synchronized (children) {
      children.forEach(Child::stop);
      children.forEach(Child::close);
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      // It lies where the system clears up by itself.
      return;
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(atShutdown);
    } catch (IllegalStateException e) {
      // The process stops already, and the hook does this.
      return;
    }
    clear();
  }

  /** Waits until a server is ready. */
  void awaitReady(Child server, URI url) {
    Api api = Api.of(url);
    for (int i = 0; ; i++) {
      try {
        api.get("/health/ready");
        return;
      } catch (Refusal notYet) {
        if (!server.isAlive()) {
          throw server.ended();
        }
        if (i == 300) {
          throw notYet;
        }
        sleep();
      }
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.failed("Interrupted.", e);
    }
  }
}
