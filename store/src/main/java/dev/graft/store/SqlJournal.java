package dev.graft.store;

import dev.graft.core.apply.Intent;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.JournalEntry;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Owned;
import dev.graft.core.template.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The journal of one operation in the database, together with the ledger of its installation. */
public final class SqlJournal implements Journal {
  private final Database database;
  private final Operation operation;
  private final Lease lease;
  private final Duration leaseTime;
  private final BodySeal seal;

  SqlJournal(
      Database database, Operation operation, Lease lease, Duration leaseTime, BodySeal seal) {
    this.database = database;
    this.operation = operation;
    this.lease = lease;
    this.leaseTime = leaseTime;
    this.seal = seal;
  }

  @Override
  public List<Story> stories() {
    return database.read(sql -> {
      Map<Integer, Intent> intents = new TreeMap<>();
      Map<Integer, List<JournalEntry>> entries = new HashMap<>();
      for (Sql.Row row :
          sql.fetch(
              """
              SELECT step, entry, at, verb, address, object_id, making, detail FROM journal
              WHERE operation_id = ? ORDER BY step, seq
              """,
              operation.id())) {
        int step = (int) row.number("step");
        if (row.textOrNull("verb") != null) {
          intents.put(step, intent(step, row));
        }
        entries.computeIfAbsent(step, _ -> new ArrayList<>()).add(entry(row));
      }
      return intents.values().stream()
          .map(intent -> new Story(intent, entries.getOrDefault(intent.step(), List.of())))
          .toList();
    });
  }

  @Override
  public void append(List<Written> entries, List<LedgerChange> changes) {
    List<Row> rows = entries.stream().map(this::row).toList();
    List<Put> puts =
        changes.stream()
            .filter(LedgerChange.Put.class::isInstance)
            .map(change -> put((LedgerChange.Put) change))
            .toList();
    boolean held =
        database.write(sql -> {
          if (!Operations.renew(sql, database.dialect(), lease, leaseTime)) {
            return false;
          }
          rows.forEach(row -> insert(sql, row));
          for (LedgerChange change : changes) {
            if (change instanceof LedgerChange.Drop(Address address)) {
              drop(sql, address);
            }
          }
          puts.forEach(put -> insert(sql, put));
          return true;
        });
    if (!held) {
      throw new LeaseLost();
    }
  }

  /** A row of the journal, sealed before the transaction begins. */
  private record Row(Written written, @Nullable Sealed making) {}

  private Row row(Written written) {
    Intent.Making making =
        written.entry() instanceof JournalEntry.Intended ? written.intent().making() : null;
    if (making == null) {
      return new Row(written, null);
    }
    var body = Json.object();
    body.set("sent", making.sent());
    body.set("applied", making.applied());
    body.put("version", making.version().toString());
    return new Row(written, new Sealed(seal.sealed(place(written.intent().step()), body)));
  }

  private String place(int step) {
    return "journal " + operation.id() + " " + step;
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
          (operation_id, step, seq, entry, at, verb, address, object_id, making, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
        new Sql.Text(detail(entry)));
  }

  private static String word(JournalEntry entry) {
    return switch (entry) {
      case JournalEntry.Intended _ -> "intended";
      case JournalEntry.Done _ -> "done";
      case JournalEntry.Refused _ -> "refused";
      case JournalEntry.InDoubt _ -> "in-doubt";
      case JournalEntry.NotDone _ -> "not-done";
    };
  }

  private static @Nullable String detail(JournalEntry entry) {
    return switch (entry) {
      case JournalEntry.Intended _, JournalEntry.Done _ -> null;
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
      case String other ->
          throw new IllegalStateException("the journal has an entry of no known sort: " + other);
    };
  }

  private Intent intent(int step, Sql.Row row) {
    Intent.Verb verb = Intent.Verb.valueOf(row.text("verb"));
    String object = row.textOrNull("object_id");
    byte[] sealed = row.bytesOrNull("making");
    Intent.Making making = null;
    if (sealed != null) {
      ObjectNode body = seal.opened(place(step), sealed);
      making =
          new Intent.Making(
              (ObjectNode) body.required("sent"),
              (ObjectNode) body.required("applied"),
              Version.parse(body.required("version").stringValue()).orElseThrow());
    }
    return new Intent(
        step,
        verb,
        Address.parse(row.text("address")).orElseThrow(),
        object == null || verb == Intent.Verb.CREATE ? null : new ObjectId(object),
        making);
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
    var former = Json.array();
    new TreeSet<>(put.owned().former()).forEach(id -> former.add(id.value()));
    sql.execute(
        """
        INSERT INTO ledger (installation_id, address, object_id, version, origin, former, applied,
          observed, position)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?,
          (SELECT count(*) FROM ledger other WHERE other.installation_id = ?))
        ON CONFLICT (installation_id, address) DO UPDATE SET object_id = excluded.object_id,
          version = excluded.version, origin = excluded.origin, former = excluded.former,
          applied = excluded.applied, observed = excluded.observed
        """,
        operation.installationId(),
        put.address().toString(),
        put.owned().object().value(),
        put.owned().version().toString(),
        put.owned().origin().name(),
        Json.write(former),
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
