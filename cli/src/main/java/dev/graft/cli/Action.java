package dev.graft.cli;

/** What a command does once it is known what was given to it. */
@FunctionalInterface
interface Action {
  /**
   * Does it.
   *
   * @return the exit code
   * @throws Refusal when it cannot be done
   */
  int run(Given given, Terminal terminal);
}
