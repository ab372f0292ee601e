package dev.graft.vault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.HexFormat;

/**
 * A 256-bit key that an operator keeps, written as 64 hexadecimal digits. Only what was derived
 * from it is held: a wrapping key, and a public id by which data keys say what they were wrapped
 * with.
 */
public final class MasterKey {
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] NO_SALT = {};
  private static final byte[] ID = label("graft master key id");
  private static final byte[] WRAPPING = label("graft data key wrapping");
  private static final int ID_BYTES = 8;

  private final String id;
  private final Secret wrappingKey;

  private MasterKey(byte[] raw) {
    this.id = HEX.formatHex(Primitives.hkdf(raw, NO_SALT, ID, ID_BYTES));
    this.wrappingKey = Secret.owning(Primitives.hkdf(raw, NO_SALT, WRAPPING, Primitives.KEY_BYTES));
  }

  /** The secret holds the 64 digits, and stays the caller's. */
  public static MasterKey of(Secret digits) {
    return of(digits, "The master key");
  }

  static MasterKey of(Secret digits, String subject) {
    byte[] raw = decode(digits, subject);
    try {
      return new MasterKey(raw);
    } finally {
      Primitives.wipe(raw);
    }
  }

  /** The digits of a new master key. */
  static Secret generate() {
    byte[] raw = Primitives.random(Primitives.KEY_BYTES);
    var digits = new byte[2 * raw.length];
    for (int i = 0; i < raw.length; i++) {
      digits[2 * i] = (byte) HEX.toHighHexDigit(raw[i]);
      digits[2 * i + 1] = (byte) HEX.toLowHexDigit(raw[i]);
    }
    Primitives.wipe(raw);
    return Secret.owning(digits);
  }

  /** The 32 bytes that the digits stand for. What is wrong is said of the subject. */
  static byte[] decode(Secret digits, String subject) {
    return digits.reveal(SecretAccess.of("decoding a master key"), text -> decode(text, subject));
  }

  private static byte[] decode(byte[] digits, String subject) {
    int expected = 2 * Primitives.KEY_BYTES;
    if (digits.length != expected) {
      throw unusable(
          subject
              + (digits.length == 0 ? " is empty" : " has " + digits.length + " characters")
              + "; it must have exactly "
              + expected);
    }
    var raw = new byte[Primitives.KEY_BYTES];
    for (int i = 0; i < digits.length; i++) {
      if (!HexFormat.isHexDigit(digits[i])) {
        Primitives.wipe(raw);
        throw unusable(
            subject + " has a character that is no hexadecimal digit at position " + (i + 1));
      }
      raw[i / 2] = (byte) (raw[i / 2] << 4 | HexFormat.fromHexDigit(digits[i]));
    }
    return raw;
  }

  /** Short, public, and of no use for finding the key. */
  public String id() {
    return id;
  }

  Secret wrappingKey() {
    return wrappingKey;
  }

  @Override
  public String toString() {
    return "MasterKey[" + id + "]";
  }

  private static VaultException unusable(String flaw) {
    return new VaultException(
        VaultException.Kind.BAD_MASTER_KEY,
        flaw
            + ". A master key is 64 hexadecimal digits (0-9, a-f). Give the one that the data was"
            + " sealed with; for new data, make one with: openssl rand -hex 32");
  }

  private static byte[] label(String text) {
    return Context.lengthPrefixed(text.getBytes(US_ASCII));
  }
}
