package dev.graft.core.template;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VersionTest {
  private static Version version(String text) {
    return Version.parse(text).orElseThrow();
  }

  @Test
  void missingPartsCountAsZero() {
    assertThat(version("1.0")).isEqualTo(version("1.0.0")).isEqualByComparingTo(version("1"));
    assertThat(version("1.0")).hasSameHashCodeAs(version("1.0.0"));
    assertThat(version("0")).isEqualTo(Version.NONE).isEqualTo(version("0.0"));
  }

  @Test
  void partsAreComparedAsNumbers() {
    List<String> ascending = List.of("0", "0.1", "1.0.0", "1.0.1", "1.2", "1.10", "2", "10");
    for (int i = 1; i < ascending.size(); i++) {
      assertThat(version(ascending.get(i)).isNewerThan(version(ascending.get(i - 1)))).isTrue();
      assertThat(version(ascending.get(i - 1)).isNewerThan(version(ascending.get(i)))).isFalse();
    }
    assertThat(version("01.002")).isEqualTo(version("1.2"));
  }

  @Test
  void numbersOfAnySizeAreCompared() {
    String huge = "9".repeat(400);
    assertThat(version(huge + ".1")).isGreaterThan(version(huge));
    assertThat(version("1" + "0".repeat(400))).isGreaterThan(version(huge));
  }

  @Test
  void whatIsNoVersionIsNone() {
    for (String text : List.of("", "v1", "1.", ".1", "1..2", "1.a", "-1", "1 ", "١")) {
      assertThat(Version.parse(text)).as(text).isEmpty();
    }
  }

  @Test
  void theSuffixAtTheVeryEndIsTheVersion() {
    named("Interview Prep_v2.1", "Interview Prep", "2.1");
    named("Name_v1_v2", "Name_v1", "2");
    named("_v3", "", "3");
    named("Tool_v01.0", "Tool", "01.0");
  }

  @Test
  void whatOnlyLooksLikeASuffixIsPartOfTheName() {
    for (String name :
        List.of(
            "Name_v1.2.a",
            "Something_v",
            "Name_V1",
            "Name_v1 ",
            "Name_v1\n",
            "Name v1",
            "v1",
            "Name_v1.",
            "Name_v.1",
            "")) {
      assertThat(VersionedName.of(name).base()).isEqualTo(name);
      assertThat(VersionedName.of(name).version()).isEmpty();
      assertThat(VersionedName.of(name).versionOrNone()).isEqualTo(Version.NONE);
    }
  }

  @Test
  void aNameIsBuiltBackAsItWas() {
    var random = new Random(7);
    for (int i = 0; i < 500; i++) {
      var name = new StringBuilder();
      for (int k = random.nextInt(6); k >= 0; k--) {
        name.append(List.of("_v", "1", ".", "a", "_v2", "x y", "0").get(random.nextInt(7)));
      }
      assertThat(VersionedName.of(name.toString())).hasToString(name.toString());
    }
  }

  @Test
  void aLongNameMadeOfSuffixesHasOnlyItsLast() {
    String name = "_v1".repeat(30_000) + "_v" + "1.".repeat(30_000);
    assertThat(VersionedName.of(name + "x").version()).isEmpty();
    assertThat(VersionedName.of(name + "1").version()).isPresent();
  }

  private static void named(String name, String base, String version) {
    VersionedName read = VersionedName.of(name);
    assertThat(read.base()).isEqualTo(base);
    assertThat(read.version().orElseThrow()).hasToString(version);
    assertThat(read).hasToString(name);
  }
}
