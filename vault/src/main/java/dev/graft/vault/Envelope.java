package dev.graft.vault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.UUID;
import javax.crypto.AEADBadTagException;

/**
 * A sealed record, byte for byte:
 *
 * <pre>
 * offset  length
 *      0       4  magic, the letters GRFT
 *      4       1  format version, 1
 *      5       1  suite, 1 = HKDF-SHA256 and AES-256-GCM
 *      6      16  id of the data key, a UUID, most significant byte first
 *     22      32  salt, random
 *     54      32  key commitment
 *     86       n  ciphertext, as long as the plaintext
 *   86+n      16  GCM tag
 * </pre>
 *
 * <p>The first 22 bytes are the header. The binding is the header as the opener expects it,
 * prefixed with its length, followed by {@link Context#canonical()}. HKDF-SHA256 over (data key,
 * salt, info = binding) gives 64 bytes: the first 32 are the AES key, the last 32 the commitment.
 * The binding is GCM's associated data as well.
 *
 * <p>The commitment is compared before anything is decrypted. GCM alone lets one who knows two keys
 * make a ciphertext that opens under both; a commitment would need a collision of HMAC-SHA256.
 *
 * <p>The nonce is twelve zero bytes. A nonce must not repeat under one key, and each key here comes
 * from a fresh 256-bit salt and encrypts once; a random nonce would add bytes and no safety.
 */
final class Envelope {
  static final int SALT_BYTES = 32;

  private static final byte[] MAGIC = "GRFT".getBytes(US_ASCII);
  private static final byte VERSION = 1;
  private static final byte SUITE = 1;
  private static final int SALT_AT = MAGIC.length + 2 + 2 * Long.BYTES;
  private static final int COMMITMENT_AT = SALT_AT + SALT_BYTES;
  private static final int CIPHERTEXT_AT = COMMITMENT_AT + 32;
  private static final byte[] NONCE = new byte[12];

  private final byte[] record;

  private Envelope(byte[] record) {
    this.record = record;
  }

  static byte[] seal(
      UUID dataKeyId, byte[] dataKey, Context context, byte[] salt, byte[] plaintext) {
    byte[] header = header(dataKeyId);
    byte[] binding = binding(header, context);
    byte[] derived = derive(dataKey, salt, binding);
    byte[] recordKey = Arrays.copyOf(derived, Primitives.KEY_BYTES);
    try {
      byte[] ciphertext = Primitives.encrypt(recordKey, NONCE, binding, plaintext);
      return ByteBuffer.allocate(CIPHERTEXT_AT + ciphertext.length)
          .put(header)
          .put(salt)
          .put(derived, Primitives.KEY_BYTES, CIPHERTEXT_AT - COMMITMENT_AT)
          .put(ciphertext)
          .array();
    } finally {
      Primitives.wipe(derived);
      Primitives.wipe(recordKey);
    }
  }

  /** Looks at the form only. Whether the record is what it says shows when it is opened. */
  static Envelope parse(byte[] record) {
    if (record.length < CIPHERTEXT_AT + Primitives.TAG_BYTES) {
      throw new VaultException(
          VaultException.Kind.BAD_FORMAT,
          "A sealed record has %d bytes, which is too few: it was cut or never was a sealed record."
                  .formatted(record.length)
              + " Restore it from a backup.");
    }
    if (!Arrays.equals(record, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new VaultException(
          VaultException.Kind.BAD_FORMAT,
          "What should be a sealed record does not begin like one. Restore it from a backup.");
    }
    if (record[MAGIC.length] != VERSION || record[MAGIC.length + 1] != SUITE) {
      throw new VaultException(
          VaultException.Kind.BAD_FORMAT,
          "A sealed record has format %d and suite %d; this Graft knows format %d and suite %d."
                  .formatted(record[MAGIC.length], record[MAGIC.length + 1], VERSION, SUITE)
              + " Use the release of Graft that wrote it, or restore the record from a backup.");
    }
    return new Envelope(record);
  }

  /** The id that the record claims: good for finding the data key, proven by opening with it. */
  UUID dataKeyId() {
    ByteBuffer id = ByteBuffer.wrap(record, MAGIC.length + 2, 2 * Long.BYTES);
    return new UUID(id.getLong(), id.getLong());
  }

  byte[] open(UUID dataKeyId, byte[] dataKey, Context context) {
    if (!dataKeyId.equals(dataKeyId())) {
      throw new VaultException(
          VaultException.Kind.WRONG_KEY,
          "The %s of record %s in account %s names data key %s, and was to be opened with %s. Restore"
                  .formatted(
                      context.purpose(),
                      context.recordId(),
                      context.accountId(),
                      dataKeyId(),
                      dataKeyId)
              + " the record and its account's data key from the same backup.");
    }
    byte[] binding = binding(header(dataKeyId), context);
    byte[] derived = derive(dataKey, slice(SALT_AT, COMMITMENT_AT), binding);
    byte[] recordKey = Arrays.copyOf(derived, Primitives.KEY_BYTES);
    byte[] commitment = Arrays.copyOfRange(derived, Primitives.KEY_BYTES, derived.length);
    try {
      if (!MessageDigest.isEqual(commitment, slice(COMMITMENT_AT, CIPHERTEXT_AT))) {
        throw refused(context);
      }
      return Primitives.decrypt(recordKey, NONCE, binding, slice(CIPHERTEXT_AT, record.length));
    } catch (AEADBadTagException e) {
      throw refused(context);
    } finally {
      Primitives.wipe(derived);
      Primitives.wipe(recordKey);
    }
  }

  /** One sentence for every cause, as the difference would help only one who tries things out. */
  private static VaultException refused(Context context) {
    return new VaultException(
        VaultException.Kind.TAMPERED,
        "The %s of record %s in account %s does not open: it was changed, or it was sealed for"
                .formatted(context.purpose(), context.recordId(), context.accountId())
            + " another account, purpose or record. It is not used. Restore it from a backup, or"
            + " enter the key again.");
  }

  private byte[] slice(int from, int to) {
    return Arrays.copyOfRange(record, from, to);
  }

  private static byte[] header(UUID dataKeyId) {
    return ByteBuffer.allocate(SALT_AT)
        .put(MAGIC)
        .put(VERSION)
        .put(SUITE)
        .putLong(dataKeyId.getMostSignificantBits())
        .putLong(dataKeyId.getLeastSignificantBits())
        .array();
  }

  private static byte[] binding(byte[] header, Context context) {
    byte[] prefixed = Context.lengthPrefixed(header);
    byte[] canonical = context.canonical();
    return ByteBuffer.allocate(prefixed.length + canonical.length)
        .put(prefixed)
        .put(canonical)
        .array();
  }

  private static byte[] derive(byte[] dataKey, byte[] salt, byte[] binding) {
    int commitment = CIPHERTEXT_AT - COMMITMENT_AT;
    return Primitives.hkdf(dataKey, salt, binding, Primitives.KEY_BYTES + commitment);
  }
}
