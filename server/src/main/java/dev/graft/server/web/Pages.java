package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.audit.Sealing;
import dev.graft.server.install.Templates;
import dev.graft.server.link.Keys;
import dev.graft.store.Database;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/** What is there for people and for whatever watches over the process. */
final class Pages {
  /** The readable form of the description comes from a library; these are the files it needs. */
  private static final Map<String, MediaType> DOCS_FILES =
      Map.of(
          "swagger-ui.css", MediaType.valueOf("text/css"),
          "swagger-ui-bundle.js", MediaType.valueOf("text/javascript"),
          "docs.js", MediaType.valueOf("text/javascript"));

  private final Database database;
  private final Keys keys;
  private final Templates templates;
  private final Sealing sealing;
  private final String swaggerUi;

  /**
   * The pages.
   *
   * @param swaggerUi where the library's files are on the class path
   */
  Pages(Database database, Keys keys, Templates templates, Sealing sealing, String swaggerUi) {
    this.database = database;
    this.keys = keys;
    this.templates = templates;
    this.sealing = sealing;
    this.swaggerUi = swaggerUi;
  }

  ServerResponse live(ServerRequest request) {
    return Routes.json(200, Json.object().put("status", "ok"));
  }

  ServerResponse ready(ServerRequest request) {
    var json = Json.object();
    boolean databaseUp = database.isUp();
    String keysTrouble = databaseUp ? keysTrouble() : "They are in the database.";
    boolean keysUp = keysTrouble == null;
    boolean templatesThere = !templates.names().isEmpty();
    json.put("status", databaseUp && keysUp && templatesThere ? "ready" : "not-ready");
    var checks = json.putObject("checks");
    checks.put("database", databaseUp ? "ok" : "The database does not answer.");
    checks.put("keys", keysUp ? "ok" : keysTrouble);
    checks.put(
        "templates", templatesThere ? "ok" : "There is no template in " + templates.folder() + ".");
    // Someone should look at it, and meanwhile requests are served.
    checks.put("audit", sealing.state());
    return Routes.json(databaseUp && keysUp && templatesThere ? 200 : 503, json);
  }

  /** Why keys cannot be opened, for all to read: what the provider said is in the log. */
  private @Nullable String keysTrouble() {
    try {
      keys.check();
      return null;
    } catch (VaultException e) {
      return e.mayHelpToTryAgain()
          ? "The key provider does not answer."
          : "The key provider answers, and does not open what it should.";
    } catch (RuntimeException e) {
      return "The keys cannot be read from the database.";
    }
  }

  ServerResponse openApi(ServerRequest request) {
    return file("/dev/graft/server/openapi.yaml", MediaType.valueOf("application/yaml"));
  }

  ServerResponse docs(ServerRequest request) {
    return file("/dev/graft/server/docs.html", MediaType.TEXT_HTML);
  }

  ServerResponse docsFile(ServerRequest request) {
    String name = request.pathVariable("file");
    MediaType type = DOCS_FILES.get(name);
    if (type == null) {
      throw Routes.notFound();
    }
    return file((name.equals("docs.js") ? "/dev/graft/server/" : swaggerUi) + name, type);
  }

  ServerResponse root(ServerRequest request) {
    return ServerResponse.temporaryRedirect(URI.create("/docs")).build();
  }

  static ServerResponse file(String path, MediaType type) {
    try (InputStream file = Pages.class.getResourceAsStream(path)) {
      if (file == null) {
        throw new IllegalStateException("not packaged: " + path);
      }
      return ServerResponse.ok().contentType(type).body(file.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
