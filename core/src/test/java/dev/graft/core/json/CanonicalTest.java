package dev.graft.core.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class CanonicalTest {
  private static boolean same(String a, String b) {
    JsonNode left = Json.parse(a);
    JsonNode right = Json.parse(b);
    boolean same = Canonical.same(left, right);
    assertThat(Canonical.text(left).equals(Canonical.text(right))).isEqualTo(same);
    return same;
  }

  @Test
  void theOrderOfKeysDoesNotMatterAndThatOfElementsDoes() {
    assertThat(same("{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}")).isTrue();
    assertThat(same("[1,2]", "[2,1]")).isFalse();
  }

  @Test
  void numbersAreComparedByTheirValueExactly() {
    for (String one : List.of("1.0", "1.00", "1e0", "10E-1")) {
      assertThat(same("1", one)).as(one).isTrue();
    }
    assertThat(same("0", "-0.0")).isTrue();
    assertThat(same("9007199254740993", "9007199254740992")).isFalse();
    assertThat(same("0.12345678901234567890123", "0.12345678901234568")).isFalse();
    assertThat(same("1e400", "1e401")).isFalse();
    assertThat(same("1", "\"1\"")).isFalse();
  }

  @Test
  void nullIsNotAbsentAndEmptyIsNotNull() {
    assertThat(same("{\"a\":null}", "{}")).isFalse();
    assertThat(same("{\"a\":[]}", "{\"a\":null}")).isFalse();
    assertThat(same("{\"a\":{}}", "{\"a\":[]}")).isFalse();
    assertThat(same("{\"a\":\"\"}", "{\"a\":null}")).isFalse();
    assertThat(same("{\"a\":false}", "{\"a\":0}")).isFalse();
    assertThat(Canonical.same(null, null)).isTrue();
    assertThat(Canonical.same(null, Json.parse("null"))).isFalse();
  }

  @Test
  void readingAndWritingKeepsEveryNumberAndEveryEmptyThing() {
    for (String text :
        List.of(
            "{\"a\":1.10,\"b\":100.00,\"c\":0.12345678901234567890123}",
            "{\"n\":null,\"e\":\"\",\"f\":false,\"z\":0,\"l\":[],\"o\":{}}",
            "[12345678901234567890123456789012345678901234567890]")) {
      assertThat(Json.write(Json.parse(text))).isEqualTo(text);
    }
  }

  @Test
  void theCanonicalTextIsItsOwnCanonicalText() {
    var random = new Random(20261123);
    for (int i = 0; i < 2_000; i++) {
      JsonNode value = anyValue(random, 4);
      String text = Canonical.text(value);
      JsonNode again = Json.parse(text);
      assertThat(Canonical.text(again)).isEqualTo(text);
      assertThat(Canonical.same(value, again)).as(text).isTrue();
      assertThat(Digest.of(again)).isEqualTo(Digest.of(value));
    }
  }

  static JsonNode anyValue(Random random, int depth) {
    return switch (random.nextInt(depth > 0 ? 8 : 6)) {
      case 0 -> Json.parse("null");
      case 1 -> Json.parse(random.nextBoolean() ? "true" : "false");
      case 2 -> Json.parse(String.valueOf(random.nextInt(1000) - 500));
      case 3 -> Json.parse(random.nextInt(100) + "." + random.nextInt(100));
      case 4 -> Json.text("text " + random.nextInt(5));
      case 5 -> Json.text(random.nextBoolean() ? "" : "ein \"Wort\"\nünd\t新 {{x}}");
      case 6 -> {
        ArrayNode array = Json.array();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(anyValue(random, depth - 1));
        }
        yield array;
      }
      default -> {
        ObjectNode object = Json.object();
        for (int i = random.nextInt(5); i > 0; i--) {
          object.set("k" + random.nextInt(8), anyValue(random, depth - 1));
        }
        yield object;
      }
    };
  }
}
