package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class OriginalRecordTest {
  private static final Secret MASTER_KEY = Secret.copyOf(Vectors.MASTER_KEY_DIGITS);

  /**
   * Made with a random IV, as the original product did:
   *
   * <pre>
   * node -e 'const c = require("crypto"), iv = c.randomBytes(16);
   *   const x = c.createCipheriv("aes-256-gcm", Buffer.from(process.argv[1], "hex"), iv);
   *   const t = x.update(process.argv[2], "utf8", "hex") + x.final("hex");
   *   console.log(iv.toString("hex") + ":" + x.getAuthTag().toString("hex") + ":" + t)' KEY TEXT
   * </pre>
   */
  private static final String FROM_NODE =
      "477a79d432007c9b4336a4c2488481db:f79c816aa6588e8ec9fe9c80843cf319"
          + ":a055504467c6640ec7fd3d00aa4438d31c5b731d39ac5d11da8cc203e36577acf4c0f7a8";

  @Test
  void whatTheOriginalProductWroteOpens() {
    assertThat(OriginalRecord.open(Vectors.ORIGINAL, MASTER_KEY))
        .isEqualTo(Secret.copyOf(Vectors.ORIGINAL_PLAINTEXT));
    assertThat(OriginalRecord.open(FROM_NODE, MASTER_KEY))
        .isEqualTo(Secret.copyOf("d1a5c9e4-0b7f-4c3e-9a56-2f8e1b6d7c30"));
    assertThat(OriginalRecord.open(FROM_NODE.toUpperCase(Locale.ROOT), MASTER_KEY))
        .isEqualTo(OriginalRecord.open(FROM_NODE, MASTER_KEY));
  }

  @Test
  void theMasterKeyStaysTheCallers() {
    OriginalRecord.open(FROM_NODE, MASTER_KEY);

    assertThat(MASTER_KEY).isEqualTo(Secret.copyOf(Vectors.MASTER_KEY_DIGITS));
  }

  @Test
  void itIsKnownByItsForm() {
    String iv = "00".repeat(16);
    assertThat(OriginalRecord.looksLikeOne(FROM_NODE)).isTrue();
    for (String other :
        List.of(
            "",
            ":",
            "::",
            "plain-api-key",
            "d1a5c9e4-0b7f-4c3e-9a56-2f8e1b6d7c30",
            iv + ":" + iv,
            iv + ":" + iv + ":",
            iv + ":" + iv + ":0",
            iv + ":" + iv + ":0g",
            iv + ":" + iv + ":00:",
            ":" + iv + ":" + iv,
            iv.substring(8) + ":" + iv + ":00",
            iv + ":" + iv.substring(2) + ":00",
            iv + ":" + iv + ":00\n",
            " " + iv + ":" + iv + ":00",
            iv + ":" + iv + ":٠٠")) {
      assertThat(OriginalRecord.looksLikeOne(other)).as(other).isFalse();
      assertThat(kindOf(other, MASTER_KEY)).as(other).isEqualTo(VaultException.Kind.BAD_FORMAT);
    }
  }

  @Test
  void whatIsWrongWithItsFormIsSaid() {
    assertThatThrownBy(() -> OriginalRecord.open("00:00", MASTER_KEY))
        .hasMessage(
            "This is no key of the original product, which is written iv:authTag:ciphertext in"
                + " hexadecimal: it has 2 parts instead of 3. Export it again.");
    assertThatThrownBy(() -> OriginalRecord.open("00:00:00", MASTER_KEY))
        .hasMessageContaining("its IV has 2 digits instead of 32");
    assertThatThrownBy(() -> OriginalRecord.open("00".repeat(16) + ":00:00", MASTER_KEY))
        .hasMessageContaining("its authTag has 2 digits instead of 32");
  }

  @Test
  void noSingleBitOfItCanBeFlipped() {
    for (int part = 0; part < 3; part++) {
      String[] parts = FROM_NODE.split(":", -1);
      byte[] bytes = Fixtures.hex(parts[part]);
      for (int bit = 0; bit < bytes.length * Byte.SIZE; bit++) {
        parts[part] = HexFormat.of().formatHex(Fixtures.flipped(bytes, bit));
        assertThat(kindOf(String.join(":", parts), MASTER_KEY))
            .isEqualTo(VaultException.Kind.TAMPERED);
      }
    }
  }

  @Test
  void anotherMasterKeyDoesNotOpenIt() {
    assertThat(kindOf(FROM_NODE, Secret.copyOf("11".repeat(32))))
        .isEqualTo(VaultException.Kind.TAMPERED);
  }

  @Test
  void aMasterKeyThatIsNoneIsSaidToBeSo() {
    assertThatThrownBy(() -> OriginalRecord.open(FROM_NODE, Secret.copyOf("secret")))
        .hasMessageStartingWith(
            "The MASTER_KEY of the original product has 6 characters; it must have exactly 64.");
  }

  private static VaultException.Kind kindOf(String text, Secret masterKey) {
    try {
      OriginalRecord.open(text, masterKey);
    } catch (VaultException e) {
      return e.kind();
    }
    throw new AssertionError("It was opened: " + text);
  }
}
