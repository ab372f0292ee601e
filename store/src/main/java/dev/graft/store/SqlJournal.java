package dev.graft.store;

import dev.graft.core.apply.Intent;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.JournalEntry;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Owned;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The journal of one operation in the database, together with the ledger of its installation. */
public final class SqlJournal implements Journal {
  private final Database database;
  private final Operation operation;
  private final Lease lease;
  private final Duration leaseTime;
  private final BodySeal seal;
  private final String actor;
  private final AtomicInteger appended = new AtomicInteger();
  private volatile @Nullable Read read;

  SqlJournal(
      Database database,
      Operation operation,
      Lease lease,
      Duration leaseTime,
      BodySeal seal,
      String actor) {
    this.database = database;
    this.operation = operation;
    this.lease = lease;
    this.leaseTime = leaseTime;
    this.seal = seal;
    this.actor = actor;
  }

  /** What was read when so much had been appended by this node, which has the account's lease. */
  private record Read(int appended, List<Story> stories) {}

  @Override
  public List<Story> stories() {
    int before = appended.get();
    Read known = read;
    if (known == null || known.appended() != before) {
      known = new Read(before, fromDatabase());
      read = known;
    }
    return known.stories();
  }

  private List<Story> fromDatabase() {
    // To open a body can mean to wait for a key provider, which no connection is held for.
    List<Sql.Row> rows =
        database.read(sql ->
            sql.fetch(
                """
                SELECT step, entry, at, verb, address, object_id, making, earlier, detail
                FROM journal
                WHERE operation_id = ? ORDER BY step, seq
                """,
                operation.id()));
    Map<Integer, Intent> intents = new TreeMap<>();
    Map<Integer, List<JournalEntry>> entries = new HashMap<>();
    for (Sql.Row row : rows) {
      int step = (int) row.number("step");
      if (row.textOrNull("verb") != null) {
        intents.put(step, intent(step, row));
      }
      entries.computeIfAbsent(step, _ -> new ArrayList<>()).add(entry(row));
    }
    return intents.values().stream()
        .map(intent -> new Story(intent, entries.getOrDefault(intent.step(), List.of())))
        .toList();
  }

  @Override
  public void append(List<Written> entries, List<LedgerChange> changes) {
    List<Row> rows = entries.stream().map(this::row).toList();
    List<Put> puts =
        changes.stream()
            .filter(LedgerChange.Put.class::isInstance)
            .map(change -> put((LedgerChange.Put) change))
            .toList();
    List<AuditRecord> acts =
        entries.stream()
            .flatMap(written -> OperationActs.of(written, operation, actor).stream())
            .toList();
    boolean held;
    try {
      held = write(rows, puts, acts, changes);
    } finally {
      // Whether it was written or not, and even if that is not known: it is to be read again.
      appended.incrementAndGet();
    }
    if (!held) {
      throw new LeaseLost();
    }
  }

  private boolean write(
      List<Row> rows, List<Put> puts, List<AuditRecord> acts, List<LedgerChange> changes) {
    return database.write(sql -> {
      if (!Operations.renew(sql, database.dialect(), lease, leaseTime)) {
        return false;
      }
      rows.forEach(row -> insert(sql, row));
      // What it says is in the audit trail or is not in the journal either: then it is not
      // sent.
      AuditTrail.add(sql, acts);
      for (LedgerChange change : changes) {
        if (change instanceof LedgerChange.Drop(Address address)) {
          drop(sql, address);
        }
      }
      puts.forEach(put -> insert(sql, put));
      return true;
    });
  }

  /** A row of the journal, sealed before the transaction begins. */
  private record Row(Written written, @Nullable Sealed making, @Nullable Sealed earlier) {}

  private Row row(Written written) {
    Intent intent = written.intent();
    // Later entries of a step repeat nothing. What is done in the ledger alone has one entry only.
    boolean isFirst =
        written.entry() instanceof JournalEntry.Intended
            || intent.verb() == Intent.Verb.ADOPT
            || intent.verb() == Intent.Verb.CONFIRM
            || intent.verb() == Intent.Verb.FORGET;
    if (!isFirst) {
      return new Row(written, null, null);
    }
    Intent.Making making = intent.making();
    return new Row(
        written,
        making == null ? null : new Sealed(seal.sealed(place(intent.step()), Kept.toJson(making))),
        intent.before().equals(Intent.Before.NOTHING)
            ? null
            : new Sealed(seal.sealed(placeOfEarlier(intent.step()), Kept.toJson(intent.before()))));
  }

  private String placeOfEarlier(int step) {
    return place(step) + " earlier";
  }

  private String place(int step) {
    return place(operation.id(), step);
  }

  static String place(String operationId, int step) {
    return "journal " + operationId + " " + step;
  }

