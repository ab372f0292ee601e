package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft version}: of this program, and whether a server answers. */
final class Version {
  private Version() {}

  /** The version that this program was built as. */
  static String text() {
    try (InputStream file = Version.class.getResourceAsStream("version")) {
      if (file == null) {
        throw new IllegalStateException("not packaged: version");
      }
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int run(Given given, Terminal terminal) {
    if (given.has("--server")) {
      return withServer(given, terminal);
    }
    if (given.wantsJson()) {
      terminal.out().json(Json.object().put("version", text()));
      return Exit.DONE;
    }
    return tell(terminal);
  }

  static int tell(Terminal terminal) {
    terminal.out().print("graft " + text());
    return Exit.DONE;
  }

  private static int withServer(Given given, Terminal terminal) {
    Api api = given.api();
    ObjectNode health = api.get("/health");
    if (given.wantsJson()) {
      ObjectNode json = Json.object().put("version", text());
      json.putObject("server").put("url", api.url()).setAll(health);
      terminal.out().json(json);
    } else {
      terminal.out().print("graft " + text());
      terminal
          .out()
          .print("server at " + api.url() + ": " + health.path("status").asString("no status"));
    }
    return Exit.DONE;
  }
}
