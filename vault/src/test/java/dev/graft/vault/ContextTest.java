package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ContextTest {
  @Test
  void itsEncodingIsLengthsAndUtf8() {
    assertThat(HexFormat.of().formatHex(new Context("aé", "p", "\u0001").canonical()))
        .isEqualTo("00000003" + "61c3a9" + "00000001" + "70" + "00000001" + "01");
  }

  @Test
  void movingTheBordersBetweenThePartsGivesAnotherEncoding() {
    assertThat(new Context("ab", "c", "d").canonical())
        .isNotEqualTo(new Context("a", "bc", "d").canonical())
        .isNotEqualTo(new Context("a", "b", "cd").canonical());
  }

  @Test
  void noTwoContextsHaveTheSameEncoding() {
    long seed = Fixtures.seed();
    var random = new Random(seed);
    Map<String, Context> seen = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      var context = new Context(part(random), part(random), part(random));
      Context former = seen.put(HexFormat.of().formatHex(context.canonical()), context);
      assertThat(former == null || former.equals(context))
          .as("seed %d: %s", seed, context)
          .isTrue();
    }
  }

  @Test
  void aMissingPartIsRefused() {
    assertThatThrownBy(() -> new Context("", "p", "r"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Context("a", "", "r"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Context("a", "p", ""))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void halfACharacterIsRefusedAsTwoOfThemWouldLookTheSame() {
    assertThatThrownBy(() -> new Context("a\ud800", "p", "r"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("half a character");
  }

  /** From an alphabet with zero bytes and likely separators, short enough to collide. */
  private static String part(Random random) {
    var part = new StringBuilder();
    int length = 1 + random.nextInt(4);
    for (int i = 0; i < length; i++) {
      part.append("a\u0000\u0001\u0002/:".charAt(random.nextInt(6)));
    }
    return part.toString();
  }
}
