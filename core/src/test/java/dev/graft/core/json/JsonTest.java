package dev.graft.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void everyFaultIsToldInWordsWithoutQuotingTheText() {
    refused("{\"a\":1,\"a\":\"secret\"}", "the same key stands twice in one object");
    refused("{\"a\":\"secret", "it ends in the middle");
    refused("{\"a\":1} secret", "it is not well-formed JSON");
    refused("{\"a\":1} {}", "something follows after its end");
    refused("", "there is nothing in it");
    refused("   ", "there is nothing in it");
    refused("{'a':1}", "it is not well-formed JSON");
    refused("[".repeat(5_000) + "]".repeat(5_000), "it is nested too deeply");
  }

  private static void refused(String text, String why) {
    assertThatThrownBy(() -> Json.parse(text))
        .isInstanceOf(MalformedJson.class)
        .hasMessage(why)
        .satisfies(e -> assertThat(e.toString()).doesNotContain("secret"));
  }

  @Test
  void aFaultSaysWhereItIs() {
    assertThatThrownBy(() -> Json.parse("{\n  \"a\": tru\n}"))
        .isInstanceOfSatisfying(MalformedJson.class, e -> assertThat(e.line()).isEqualTo(2));
  }
}
