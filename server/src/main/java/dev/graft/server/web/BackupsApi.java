package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.backup.BackingUp;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** Backups over HTTP. */
final class BackupsApi {
  private final BackingUp backingUp;

  BackupsApi(BackingUp backingUp) {
    this.backingUp = backingUp;
  }

  ServerResponse begin(ServerRequest request) {
    Body.ofOptional(request).only(Set.of());
    if (!backingUp.isPossible()) {
      throw new Problem(
          409,
          "BACKUP_ELSEWHERE",
          "This server's database is PostgreSQL, which its own tools back up while it is used:"
              + " pg_dump, or an archive of its write-ahead log. docs/recovering.md says how.");
    }
    String name = backingUp.begin();
    return Routes.json(202, state(name).orElseThrow(BackupsApi::notFound));
  }

  ServerResponse list(ServerRequest request) {
    var json = Json.object();
    json.put("folder", backingUp.settings().folder().toString());
    json.put("every", backingUp.settings().every().map(Duration::toString).orElse(null));
    json.put("keep", backingUp.settings().keep());
    json.put("lastAt", backingUp.lastAt().map(Instant::toString).orElse(null));
    json.set("running", backingUp.running().map(BackupsApi::view).orElse(null));
    json.set("failure", backingUp.failure().map(BackupsApi::view).orElse(null));
    var all = json.putArray("backups");
    backingUp.list().forEach(made -> all.add(view(made)));
    return Routes.json(200, json);
  }

  ServerResponse one(ServerRequest request) {
    return Routes.json(
        200, state(request.pathVariable("backup")).orElseThrow(BackupsApi::notFound));
  }

  /** The backup of this name, wherever it has got to. */
  private Optional<ObjectNode> state(String name) {
    Optional<ObjectNode> running =
        backingUp.running().filter(one -> one.name().equals(name)).map(BackupsApi::view);
    // One that is over between the two looks is found by the second.
    return running
        .or(() -> backingUp.named(name).map(BackupsApi::view))
        .or(() -> backingUp.failure().filter(one -> one.name().equals(name)).map(BackupsApi::view));
  }

  ServerResponse file(ServerRequest request) throws Exception {
    BackingUp.Made made =
        backingUp.named(request.pathVariable("backup")).orElseThrow(BackupsApi::notFound);
    backingUp.taken(made);
    return ServerResponse.ok()
        .contentType(MediaType.valueOf("application/zip"))
        .contentLength(made.bytes())
        .header("Content-Disposition", "attachment; filename=\"" + made.name() + "\"")
        .build((_, response) -> {
          Files.copy(made.file(), response.getOutputStream());
          return null;
        });
  }

  private static ObjectNode view(BackingUp.Progress progress) {
    var json = Json.object();
    json.put("name", progress.name());
    json.put("status", "running");
    json.put("startedAt", progress.startedAt().toString());
    json.put("phase", progress.phase().name().toLowerCase(Locale.ROOT));
    json.put("done", progress.done());
    json.put("of", progress.of());
    return json;
  }

  private static ObjectNode view(BackingUp.Failure failure) {
    var json = Json.object();
    json.put("name", failure.name());
    json.put("status", "failed");
    json.put("at", failure.at().toString());
    json.put("reason", failure.reason());
    return json;
  }

  private static ObjectNode view(BackingUp.Made made) {
    var json = Json.object();
    json.put("name", made.name());
    json.put("status", "made");
    json.put("bytes", made.bytes());
    json.set("manifest", made.manifest().toJson());
    return json;
  }

  private static Problem notFound() {
    return new Problem(
        404,
        "BACKUP_NOT_FOUND",
        "There is no backup of this name in the server's folder. GET /v1/backups lists those that"
            + " there are.");
  }
}
