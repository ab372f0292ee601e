package dev.graft.server.doctor;

import dev.graft.core.json.Json;
import dev.graft.server.doctor.Visit.Own;
import dev.graft.server.doctor.Visit.Reply;
import dev.graft.server.doctor.Visit.Spent;
import dev.graft.vapi.Host;
import dev.graft.vault.Secret;
import java.io.Console;
import java.io.PrintStream;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code graft doctor --live}: asks Vapi with an operator's own key what only the service itself
 * can tell, and leaves the account as it was, however it ends.
 */
public final class LiveVisit {
  /** From where the key is taken; it is no setting of a server's. */
  static final String KEY = "VAPI_API_KEY";

  private static final int LEAST_BUDGET = 30;

  private LiveVisit() {}

  /**
   * How it is to be done.
   *
   * @param budget the most calls that are made
   * @param yes whether leftovers of former visits go without being asked for
   */
  public record Wish(int budget, boolean yes, boolean json) {}

  /** Runs the command and gives its exit code. */
  public static int run(
      List<Host> hosts,
      Map<String, String> environment,
      Wish wish,
      PrintStream out,
      PrintStream err) {
    if (wish.budget() < LEAST_BUDGET) {
      err.println("--budget must allow at least " + LEAST_BUDGET + " calls.");
      return 64;
    }
    Optional<Secret> key = key(environment);
    if (key.isEmpty()) {
      err.println(
          "There is no key. Put the private key of a Vapi account of your own into "
              + KEY
              + ", or start this on a terminal, where it asks for one. It is sent to Vapi and shown"
              + " nowhere.");
      return 64;
    }
    try (Secret own = key.get()) {
      for (Host host : hosts) {
        String run = newRun();
        try (var visit = new Visit(host.url(), own, run, wish.budget())) {
          Reply hello = visit.get("/assistant?limit=1");
          if (hello.isGood()) {
            return visited(visit, host, wish, out, err);
          }
          err.println(host.url() + " answered with status " + hello.status() + ".");
        }
      }
    }
    err.println("No host of Vapi takes this key. Is it a private key, and not a public one?");
    return 1;
  }

  private static Optional<Secret> key(Map<String, String> environment) {
    String given = environment.getOrDefault(KEY, "").strip();
    if (!given.isEmpty()) {
      return Optional.of(Secret.copyOf(given));
    }
    if (!(System.console() instanceof Console console && console.isTerminal())) {
      return Optional.empty();
    }
    char[] typed = console.readPassword("Private key of a Vapi account of your own: ");
    if (typed == null || typed.length == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(Secret.copyOf(java.nio.CharBuffer.wrap(typed)));
    } finally {
      Arrays.fill(typed, ' ');
    }
  }

  private static String newRun() {
    byte[] run = new byte[4];
    new SecureRandom().nextBytes(run);
    return HexFormat.of().formatHex(run);
  }

  private static int visited(Visit visit, Host host, Wish wish, PrintStream out, PrintStream err) {
    err.println(
        "Asks "
            + host.url()
            + " with at most "
            + wish.budget()
            + " calls. What it makes is called "
            + Visit.MARK
            + "... and goes again.");
    // However this process is ended, short of kill -9, the account is left as it was.
    Thread atShutdown = new Thread(() -> tidied(visit, err));
    Runtime.getRuntime().addShutdownHook(atShutdown);
    try {
      List<Own> leftovers = visit.marked();
      if (!leftovers.isEmpty()) {
        removeLeftovers(visit, leftovers, wish, err);
      }
      List<Question> answers = Questions.ask(visit);
      boolean isTidy = tidied(visit, err);
      Runtime.getRuntime().removeShutdownHook(atShutdown);
      tell(host, visit, answers, wish.json(), out);
      return isTidy ? 0 : 1;
    } catch (Spent | IllegalStateException e) {
      // Being shut down: the hook does the rest.
      return 1;
    }
  }

  private static void removeLeftovers(
      Visit visit, List<Own> leftovers, Wish wish, PrintStream err) {
    err.println("A visit that was cut off has left these behind:");
    leftovers.forEach(own -> err.println("  " + own.kind() + " " + own.id() + " " + own.name()));
    boolean remove = wish.yes();
    if (!remove && System.console() instanceof Console console && console.isTerminal()) {
      String said = console.readLine("Remove them? [y/N] ");
      remove = said != null && said.strip().equalsIgnoreCase("y");
    }
    if (remove) {
      leftovers.forEach(visit::delete);
      err.println("Removed.");
    } else {
      err.println("They stay. With --yes they are removed.");
    }
  }

  private static boolean tidied(Visit visit, PrintStream err) {
    List<Own> left = visit.tidy();
    if (!left.isEmpty()) {
      err.println("These could not be removed; remove them by hand, or run this again:");
      left.forEach(own -> err.println("  " + own.kind() + " " + own.id() + " " + own.name()));
    }
    return left.isEmpty();
  }

  private static void tell(
      Host host, Visit visit, List<Question> answers, boolean json, PrintStream out) {
    if (json) {
      var all = Json.object().put("host", host.url().toString()).put("calls", visit.calls());
      var list = all.putArray("answers");
      answers.forEach(
          each -> list.addObject().put("question", each.text()).put("answer", each.answer()));
      out.println(Json.writePretty(all));
    } else {
      out.println("| question | answer of " + host.url() + ", " + visit.calls() + " calls |");
      out.println("|---|---|");
      answers.forEach(each ->
          out.println("| " + each.text() + " | " + each.answer().replace("|", "\\|") + " |"));
    }
    out.flush();
  }
}
