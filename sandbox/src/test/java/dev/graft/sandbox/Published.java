package dev.graft.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Published material about Vapi, which is not part of this repository: its OpenAPI description and
 * bodies seen in public. Where it is not at hand, the tests that need it have no cases.
 */
final class Published {
  private Published() {}

  static Optional<JsonNode> file(String name) {
    Optional<Path> found =
        places().map(place -> place.resolve(name)).filter(Files::isRegularFile).findFirst();
    if (found.isEmpty()) {
      System.out.println(
          "No cases: " + name + " is not here; -Dgraft.shared=... says where it is.");
    }
    return found.map(Published::read);
  }

  private static Stream<Path> places() {
    String given = System.getProperty("graft.shared");
    return given == null
        ? Stream.of("../../shared", "../shared").map(Path::of)
        : Stream.of(Path.of(given));
  }

  private static JsonNode read(Path file) {
    try {
      return Json.read(Files.readAllBytes(file));
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
