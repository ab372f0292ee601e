package dev.graft.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What Vapi last said of an account's key.
 *
 * @param revoked whether it refused the key, clearly and twice in a row
 * @param reason in Vapi's words, null when the key works
 * @param since since when that is so, null when it never was otherwise
 * @param checkedAt when Vapi last gave a clear answer by itself, null when it was not asked
 */
public record KeyState(
    boolean revoked,
    @Nullable String reason,
    @Nullable Instant since,
    @Nullable Instant checkedAt) {
  static final String COLUMNS = "a.key_state, a.key_reason, a.key_since, a.key_checked_at";

  static KeyState of(Sql.Row row) {
    return new KeyState(
        row.text("key_state").equals("revoked"),
        row.textOrNull("key_reason"),
        Installations.instant(row, "key_since"),
        Installations.instant(row, "key_checked_at"));
  }
}
