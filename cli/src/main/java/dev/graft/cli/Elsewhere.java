package dev.graft.cli;

/** Commands that are programs of their own, which the launcher starts before this one. */
final class Elsewhere {
  private Elsewhere() {}

  static int run(Given given, Terminal terminal) {
    terminal
        .err()
        .print(
            "graft "
                + given.name()
                + " is started by the launcher in Graft's folder, where the command comes before all"
                + " options: ./graft "
                + given.name()
                + " [OPTIONS].");
    return Exit.USAGE;
  }
}
