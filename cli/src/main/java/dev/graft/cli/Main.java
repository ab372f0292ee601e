package dev.graft.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The program {@code graft}: reads the command line, and is the one place where errors end. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    Map<String, String> environment = System.getenv();
    System.exit(run(List.of(arguments), environment, Terminal.ofThisProcess(environment)));
  }

  /**
   * Runs one command without a terminal.
   *
   * @return the exit code
   */
  public static int run(
      List<String> arguments,
      Map<String, String> environment,
      InputStream in,
      PrintStream out,
      PrintStream err) {
    return run(arguments, environment, Terminal.piped(in, out, err));
  }

  static int run(List<String> arguments, Map<String, String> environment, Terminal terminal) {
    Terminal shown = arguments.contains("--no-color") ? terminal.withoutColours() : terminal;
    boolean json = arguments.contains("--json");
    int exit;
    try {
      exit = dispatched(arguments, environment, shown);
    } catch (Refusal refusal) {
      refusal.tell(shown.err(), json);
      debug(refusal, arguments, shown);
      exit = refusal.exit();
    } catch (RuntimeException e) {
      Refusal.failed(
              "Something went wrong inside graft ("
                  + e.getClass().getSimpleName()
                  + "), which should not be. The same command with --debug shows where.",
              e)
          .tell(shown.err(), false);
      debug(e, arguments, shown);
      exit = Exit.FAILED;
    }
    if (shown.out().isBroken() && exit != Exit.USAGE) {
      shown
          .err()
          .print("Not everything could be written: the output was closed, or its disk is full.");
      return Exit.FAILED;
    }
    return exit;
  }

  private static int dispatched(
      List<String> arguments, Map<String, String> environment, Terminal terminal) {
    if (arguments.equals(List.of("version"))) {
      // Asked most often by programs that wait for it: without a line of all commands being laid
      // out.
      return Version.tell(terminal);
    }
    Given given;
    try {
      ParseResult line = Commands.all().parseArgs(arguments.toArray(String[]::new));
      given = new Given(line, environment);
    } catch (ParameterException e) {
      throw Misuse.of(e);
    }
    if (given.has("--help")) {
      terminal.out().verbatim(given.usage());
      return Exit.DONE;
    }
    if (given.has("--version")) {
      return Version.run(given, terminal);
    }
    return given.action().run(given, terminal);
  }

  private static void debug(RuntimeException e, List<String> arguments, Terminal terminal) {
    if (arguments.contains("--debug")) {
      var trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      trace.toString().lines().forEach(line -> terminal.err().print(line.replace("\t", "  ")));
    }
  }
}
