package dev.graft.cli;

import java.util.regex.Pattern;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * A command line that cannot be read, in words. Of what was typed only names of commands and
 * options are repeated: the rest may be a key or a token that came to the wrong place.
 */
final class Misuse {
  /** What the name of a command or an option looks like, and a key or a token does not. */
  private static final Pattern NAME =
      Pattern.compile("(--)?[a-z]{1,15}(-[a-z]{1,15}){0,2}|-[a-zA-Z]");

  private Misuse() {}

  static Refusal of(ParameterException e) {
    CommandSpec command = e.getCommandLine().getCommandSpec();
    String name = command.qualifiedName();
    String sentence =
        switch (e) {
          case UnmatchedArgumentException unmatched when name.equals("graft link") ->
              unmatched(unmatched, command) + " " + Link.NO_ARGUMENT;
          case UnmatchedArgumentException unmatched -> unmatched(unmatched, command);
          case MissingParameterException missing -> missing(missing, name);
          case OverwrittenOptionException twice ->
              label(twice.getOverwritten()) + " is given twice.";
          default -> "That is not how " + name + " is used.";
        };
    return Refusal.usage(sentence + " " + name + " --help tells more.");
  }

  private static String unmatched(UnmatchedArgumentException e, CommandSpec command) {
    String first = e.getUnmatched().getFirst();
    if (e.isUnknownOption()) {
      String option = first.replaceFirst("=.*", "");
      return option.equals("--token")
          ? "A token is never an argument: everyone on this machine could see it. Use --token-file"
              + " or GRAFT_TOKEN."
          : unknown("option", option, e);
    }
    return command.subcommands().isEmpty()
        ? command.qualifiedName() + " has an argument too many."
        : unknown("command", first, e);
  }

  private static String unknown(String what, String name, UnmatchedArgumentException e) {
    if (!NAME.matcher(name).matches()) {
      return "There is no such " + what + ".";
    }
    // The best comes first, and those after it are far from what was typed. There is a best of any.
    String meant =
        e.getSuggestions().stream()
            .findFirst()
            .filter(best -> firstLetter(best) == firstLetter(name))
            .map(best -> " Is it " + best + "?")
            .orElse("");
    return "There is no " + what + " " + name + "." + meant;
  }

  private static int firstLetter(String name) {
    return name.chars().filter(Character::isLetter).findFirst().orElse(0);
  }

  private static String missing(MissingParameterException e, String name) {
    ArgSpec first = e.getMissing().getFirst();
    return first.isOption()
        ? label(first) + " needs a value."
        : name + " needs " + first.paramLabel() + ".";
  }

  private static String label(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }
}
