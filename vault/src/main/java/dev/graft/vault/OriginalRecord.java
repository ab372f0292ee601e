package dev.graft.vault;

import java.util.HexFormat;
import javax.crypto.AEADBadTagException;
import org.jspecify.annotations.Nullable;

/**
 * A key as an older product kept it: {@code iv:authTag:ciphertext} in hexadecimal, AES-256-GCM with
 * a 16-byte IV, under the 64 digits of its {@code MASTER_KEY} as the key itself. It is read here so
 * that it can be sealed anew, and never written.
 */
public final class OriginalRecord {
  private static final int IV_BYTES = 16;
  private static final byte[] NOTHING = {};

  private OriginalRecord() {}

  public static boolean looksLikeOne(String text) {
    return flawIn(text.split(":", -1)) == null;
  }

  /**
   * The key in clear, as UTF-8.
   *
   * @param masterKey the 64 hexadecimal digits, which stay the caller's
   */
  public static Secret open(String text, Secret masterKey) {
    String[] parts = text.split(":", -1);
    String flaw = flawIn(parts);
    if (flaw != null) {
      throw new VaultException(
          VaultException.Kind.BAD_FORMAT,
          "This is no key of the original product, which is written iv:authTag:ciphertext in"
              + " hexadecimal: "
              + flaw
              + ". Export it again.");
    }
    byte[] key = MasterKey.decode(masterKey, "The MASTER_KEY of the original product");
    try {
      byte[] iv = HexFormat.of().parseHex(parts[0]);
      byte[] ciphertextAndTag = HexFormat.of().parseHex(parts[2] + parts[1]);
      return Secret.owning(Primitives.decrypt(key, iv, NOTHING, ciphertextAndTag));
    } catch (AEADBadTagException e) {
      throw new VaultException(
          VaultException.Kind.TAMPERED,
          "A key of the original product does not open: it was changed, or it was encrypted under"
              + " another MASTER_KEY. Use the MASTER_KEY of the product that wrote it.");
    } finally {
      Primitives.wipe(key);
    }
  }

  private static @Nullable String flawIn(String[] parts) {
    if (parts.length != 3) {
      return "it has %d parts instead of 3".formatted(parts.length);
    }
    for (String part : parts) {
      if (!part.chars().allMatch(HexFormat::isHexDigit)) {
        return "it holds a character that is no hexadecimal digit";
      }
    }
    if (parts[0].length() != 2 * IV_BYTES) {
      return "its IV has %d digits instead of 32".formatted(parts[0].length());
    }
    if (parts[1].length() != 2 * Primitives.TAG_BYTES) {
      return "its authTag has %d digits instead of 32".formatted(parts[1].length());
    }
    if (parts[2].isEmpty() || parts[2].length() % 2 != 0) {
      return "its ciphertext has %d digits, which make no whole bytes".formatted(parts[2].length());
    }
    return null;
  }
}
