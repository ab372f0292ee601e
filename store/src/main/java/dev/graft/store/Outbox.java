package dev.graft.store;

import dev.graft.core.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Events, and their way to the webhooks. An event is written in the transaction of what it tells,
 * together with one delivery for each webhook that wants it.
 */
public final class Outbox {
  private static final String SELECT =
      """
      SELECT d.webhook_id, d.state, d.tries, d.next_try_at, d.last_tried_at, d.last_status,
        d.last_error, e.id, e.type, e.account_id, e.at, e.data
      FROM delivery d JOIN event e ON e.id = d.event_id
      """;

  private final Database database;

  public Outbox(Database database) {
    this.database = database;
  }

  /** Adds an event that stands for itself. */
  public void add(Event event) {
    database.write(sql -> {
      add(sql, event);
      return true;
    });
  }

  /** Adds an event in the transaction of what it tells. */
  static void add(Sql sql, Event event) {
    keep(sql, event);
    sql.execute(
        """
        INSERT INTO delivery
          (webhook_id, event_id, state, tries, next_try_at, claimed_until)
        SELECT w.id, ?, 'waiting', 0, ?, 0 FROM webhook w
        WHERE w.state = 'enabled' AND (w.types = '' OR w.types LIKE ?)
        """,
        event.id(),
        event.at().toEpochMilli(),
        "%," + event.type() + ",%");
  }

  private static void keep(Sql sql, Event event) {
    sql.execute(
        "INSERT INTO event (id, type, account_id, at, data) VALUES (?, ?, ?, ?, ?)",
        event.id(),
        event.type(),
        new Sql.Text(event.accountId()),
        event.at().toEpochMilli(),
        Json.write(event.data()));
  }

  /** Adds an event for one webhook only, whatever types it wants, already taken for so long. */
  public Delivery addTaken(String webhookId, Event event, Duration time) {
    return database.write(sql -> {
      keep(sql, event);
      sql.execute(
          """
          INSERT INTO delivery (webhook_id, event_id, state, tries, next_try_at, claimed_until)
          VALUES (?, ?, 'waiting', 0, ?, %s + ?)
          """
              .formatted(database.dialect().now()),
          webhookId,
          event.id(),
          event.at().toEpochMilli(),
          time.toMillis());
      return one(sql, webhookId, event.id()).orElseThrow();
    });
  }

  /** The webhooks for which something is due. */
  public List<String> due(Instant now) {
    return database.read(sql ->
        sql.list(
            row -> row.text("id"),
            """
            SELECT w.id FROM webhook w WHERE w.state = 'enabled' AND EXISTS
              (SELECT 1 FROM delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting'
                AND d.next_try_at <= ? AND d.claimed_until <= %s)
            ORDER BY w.id
            """
                .formatted(database.dialect().now()),
            now.toEpochMilli()));
  }

  /** Takes due deliveries of a webhook for so long; after that they are due again. */
  public List<Delivery> claim(String webhookId, Instant now, int most, Duration time) {
    String clock = database.dialect().now();
    return database.write(sql -> {
      List<String> claimed =
          sql.list(
              row -> row.text("event_id"),
              """
              UPDATE delivery SET claimed_until = %1$s + ?
              WHERE webhook_id = ? AND state = 'waiting' AND claimed_until <= %1$s AND event_id IN
                (SELECT event_id FROM delivery WHERE webhook_id = ? AND state = 'waiting'
                  AND next_try_at <= ? AND claimed_until <= %1$s ORDER BY next_try_at LIMIT ?)
              RETURNING event_id
              """
                  .formatted(clock),
              time.toMillis(),
              webhookId,
              webhookId,
              now.toEpochMilli(),
              most);
      return claimed.stream().map(event -> one(sql, webhookId, event).orElseThrow()).toList();
    });
  }

  /** What came of sending it. */
  public record Attempt(Instant at, @Nullable Integer status, @Nullable String error) {}

  /** It got through. */
  public void delivered(Delivery delivery, Attempt attempt) {
    database.write(sql -> {
      settle(sql, delivery, Delivery.State.DELIVERED, attempt, attempt.at(), "");
      return sql.execute(
          "UPDATE webhook SET failing_since = NULL WHERE id = ? AND failing_since IS NOT NULL",
          delivery.webhookId());
    });
  }

  /**
   * It did not get through. Where it was settled since, that stands: by who took it when the claim
   * was over, or with a webhook that was disabled.
   *
   * @param next when to send it again, null for never
   * @return since when everything sent to this webhook fails
   */
  public Instant failed(Delivery delivery, Attempt attempt, @Nullable Instant next) {
    return database.write(sql -> {
      int settled =
          settle(
              sql,
              delivery,
              next == null ? Delivery.State.DEAD : Delivery.State.WAITING,
              attempt,
              next == null ? attempt.at() : next,
              " AND state = 'waiting'");
      if (settled == 0) {
        return attempt.at();
      }
      return sql
          .fetch(
              """
              UPDATE webhook SET failing_since = COALESCE(failing_since, ?) WHERE id = ?
              RETURNING failing_since
              """,
              attempt.at().toEpochMilli(),
              delivery.webhookId())
          .stream()
          .map(row -> Instant.ofEpochMilli(row.number("failing_since")))
          .findFirst()
          .orElse(attempt.at());
    });
  }

