package dev.graft.sandbox;

import static java.util.stream.Collectors.toUnmodifiableMap;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** One number in how a sandbox behaves. */
public enum Dial {
  PAGE_CAP(
      100,
      1,
      "The most a list gives at once, whatever limit is asked for. Vapi's OpenAPI description says"
          + " 1000, Vapi's own tooling counts on 100."),
  LATENCY_MS(0, 0, "How long each request waits before it is looked at."),
  LIST_LAG_MS(0, 0, "How long a new object stays out of lists, though its id can be read."),
  CREATED_AT_STEP_MS(
      1, 1, "createdAt is rounded down to a multiple of this; a long step makes many equal."),
  RATE_LIMIT(0, 0, "Requests an account may make in one window before it gets a 429; 0 = any."),
  RATE_WINDOW_MS(1000, 1, "The length of that window."),
  METADATA_LIMIT(0, 0, "The most bytes an assistant's metadata may take; 0 = any.");

  private final long usual;
  private final long least;
  private final String meaning;

  Dial(long usual, long least, String meaning) {
    this.usual = usual;
    this.least = least;
    this.meaning = meaning;
  }

  /** Its value unless someone sets another. */
  public long usual() {
    return usual;
  }

  /** What it does, in one or two sentences. */
  public String meaning() {
    return meaning;
  }

  /** Its name in the control API, such as {@code latency-ms}. */
  public String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  long accept(long value) {
    if (value < least) {
      throw new IllegalArgumentException(title() + " cannot be below " + least + ".");
    }
    return value;
  }

  static Dial titled(String title) {
    return Stream.of(values())
        .filter(dial -> dial.title().equals(title))
        .findAny()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "There is no dial called " + title + "; GET /_sandbox lists them."));
  }

  static Map<Dial, Long> usualValues() {
    return Stream.of(values()).collect(toUnmodifiableMap(dial -> dial, Dial::usual));
  }
}
