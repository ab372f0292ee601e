package dev.graft.store;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Owned;
import dev.graft.core.template.Version;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The installations and their ledgers. */
public final class Installations {
  private static final String COLUMNS =
      "id, account_id, template, release_digest, version, sighting, created_at, converged_at";

  private final Database database;

  public Installations(Database database) {
    this.database = database;
  }

  public Optional<Installation> withId(String id) {
    return database.read(sql ->
        sql.first("SELECT " + COLUMNS + " FROM installation WHERE id = ?", id)
            .map(Installations::installation));
  }

  public Optional<Installation> of(String accountId, String template) {
    return database.read(sql -> of(sql, accountId, template));
  }

  private static Optional<Installation> of(Sql sql, String accountId, String template) {
    return sql.first(
            "SELECT " + COLUMNS + " FROM installation WHERE account_id = ? AND template = ?",
            accountId,
            template)
        .map(Installations::installation);
  }

  public List<Installation> ofAccount(String accountId) {
    return database.read(sql ->
        sql.list(
            Installations::installation,
            "SELECT " + COLUMNS + " FROM installation WHERE account_id = ? ORDER BY template",
            accountId));
  }

  /** The installation, made with this id if it is not there. */
  static Installation ensure(Sql sql, String accountId, String template, String id, Instant now) {
    Optional<Installation> there = of(sql, accountId, template);
    if (there.isPresent()) {
      return there.get();
    }
    sql.execute(
        """
        INSERT INTO installation
          (id, account_id, template, sighting, created_at, drift_check_from)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        id,
        accountId,
        template,
        "{\"watermarks\":{},\"namesakes\":{}}",
        now.toEpochMilli(),
        now.toEpochMilli());
    return of(sql, accountId, template).orElseThrow();
  }

  /** What is ours in an installation. */
  public Ledger ledger(String installationId, BodySeal seal) {
    // To open a body can mean to wait for a key provider, which no connection is held for.
    List<Sql.Row> rows =
        database.read(sql ->
            sql.fetch(
                """
                SELECT address, object_id, version, origin, former, retired, applied, observed
                FROM ledger WHERE installation_id = ? ORDER BY position, address
                """,
                installationId));
    var entries = new LinkedHashMap<Address, Owned>();
    for (Sql.Row row : rows) {
      String address = row.text("address");
      String place = place(installationId, address);
      entries.put(
          Address.parse(address).orElseThrow(),
          new Owned(
              new ObjectId(row.text("object_id")),
              seal.opened(place + " applied", row.bytes("applied")),
              seal.opened(place + " observed", row.bytes("observed")),
              Version.parse(row.text("version")).orElseThrow(),
              Owned.Origin.valueOf(row.text("origin")),
              ids(Json.parse(row.text("former"))),
              ids(Json.parse(row.text("retired")))));
    }
    return new Ledger(entries);
  }

  static Set<ObjectId> ids(JsonNode list) {
    var ids = new HashSet<ObjectId>();
    list.forEach(id -> ids.add(new ObjectId(id.stringValue())));
    return ids;
  }

  static String place(String installationId, String address) {
    return "ledger " + installationId + " " + address;
  }

  /** What is ours in the account and belongs to other installations than this one. */
  public Set<ObjectId> objectsOfOthers(String accountId, String installationId) {
    return database.read(sql ->
        new HashSet<>(
            sql.list(
                row -> new ObjectId(row.text("object_id")),
                """
                SELECT l.object_id FROM ledger l JOIN installation i
                ON i.id = l.installation_id WHERE i.account_id = ? AND i.id <> ?
                """,
                accountId,
                installationId)));
  }

  /** How many objects in the account are ours. */
  public int countObjects(String accountId) {
    return database.read(sql ->
        sql.count(
            """
            SELECT count(*) AS n FROM ledger l JOIN installation i ON i.id = l.installation_id
            WHERE i.account_id = ?
            """,
            accountId));
  }

  /** One object of ours, without its bodies. */
  public record Entry(Address address, ObjectId object, String version, String origin) {}

  public List<Entry> entries(String installationId) {
    return database.read(sql ->
        sql.list(
            row ->
                new Entry(
                    Address.parse(row.text("address")).orElseThrow(),
                    new ObjectId(row.text("object_id")),
                    row.text("version"),
                    row.text("origin")),
            """
            SELECT address, object_id, version, origin FROM ledger
            WHERE installation_id = ? ORDER BY position, address
            """,
            installationId));
  }

  static Installation installation(Sql.Row row) {
    String digest = row.textOrNull("release_digest");
    return new Installation(
        row.text("id"),
        row.text("account_id"),
        row.text("template"),
        digest == null ? null : new Digest(digest),
        row.textOrNull("version"),
        Json.parse(row.text("sighting")),
        Instant.ofEpochMilli(row.number("created_at")),
        instant(row, "converged_at"));
  }

  static @Nullable Instant instant(Sql.Row row, String column) {
    Long millis = row.numberOrNull(column);
    return millis == null ? null : Instant.ofEpochMilli(millis);
  }
}
