package dev.graft.store;

import dev.graft.core.apply.Journal;
import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.template.Release;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The operations, and the leases under which they run: one holder per account, by the database's
 * own clock. Everything that a holder writes says under which fence, and has no effect under an old
 * one.
 */
public final class Operations {
  private static final String SELECT =
      """
      SELECT o.id, o.account_id, o.installation_id, i.template, o.kind, o.release_digest, o.request,
        o.state, o.result, o.created_at, o.finished_at, o.tries, o.actor, o.request_id
      FROM operation o JOIN installation i ON i.id = o.installation_id
      """;

  private static final Lease NOBODYS = new Lease("", "", -1);

  private final Database database;
  private final Duration leaseTime;
  private final Function<String, Lease.@Nullable Pacing> pacing;

  /** As below, with accounts that are called at no pace. */
  public Operations(Database database, Duration leaseTime) {
    this(database, leaseTime, _ -> null);
  }

  /**
   * Operations on this database.
   *
   * @param leaseTime how long a holder that says nothing keeps its account
   * @param pacing how far this node is with calling an account, null when there is nothing to say
   */
  public Operations(
      Database database, Duration leaseTime, Function<String, Lease.@Nullable Pacing> pacing) {
    this.database = database;
    this.leaseTime = leaseTime;
    this.pacing = pacing;
  }

  /**
   * What is asked for, as it is kept.
   *
   * @param actor who asks, as the audit trail names callers
   * @param requestId in which request, null when it is nobody's
   */
  public record Request(
      String accountId,
      String kind,
      Release release,
      Digest digest,
      JsonNode request,
      String operationId,
      String installationId,
      String actor,
      @Nullable String requestId) {}

  /**
   * Who may work on an account now. That someone may is in the audit trail, together with the use
   * of the account's key, before they know it.
   */
  public sealed interface Claim {
    /**
     * Whoever asked, and on this operation: the one that was asked for, or an older one that nobody
     * finished and that comes first.
     */
    record Yours(Operation operation, Lease lease, boolean isOlder) implements Claim {}

    /** Someone else; the operation they work on, if it is on record yet. */
    record Busy(@Nullable Operation operation) implements Claim {}
  }

  /** Begins an operation if nobody works on the account. */
  public Claim begin(Request asked, String holder, Instant now) {
    return database.write(sql -> {
      Optional<Lease> lease = acquire(sql, asked.accountId(), holder);
      Optional<Operation> running = running(sql, asked.accountId());
      if (lease.isEmpty()) {
        return new Claim.Busy(running.orElse(null));
      }
      if (running.isPresent()) {
        tried(sql, running.get(), asked.actor(), asked.requestId(), now);
        return new Claim.Yours(running.get(), lease.get(), true);
      }
      Operation begun = insert(sql, asked, now);
      AuditTrail.add(sql, OperationActs.begun(begun, now));
      return new Claim.Yours(begun, lease.get(), false);
    });
  }

  private static Operation insert(Sql sql, Request asked, Instant now) {
    Releases.keep(sql, asked.release(), asked.digest(), now);
    Installation installation =
        Installations.ensure(
            sql, asked.accountId(), asked.release().template(), asked.installationId(), now);
    sql.execute(
        """
        INSERT INTO operation (id, account_id, installation_id, kind, release_digest, request,
          state, created_at, tries, next_try_at, actor, request_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
        """,
        asked.operationId(),
        asked.accountId(),
        installation.id(),
        asked.kind(),
        asked.digest().hex(),
        Json.write(asked.request()),
        Operation.State.RUNNING.text(),
        now.toEpochMilli(),
        now.toEpochMilli(),
        asked.actor(),
        new Sql.Text(asked.requestId()));
    return withId(sql, asked.operationId()).orElseThrow();
  }

  /** The lease of an account alone, for work that is no operation; nothing when someone has it. */
  public Optional<Lease> take(String accountId, String holder) {
    return database.write(sql -> acquire(sql, accountId, holder));
  }

  public Duration leaseTime() {
    return leaseTime;
  }

