package dev.graft.core.audit;

import dev.graft.core.json.Json;

/** The reading of exported records, for tests of other modules that feed it anything. */
public final class HostileLines {
  private HostileLines() {}

  /** A record as it is written. */
  public static String sound() {
    return Json.write(
        new ChainedRecord(
                1,
                1,
                ChainedRecord.GENESIS,
                "aud_1",
                "2026-11-23T10:00:00.123Z",
                "admin",
                "account.linked",
                "acc_1",
                null,
                null,
                "{}",
                "")
            .hashed()
            .toJson());
  }

  /** Reads a line; that it is no record is what may be said of it. */
  public static void read(String line) {
    ChainedRecord record;
    try {
      record = ChainedRecord.parse(line);
    } catch (ChainedRecord.MalformedRecord e) {
      // As documented.
      return;
    }
    if (!ChainedRecord.parse(Json.write(record.toJson())).equals(record)) {
      throw new IllegalStateException("a record that was read is not the one that is written");
    }
  }
}
