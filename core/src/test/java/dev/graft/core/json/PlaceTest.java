package dev.graft.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class PlaceTest {
  private final ObjectNode body =
      Json.parseObject(
          """
          {"model":{"messages":[{"role":"system"},{"role":"user"}],"toolIds":["a","b"]},
           "hooks":[{"do":[{"toolId":"x"},{"type":"say"}]},{"do":[{"toolId":"y"}]}],
           "headers":{"X-Api-Key":"1","plain":"2","a.b":"3"}}\
          """);

  @Test
  void aPlaceIsWrittenAndReadBack() {
    for (String text :
        List.of(
            "model.messages[1].role",
            "headers[\"a.b\"]",
            "headers.X-Api-Key",
            "tools:append[0].name",
            "a[0][1]",
            "[\"with \\\"quotes\\\"\"].x")) {
      assertThat(Place.parse(text).toString()).isEqualTo(text);
    }
    assertThat(Place.parse("headers[\"X-Api-Key\"]")).isEqualTo(Place.parse("headers.X-Api-Key"));
  }

  @Test
  void aLongNameIsReadWithoutADeepStackAndInOneGo() {
    for (String piece : List.of("x", "\\\\", "\\u00e9", "[0]")) {
      String name = piece.repeat(60_000 / piece.length());
      assertThat(Place.parse("a[\"" + name + "\"]").steps()).hasSize(2);
      assertThatThrownBy(() -> Place.parse("[\"" + name + "[\"".repeat(30_000)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void whatIsNoPlaceIsRefused() {
    for (String text :
        List.of(
            "",
            ".",
            "a..b",
            "a[",
            "a[x]",
            "a[-1]",
            "1a",
            "a b",
            "a[\"x]",
            "a[\"\\u00x\"]",
            "a[\"\\ud800\"]")) {
      assertThatThrownBy(() -> Place.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void itFindsSetsAndRemoves() {
    assertThat(Place.parse("model.toolIds[1]").in(body)).isEqualTo(Json.text("b"));
    assertThat(Place.parse("model.toolIds[2]").in(body)).isNull();
    assertThat(Place.parse("model.name.first").in(body)).isNull();
    Place.parse("headers[\"a.b\"]").set(body, Json.text("4"));
    assertThat(body.get("headers").get("a.b").stringValue()).isEqualTo("4");
    Place.parse("model.toolIds[0]").remove(body);
    assertThat(body.get("model").get("toolIds")).hasSize(1);
  }

  @Test
  void aPatternFindsEveryPlaceThatIsThere() {
    assertThat(FieldPath.at("hooks[].do[].toolId").in(body))
        .extracting(Place::toString)
        .containsExactly("hooks[0].do[0].toolId", "hooks[1].do[0].toolId");
    assertThat(FieldPath.at("headers.*").in(body))
        .extracting(Place::toString)
        .containsExactly("headers.X-Api-Key", "headers.plain", "headers[\"a.b\"]");
    assertThat(FieldPath.at("model.messages[].content").in(body)).isEmpty();
    assertThat(FieldPath.at("model[].x").in(body)).isEmpty();
  }

  @Test
  void elementsStandInTheirOrder() {
    assertThat(Place.parse("a[2]")).isLessThan(Place.parse("a[10]"));
    assertThat(Place.parse("a")).isLessThan(Place.parse("a[0]"));
  }

  @Test
  void theNearestElementIsFound() {
    assertThat(Place.parse("a[1].b[2].c.d").nearestElement()).isEqualTo(Place.parse("a[1].b[2]"));
    assertThat(Place.parse("a[1]").nearestElement()).isEqualTo(Place.parse("a[1]"));
    assertThat(Place.parse("a.b").nearestElement()).isNull();
  }
}
