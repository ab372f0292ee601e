package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program {@code graft} as a process of the operating system, started as a user starts it. */
final class GraftProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern URL = Pattern.compile("listens on (https?://\\S+)");

  private final Process process;
  private final List<String> lines = new ArrayList<>();

  private GraftProcess(Process process) {
    this.process = process;
    follow(process.getInputStream());
    follow(process.getErrorStream());
  }

  static Path home() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("graft")) ? here : here.resolve("..").normalize();
  }

  /** Starts {@code graft} with these arguments; what it needs was built before. */
  static GraftProcess start(Map<String, String> environment, String... arguments) {
    var command = new ArrayList<String>();
    command.add(home().resolve("graft").toString());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("GRAFT_"));
    builder.environment().put("GRAFT_NO_BUILD", "1");
    if (!Boolean.getBoolean("graft.figures")) {
      // It lives for seconds, of which a thorough compilation takes more than it gives.
      builder.environment().put("GRAFT_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
    }
    builder.environment().putAll(environment);
    return of(builder);
  }

  /** Starts a program that becomes {@code graft}. */
  static GraftProcess of(ProcessBuilder builder) {
    try {
      return new GraftProcess(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void follow(InputStream stream) {
    // To read from a pipe holds a thread, and the machine may have few carriers of virtual ones.
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (var reader =
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
              synchronized (lines) {
                lines.add(line);
                lines.notifyAll();
              }
            }
          } catch (IOException e) {
            // The process is gone, and its output with it.
            return;
          }
        });
  }

  /** Everything that was printed so far. */
  String output() {
    synchronized (lines) {
      return String.join("\n", lines);
    }
  }

  /** Waits for the line that tells the address. */
  URI url() {
    Instant until = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(until)) {
      Matcher matcher = URL.matcher(output());
      if (matcher.find()) {
        return URI.create(matcher.group(1));
      }
      if (!process.isAlive()) {
        break;
      }
      pause();
    }
    throw new AssertionError("no address in:\n" + output());
  }

  /** Its address, if it lives and told it. */
  Optional<URI> urlIfThere() {
    Matcher matcher = URL.matcher(output());
    return process.isAlive() && matcher.find()
        ? Optional.of(URI.create(matcher.group(1)))
        : Optional.empty();
  }

  private void pause() {
    try {
      synchronized (lines) {
        lines.wait(50);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  void type(String text) {
    try (var in = process.getOutputStream()) {
      in.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for the end and gives the exit code. */
  int exit() {
    try {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .as("still running:\n" + output())
          .isTrue();
      pause();
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** SIGKILL: it learns nothing and cleans up nothing. */
  void kill() {
    process.destroyForcibly();
    exit();
  }

  /** SIGTERM: a polite request to end. */
  void terminate() {
    process.destroy();
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
