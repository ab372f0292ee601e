package dev.graft.store;

import java.util.Map;

/** The handful of differences between the two databases. Everything else is one SQL. */
enum Dialect {
  SQLITE("CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
  POSTGRES("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)");

  private static final String STAYS = "The audit trail is only added to.";

  private final String now;

  Dialect(String now) {
    this.now = now;
  }

  /** What stands for the placeholders of the migrations. */
  Map<String, String> placeholders() {
    return switch (this) {
      case SQLITE ->
          Map.of(
              "long", "INTEGER",
              "bytes", "BLOB",
              "strict", "STRICT",
              "no_bytes", "X''",
              "refusal", "",
              "refused", "BEGIN SELECT RAISE(ABORT, '" + STAYS + "'); END",
              "truncation_refused", "");
      case POSTGRES ->
          Map.of(
              "long", "BIGINT",
              "bytes", "BYTEA",
              "strict", "",
              "no_bytes", "''",
              "refusal",
                  """
                  CREATE FUNCTION graft_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION '%s'; END $$;
                  """
                      .formatted(STAYS),
              "refused", "FOR EACH ROW EXECUTE FUNCTION graft_refuse()",
              "truncation_refused",
                  """
                  CREATE TRIGGER audit_record_whole BEFORE TRUNCATE ON audit_record
                    FOR EACH STATEMENT EXECUTE FUNCTION graft_refuse();
                  CREATE TRIGGER audit_checkpoint_whole BEFORE TRUNCATE ON audit_checkpoint
                    FOR EACH STATEMENT EXECUTE FUNCTION graft_refuse();
                  """);
    };
  }

  /** The database's own clock in milliseconds: the one clock that all nodes share. */
  String now() {
    return now;
  }
}
