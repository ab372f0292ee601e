package dev.graft.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** The token that opens Graft's API. It is sent, and shown nowhere. */
final class Token {
  private final String text;

  private Token(String text) {
    this.text = text;
  }

  /**
   * The token of a file, else that of the environment, if there is one.
   *
   * @throws Refusal when the file has none; its name is not told, since it may be a token by
   *     mistake
   */
  static Optional<Token> of(Given given) {
    Optional<String> file = given.option("--token-file");
    if (file.isPresent()) {
      return Optional.of(checked(read(file.get()), "The file that --token-file names"));
    }
    return given.variable("GRAFT_TOKEN").map(text -> checked(text, "GRAFT_TOKEN"));
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (NoSuchFileException | InvalidPathException e) {
      throw Refusal.failed(
          "There is no file of the name that --token-file gives. It takes the name of a file with"
              + " the token in it, and never the token itself.");
    } catch (IOException e) {
      // Its message names the file.
      throw Refusal.failed("The file that --token-file names cannot be read.");
    }
  }

  private static Token checked(String text, String source) {
    String token = text.strip();
    if (token.isEmpty() || !token.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw Refusal.failed(
          source + " holds no token: a token is one word of letters, digits and signs.");
    }
    return new Token(token);
  }

  /** What goes into the header {@code Authorization}. */
  String header() {
    return "Bearer " + text;
  }

  @Override
  public String toString() {
    return "***";
  }
}
