package dev.graft.server.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Map;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/** What is there for people: the description of the API. */
final class Pages {
  /** The readable form of the description comes from a library; these are the files it needs. */
  private static final Map<String, MediaType> DOCS_FILES =
      Map.of(
          "swagger-ui.css", MediaType.valueOf("text/css"),
          "swagger-ui-bundle.js", MediaType.valueOf("text/javascript"),
          "docs.js", MediaType.valueOf("text/javascript"));

  private final String swaggerUi;

  /**
   * The pages.
   *
   * @param swaggerUi where the library's files are on the class path
   */
  Pages(String swaggerUi) {
    this.swaggerUi = swaggerUi;
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