  /**
   * Takes up a running operation that nobody works on, nothing if someone does or it is over.
   *
   * @param actor who does, as the audit trail names callers
   */
  public Optional<Claim.Yours> takeUp(
      String operationId, String holder, String actor, Instant now) {
    return database.write(sql -> {
      Optional<Lease> lease =
          withId(sql, operationId)
              .filter(found -> !found.isOver())
              .flatMap(found -> acquire(sql, found.accountId(), holder));
      if (lease.isEmpty()) {
        return Optional.<Claim.Yours>empty();
      }
      // To get the lease can mean to wait for whoever ends the operation with it.
      Optional<Operation> operation = withId(sql, operationId).filter(found -> !found.isOver());
      if (operation.isEmpty()) {
        sql.execute(
            "UPDATE lease SET until = 0 WHERE account_id = ? AND fence = ?",
            lease.get().accountId(),
            lease.get().fence());
        return Optional.<Claim.Yours>empty();
      }
      tried(sql, operation.get(), actor, null, now);
      return Optional.of(new Claim.Yours(operation.get(), lease.get(), true));
    });
  }

  private static void tried(
      Sql sql, Operation operation, String actor, @Nullable String requestId, Instant now) {
    sql.execute("UPDATE operation SET tries = tries + 1 WHERE id = ?", operation.id());
    AuditTrail.add(sql, OperationActs.takenUp(operation, actor, requestId, now));
  }

  private Optional<Lease> acquire(Sql sql, String accountId, String holder) {
    String now = database.dialect().now();
    boolean wasLeft =
        sql.first("SELECT until FROM lease WHERE account_id = ? AND until > 0", accountId)
            .isPresent();
    sql.execute(
        """
        INSERT INTO lease (account_id, fence, holder, until) VALUES (?, 0, '', 0)
        ON CONFLICT (account_id) DO NOTHING
        """,
        accountId);
    // Who died with the account in hand said nothing of its last calls: none is ready, then.
    return sql.first(
            """
            UPDATE lease SET fence = fence + 1, holder = ?, until = %1$s + ?,
              pace_ready = CASE WHEN until = 0 THEN pace_ready ELSE 0 END,
              pace_at = CASE WHEN until = 0 THEN pace_at ELSE until END
            WHERE account_id = ? AND until <= %1$s
            RETURNING fence, pace_ready, pace_rate, %1$s - pace_at AS pace_age
            """
                .formatted(now),
            holder,
            leaseTime.toMillis(),
            accountId)
        .map(row -> new Lease(accountId, holder, row.number("fence"), wasLeft, pacing(row)));
  }

  private static Lease.@Nullable Pacing pacing(Sql.Row row) {
    Long ready = row.numberOrNull("pace_ready");
    Long rate = row.numberOrNull("pace_rate");
    return ready == null || rate == null
        ? null
        : new Lease.Pacing(ready, Duration.ofMillis(row.number("pace_age")), rate);
  }

  /** Keeps a lease for another lease time; false when it has passed to someone else or ended. */
  public boolean renew(Lease lease) {
    return database.write(sql -> {
      boolean kept = renew(sql, database.dialect(), lease, leaseTime);
      if (kept) {
        keepPacing(sql, lease, "");
      }
      return kept;
    });
  }

  /** Writes down how far the calls are, together with what else becomes of the lease. */
  private int keepPacing(Sql sql, Lease lease, String more) {
    Lease.Pacing now = pacing.apply(lease.accountId());
    return sql.execute(
        "UPDATE lease SET "
            + more
            + "pace_ready = ?, pace_rate = ?, pace_at = "
            + database.dialect().now()
            + " - ? WHERE account_id = ? AND fence = ?",
        new Sql.Integral(now == null ? null : now.ready()),
        new Sql.Integral(now == null ? null : now.perSecond()),
        now == null ? 0 : now.since().toMillis(),
        lease.accountId(),
        lease.fence());
  }

  static boolean renew(Sql sql, Dialect dialect, Lease lease, Duration leaseTime) {
    return sql.execute(
            "UPDATE lease SET until = "
                + dialect.now()
                + " + ? WHERE account_id = ? AND fence = ? AND until > "
                + dialect.now(),
            leaseTime.toMillis(),
            lease.accountId(),
            lease.fence())
        == 1;
  }

  private void giveBack(Sql sql, Lease lease) {
    keepPacing(sql, lease, "until = 0, ");
  }

  /** Gives an account back without a word on its operation. */
  public void giveBack(Lease lease) {
    database.write(sql -> {
      giveBack(sql, lease);
      return true;
    });
  }

  /**
   * What an installation has become.
   *
   * @param release null when it has become nothing
   */
  public record Convergence(
      @Nullable Digest release,
      @Nullable String version,
      JsonNode sighting,
      @Nullable String orgId) {}

