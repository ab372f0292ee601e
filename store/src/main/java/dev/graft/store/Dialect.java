package dev.graft.store;

import java.util.Map;

/** The handful of differences between the two databases. Everything else is one SQL. */
enum Dialect {
  SQLITE("CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
  POSTGRES("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)");

  private final String now;

  Dialect(String now) {
    this.now = now;
  }

  /** What stands for the placeholders of the migrations. */
  Map<String, String> placeholders() {
    return switch (this) {
      case SQLITE -> Map.of("long", "INTEGER", "bytes", "BLOB", "strict", "STRICT");
      case POSTGRES -> Map.of("long", "BIGINT", "bytes", "BYTEA", "strict", "");
    };
  }

  /** The database's own clock in milliseconds: the one clock that all nodes share. */
  String now() {
    return now;
  }
}
