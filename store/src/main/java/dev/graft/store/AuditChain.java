package dev.graft.store;

import dev.graft.core.audit.ChainedRecord;
import dev.graft.core.audit.Checkpoint;
import dev.graft.core.audit.LengthPrefixed;
import dev.graft.core.json.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The chain of audit records. Acts only add a record that waits; the chain takes up what waits,
 * some at a time and one node at a time, so that acts never wait for each other at its end.
 */
public final class AuditChain {
  private static final String COLUMNS =
      "id, at, actor, act, account_id, subject, request_id, detail";

  /** How much is told of what is not ours. */
  private static final int BRIEF = 100;

  private final Database database;

  public AuditChain(Database database) {
    this.database = database;
  }

  /** Where a chain ends. */
  public record Head(long epoch, long size, String hash) {}

  /**
   * What came of taking up records.
   *
   * @param taken how many waiting records are in the chain now
   * @param forged the ids of those that Graft did not write
   */
  public record Turn(Head head, int taken, List<String> forged) {
    public Turn {
      forged = List.copyOf(forged);
    }
  }

  /** The chain in the database is not what Graft left there: nothing is added to it. */
  public static final class Broken extends RuntimeException {
    Broken(String sentence) {
      super(sentence);
    }
  }

  /** Whether a record waits for its place. */
  public boolean isWaiting() {
    return database.read(sql -> sql.first("SELECT id FROM audit_pending LIMIT 1")).isPresent();
  }

  /** How many records wait for their place. */
  public int waiting() {
    return database.read(sql -> sql.count("SELECT count(*) AS n FROM audit_pending"));
  }

  public Head head() {
    return database.read(sql ->
        sql.first("SELECT epoch, size, hash FROM audit_head WHERE id = 1")
            .map(AuditChain::head)
            .orElseThrow(() -> new Broken("The end of the audit chain is not in the database.")));
  }

  /**
   * Takes up records that wait.
   *
   * @param known an end that the chain had before, which has to be in it still
   * @throws Broken when the chain is not what was left there; then nothing happens
   */
  public Turn take(Head known, int limit, Instant now) {
    return database.write(sql -> take(sql, known, limit, now));
  }

  static Turn take(Sql sql, Head known, int limit, Instant now) {
    Head head = lockedHead(sql);
    prove(sql, known, head);
    var forged = new ArrayList<String>();
    var chained = new ArrayList<ChainedRecord>();
    List<Sql.Row> waiting =
        sql.fetch("SELECT " + COLUMNS + ", mac FROM audit_pending ORDER BY at, id LIMIT ?", limit);
    for (Sql.Row row : waiting) {
      boolean isOurs = isOurs(sql, row);
      if (!isOurs) {
        forged.add(row.text("id"));
      }
      ChainedRecord next = (isOurs ? chained(row) : forgery(row, now)).apply(head);
      chained.add(next);
      head = new Head(next.epoch(), next.seq(), next.hash());
    }
    put(sql, chained);
    sql.executeEach(
        "DELETE FROM audit_pending WHERE id = ?",
        waiting.stream().map(row -> new @Nullable Object[] {row.text("id")}).toList());
    store(sql, head);
    return new Turn(head, waiting.size() - forged.size(), forged);
  }

  /** Whoever has this row is the only one who adds to the chain. */
  private static Head lockedHead(Sql sql) {
    Sql.Row row =
        sql.first(
                """
                UPDATE audit_head SET turns = turns + 1 WHERE id = 1
                RETURNING epoch, size, hash, mac
                """)
            .orElseThrow(() -> new Broken("The end of the audit chain is not in the database."));
    Head head = head(row);
    boolean isNew = head.size() == 0 && head.hash().equals(ChainedRecord.GENESIS);
    if (!isNew && !sql.auditMac().isOf(content(head), row.bytes("mac"))) {
      throw new Broken(
          "The end of the audit chain in the database was not written by Graft: someone changed it,"
              + " or the key is not the one that it was written with.");
    }
    return head;
  }