  private void insert(Sql sql, Row row) {
    Intent intent = row.written().intent();
    JournalEntry entry = row.written().entry();
    int seq =
        sql.count(
            "SELECT count(*) AS n FROM journal WHERE operation_id = ? AND step = ?",
            operation.id(),
            intent.step());
    boolean first = seq == 0;
    ObjectId object =
        entry instanceof JournalEntry.Done(var _, ObjectId done) ? done : intent.object();
    sql.execute(
        """
        INSERT INTO journal
          (operation_id, step, seq, entry, at, verb, address, object_id, making, earlier, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        operation.id(),
        intent.step(),
        seq,
        word(entry),
        entry.at().toEpochMilli(),
        new Sql.Text(first ? intent.verb().name() : null),
        new Sql.Text(first ? intent.address().toString() : null),
        new Sql.Text(object == null ? null : object.value()),
        new Sql.Bytes(row.making()),
        new Sql.Bytes(row.earlier()),
        new Sql.Text(detail(entry)));
  }

  private static String word(JournalEntry entry) {
    return switch (entry) {
      case JournalEntry.Intended _ -> "intended";
      case JournalEntry.Done _ -> "done";
      case JournalEntry.Refused _ -> "refused";
      case JournalEntry.InDoubt _ -> "in-doubt";
      case JournalEntry.NotDone _ -> "not-done";
      case JournalEntry.NotThere _ -> "not-there";
    };
  }

  private static @Nullable String detail(JournalEntry entry) {
    return switch (entry) {
      case JournalEntry.Intended _, JournalEntry.Done _, JournalEntry.NotThere _ -> null;
      case JournalEntry.Refused(var _, String reason) -> reason;
      case JournalEntry.InDoubt(var _, String cause) -> cause;
      case JournalEntry.NotDone(var _, String how) -> how;
    };
  }

  private static JournalEntry entry(Sql.Row row) {
    Instant at = Instant.ofEpochMilli(row.number("at"));
    String detail = String.valueOf(row.textOrNull("detail"));
    return switch (row.text("entry")) {
      case "intended" -> new JournalEntry.Intended(at);
      case "done" -> new JournalEntry.Done(at, new ObjectId(row.text("object_id")));
      case "refused" -> new JournalEntry.Refused(at, detail);
      case "in-doubt" -> new JournalEntry.InDoubt(at, detail);
      case "not-done" -> new JournalEntry.NotDone(at, detail);
      case "not-there" -> new JournalEntry.NotThere(at);
      case String other ->
          throw new IllegalStateException("the journal has an entry of no known sort: " + other);
    };
  }

  private Intent intent(int step, Sql.Row row) {
    Intent.Verb verb = Intent.Verb.valueOf(row.text("verb"));
    String object = row.textOrNull("object_id");
    byte[] making = row.bytesOrNull("making");
    byte[] earlier = row.bytesOrNull("earlier");
    return new Intent(
        step,
        verb,
        Address.parse(row.text("address")).orElseThrow(),
        object == null || verb == Intent.Verb.CREATE ? null : new ObjectId(object),
        making == null ? null : Kept.making(seal.opened(place(step), making)),
        earlier == null
            ? Intent.Before.NOTHING
            : Kept.before(seal.opened(placeOfEarlier(step), earlier)));
  }

  /** A row of the ledger, sealed before the transaction begins. */
  private record Put(Address address, Owned owned, Sealed applied, Sealed observed) {}

  private Put put(LedgerChange.Put change) {
    String place = Installations.place(operation.installationId(), change.address().toString());
    return new Put(
        change.address(),
        change.owned(),
        new Sealed(seal.sealed(place + " applied", change.owned().applied())),
        new Sealed(seal.sealed(place + " observed", change.owned().observed())));
  }

  private void insert(Sql sql, Put put) {
    sql.execute(
        """
        INSERT INTO ledger (installation_id, address, object_id, version, origin, former, retired,
          applied, observed, position)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,
          (SELECT count(*) FROM ledger other WHERE other.installation_id = ?))
        ON CONFLICT (installation_id, address) DO UPDATE SET object_id = excluded.object_id,
          version = excluded.version, origin = excluded.origin, former = excluded.former,
          retired = excluded.retired, applied = excluded.applied, observed = excluded.observed
        """,
        operation.installationId(),
        put.address().toString(),
        put.owned().object().value(),
        put.owned().version().toString(),
        put.owned().origin().name(),
        Json.write(Kept.ids(put.owned().former())),
        Json.write(Kept.ids(put.owned().retired())),
        put.applied().bytes(),
        put.observed().bytes(),
        operation.installationId());
  }

  private void drop(Sql sql, Address address) {
    sql.execute(
        "DELETE FROM ledger WHERE installation_id = ? AND address = ?",
        operation.installationId(),
        address.toString());
  }
}