  /**
   * Ends an operation and gives the account back. Under an old fence, or when it is over, nothing
   * is ended.
   *
   * @param convergence what the installation has become, null when it is not as it should be
   * @param later what is to be done for the same installation later, null for nothing
   * @param events what others are told of it
   * @param actor who ends it, as the audit trail names callers
   */
  public boolean finish(
      Lease lease,
      Operation operation,
      Operation.State state,
      JsonNode result,
      @Nullable Convergence convergence,
      @Nullable Later later,
      List<Event> events,
      String actor,
      Instant now) {
    return database.write(sql -> {
      if (!renew(sql, database.dialect(), lease, leaseTime)) {
        return false;
      }
      int ended =
          sql.execute(
              """
              UPDATE operation SET state = ?, result = ?, finished_at = ?
              WHERE id = ? AND state = 'running'
              """,
              state.text(),
              Json.write(result),
              now.toEpochMilli(),
              operation.id());
      if (ended == 0) {
        giveBack(sql, lease);
        return false;
      }
      AuditTrail.add(sql, OperationActs.finished(operation, state, actor, now));
      if (convergence != null) {
        converged(sql, operation, convergence, now);
      }
      if (later != null) {
        sql.execute(
            """
            INSERT INTO operation (id, account_id, installation_id, kind, release_digest, request,
              state, created_at, tries, next_try_at, waits)
            VALUES (?, ?, ?, ?, ?, ?, 'running', ?, 0, ?, 1)
            """,
            later.operationId(),
            operation.accountId(),
            operation.installationId(),
            later.kind(),
            operation.release().hex(),
            Json.write(later.request()),
            now.toEpochMilli(),
            later.at().toEpochMilli());
      }
      events.forEach(event -> Outbox.add(sql, event));
      giveBack(sql, lease);
      return true;
    });
  }

  /** Work that has time until later, and that new work does not wait for. */
  public record Later(String operationId, String kind, JsonNode request, Instant at) {}

  private static void converged(
      Sql sql, Operation operation, Convergence convergence, Instant now) {
    sql.execute(
        """
        UPDATE installation SET release_digest = ?, version = ?, sighting = ?, converged_at = ?
        WHERE id = ?
        """,
        new Sql.Text(convergence.release() == null ? null : convergence.release().hex()),
        new Sql.Text(convergence.version()),
        Json.write(convergence.sighting()),
        now.toEpochMilli(),
        operation.installationId());
    // Vapi took the key: whatever it said of it before is over.
    sql.execute(
        """
        UPDATE account SET key_state = 'active', key_reason = NULL, key_since = ?, key_refusals = 0
        WHERE id = ? AND key_refusals > 0
        """,
        now.toEpochMilli(),
        operation.accountId());
    if (convergence.orgId() != null) {
      sql.execute(
          """
          UPDATE account SET org_id = ? WHERE id = ? AND org_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM account other WHERE other.org_id = ?)
          """,
          convergence.orgId(),
          operation.accountId(),
          convergence.orgId());
    }
  }

  /**
   * Leaves an operation to a later try and gives the account back.
   *
   * @param interim what is to be told of it meanwhile, null for nothing new
   */
  public void postpone(
      Lease lease, Operation operation, Instant nextTry, @Nullable JsonNode interim) {
    database.write(sql -> {
      sql.execute(
          """
          UPDATE operation SET next_try_at = ?, result = COALESCE(?, result)
          WHERE id = ? AND state = 'running'
            AND EXISTS (SELECT 1 FROM lease WHERE account_id = ? AND fence = ?)
          """,
          nextTry.toEpochMilli(),
          new Sql.Text(interim == null ? null : Json.write(interim)),
          operation.id(),
          lease.accountId(),
          lease.fence());
      giveBack(sql, lease);
      return true;
    });
  }

  /**
   * Ends every lease. Only for a process that knows that it is alone on the database, as the owner
   * of a SQLite file does: whoever held a lease before is dead.
   */
  public void endAllLeases() {
    database.write(sql -> sql.execute("UPDATE lease SET until = 0 WHERE until <> 0"));
  }

  /**
   * Running operations whose time has come and whose account nobody holds, the oldest first.
   *
   * @param notAt hosts of Vapi whose accounts are left out
   */
  public List<String> due(Instant now, int limit, List<String> notAt) {
    var values = new ArrayList<Object>(notAt);
    values.add(now.toEpochMilli());
    values.add(limit);
    return database.read(sql ->
        sql.list(
            row -> row.text("id"),
            """
            SELECT o.id FROM operation o
              JOIN account a ON a.id = o.account_id AND a.host NOT IN (''%s)
              LEFT JOIN lease l ON l.account_id = o.account_id
            WHERE o.state = 'running' AND o.next_try_at <= ?
              AND (l.until IS NULL OR l.until <= %s)
            ORDER BY o.next_try_at LIMIT ?
            """
                .formatted(", ?".repeat(notAt.size()), database.dialect().now()),
            values.toArray()));
  }

