package dev.graft.cli;

import java.util.List;
import picocli.AutoComplete;

/** {@code graft completion}: a script for bash, which zsh understands, too. */
final class Completion {
  static final List<String> SHELLS = List.of("bash", "zsh");

  private Completion() {}

  static int run(Given given, Terminal terminal) {
    if (!SHELLS.contains(given.argument(0))) {
      throw Refusal.usage("graft completion knows bash and zsh.");
    }
    terminal.out().verbatim(AutoComplete.bash("graft", Commands.all()));
    return Exit.DONE;
  }
}
