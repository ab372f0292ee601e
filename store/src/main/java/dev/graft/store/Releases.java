package dev.graft.store;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.template.Release;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The releases that were ever used, so that any of them can be finished or returned to. */
public final class Releases {
  /** How many releases are kept at hand. One that is not is read again. */
  private static final int AT_HAND = 64;

  private final Database database;

  /** Releases never change, so that what was read once stays right. */
  private final Map<Digest, Release> known = new ConcurrentHashMap<>();

  public Releases(Database database) {
    this.database = database;
  }

  public Optional<Release> withDigest(Digest digest) {
    Release at = known.get(digest);
    if (at != null) {
      return Optional.of(at);
    }
    Optional<Release> read =
        database.read(sql ->
            sql.first("SELECT content FROM release WHERE digest = ?", digest.hex())
                .map(row -> Release.fromJson(Json.parse(row.text("content")))));
    read.ifPresent(release -> {
      if (known.size() >= AT_HAND) {
        known.clear();
      }
      known.put(digest, release);
    });
    return read;
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
