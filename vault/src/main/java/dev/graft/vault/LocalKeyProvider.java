package dev.graft.vault;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.AEADBadTagException;

/**
 * Wraps data keys under a {@link MasterKey} in this process: for a small installation, and for
 * development. Whoever can read this process's memory has the key, which a real key service
 * prevents.
 *
 * <p>Wrapped bytes are a form number, 1; a random nonce of 12 bytes; and the 32 bytes of the data
 * key under AES-256-GCM with their 16-byte tag, the canonical context being the associated data.
 * The version is the id of the master key.
 */
public final class LocalKeyProvider implements KeyProvider {
  private static final byte FORM = 1;
  private static final int NONCE_AT = 1;
  private static final int CIPHERTEXT_AT = NONCE_AT + 12;
  private static final int LENGTH = CIPHERTEXT_AT + Primitives.KEY_BYTES + Primitives.TAG_BYTES;

  private final MasterKey current;
  private final Map<String, MasterKey> known = new LinkedHashMap<>();

  /** Wraps under the current key, and unwraps what was wrapped under any of them. */
  public LocalKeyProvider(MasterKey current, List<MasterKey> older) {
    this.current = current;
    known.put(current.id(), current);
    older.forEach(key -> known.put(key.id(), key));
  }

  @Override
  public String uri() {
    return "local:";
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    if (dataKey.length() != Primitives.KEY_BYTES) {
      throw new IllegalArgumentException("A data key has 32 bytes.");
    }
    byte[] nonce = Primitives.random(CIPHERTEXT_AT - NONCE_AT);
    byte[] ciphertext =
        current
            .wrappingKey()
            .reveal(
                SecretAccess.of("wrapping a data key"),
                key -> encrypted(key, nonce, dataKey, context));
    return new Wrapped(
        current.id(), ByteBuffer.allocate(LENGTH).put(FORM).put(nonce).put(ciphertext).array());
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    MasterKey master = known.get(wrapped.kekVersion());
    if (master == null) {
      throw new VaultException(
          VaultException.Kind.WRONG_KEY,
          "This database was sealed with another master key (%s); Graft has %s. Start it with that"
                  .formatted(wrapped.kekVersion(), String.join(", ", known.keySet()))
              + " one, as the current master key or as an older one.");
    }
    byte[] bytes = wrapped.bytes();
    if (bytes.length != LENGTH || bytes[0] != FORM) {
      throw VaultException.doesNotUnwrap(context, null);
    }
    return master
        .wrappingKey()
        .reveal(SecretAccess.of("unwrapping a data key"), key -> unwrapped(key, bytes, context));
  }

  private static byte[] encrypted(byte[] key, byte[] nonce, Secret dataKey, Context context) {
    return dataKey.reveal(
        SecretAccess.of("being wrapped"),
        plaintext -> Primitives.encrypt(key, nonce, context.canonical(), plaintext));
  }

  private static Secret unwrapped(byte[] key, byte[] bytes, Context context) {
    try {
      return Secret.owning(
          Primitives.decrypt(
              key,
              Arrays.copyOfRange(bytes, NONCE_AT, CIPHERTEXT_AT),
              context.canonical(),
              Arrays.copyOfRange(bytes, CIPHERTEXT_AT, bytes.length)));
    } catch (AEADBadTagException e) {
      throw VaultException.doesNotUnwrap(context, e);
    }
  }
}
