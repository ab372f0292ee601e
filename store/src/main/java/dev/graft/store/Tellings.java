package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What was told of installations already, so that each thing is told once. */
public final class Tellings {
  private final Database database;

  public Tellings(Database database) {
    this.database = database;
  }

  /**
   * Installations of a template that have a release, but not this one, and that were not told of
   * it; those after {@code after}, in the order of their ids.
   */
  public List<Installation> behind(String template, String digest, String after, int limit) {
    return database.read(sql ->
        sql.list(
            Installations::installation,
            """
            SELECT id, account_id, template, release_digest, version, sighting, created_at,
              converged_at
            FROM installation
            WHERE template = ? AND id > ? AND release_digest IS NOT NULL AND release_digest <> ?
              AND (told_release IS NULL OR told_release <> ?)
            ORDER BY id LIMIT ?
            """,
            template,
            after,
            digest,
            digest,
            limit));
  }

  /** Tells of a release, unless that was done. */
  public boolean ofRelease(String installationId, String digest, Event event) {
    return database.write(sql -> {
      int changed =
          sql.execute(
              """
              UPDATE installation SET told_release = ?
              WHERE id = ? AND (told_release IS NULL OR told_release <> ?)
              """,
              digest,
              installationId,
              digest);
      if (changed == 1) {
        Outbox.add(sql, event);
      }
      return changed == 1;
    });
  }

  /** Tells of drift, unless the same was told last. */
  public boolean ofDrift(String installationId, String digest, Event event) {
    return database.write(sql -> {
      int changed =
          sql.execute(
              """
              UPDATE installation SET told_drift = ?
              WHERE id = ? AND (told_drift IS NULL OR told_drift <> ?)
              """,
              digest,
              installationId,
              digest);
      if (changed == 1) {
        Outbox.add(sql, event);
      }
      return changed == 1;
    });
  }

  /** There is no drift (any more), so that the next one is news. */
  public void noDrift(String installationId) {
    if (database
        .read(sql ->
            sql.first(
                "SELECT id FROM installation WHERE id = ? AND told_drift IS NOT NULL",
                installationId))
        .isPresent()) {
      database.write(sql ->
          sql.execute("UPDATE installation SET told_drift = NULL WHERE id = ?", installationId));
    }
  }

  /**
   * Takes installations that are due to be looked at, the longest due first. They are not due again
   * for so long, in case that nothing comes of it.
   *
   * @param every how often each is looked at
   */
  public List<String> claimForDrift(Instant now, Duration every, Duration claimedFor, int most) {
    long due = now.minus(every).toEpochMilli();
    return database.write(sql ->
        sql.list(
            row -> row.text("id"),
            """
            UPDATE installation SET drift_check_from = ? WHERE drift_check_from <= ? AND id IN
              (SELECT id FROM installation WHERE drift_check_from <= ?
                AND release_digest IS NOT NULL ORDER BY drift_check_from LIMIT ?)
            RETURNING id
            """,
            due + claimedFor.toMillis(),
            due,
            due,
            most));
  }

  /** An installation was looked at. */
  public void lookedForDrift(String installationId, Instant now) {
    database.write(sql ->
        sql.execute(
            "UPDATE installation SET drift_check_from = ? WHERE id = ?",
            now.toEpochMilli(),
            installationId));
  }
}
