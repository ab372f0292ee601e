package dev.graft.store;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What requests were answered, for when they come again. One holder at a time works on a request;
 * one that says nothing for as long as a lease lasts, by the database's clock, has lost it.
 */
public final class KeptReplies {
  private final Database database;
  private final Duration leaseTime;
  private final Duration kept;

  /**
   * Replies on this database.
   *
   * @param leaseTime how long a holder that says nothing keeps a request
   * @param kept how long a reply is kept
   */
  public KeptReplies(Database database, Duration leaseTime, Duration kept) {
    this.database = database;
    this.leaseTime = leaseTime;
    this.kept = kept;
  }

  /** Whose turn it is to serve a request. */
  public sealed interface Turn {
    /** Whoever asked. */
    record Yours() implements Turn {}

    /** Someone else's, who works on it and has said so not longer ago than a lease lasts. */
    record Running() implements Turn {}

    /** Nobody's: it was answered. */
    record Answered(Sealed reply) implements Turn {}

    /** Nobody's: another request came under the same id before. */
    record OtherRequest() implements Turn {}
  }

  public Duration leaseTime() {
    return leaseTime;
  }

  /** Asks for the turn. A holder that died is succeeded, by the same request only. */
  public Turn take(String id, String fingerprint, String holder) {
    // Most that come while one is served only have to be told so: they wait for no lock.
    Optional<Turn> known = database.read(sql -> standing(sql, id, fingerprint, stillHolds()));
    if (known.isPresent()) {
      return known.get();
    }
    while (true) {
      // Between the two steps of one round the row can go: then there is another round.
      Turn turn =
          database.<@Nullable Turn>write(sql ->
              insert(sql, id, fingerprint, holder)
                  ? new Turn.Yours()
                  : standing(sql, id, fingerprint, "").orElse(null));
      if (turn != null) {
        return turn;
      }
    }
  }

  /** Of a row that gives the turn to nobody. */
  private String stillHolds() {
    return " AND ends_at > %1$s AND (reply IS NOT NULL OR held_until > %1$s)"
        .formatted(database.dialect().now());
  }

  private boolean insert(Sql sql, String id, String fingerprint, String holder) {
    return sql.execute(
            """
            INSERT INTO kept_reply (id, fingerprint, holder, held_until, reply, ends_at)
            VALUES (?, ?, ?, %1$s + ?, NULL, %1$s + ?)
            ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint,
              holder = excluded.holder, held_until = excluded.held_until, reply = NULL,
              ends_at = excluded.ends_at
            WHERE kept_reply.ends_at <= %1$s
              OR (kept_reply.reply IS NULL AND kept_reply.held_until <= %1$s
                AND kept_reply.fingerprint = excluded.fingerprint)
            """
                .formatted(database.dialect().now()),
            id,
            fingerprint,
            holder,
            leaseTime.toMillis(),
            kept.toMillis())
        == 1;
  }

  private static Optional<Turn> standing(Sql sql, String id, String fingerprint, String more) {
    return sql.first("SELECT fingerprint, reply FROM kept_reply WHERE id = ?" + more, id)
        .map(row -> {
          byte[] reply = row.bytesOrNull("reply");
          if (!row.text("fingerprint").equals(fingerprint)) {
            return new Turn.OtherRequest();
          }
          return reply == null ? new Turn.Running() : new Turn.Answered(new Sealed(reply));
        });
  }

  /** Keeps the turn for another lease; false when it has passed to someone else. */
  public boolean renew(String id, String holder) {
    return database.write(sql ->
        sql.execute(
                "UPDATE kept_reply SET held_until = "
                    + database.dialect().now()
                    + " + ? WHERE id = ? AND holder = ? AND reply IS NULL",
                leaseTime.toMillis(),
                id,
                holder)
            == 1);
  }

  /** Ends a turn with a reply. Nothing happens when it has passed to someone else. */
  public void keep(String id, String holder, Sealed reply) {
    database.write(sql ->
        sql.execute(
            "UPDATE kept_reply SET reply = ?, ends_at = "
                + database.dialect().now()
                + " + ? WHERE id = ? AND holder = ? AND reply IS NULL",
            reply.bytes(),
            kept.toMillis(),
            id,
            holder));
  }

  /** Ends a turn without a reply, so that the request can come again. */
  public void giveBack(String id, String holder) {
    database.write(sql ->
        sql.execute(
            "DELETE FROM kept_reply WHERE id = ? AND holder = ? AND reply IS NULL", id, holder));
  }

  /**
   * Ends every turn. Only for a process that knows that it is alone on the database, as the owner
   * of a SQLite file does: whoever had one before is dead.
   */
  public void endAllTurns() {
    database.write(sql -> sql.execute("UPDATE kept_reply SET held_until = 0 WHERE reply IS NULL"));
  }

  /** Forgets the replies whose time is up. */
  public int sweep() {
    return Sweep.of(database, "kept_reply", "ends_at");
  }
}
