package dev.graft.server.doctor;

import dev.graft.core.json.Json;
import dev.graft.server.doctor.Visit.Left;
import dev.graft.server.doctor.Visit.Look;
import dev.graft.server.doctor.Visit.Own;
import dev.graft.server.doctor.Visit.Reply;
import dev.graft.server.doctor.Visit.Spent;
import dev.graft.vapi.Host;
import dev.graft.vault.Secret;
import java.io.Console;
import java.io.PrintStream;
import java.nio.CharBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * {@code graft doctor --live}: asks Vapi with an operator's own key what only the service itself
 * can tell, and leaves the account as it was, however it ends.
 */
public final class LiveVisit {
  /** From where the key is taken; it is no setting of a server's. */
  static final String KEY = "VAPI_API_KEY";

  /** What can stand in a header: whatever else came along while it was copied. */
  private static final Pattern WORD = Pattern.compile("[\\x21-\\x7e]{1,512}");

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
    Optional<Secret> key = key(environment, err);
    if (key.isEmpty()) {
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

  private static Optional<Secret> key(Map<String, String> environment, PrintStream err) {
    String given = environment.getOrDefault(KEY, "").strip();
    if (!given.isEmpty()) {
      return checked(given, err);
    }
    char[] typed =
        System.console() instanceof Console console && console.isTerminal()
            ? console.readPassword("Private key of a Vapi account of your own: ")
            : null;
    if (typed == null || typed.length == 0) {
      err.println(
          "There is no key. Put the private key of a Vapi account of your own into "
              + KEY
              + ", or start this on a terminal, where it asks for one. It is sent to Vapi and shown"
              + " nowhere.");
      return Optional.empty();
    }
    try {
      return checked(CharBuffer.wrap(typed), err);
    } finally {
      Arrays.fill(typed, ' ');
    }
  }

  /** Java's own refusal to send anything else would show it. */
  private static Optional<Secret> checked(CharSequence key, PrintStream err) {
    if (WORD.matcher(key).matches()) {
      return Optional.of(Secret.copyOf(key));
    }
    err.println(
        "What was given as the key is no key: a key is one word of letters, digits and signs, and this"
            + " has others in it, such as a space, a quotation mark of a document or what a terminal"
            + " puts around what is pasted. Nothing was sent. Copy the key from Vapi's dashboard"
            + " again.");
    return Optional.empty();
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
      boolean areGone = removeLeftovers(visit, wish, err);
      List<Question> answers = Questions.ask(visit);
      boolean isTidy = tidied(visit, err);
      Runtime.getRuntime().removeShutdownHook(atShutdown);
      tell(host, visit, answers, wish.json(), out);
      return isTidy && areGone ? 0 : 1;
    } catch (Spent | IllegalStateException e) {
      // Being shut down: the hook does the rest.
      return 1;
    }
  }

  /** Takes away what others left, if it may; whether all is gone that should be. */
  private static boolean removeLeftovers(Visit visit, Wish wish, PrintStream err) {
    Look look = visit.marked();
    if (!look.unread().isEmpty()) {
      err.println("What earlier visits left could not be looked for in: " + listed(look.unread()));
    }
    if (!look.cut().isEmpty()) {
      err.println(
          "What earlier visits left was looked for in the newest of these alone, since there are"
              + " many: "
              + listed(look.cut()));
    }
    if (look.marked().isEmpty()) {
      return true;
    }
    err.println("A visit that was cut off has left these behind:");
    tell(look.marked(), err);
    boolean remove = wish.yes();
    if (!remove && System.console() instanceof Console console && console.isTerminal()) {
      String said = console.readLine("Remove them? [y/N] ");
      remove = said != null && said.strip().equalsIgnoreCase("y");
    }
    if (!remove) {
      err.println("They stay. With --yes they are removed.");
      return true;
    }
    List<Own> left = look.marked().stream().filter(own -> !visit.isGone(own)).toList();
    if (left.isEmpty()) {
      err.println("Removed.");
    } else {
      err.println("These of them could not be removed; remove them by hand, or run this again:");
      tell(left, err);
    }
    return left.isEmpty();
  }

  private static boolean tidied(Visit visit, PrintStream err) {
    Left left = visit.tidy();
    if (!left.objects().isEmpty()) {
      err.println("These could not be removed; remove them by hand, or run this again:");
      tell(left.objects(), err);
    }
    if (!left.unread().isEmpty()) {
      err.println(
          "At the end it could not be looked whether something called "
              + Visit.MARK
              + "... is left in: "
              + listed(left.unread())
              + ". Run this again, or look by hand.");
    }
    return left.isNothing();
  }

  private static void tell(List<Own> objects, PrintStream err) {
    objects.forEach(own -> err.println("  " + own.kind() + " " + own.id() + " " + own.name()));
  }

  private static String listed(List<String> kinds) {
    return String.join(", ", kinds);
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
