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
    BAD_MASTER_KEY,
    /** A key provider cannot be opened as it is named or configured, or is not installed. */
    BAD_PROVIDER
  }

  private final Kind kind;

  public VaultException(Kind kind, String message) {
    this(kind, message, null);
  }

  public VaultException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** That a wrapped data key was changed, or belongs elsewhere. Which cannot be told. */
  public static VaultException doesNotUnwrap(Context context, @Nullable Throwable cause) {
    return new VaultException(
        Kind.TAMPERED,
        "The wrapped data key %s of account %s does not unwrap: it was changed, or it belongs to"
                .formatted(context.recordId(), context.accountId())
            + " another account. Restore it from a backup.",
        cause);
  }

  /** That a wrapped data key names a version of the wrapping key that is not there (any more). */
  public static VaultException versionNotThere(
      String providerUri, String kekVersion, @Nullable Throwable cause) {
    return new VaultException(
        Kind.WRONG_KEY,
        "A data key was wrapped under the key version '%s', which the key provider %s does not have."
                .formatted(kekVersion, providerUri)
            + " Bring that version back, or name the provider that has it in GRAFT_KMS_OLDER.",
        cause);
  }

  /** That a service is away or refuses; the reason completes the sentence "... because ". */
  public static VaultException unavailable(
      String providerUri, String reason, @Nullable Throwable cause) {
    return new VaultException(
        Kind.KEY_UNAVAILABLE,
        "The key provider %s does not do its work now: %s%s Nothing takes its place."
            .formatted(providerUri, reason, reason.endsWith(".") ? "" : "."),
        cause);
  }

  public Kind kind() {
    return kind;
  }

  public boolean mayHelpToTryAgain() {
    return kind == Kind.KEY_UNAVAILABLE;
  }
}
