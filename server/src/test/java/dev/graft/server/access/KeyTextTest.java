package dev.graft.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyTextTest {
  private static final String ID = "01a206ca05a75c05903f";

  @Test
  void aKeySaysItsIdAndIsNewEachTime() {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      String text = KeyText.random(ID);
      assertThat(text).matches("graft_live_" + ID + "_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}");
      assertThat(KeyText.idIn(text)).contains(ID);
      assertThat(seen.add(text)).isTrue();
    }
  }

  /** Computed with Python: zlib.crc32 of all before the last underscore, in base 62. */
  @Test
  void theChecksumIsCrc32InBase62() {
    String key = "graft_live_" + ID + "_" + "a".repeat(43);
    assertThat(KeyText.idIn(key + "_3oMYT4")).contains(ID);
  }

  @Test
  void everySingleMistypedCharacterIsNoticed() {
    String text = KeyText.random(ID);
    for (int i = 0; i < text.length(); i++) {
      for (char other : List.of('0', 'a', 'Z', '_', 'é')) {
        if (text.charAt(i) != other) {
          String mistyped = text.substring(0, i) + other + text.substring(i + 1);
          assertThat(KeyText.idIn(mistyped)).as(mistyped).isEmpty();
        }
      }
    }
    for (int length = 0; length < text.length(); length++) {
      assertThat(KeyText.idIn(text.substring(0, length))).isEmpty();
    }
    assertThat(KeyText.idIn(text + "0")).isEmpty();
    assertThat(KeyText.idIn(" " + text)).isEmpty();
  }

  @Test
  void idsSortByTheirTime() {
    assertThat(KeyText.newId(1_000)).isLessThan(KeyText.newId(1_001)).hasSize(20);
  }
}
