package dev.graft.store;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.template.Release;
import java.time.Instant;
import java.util.List;
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

  /**
   * The releases that an installation was brought to, by version or by digest, the latest first.
   */
  public List<Digest> ofInstallation(String installationId, String versionOrDigest) {
    return database.read(sql ->
        sql.list(
            row -> new Digest(row.text("digest")),
            """
            SELECT r.digest, max(o.created_at) AS used_at FROM release r
            JOIN operation o ON o.release_digest = r.digest
            WHERE o.installation_id = ? AND (r.version = ? OR r.digest = ?)
            GROUP BY r.digest ORDER BY used_at DESC
            """,
            installationId,
            versionOrDigest,
            versionOrDigest));
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
