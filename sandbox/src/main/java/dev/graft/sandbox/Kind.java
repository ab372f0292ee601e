package dev.graft.sandbox;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** One of the kinds of objects an account holds. */
enum Kind {
  ASSISTANT,
  TOOL,
  SQUAD,
  PHONE_NUMBER,
  STRUCTURED_OUTPUT,
  CREDENTIAL;

  /** Its path without the slash, which also names the rules for its bodies. */
  String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Only for these a list is an object with results and metadata (Vapi's OpenAPI description). */
  boolean paged() {
    return this == STRUCTURED_OUTPUT;
  }

  /** Credentials are on no published path; live lists show them without their secrets. */
  boolean showsOnlyItsName() {
    return this == CREDENTIAL;
  }

  boolean hasVersions() {
    return this == ASSISTANT || this == TOOL || this == SQUAD;
  }

  static Optional<Kind> at(String path) {
    String title = path.startsWith("/") ? path.substring(1) : path;
    return Stream.of(values()).filter(kind -> kind.title().equals(title)).findAny();
  }

  static Kind named(String path) {
    return at(path)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "The sandbox has no "
                    + path
                    + "; it has "
                    + String.join(", ", Stream.of(values()).map(Kind::title).toList())
                    + "."));
  }
}
