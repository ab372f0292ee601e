package dev.graft.vault;

/**
 * A claim to read a {@link Secret}, with the reason for it. Nothing else opens one, so searching
 * for this name finds every place where a secret is in clear.
 */
public final class SecretAccess {
  private final String reason;

  private SecretAccess(String reason) {
    this.reason = reason;
  }

  /** The reason completes the sentence "the secret was read for ...". */
  public static SecretAccess of(String reason) {
    if (reason.isBlank()) {
      throw new IllegalArgumentException("Whoever reads a secret must say what for.");
    }
    return new SecretAccess(reason);
  }

  @Override
  public String toString() {
    return reason;
  }
}
