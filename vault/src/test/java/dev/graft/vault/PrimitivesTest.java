package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PrimitivesTest {
  private static final byte[] EMPTY = {};

  @Test
  void hkdfGivesWhatTheRfcGives() throws Exception {
    assertHkdf(
        Fixtures.hex("0b".repeat(22)),
        Fixtures.counting(0x00, 13),
        Fixtures.counting(0xf0, 10),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    assertHkdf(
        Fixtures.counting(0x00, 80),
        Fixtures.counting(0x60, 80),
        Fixtures.counting(0xb0, 80),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
            + "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    assertHkdf(
        Fixtures.hex("0b".repeat(22)),
        EMPTY,
        EMPTY,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  }

  @Test
  void hkdfAgreesWithASecondOneOnAnyInput() throws Exception {
    long seed = Fixtures.seed();
    var random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      byte[] key = bytes(random, 1 + random.nextInt(64));
      byte[] salt = bytes(random, random.nextInt(100));
      byte[] info = bytes(random, random.nextInt(200));
      int length = 1 + random.nextInt(200);

      assertThat(Primitives.hkdf(key, salt, info, length))
          .as("seed %d, round %d", seed, i)
          .isEqualTo(Rfc5869.hkdf(key, salt, info, length));
    }
  }

  /** RFC 4231, test case 2. */
  @Test
  void hmacGivesWhatTheRfcGives() {
    assertThat(
            Primitives.hmac(
                Fixtures.hex("4a656665"),
                Fixtures.hex("7768617420646f2079612077616e7420666f72206e6f7468696e673f")))
        .isEqualTo(
            Fixtures.hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  }

  private static void assertHkdf(byte[] key, byte[] salt, byte[] info, String expected)
      throws Exception {
    byte[] output = Fixtures.hex(expected);
    assertThat(Primitives.hkdf(key, salt, info, output.length)).isEqualTo(output);
    assertThat(Rfc5869.hkdf(key, salt, info, output.length)).isEqualTo(output);
  }

  private static byte[] bytes(Random random, int length) {
    var bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
