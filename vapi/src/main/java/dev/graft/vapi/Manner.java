package dev.graft.vapi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How an account is called.
 *
 * @param account whose calls these are, for telling one account's trouble from the host's
 * @param pace how fast
 * @param among who counts what comes of all paces, null for nobody
 * @param inBackground when nobody waits for it: such calls leave room for those that someone waits
 *     for
 * @param beforeWrite runs before a write looks for a connection, and last before its first byte;
 *     throws when it must not go out
 */
public record Manner(
    String account, Pace pace, @Nullable Paces among, boolean inBackground, Runnable beforeWrite) {
  /** For an account that is not known yet. */
  public static Manner ofStranger(boolean inBackground) {
    return new Manner("", Pace.off(), null, inBackground, () -> {});
  }

  /** As one of the accounts that this node calls. */
  public static Manner of(String account, Paces paces, boolean inBackground, Runnable beforeWrite) {
    return new Manner(account, paces.of(account), paces, inBackground, beforeWrite);
  }

  void waited(Duration wait) {
    if (among != null) {
      among.waited(wait);
    }
  }

  void tooMany(@Nullable Duration retryAfter) {
    pace.tooMany(retryAfter);
    if (among != null) {
      among.refused();
    }
  }
}
