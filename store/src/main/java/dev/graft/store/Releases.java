package dev.graft.store;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.template.Release;
import java.time.Instant;
import java.util.Optional;

/** The releases that were ever used, so that any of them can be finished or returned to. */
public final class Releases {
  private final Database database;

  public Releases(Database database) {
    this.database = database;
  }

  public Optional<Release> withDigest(Digest digest) {
    return database.read(sql ->
        sql.first("SELECT content FROM release WHERE digest = ?", digest.hex())
            .map(row -> Release.fromJson(Json.parse(row.text("content")))));
  }

  static void keep(Sql sql, Release release, Digest digest, Instant now) {
    if (sql.first("SELECT digest FROM release WHERE digest = ?", digest.hex()).isEmpty()) {
      sql.execute(
          """
          INSERT INTO release (digest, template, version, content, first_used_at)
          VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
          digest.hex(),
          release.template(),
          release.version().toString(),
          Json.write(release.toJson()),
          now.toEpochMilli());
    }
  }
}
