package dev.graft.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What stands between this program and whoever called it.
 *
 * @param isTyped whether a person types what comes in
 */
record Terminal(InputStream in, boolean isTyped, Output out, Output err) {
  private static final List<String> NAMES_OF_TERMINALS =
      List.of("/dev/pts/", "/dev/tty", "/dev/console");

  /** The streams of this process. Input is not buffered: what passes may be a secret. */
  static Terminal ofThisProcess(Map<String, String> environment) {
    return new Terminal(
        new FileInputStream(FileDescriptor.in),
        isTerminal(0),
        output(FileDescriptor.out, 1, environment),
        output(FileDescriptor.err, 2, environment));
  }

  /** Streams that no person sees. */
  static Terminal piped(InputStream in, PrintStream out, PrintStream err) {
    return new Terminal(in, false, Output.piped(out), Output.piped(err));
  }

  Terminal withoutColours() {
    return new Terminal(in, isTyped, out.withoutColours(), err.withoutColours());
  }

  private static Output output(
      FileDescriptor descriptor, int number, Map<String, String> environment) {
    boolean isTerminal = isTerminal(number);
    boolean colours = isTerminal && mayColour(environment);
    var stream = new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    return new Output(stream, isTerminal, colours, width(environment));
  }

  static boolean mayColour(Map<String, String> environment) {
    return environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !environment.getOrDefault("TERM", "").equals("dumb");
  }

  private static int width(Map<String, String> environment) {
    String columns = environment.getOrDefault("COLUMNS", "");
    int width = columns.matches("\\d{1,4}") ? Integer.parseInt(columns) : Output.USUAL_WIDTH;
    return Math.clamp(width, 40, 160);
  }

  /** The JDK only tells whether input and output are terminals both, so the system is asked. */
  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return NAMES_OF_TERMINALS.stream().anyMatch(target::startsWith);
    } catch (IOException e) {
      return isTerminalByTest(descriptor);
    }
  }

  private static boolean isTerminalByTest(int descriptor) {
    try {
      var test = new ProcessBuilder("test", "-t", String.valueOf(descriptor));
      test.redirectInput(Redirect.INHERIT);
      test.redirectOutput(Redirect.INHERIT);
      test.redirectError(Redirect.INHERIT);
      return test.start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