  public Optional<Operation> withId(String id) {
    return database.read(sql -> withId(sql, id));
  }

  private static Optional<Operation> withId(Sql sql, String id) {
    return sql.first(SELECT + "WHERE o.id = ?", id).map(Operations::operation);
  }

  private static Optional<Operation> running(Sql sql, String accountId) {
    return sql.first(
            SELECT
                + """
                WHERE o.account_id = ? AND o.state = 'running' AND o.waits = 0
                ORDER BY o.created_at LIMIT 1
                """,
            accountId)
        .map(Operations::operation);
  }

  /** The latest operations of an account, the newest first. */
  public List<Operation> ofAccount(String accountId, int limit) {
    return database.read(sql ->
        sql.list(
            Operations::operation,
            SELECT + "WHERE o.account_id = ? ORDER BY o.created_at DESC, o.id DESC LIMIT ?",
            accountId,
            limit));
  }

  /**
   * An operation and all later ones of its installation, the oldest first.
   *
   * @param end an operation at which to stop, which is not among them; null for none
   */
  public List<Operation> since(Operation first, @Nullable Operation end) {
    return database
        .read(sql ->
            sql.list(
                Operations::operation,
                SELECT
                    + "WHERE o.installation_id = ? AND o.created_at >= ? ORDER BY o.created_at, o.id",
                first.installationId(),
                first.createdAt().toEpochMilli()))
        .stream()
        .dropWhile(operation -> !operation.id().equals(first.id()))
        .takeWhile(operation -> end == null || !operation.id().equals(end.id()))
        .toList();
  }

  /** What an installation had become before an operation, nothing when that was the first. */
  public Optional<Operation> lastBefore(Operation operation) {
    return database.read(sql ->
        sql.first(
                SELECT
                    + """
                    WHERE o.installation_id = ? AND (o.created_at, o.id) < (?, ?)
                      AND o.state = 'succeeded'
                    ORDER BY o.created_at DESC, o.id DESC LIMIT 1
                    """,
                operation.installationId(),
                operation.createdAt().toEpochMilli(),
                operation.id())
            .map(Operations::operation));
  }

  /** Operations of an installation in which a create was looked for in vain since then. */
  public List<Operation> withLost(String installationId, Instant since) {
    return database.read(sql ->
        sql.list(
            Operations::operation,
            SELECT
                + """
                WHERE o.installation_id = ? AND o.created_at >= ?
                  AND EXISTS (SELECT 1 FROM journal j
                    WHERE j.operation_id = o.id AND j.entry = 'not-there')
                """,
            installationId,
            since.toEpochMilli()));
  }

  /** The release that is installed, or that was to be last; nothing when there never was one. */
  public Optional<Digest> releaseOf(Installation installation) {
    return Optional.ofNullable(installation.release())
        .or(() ->
            database.read(sql ->
                sql.first(
                        """
                        SELECT release_digest FROM operation WHERE installation_id = ?
                        ORDER BY created_at DESC LIMIT 1
                        """,
                        installation.id())
                    .map(row -> new Digest(row.text("release_digest")))));
  }

  /** The steps of an operation, for whoever reads them only. */
  public List<Journal.Story> stories(Operation operation, BodySeal seal) {
    return new SqlJournal(database, operation, NOBODYS, leaseTime, seal, operation.actor())
        .stories();
  }

  /**
   * The journal of an operation, for whoever holds the account's lease.
   *
   * @param actor who that is, as the audit trail names callers
   */
  public SqlJournal journal(Operation operation, Lease lease, BodySeal seal, String actor) {
    return new SqlJournal(database, operation, lease, leaseTime, seal, actor);
  }

  private static Operation operation(Sql.Row row) {
    String result = row.textOrNull("result");
    return new Operation(
        row.text("id"),
        row.text("account_id"),
        row.text("installation_id"),
        row.text("template"),
        row.text("kind"),
        new Digest(row.text("release_digest")),
        Json.parse(row.text("request")),
        Operation.State.of(row.text("state")),
        result == null ? null : Json.parse(result),
        Instant.ofEpochMilli(row.number("created_at")),
        Installations.instant(row, "finished_at"),
        (int) row.number("tries"),
        row.text("actor"),
        row.textOrNull("request_id"));
  }
}
