package dev.graft.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The webhooks: addresses, what they want, and their sealed secrets. */
public final class Webhooks {
  private static final String SELECT =
      """
      SELECT id, url, types, description, state, reason, since, failing_since, secret,
        former_secret, former_until, created_at
      FROM webhook
      """;

  private final Database database;

  public Webhooks(Database database) {
    this.database = database;
  }

  public void add(Webhook webhook, AuditRecord record) {
    database.write(sql -> {
      AuditTrail.add(sql, record);
      return sql.execute(
          """
          INSERT INTO webhook (id, url, types, description, state, since, secret, created_at)
          VALUES (?, ?, ?, ?, 'enabled', ?, ?, ?)
          """,
          webhook.id(),
          webhook.url(),
          text(webhook.types()),
          webhook.description(),
          webhook.since().toEpochMilli(),
          webhook.secret().bytes(),
          webhook.createdAt().toEpochMilli());
    });
  }

  public List<Webhook> all() {
    return database.read(sql -> sql.list(Webhooks::webhook, SELECT + "ORDER BY id"));
  }

  public Optional<Webhook> withId(String id) {
    return database.read(sql -> sql.first(SELECT + "WHERE id = ?", id).map(Webhooks::webhook));
  }

  /** Changes address, types, description and whether it is enabled. */
  public void change(Webhook webhook, AuditRecord record) {
    database.write(sql -> {
      AuditTrail.add(sql, record);
      return sql.execute(
          """
          UPDATE webhook SET url = ?, types = ?, description = ?, state = ?, reason = ?, since = ?,
            failing_since = ?
          WHERE id = ?
          """,
          webhook.url(),
          text(webhook.types()),
          webhook.description(),
          webhook.enabled() ? "enabled" : "disabled",
          new Sql.Text(webhook.reason()),
          webhook.since().toEpochMilli(),
          new Sql.Integral(
              webhook.failingSince() == null ? null : webhook.failingSince().toEpochMilli()),
          webhook.id());
    });
  }

  /**
   * Disables a webhook that is enabled, and gives its waiting deliveries up.
   *
   * @param event tells the others of it
   * @return false when it was not enabled any more
   */
  public boolean disable(String id, String reason, Event event, AuditRecord record) {
    return database.write(sql -> {
      int changed =
          sql.execute(
              """
              UPDATE webhook SET state = 'disabled', reason = ?, since = ?
              WHERE id = ? AND state = 'enabled'
              """,
              reason,
              event.at().toEpochMilli(),
              id);
      if (changed == 0) {
        return false;
      }
      giveUp(sql, id, reason);
      AuditTrail.add(sql, record);
      Outbox.add(sql, event);
      return true;
    });
  }

  private static void giveUp(Sql sql, String id, String reason) {
    sql.execute(
        """
        UPDATE delivery SET state = 'dead', claimed_until = 0,
          last_error = COALESCE(last_error, ?)
        WHERE webhook_id = ? AND state = 'waiting'
        """,
        reason,
        id);
  }

  /** Gives up what waits for a webhook. */
  public void giveUp(String id, String reason) {
    database.write(sql -> {
      giveUp(sql, id, reason);
      return true;
    });
  }

  /** Gives a webhook a new secret; the one before it signs as well until then. */
  public boolean rotate(String id, Sealed secret, Instant formerUntil, AuditRecord record) {
    return database.write(sql -> {
      AuditTrail.add(sql, record);
      return sql.execute(
              """
              UPDATE webhook SET former_secret = secret, former_until = ?, secret = ? WHERE id = ?
              """,
              formerUntil.toEpochMilli(),
              secret.bytes(),
              id)
          == 1;
    });
  }

  /** Forgets secrets whose time is up. */
  public int dropFormerSecrets(Instant now) {
    return database.write(sql ->
        sql.execute(
            """
            UPDATE webhook SET former_secret = NULL, former_until = NULL
            WHERE former_until IS NOT NULL AND former_until <= ?
            """,
            now.toEpochMilli()));
  }

  /** Forgets a webhook and all that was on its way to it; false when there is none. */
  public boolean remove(String id, AuditRecord record) {
    return database.write(sql -> {
      sql.execute("DELETE FROM delivery WHERE webhook_id = ?", id);
      if (sql.execute("DELETE FROM webhook WHERE id = ?", id) == 0) {
        return false;
      }
      AuditTrail.add(sql, record);
      return true;
    });
  }

  private static String text(Set<String> types) {
    return types.isEmpty() ? "" : "," + String.join(",", new TreeSet<>(types)) + ",";
  }

  private static Set<String> types(String text) {
    return text.isEmpty() ? Set.of() : Set.of(text.substring(1, text.length() - 1).split(",", -1));
  }

  private static Webhook webhook(Sql.Row row) {
    byte @Nullable [] former = row.bytesOrNull("former_secret");
    return new Webhook(
        row.text("id"),
        row.text("url"),
        types(row.text("types")),
        row.text("description"),
        row.text("state").equals("enabled"),
        row.textOrNull("reason"),
        Instant.ofEpochMilli(row.number("since")),
        Installations.instant(row, "failing_since"),
        new Sealed(row.bytes("secret")),
        former == null ? null : new Sealed(former),
        Installations.instant(row, "former_until"),
        Instant.ofEpochMilli(row.number("created_at")));
  }
}