  private static void prove(Sql sql, Head known, Head head) {
    Sql.Row last =
        sql.first("SELECT seq, hash FROM audit_record ORDER BY seq DESC LIMIT 1").orElse(null);
    boolean fits =
        last == null
            ? head.size() == 0
            : last.number("seq") == head.size() && last.text("hash").equals(head.hash());
    if (!fits) {
      throw new Broken(
          "The last record of the audit chain is another one than Graft left there: records were"
              + " added or removed in the database.");
    }
    // A new epoch is begun by Graft only, and says in its first record what was lost.
    if (head.epoch() <= known.epoch() && !contains(sql, known)) {
      throw new Broken(
          "The audit chain in the database ends at record "
              + head.size()
              + " of epoch "
              + head.epoch()
              + " and does not have record "
              + known.size()
              + " of epoch "
              + known.epoch()
              + " as it was: the database was restored from an older backup, or records were removed"
              + " or changed.");
    }
  }

  private static boolean contains(Sql sql, Head known) {
    return known.size() == 0
        || sql.first(
                "SELECT seq FROM audit_record WHERE seq = ? AND epoch = ? AND hash = ?",
                known.size(),
                known.epoch(),
                known.hash())
            .isPresent();
  }

  /** Whether the chain was at this end once. */
  public boolean contains(Head known) {
    return database.read(sql -> contains(sql, known));
  }

  private static boolean isOurs(Sql sql, Sql.Row row) {
    return sql.auditMac()
        .isOf(
            AuditTrail.content(
                row.text("id"),
                row.number("at"),
                row.text("actor"),
                row.text("act"),
                row.textOrNull("account_id"),
                row.textOrNull("subject"),
                row.textOrNull("request_id"),
                row.text("detail")),
            row.bytes("mac"));
  }

  /** What takes the place of a record that someone put there past Graft. */
  private static Function<Head, ChainedRecord> forgery(Sql.Row row, Instant now) {
    ObjectNode detail =
        Json.object()
            .put("record", brief(row.text("id")))
            .put("actor", brief(row.text("actor")))
            .put("act", brief(row.text("act")));
    return unchained(
        AuditTrail.newId(now.toEpochMilli()),
        now.toEpochMilli(),
        "node:graft",
        "audit.forgery-found",
        null,
        null,
        null,
        Json.write(detail));
  }

  private static String brief(String text) {
    if (text.length() <= BRIEF) {
      return text;
    }
    // Half a character would not come back from the database as it went in.
    return text.substring(0, Character.isHighSurrogate(text.charAt(BRIEF - 1)) ? BRIEF - 1 : BRIEF);
  }

  private static Function<Head, ChainedRecord> chained(Sql.Row row) {
    return unchained(
        row.text("id"),
        row.number("at"),
        row.text("actor"),
        row.text("act"),
        row.textOrNull("account_id"),
        row.textOrNull("subject"),
        row.textOrNull("request_id"),
        row.text("detail"));
  }

  private static Function<Head, ChainedRecord> unchained(
      String id,
      long at,
      String actor,
      String act,
      @Nullable String accountId,
      @Nullable String subject,
      @Nullable String requestId,
      String detail) {
    return head ->
        new ChainedRecord(
                head.epoch(),
                head.size() + 1,
                head.hash(),
                id,
                ChainedRecord.time(Instant.ofEpochMilli(at)),
                actor,
                act,
                accountId,
                subject,
                requestId,
                detail,
                "")
            .hashed();
  }

