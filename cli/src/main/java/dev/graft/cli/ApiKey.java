package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * A customer's key between the keyboard and the server: characters that are wiped after use, and
 * nothing that prints them.
 */
final class ApiKey implements AutoCloseable {
  private static final int LARGEST = 16 * 1024;

  private final char[] characters;

  private ApiKey(char[] characters) {
    this.characters = characters;
  }

  /**
   * Asks for it without an echo where a person types, else reads the one line that comes in.
   *
   * @param what its name in the question
   * @throws Refusal when there is no key, or more than one line
   */
  static ApiKey read(Terminal terminal, String what) {
    char[] raw = terminal.isTyped() ? typed(terminal, what) : piped(terminal.in());
    try {
      return stripped(raw);
    } finally {
      Arrays.fill(raw, '\0');
    }
  }

  /** The key among these characters, which are the caller's to wipe. */
  static ApiKey of(char[] raw) {
    return stripped(raw);
  }

  private static char[] typed(Terminal terminal, String what) {
    // Which of the two it is when there is no terminal has changed from one JDK to the next.
    Console console =
        Optional.ofNullable(System.console())
            .filter(Console::isTerminal)
            .orElseThrow(() ->
                Refusal.failed(
                    "The key can only be typed in without showing it when the output is a terminal,"
                        + " too. Take the redirection away, or let the key come in through a pipe."));
    terminal.err().begin(Line.of(what + " (it is not shown): "));
    char[] typed = console.readPassword();
    return typed == null ? new char[0] : typed;
  }

  private static char[] piped(InputStream in) {
    byte[] bytes = new byte[LARGEST];
    try {
      int length = 0;
      int read = 0;
      while (read >= 0 && length < LARGEST) {
        read = in.read(bytes, length, LARGEST - length);
        length += Math.max(read, 0);
      }
      if (length == LARGEST) {
        throw Refusal.failed(
            "What came in is too long to be a key, so nothing was sent. The key is one line and"
                + " nothing else.");
      }
      // One byte is one character: whatever is no ASCII the server refuses in any case.
      char[] characters = new char[length];
      for (int i = 0; i < length; i++) {
        characters[i] = (char) (bytes[i] & 0xff);
      }
      return characters;
    } catch (IOException e) {
      throw Refusal.failed("The key could not be read from standard input.", e);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  private static ApiKey stripped(char[] raw) {
    int from = 0;
    int to = raw.length;
    while (from < to && Character.isWhitespace(raw[from])) {
      from++;
    }
    while (to > from && Character.isWhitespace(raw[to - 1])) {
      to--;
    }
    if (from == to) {
      throw Refusal.failed("No key came in, so nothing was sent.");
    }
    for (int i = from; i < to; i++) {
      if (raw[i] == '\n' || raw[i] == '\r') {
        throw Refusal.failed(
            "More than one line came in, so nothing was sent. The key is one line and nothing else.");
      }
    }
    return new ApiKey(Arrays.copyOfRange(raw, from, to));
  }

  /** A JSON object with the members of another one, and the key as one member more. */
  byte[] within(ObjectNode others, String member) {
    byte[] head =
        (Json.write(others).replaceFirst("}$", others.isEmpty() ? "" : ",")
                + Json.write(Json.text(member))
                + ":\"")
            .getBytes(StandardCharsets.UTF_8);
    byte[] large = Arrays.copyOf(head, head.length + 6 * characters.length + 2);
    int at = head.length;
    for (char c : characters) {
      at = escaped(c, large, at);
    }
    large[at++] = '"';
    large[at++] = '}';
    byte[] body = Arrays.copyOf(large, at);
    Arrays.fill(large, (byte) 0);
    return body;
  }

  private static int escaped(char c, byte[] into, int from) {
    int at = from;
    if (c >= 0x20 && c < 0x7f) {
      if (c == '"' || c == '\\') {
        into[at++] = '\\';
      }
      into[at++] = (byte) c;
      return at;
    }
    into[at++] = '\\';
    into[at++] = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) {
      into[at++] = (byte) Character.forDigit(c >> shift & 0xf, 16);
    }
    return at;
  }

  @Override
  public void close() {
    Arrays.fill(characters, '\0');
  }

  @Override
  public String toString() {
    return "***";
  }
}
