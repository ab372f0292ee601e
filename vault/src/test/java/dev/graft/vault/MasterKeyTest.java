package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MasterKeyTest {
  private static final String DIGITS = Vectors.MASTER_KEY_DIGITS;

  @Test
  void itsIdIsTheOneOfTheWrittenFormat() {
    assertThat(MasterKey.of(Secret.copyOf(DIGITS)).id()).isEqualTo(Vectors.MASTER_KEY_ID);
    assertThat(MasterKey.of(Secret.copyOf(DIGITS.toUpperCase(Locale.ROOT))).id())
        .isEqualTo(Vectors.MASTER_KEY_ID);
  }

  @Test
  void neitherItsIdNorItsWrappingKeyIsTheKeyItself() {
    MasterKey key = MasterKey.of(Secret.copyOf(DIGITS));

    assertThat(DIGITS).doesNotContain(key.id());
    assertThat(Fixtures.hex(key.wrappingKey())).isNotEqualTo(DIGITS);
    assertThat(key.toString()).isEqualTo("MasterKey[" + Vectors.MASTER_KEY_ID + "]");
  }

  @Test
  void theDigitsStayTheCallers() {
    Secret digits = Secret.copyOf(DIGITS);
    MasterKey.of(digits);

    assertThat(digits).isEqualTo(Secret.copyOf(DIGITS));
  }

  @Test
  void anotherLengthIsRefused() {
    assertRefused("", "The master key is empty; it must have exactly 64.");
    assertRefused(
        DIGITS.substring(1), "The master key has 63 characters; it must have exactly 64.");
    assertRefused(DIGITS + "0", "The master key has 65 characters; it must have exactly 64.");
    assertRefused(
        DIGITS.substring(32), "The master key has 32 characters; it must have exactly 64.");
  }

  @Test
  void whatIsNoHexadecimalDigitIsRefused() {
    for (String wrong : new String[] {"g", " ", "\n", "-", "\u0000", "/", ":", "@", "`"}) {
      assertRefused(
          DIGITS.substring(0, 10) + wrong + DIGITS.substring(11),
          "The master key has a character that is no hexadecimal digit at position 11.");
    }
  }

  @Test
  void aNewOneIsGoodAndLikeNoOther() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      ids.add(MasterKey.of(MasterKey.generate()).id());
    }
    assertThat(ids).hasSize(100);
  }

  private static void assertRefused(String digits, String sentence) {
    assertThatThrownBy(() -> MasterKey.of(Secret.copyOf(digits)))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_MASTER_KEY))
        .hasMessageStartingWith(sentence)
        .hasMessageContaining("openssl rand -hex 32");
  }
}
