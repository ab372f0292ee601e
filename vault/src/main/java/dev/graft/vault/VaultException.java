package dev.graft.vault;

import org.jspecify.annotations.Nullable;

/**
 * The vault's refusal. Its message is written for an operator: what is wrong and what to do, in
 * full sentences, with ids and never with a secret.
 */
public final class VaultException extends RuntimeException {
  /** What stood in the way. */
  public enum Kind {
    /**
     * Something sealed was changed, or belongs to another account, purpose or record. Which of them
     * cannot be told, and is not.
     */
    TAMPERED,
    /** It was sealed or wrapped with a key other than those at hand. */
    WRONG_KEY,
    /** The key provider does not answer now. Only here can trying again help. */
    KEY_UNAVAILABLE,
    /** These bytes were never sealed in a form known here, or a part of them is missing. */
    BAD_FORMAT,
    /** The master key, or the file that holds it, cannot be used as it is. */
    BAD_MASTER_KEY
  }

  private final Kind kind;

  public VaultException(Kind kind, String message) {
    this(kind, message, null);
  }

  public VaultException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  public boolean mayHelpToTryAgain() {
    return kind == Kind.KEY_UNAVAILABLE;
  }
}