  private static int settle(
      Sql sql,
      Delivery delivery,
      Delivery.State state,
      Attempt attempt,
      Instant next,
      String onlyIf) {
    return sql.execute(
        """
        UPDATE delivery SET state = ?, tries = tries + 1, next_try_at = ?, claimed_until = 0,
          last_tried_at = ?, last_status = ?, last_error = ?
        WHERE webhook_id = ? AND event_id = ?
        """
            + onlyIf,
        state.text(),
        next.toEpochMilli(),
        attempt.at().toEpochMilli(),
        new Sql.Integral(attempt.status()),
        new Sql.Text(attempt.error()),
        delivery.webhookId(),
        delivery.event().id());
  }

  /** Sends one again, whatever became of it; false when there is none. */
  public boolean replay(String webhookId, String eventId, Instant now) {
    return database.write(sql ->
        sql.execute(
                """
                UPDATE delivery SET state = 'waiting', tries = 0, next_try_at = ?
                WHERE webhook_id = ? AND event_id = ?
                """,
                now.toEpochMilli(),
                webhookId,
                eventId)
            == 1);
  }

  /**
   * Sends again what a webhook wants and did not get since then; events from before it was there,
   * or from when it was disabled, are among that.
   *
   * @param delivered whether what it did get is sent again, too
   * @return how many
   */
  public int replaySince(String webhookId, Instant since, boolean delivered, Instant now) {
    return database.write(sql -> {
      int again =
          sql.execute(
              """
              UPDATE delivery SET state = 'waiting', tries = 0, next_try_at = ?
              WHERE webhook_id = ? AND (state = 'dead' OR (state = 'delivered' AND ? = 1))
                AND event_id IN (SELECT id FROM event WHERE at >= ?)
              """,
              now.toEpochMilli(),
              webhookId,
              delivered ? 1 : 0,
              since.toEpochMilli());
      return again
          + sql.execute(
              """
              INSERT INTO delivery (webhook_id, event_id, state, tries, next_try_at, claimed_until)
              SELECT w.id, e.id, 'waiting', 0, ?, 0 FROM event e JOIN webhook w ON w.id = ?
              WHERE e.at >= ? AND e.type NOT LIKE 'webhook.%'
                AND (w.types = '' OR w.types LIKE '%,' || e.type || ',%')
                AND NOT EXISTS
                  (SELECT 1 FROM delivery d WHERE d.webhook_id = w.id AND d.event_id = e.id)
              """,
              now.toEpochMilli(), webhookId, since.toEpochMilli());
    });
  }

  public Optional<Delivery> one(String webhookId, String eventId) {
    return database.read(sql -> one(sql, webhookId, eventId));
  }

  private static Optional<Delivery> one(Sql sql, String webhookId, String eventId) {
    return sql.first(SELECT + "WHERE d.webhook_id = ? AND d.event_id = ?", webhookId, eventId)
        .map(Outbox::delivery);
  }

  /**
   * Deliveries to a webhook, the newest events first.
   *
   * @param state which of them, null for all
   * @param before only events before this one, null for all
   */
  public List<Delivery> page(
      String webhookId, Delivery.@Nullable State state, @Nullable String before, int limit) {
    return database.read(sql ->
        sql.list(
            Outbox::delivery,
            SELECT
                + """
                WHERE d.webhook_id = ? AND (? = '' OR d.state = ?) AND (? = '' OR d.event_id < ?)
                ORDER BY d.event_id DESC LIMIT ?
                """,
            webhookId,
            state == null ? "" : state.text(),
            state == null ? "" : state.text(),
            before == null ? "" : before,
            before == null ? "" : before,
            limit));
  }

  /** How many deliveries stand there. */
  public int count(String webhookId, Delivery.State state) {
    return database.read(sql ->
        sql.count(
            "SELECT count(*) AS n FROM delivery WHERE webhook_id = ? AND state = ?",
            webhookId,
            state.text()));
  }

  /** Forgets events that are older than said, at most so many; how many it forgot. */
  public int drop(Instant olderThan, int most) {
    return database.write(sql -> {
      String old = "(SELECT id FROM event WHERE at < ? ORDER BY at LIMIT ?)";
      sql.execute("DELETE FROM delivery WHERE event_id IN " + old, olderThan.toEpochMilli(), most);
      return sql.execute("DELETE FROM event WHERE id IN " + old, olderThan.toEpochMilli(), most);
    });
  }

  /** What happened to an account, the oldest first, as long as it is kept. */
  public List<Event> ofAccount(String accountId) {
    return database.read(sql ->
        sql.list(
            Event::of,
            "SELECT id, type, account_id, at, data FROM event WHERE account_id = ? ORDER BY at, id",
            accountId));
  }

  /** Forgets what is about an account. */
  static void forget(Sql sql, String accountId) {
    sql.execute(
        "DELETE FROM delivery WHERE event_id IN (SELECT id FROM event WHERE account_id = ?)",
        accountId);
    sql.execute("DELETE FROM event WHERE account_id = ?", accountId);
  }

  private static Delivery delivery(Sql.Row row) {
    Long status = row.numberOrNull("last_status");
    return new Delivery(
        Event.of(row),
        row.text("webhook_id"),
        Delivery.State.valueOf(row.text("state").toUpperCase(Locale.ROOT)),
        (int) row.number("tries"),
        Instant.ofEpochMilli(row.number("next_try_at")),
        Installations.instant(row, "last_tried_at"),
        status == null ? null : status.intValue(),
        row.textOrNull("last_error"));
  }
}
