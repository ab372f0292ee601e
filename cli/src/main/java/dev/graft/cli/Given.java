package dev.graft.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ParseResult;

/** What was given to a command: on the command line, and in the environment. */
final class Given {
  private static final String USUAL_URL = "http://127.0.0.1:3000";

  private final ParseResult line;
  private final ParseResult command;
  private final Map<String, String> environment;

  Given(ParseResult line, Map<String, String> environment) {
    this.line = line;
    this.environment = Map.copyOf(environment);
    ParseResult last = line;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    this.command = last;
  }

  /** The command that was called. */
  Action action() {
    return (Action) command.commandSpec().userObject();
  }

  /** The name of the command, as it was called: {@code template check}. */
  String name() {
    return command.commandSpec().qualifiedName().replaceFirst("^graft ?", "");
  }

  /** Its usage, for a caller who wants to read it. */
  String usage() {
    return command.commandSpec().commandLine().getUsageMessage();
  }

  boolean has(String option) {
    for (ParseResult level = line; level != null; level = level.subcommand()) {
      if (level.hasMatchedOption(option)) {
        return true;
      }
    }
    return false;
  }

  Optional<String> option(String name) {
    Object value = null;
    for (ParseResult level = line; level != null; level = level.subcommand()) {
      value = level.matchedOptionValue(name, value);
    }
    return Optional.ofNullable(value).map(Object::toString);
  }

  List<String> options(String name) {
    return command.matchedOptionValue(name, List.of());
  }

  /** An argument that the command cannot be called without. */
  String argument(int place) {
    return optionalArgument(place).orElseThrow();
  }

  Optional<String> optionalArgument(int place) {
    Object value = command.matchedPositionalValue(place, null);
    return Optional.ofNullable(value).map(Object::toString);
  }

  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
  }

  Map<String, String> environment() {
    return environment;
  }

  boolean wantsJson() {
    return has("--json");
  }

  /** Graft's API, where it is said to be. */
  Api api() {
    return Api.ofGraft(url(), Token.of(this));
  }

  /** The same for what is open to everyone. */
  Api apiWithoutToken() {
    return Api.ofGraft(url(), Optional.empty());
  }

  private String url() {
    return option("--url").or(() -> variable("GRAFT_URL")).orElse(USUAL_URL);
  }
}
