package dev.graft.server.access;

import java.util.Locale;
import java.util.Optional;

/** What a route asks of whoever calls it. */
public enum Permission {
  /** See accounts, what is installed in them, operations and templates. */
  READ,
  /** Make a plan and look for drift, which read the customer's account and write nothing. */
  PLAN,
  /** Give Graft a key for an account, or another one. */
  LINK,
  /** Clone, upgrade, repair, roll back, uninstall: whatever writes to a customer's account. */
  CHANGE,
  /** Let an account go and destroy its key. */
  UNLINK,
  /** See the figures of the whole server, which are about no account: what a monitor needs. */
  METRICS,
  /** Run Graft itself: its API keys, its wrapping keys, its webhooks, its audit trail. */
  MANAGE;

  /** As callers read and write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<Permission> named(String word) {
    for (Permission permission : values()) {
      if (permission.word().equals(word)) {
        return Optional.of(permission);
      }
    }
    return Optional.empty();
  }
}