  private static void put(Sql sql, List<ChainedRecord> records) {
    sql.executeEach(
        """
        INSERT INTO audit_record (seq, epoch, previous, id, at, actor, act, account_id, subject,
          request_id, detail, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        records.stream().map(AuditChain::values).toList());
  }

  private static @Nullable Object[] values(ChainedRecord record) {
    return new @Nullable Object[] {
      record.seq(),
      record.epoch(),
      record.previous(),
      record.id(),
      Instant.parse(record.at()).toEpochMilli(),
      record.actor(),
      record.act(),
      new Sql.Text(record.account()),
      new Sql.Text(record.subject()),
      new Sql.Text(record.request()),
      record.detail(),
      record.hash()
    };
  }

  private static void store(Sql sql, Head head) {
    sql.execute(
        "UPDATE audit_head SET epoch = ?, size = ?, hash = ?, mac = ? WHERE id = 1",
        head.epoch(),
        head.size(),
        head.hash(),
        sql.auditMac().of(content(head)));
  }

  static byte[] content(Head head) {
    return LengthPrefixed.of(
        "graft.audit.head.1",
        String.valueOf(head.epoch()),
        String.valueOf(head.size()),
        head.hash());
  }

  /**
   * Goes on in a new epoch after whatever is in the database now, and says so in the first record
   * of that epoch.
   *
   * @param lost what was known of the chain elsewhere and is not in it any more, null for nothing
   */
  public Head restart(AuditRecord act, @Nullable Checkpoint lost) {
    return database.write(sql -> {
      Head ended =
          sql.first(
                  """
                  UPDATE audit_head SET turns = turns + 1 WHERE id = 1 RETURNING epoch, size, hash
                  """)
              .map(AuditChain::head)
              .orElseThrow(() -> new Broken("The end of the audit chain is not in the database."));
      Head last =
          sql.first("SELECT epoch, seq, hash FROM audit_record ORDER BY seq DESC LIMIT 1")
              .map(row -> new Head(row.number("epoch"), row.number("seq"), row.text("hash")))
              .orElse(new Head(1, 0, ChainedRecord.GENESIS));
      long epoch = Math.max(ended.epoch(), last.epoch());
      ObjectNode detail = act.detail().deepCopy();
      detail.put("endedEpoch", last.epoch()).put("endedSize", last.size());
      if (lost == null) {
        detail.putNull("lost");
      } else {
        epoch = Math.max(epoch, lost.epoch());
        detail
            .putObject("lost")
            .put("epoch", lost.epoch())
            .put("size", lost.size())
            .put("head", lost.head());
      }
      ChainedRecord first =
          unchained(
                  AuditTrail.newId(act.at().toEpochMilli()),
                  act.at().toEpochMilli(),
                  act.actor(),
                  ChainedRecord.RESTORED,
                  act.accountId(),
                  act.subject(),
                  act.requestId(),
                  Json.write(detail))
              .apply(new Head(epoch + 1, last.size(), last.hash()));
      put(sql, List.of(first));
      var begun = new Head(first.epoch(), first.seq(), first.hash());
      store(sql, begun);
      return begun;
    });
  }

  /** Records in the order of the chain, those after {@code after}, at most {@code limit}. */
  public List<ChainedRecord> page(long after, int limit, @Nullable String accountId) {
    return database.read(sql -> page(sql, after, limit, accountId));
  }

  static List<ChainedRecord> page(Sql sql, long after, int limit, @Nullable String accountId) {
    String ofAccount = accountId == null ? "" : " AND account_id = ?";
    String query =
        "SELECT seq, epoch, previous, hash, "
            + COLUMNS
            + " FROM audit_record WHERE seq > ?"
            + ofAccount
            + " ORDER BY seq LIMIT ?";
    return accountId == null
        ? sql.list(AuditChain::record, query, after, limit)
        : sql.list(AuditChain::record, query, after, accountId, limit);
  }

  /** Keeps a signed checkpoint, unless there is one of this state already. */
  public void keep(Checkpoint checkpoint) {
    database.write(sql ->
        sql.execute(
            "INSERT INTO audit_checkpoint (epoch, size, line) VALUES (?, ?, ?) ON CONFLICT DO"
                + " NOTHING",
            checkpoint.epoch(),
            checkpoint.size(),
            checkpoint.line()));
  }

  /** The checkpoints after the state of another one, or all of them, the oldest first. */
  public List<Checkpoint> checkpointsAfter(@Nullable Checkpoint other, int limit) {
    long epoch = other == null ? 0 : other.epoch();
    long size = other == null ? 0 : other.size();
    return database.read(sql ->
        sql
            .fetch(
                """
                SELECT line FROM audit_checkpoint WHERE epoch > ? OR epoch = ? AND size > ?
                ORDER BY epoch, size LIMIT ?
                """,
                epoch,
                epoch,
                size,
                limit)
            .stream()
            .flatMap(row -> Checkpoint.in(row.text("line")).stream())
            .toList());
  }

  public Optional<Checkpoint> latestCheckpoint() {
    return database.read(sql ->
        sql.first("SELECT line FROM audit_checkpoint ORDER BY epoch DESC, size DESC LIMIT 1")
            .flatMap(row -> Checkpoint.in(row.text("line"))));
  }

  private static Head head(Sql.Row row) {
    return new Head(row.number("epoch"), row.number("size"), row.text("hash"));
  }

  private static ChainedRecord record(Sql.Row row) {
    return new ChainedRecord(
        row.number("epoch"),
        row.number("seq"),
        row.text("previous"),
        row.text("id"),
        ChainedRecord.time(Instant.ofEpochMilli(row.number("at"))),
        row.text("actor"),
        row.text("act"),
        row.textOrNull("account_id"),
        row.textOrNull("subject"),
        row.textOrNull("request_id"),
        row.text("detail"),
        row.text("hash"));
  }
}
