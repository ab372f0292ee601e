package dev.graft.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program of Graft's that this one started. It ends when its standard input does, and this
 * process holds that open: so it ends with this process, however that ends.
 */
final class Child implements AutoCloseable {
  private static final int LINES_KEPT = 15;
  private static final long SECONDS_TO_START = 90;
  private static final long SECONDS_TO_STOP = 5;
  private static final Pattern GREETING = Pattern.compile("listens on (https?://\\S+)");

  private final String name;
  private final Process process;
  private final Deque<String> latest = new ArrayDeque<>();
  private final CompletableFuture<URI> url = new CompletableFuture<>();
  private final Thread reader;

  private Child(String name, Process process) {
    this.name = name;
    this.process = process;
    this.reader = Thread.ofVirtual().start(this::read);
  }

  /**
   * Starts it.
   *
   * @throws Refusal when the system does not
   */
  static Child start(String name, ProcessBuilder program) {
    try {
      return new Child(name, program.redirectErrorStream(true).start());
    } catch (IOException e) {
      throw Refusal.failed(name + " cannot be started: " + FileTrouble.why(e), e);
    }
  }

  private void read() {
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        keep(line);
        Matcher greeting = GREETING.matcher(line);
        if (greeting.find()) {
          url.complete(URI.create(greeting.group(1)));
        }
      }
    } catch (IOException e) {
      keep("(its output cannot be read any more)");
    }
    // Once it says nothing more it will not say where it listens either.
    url.completeExceptionally(new IOException("ended"));
  }

  private void keep(String line) {
    synchronized (latest) {
      latest.addLast(line);
      if (latest.size() > LINES_KEPT) {
        latest.removeFirst();
      }
    }
  }

  /**
   * Where it listens, as soon as it says so.
   *
   * @throws Refusal when it ends before, or takes too long
   */
  URI url() {
    try {
      return url.get(SECONDS_TO_START, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw ended();
    } catch (TimeoutException e) {
      throw Refusal.failed(
          name + " did not say within " + SECONDS_TO_START + " seconds that it listens. It said:",
          said());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.failed("Interrupted while " + name + " was starting.", e);
    }
  }

  /** What to say when it is over though it should not be. */
  Refusal ended() {
    String how = "";
    try {
      if (process.waitFor(1, TimeUnit.SECONDS)) {
        how = " with exit code " + process.exitValue();
      }
      reader.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Refusal.failed(name + " ended" + how + ". The last that it said:", said());
  }

  private List<Line> said() {
    synchronized (latest) {
      return latest.isEmpty()
          ? List.of(Line.of("  (nothing)"))
          : latest.stream().map(line -> Line.of("  " + line)).toList();
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  CompletableFuture<?> end() {
    return process.onExit();
  }

  /** Asks it to stop, and does not wait yet. */
  void stop() {
    process.destroy();
  }

  @Override
  public void close() {
    stop();
    try {
      if (!process.waitFor(SECONDS_TO_STOP, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
