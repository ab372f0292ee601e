package dev.graft.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The sessions of people, and the one-time links that begin some. Each is known by a keyed hash, so
 * that nobody can take one over who only reads the database.
 */
public final class Sessions {
  private final Database database;

  public Sessions(Database database) {
    this.database = database;
  }

  /**
   * Begins a session, and clears away what has ended since; and whatever the person began with
   * another role, which they do not have any more.
   */
  public void begin(String hash, Session session, Duration longestIdle, AuditRecord record) {
    database.write(sql -> {
      begin(sql, hash, session, longestIdle, record);
      return true;
    });
  }

  /** The same for whoever has a one-time link; false when there is none, and nothing happened. */
  public boolean beginByLink(
      String link, String hash, Session session, Duration longestIdle, AuditRecord record) {
    return database.write(sql -> {
      boolean used =
          sql.execute(
                  "DELETE FROM login_link WHERE hash = ? AND ends_at > ?",
                  link,
                  session.beganAt().toEpochMilli())
              == 1;
      if (used) {
        begin(sql, hash, session, longestIdle, record);
      }
      return used;
    });
  }

  private static void begin(
      Sql sql, String hash, Session session, Duration longestIdle, AuditRecord record) {
    Instant now = session.beganAt();
    sql.execute(
        "DELETE FROM session WHERE ends_at <= ? OR seen_at <= ?",
        now.toEpochMilli(),
        now.minus(longestIdle).toEpochMilli());
    sql.execute("DELETE FROM login_link WHERE ends_at <= ?", now.toEpochMilli());
    sql.execute(
        "DELETE FROM session WHERE subject = ? AND role <> ?", session.subject(), session.role());
    sql.execute(
        """
        INSERT INTO session (hash, subject, name, role, began_at, seen_at, ends_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        hash,
        session.subject(),
        session.name(),
        session.role(),
        now.toEpochMilli(),
        session.seenAt().toEpochMilli(),
        session.endsAt().toEpochMilli());
    AuditTrail.add(sql, record);
  }

  public Optional<Session> withHash(String hash) {
    return database.read(sql ->
        sql.first(
                "SELECT subject, name, role, began_at, seen_at, ends_at FROM session WHERE hash = ?",
                hash)
            .map(row ->
                new Session(
                    row.text("subject"),
                    row.text("name"),
                    row.text("role"),
                    Instant.ofEpochMilli(row.number("began_at")),
                    Instant.ofEpochMilli(row.number("seen_at")),
                    Instant.ofEpochMilli(row.number("ends_at")))));
  }

  public void seen(String hash, Instant now) {
    database.write(sql ->
        sql.execute("UPDATE session SET seen_at = ? WHERE hash = ?", now.toEpochMilli(), hash));
  }

  /** Ends a session; false when there is none. */
  public boolean end(String hash, AuditRecord record) {
    return database.write(sql -> {
      boolean ended = sql.execute("DELETE FROM session WHERE hash = ?", hash) == 1;
      if (ended) {
        AuditTrail.add(sql, record);
      }
      return ended;
    });
  }

  /** Ends every session of one person and gives how many there were. */
  public int endAllOf(String subject, AuditRecord record) {
    return database.write(sql -> {
      int ended = sql.execute("DELETE FROM session WHERE subject = ?", subject);
      if (ended > 0) {
        AuditTrail.add(sql, record);
      }
      return ended;
    });
  }

  /** Ends every session and gives how many there were; takes back every one-time link, too. */
  public int endAll(AuditRecord record) {
    return database.write(sql -> {
      int ended = sql.execute("DELETE FROM session");
      sql.execute("DELETE FROM login_link");
      AuditTrail.add(sql, record);
      return ended;
    });
  }

  public void addLink(String hash, Instant now, Instant endsAt, AuditRecord record) {
    database.write(sql -> {
      sql.execute(
          "INSERT INTO login_link (hash, made_at, ends_at) VALUES (?, ?, ?)",
          hash,
          now.toEpochMilli(),
          endsAt.toEpochMilli());
      AuditTrail.add(sql, record);
      return true;
    });
  }
}
