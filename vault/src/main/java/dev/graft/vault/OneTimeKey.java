package dev.graft.vault;

import java.util.Arrays;
import javax.crypto.AEADBadTagException;

/**
 * Seals one data key under a key that is used for nothing else, for services that wrap bytes but
 * cannot bind a context to them: what they wrap is then the one-time key, and the context is bound
 * here, by AES-256-GCM. A nonce must not repeat under one key; a key that is used once needs none,
 * so it is twelve zero bytes.
 */
public final class OneTimeKey {
  /** The length of a sealed data key. */
  public static final int SEALED_BYTES = Primitives.KEY_BYTES + Primitives.TAG_BYTES;

  private static final byte[] NONCE = new byte[12];

  private OneTimeKey() {}

  /** 32 random bytes, which the caller wipes. */
  public static Secret generate() {
    return Secret.owning(Primitives.random(Primitives.KEY_BYTES));
  }

  public static byte[] seal(Secret oneTimeKey, byte[] binding, Secret dataKey) {
    if (dataKey.length() != Primitives.KEY_BYTES) {
      throw new IllegalArgumentException("A data key has 32 bytes.");
    }
    return oneTimeKey.reveal(
        SecretAccess.of("sealing a data key once"),
        key ->
            dataKey.reveal(
                SecretAccess.of("being wrapped"),
                plaintext -> Primitives.encrypt(key, NONCE, binding, plaintext)));
  }

  public static Secret open(Secret oneTimeKey, byte[] binding, byte[] sealed, Context context) {
    if (oneTimeKey.length() != Primitives.KEY_BYTES) {
      throw VaultException.doesNotUnwrap(context, null);
    }
    return oneTimeKey.reveal(
        SecretAccess.of("opening a data key"),
        key -> {
          try {
            return Secret.owning(
                Primitives.decrypt(key, NONCE, binding, Arrays.copyOf(sealed, sealed.length)));
          } catch (AEADBadTagException e) {
            throw VaultException.doesNotUnwrap(context, e);
          }
        });
  }
}
