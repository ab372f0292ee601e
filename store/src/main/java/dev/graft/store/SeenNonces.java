package dev.graft.store;

import java.time.Duration;

/**
 * The nonces of signatures, each taken once by all nodes together for as long as it could serve.
 */
public final class SeenNonces {
  private final Database database;

  public SeenNonces(Database database) {
    this.database = database;
  }

  /** Takes a nonce; false when it was taken before. */
  public boolean take(String id, Duration atLeast) {
    return database.write(sql ->
        sql.execute(
                """
                INSERT INTO seen_nonce (id, ends_at) VALUES (?, %s + ?) ON CONFLICT DO NOTHING
                """
                    .formatted(database.dialect().now()),
                id,
                atLeast.toMillis())
            == 1);
  }

  /** Forgets the nonces whose signatures have expired. */
  public int sweep() {
    return Sweep.of(database, "seen_nonce", "ends_at");
  }
}
