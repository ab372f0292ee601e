package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft unlink}: lets an account go, and destroys its key. */
final class Unlink {
  private Unlink() {}

  static int run(Given given, Terminal terminal) {
    boolean removes = given.has("--remove");
    if (removes == given.has("--keep")) {
      throw Refusal.usage(
          "graft unlink needs either --keep or --remove. --keep leaves what Graft made in the"
              + " account, where it goes on working; --remove deletes it. The key is destroyed in"
              + " either case.");
    }
    Api api = given.api();
    LinkedAccount account = LinkedAccount.of(given.argument(0), api);
    beSureOfOthers(account, given, terminal);
    var known = new ArrayList<Deed.Known>();
    if (removes) {
      Installed.all(account, api).forEach(installed -> known.addAll(installed.known()));
    }
    ObjectNode answer =
        api.delete(
                account.path()
                    + "?clones="
                    + (removes ? "remove" : "keep")
                    + (given.has("--even-if-used") ? "&evenIfUsed=true" : ""))
            .body();
    if (given.wantsJson()) {
      terminal.out().json(answer);
    } else {
      terminal.out().print(lines(account, answer, known));
    }
    return Exit.DONE;
  }

  /** An account may have several users, and each of them loses it. */
  private static void beSureOfOthers(LinkedAccount account, Given given, Terminal terminal) {
    List<String> others = account.otherUsers();
    if (others.isEmpty()) {
      return;
    }
    String who = String.join(", ", others);
    if (!given.has("--yes")) {
      throw Refusal.usage(
          "The account of "
              + account.user()
              + " is also that of "
              + who
              + ", who would lose it too. If that is meant, repeat the command with --yes.");
    }
    terminal
        .err()
        .print(
            Line.of("Warning: ", Style.YELLOW)
                .and("the account is also that of " + who + ", who lose it too.")
                .hanging(0));
  }

  private static List<Line> lines(
      LinkedAccount account, ObjectNode answer, List<Deed.Known> known) {
    var lines = new ArrayList<Line>();
    lines.add(
        Line.of("Unlinked " + account.user() + " from account " + account.id() + ".", Style.BOLD));
    lines.add(
        Line.of(
            answer.path("keyDestroyed").asBoolean(false)
                ? "The key is destroyed."
                : "The server does not say that the key is destroyed."));
    List<Deed> deeds =
        answer.path("actions").valueStream().map(a -> Deed.of(a.asString(""), known)).toList();
    lines.addAll(Deed.lines(deeds));
    if (!answer.path("left").isEmpty()) {
      lines.add(Line.of("Left in the account:"));
      lines.addAll(left(answer.path("left").valueStream().toList()));
    }
    String note = answer.path("note").asString("");
    if (!note.isEmpty()) {
      lines.add(Line.prose(0, note));
    }
    return lines;
  }

  private static List<Line> left(List<JsonNode> objects) {
    Column column = Column.of(objects);
    return objects.stream()
        .map(object ->
            Line.of("  " + Column.address(object) + column.gap(object))
                .and(object.path("object").asString("")))
        .toList();
  }
}
