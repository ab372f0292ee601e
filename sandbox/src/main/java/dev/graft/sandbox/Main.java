package dev.graft.sandbox;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command line of the sandbox. */
public final class Main {
  private static final String HELP =
      """
      A sandbox of Vapi's API on this machine.

        --port N               where it listens on 127.0.0.1 (4010; 0 takes any free port)
        --eu-port N            the same for the EU region (0: no EU region)
        --account NAME=KEY     an account and its private key; may be given several times
        --open-accounts true|false
                               whether a key that starts with sandbox- opens an account (true)
        --latency 50ms         how long each request waits (0ms)
        --page-cap 100|1000    the most a list gives at once (100)
        --rate-limit N/s       requests per account before a 429; also N/min
        --lenient              take any JSON object as a body
        --stop-with-stdin      stop when the standard input ends
        --help                 this text
      """;

  private static final String DEMO_NAME = "Demo customer";
  private static final String DEMO_KEY = "5a4db0c5-de30-4000-8000-c0ffee000001";

  private static final Pattern LATENCY = Pattern.compile("(\\d{1,7})(ms|s)");
  private static final Pattern RATE = Pattern.compile("([1-9]\\d{0,6})/(s|min)");

  private Options options =
      Options.standard().onPorts(4010, Options.NOWHERE).with(Quirk.OPEN_ACCOUNTS, true);
  private final Map<String, String> accounts = new LinkedHashMap<>();
  private boolean stopsWithStdin = Boolean.getBoolean("stop-with-stdin");
  private boolean wantsHelp;

  private Main() {}

  /** What is wrong with the arguments, in a sentence. */
  private static final class Misuse extends RuntimeException {
    Misuse(String sentence) {
      super(sentence);
    }
  }

  public static void main(String[] arguments) throws InterruptedException {
    int code = run(arguments, System.out, System.err);
    if (code != 0) {
      System.exit(code);
    }
  }

  static int run(String[] arguments, PrintStream out, PrintStream err) throws InterruptedException {
    var main = new Main();
    try {
      main.read(Arrays.asList(arguments).iterator());
    } catch (Misuse misuse) {
      err.println(misuse.getMessage() + " --help lists what there is.");
      return 64;
    }
    if (main.wantsHelp) {
      out.print(HELP);
      return 0;
    }
    try (Sandbox sandbox = Sandbox.start(main.options)) {
      main.serve(sandbox, out);
      return 0;
    } catch (Sandbox.PortTaken taken) {
      err.println(taken.getMessage() + ". --port 0 takes any free one.");
      return 1;
    }
  }

  private void read(Iterator<String> arguments) {
    while (arguments.hasNext()) {
      String option = arguments.next();
      switch (option) {
        case "--help", "-h" -> wantsHelp = true;
        case "--lenient" -> options = options.with(Quirk.STRICT, false);
        case "--stop-with-stdin" -> stopsWithStdin = true;
        default -> read(option, arguments);
      }
    }
  }

  private void read(String option, Iterator<String> arguments) {
    if (!List.of(
            "--port",
            "--eu-port",
            "--account",
            "--open-accounts",
            "--latency",
            "--page-cap",
            "--rate-limit")
        .contains(option)) {
      throw new Misuse("There is no option " + option + ".");
    }
    if (!arguments.hasNext()) {
      throw new Misuse(option + " needs a value.");
    }
    String value = arguments.next();
    switch (option) {
      case "--port" -> options = options.onPorts(port(option, value), options.euPort());
      case "--eu-port" -> {
        int port = port(option, value);
        options = options.onPorts(options.port(), port == 0 ? Options.NOWHERE : port);
      }
      case "--account" -> account(value);
      case "--open-accounts" -> options = options.with(Quirk.OPEN_ACCOUNTS, truth(option, value));
      case "--latency" -> {
        Matcher latency = matched(LATENCY, option, value, "such as 50ms or 2s");
        long factor = latency.group(2).equals("s") ? 1000 : 1;
        options = options.with(Dial.LATENCY_MS, Long.parseLong(latency.group(1)) * factor);
      }
      case "--page-cap" -> {
        Matcher cap = matched(Pattern.compile("100|1000"), option, value, "100 or 1000");
        options = options.with(Dial.PAGE_CAP, Long.parseLong(cap.group()));
      }
      default -> {
        Matcher rate = matched(RATE, option, value, "such as 5/s or 100/min");
        options =
            options
                .with(Dial.RATE_LIMIT, Long.parseLong(rate.group(1)))
                .with(Dial.RATE_WINDOW_MS, rate.group(2).equals("s") ? 1000 : 60_000);
      }
    }
  }

  private void account(String value) {
    int equals = value.indexOf('=');
    if (equals < 1 || equals == value.length() - 1) {
      throw new Misuse("--account needs a name and a key, as in --account \"Acme=some-key\".");
    }
    String key = value.substring(equals + 1);
    if (accounts.containsValue(key)) {
      throw new Misuse("Two accounts have the same key.");
    }
    if (accounts.put(value.substring(0, equals), key) != null) {
      throw new Misuse("Two accounts have the same name.");
    }
  }

  private static int port(String option, String value) {
    int port =
        Integer.parseInt(
            matched(Pattern.compile("\\d{1,5}"), option, value, "a port number").group());
    if (port > 65_535) {
      throw new Misuse(option + " needs a port number up to 65535.");
    }
    return port;
  }

  private static boolean truth(String option, String value) {
    return matched(Pattern.compile("true|false"), option, value, "true or false")
        .group()
        .equals("true");
  }

  private static Matcher matched(Pattern pattern, String option, String value, String wanted) {
    Matcher matcher = pattern.matcher(value);
    if (!matcher.matches()) {
      throw new Misuse(option + " needs " + wanted + ", not \"" + value + "\".");
    }
    return matcher;
  }

  private void serve(Sandbox sandbox, PrintStream out) throws InterruptedException {
    if (accounts.isEmpty()) {
      accounts.put(DEMO_NAME, DEMO_KEY);
    }
    accounts.forEach(sandbox::account);
    greet(sandbox, out);
    var stop = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(sandbox::close));
    if (stopsWithStdin) {
      Thread.startVirtualThread(() -> awaitEndOfStdin(stop));
    }
    stop.await();
  }

  private static void awaitEndOfStdin(CountDownLatch stop) {
    try {
      System.in.transferTo(PrintStream.nullOutputStream());
    } catch (IOException _) {
      // An input that cannot be read has ended, too.
    }
    stop.countDown();
  }

  private void greet(Sandbox sandbox, PrintStream out) {
    String eu = sandbox.hasEu() ? " (EU: " + sandbox.euUrl() + ")" : "";
    out.println("The Vapi sandbox listens on " + sandbox.url() + eu);
    if (accounts.containsValue(DEMO_KEY)) {
      out.println(
          "Account \""
              + DEMO_NAME
              + "\" with the key "
              + DEMO_KEY
              + " (made up for the sandbox, no secret)");
    } else {
      out.println("Accounts: " + String.join(", ", accounts.keySet()));
    }
    if (sandbox.options().has(Quirk.OPEN_ACCOUNTS)) {
      out.println("Any other key that starts with sandbox- opens an account of its own");
    }
    out.println(
        "See what is in it: "
            + sandbox.url()
            + "/   How to steer it: "
            + sandbox.url()
            + "/_sandbox");
    out.flush();
  }
}
