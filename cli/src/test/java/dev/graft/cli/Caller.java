package dev.graft.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Someone who calls {@code graft}: with an environment and an input, and reading what it prints.
 */
final class Caller {
  private final Map<String, String> environment = new HashMap<>();
  private InputStream in = InputStream.nullInputStream();

  /** What a call came to. */
  record Outcome(int exit, String out, String err) {
    /** All that was printed, wherever it went. */
    String printed() {
      return out + err;
    }
  }

  static Caller of(ScriptedServer server) {
    return new Caller().with("GRAFT_URL", server.url());
  }

  Caller with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** What comes in through a pipe, once. */
  Caller piping(String text) {
    in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  Outcome call(String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exit = Main.run(List.of(arguments), environment, in, stream(out), stream(err));
    return outcome(exit, out, err);
  }

  /** The same before a person's eyes: a terminal of so many columns, with colours. */
  Outcome callAtTerminal(int columns, String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var terminal =
        new Terminal(
            in,
            false,
            new Output(stream(out), true, true, columns),
            new Output(stream(err), true, true, columns));
    int exit = Main.run(List.of(arguments), environment, terminal);
    return outcome(exit, out, err);
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, false, StandardCharsets.UTF_8);
  }

  private static Outcome outcome(int exit, ByteArrayOutputStream out, ByteArrayOutputStream err) {
    return new Outcome(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
