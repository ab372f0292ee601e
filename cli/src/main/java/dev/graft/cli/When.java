package dev.graft.cli;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import tools.jackson.databind.JsonNode;

/** Instants of the API as people read them, always in UTC. */
final class When {
  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);

  private When() {}

  /** The instant, or what stands there when it is none. */
  static String of(JsonNode json) {
    String text = json.asString("");
    try {
      return SECONDS.format(Instant.parse(text));
    } catch (DateTimeParseException e) {
      return text;
    }
  }
}
