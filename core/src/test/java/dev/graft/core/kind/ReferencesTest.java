package dev.graft.core.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.json.Json;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class ReferencesTest {
  private static final Address BOOK = new Address("tool", "book");
  private static final ObjectId BOOK_ID = new ObjectId("1111");
  private static final Naming NAMING =
      new Naming(Map.of(BOOK, BOOK_ID), Map.of(BOOK_ID, BOOK), Set.of(new ObjectId("dead")));

  private final ObjectNode body =
      Json.parseObject(
          """
          {"name":"1111","metadata":{"toolId":"1111"},
           "model":{"provider":"x","toolIds":["1111","foreign"],
                    "messages":[{"role":"system","content":"call 1111 and tool/book"}]},
           "hooks":[{"do":[{"toolId":"1111"},{"tool":{"type":"handoff",
              "destinations":[{"type":"assistant","assistantId":"1111"}]}}]}]}
          """);

  @Test
  void onlyExactPlacesAreRewrittenAndTextStaysText() {
    ObjectNode named = References.toAddresses(Kinds.ASSISTANT, body, NAMING);
    assertThat(Json.write(named))
        .contains("\"toolIds\":[\"tool/book\",\"foreign\"]")
        .contains("\"toolId\":\"tool/book\"},{\"tool\"")
        .contains("\"name\":\"1111\",\"metadata\":{\"toolId\":\"1111\"}")
        .contains("call 1111 and tool/book");
    assertThat(References.addresses(Kinds.ASSISTANT, named)).containsExactly(BOOK);
  }

  @Test
  void resolvingThenReadingBackGivesTheBody() {
    ObjectNode named = References.toAddresses(Kinds.ASSISTANT, body, NAMING);
    ObjectNode ids = References.toIds(Kinds.ASSISTANT, named, NAMING);
    assertThat(ids.get("model")).isEqualTo(body.get("model"));
    assertThat(References.toAddresses(Kinds.ASSISTANT, ids, NAMING)).isEqualTo(named);
  }

  @Test
  void anAddressOfNothingIsNeverSent() {
    ObjectNode other = Json.parseObject("{\"model\":{\"toolIds\":[\"tool/other\"]}}");
    assertThatThrownBy(() -> References.toIds(Kinds.ASSISTANT, other, NAMING))
        .hasMessageContaining("tool/other");
  }

  @Test
  void idsOfWhatIsGoneAndRepetitionsFallOutOfLists() {
    ObjectNode listed =
        Json.parseObject("{\"model\":{\"toolIds\":[\"dead\",\"1111\",\"a\",\"1111\",\"a\",\"\"]}}");
    assertThat(References.toAddresses(Kinds.ASSISTANT, listed, NAMING).get("model").get("toolIds"))
        .isEqualTo(Json.parse("[\"tool/book\",\"a\",\"\"]"));
  }

  @Test
  void theCanonicalBodyIsItsOwnCanonicalBody() {
    ObjectNode raw = body.deepCopy();
    raw.put("id", "x").put("orgId", "y").put("updatedAt", "z");
    ObjectNode once = CanonicalBody.of(Kinds.ASSISTANT, raw, NAMING);
    assertThat(CanonicalBody.of(Kinds.ASSISTANT, once, NAMING)).isEqualTo(once);
    assertThat(once.has("id")).isFalse();
  }

  @Test
  void whatVapiRecomputesOnAToolIsNoise() {
    ObjectNode sent =
        Json.parseObject("{\"type\":\"apiRequest\",\"function\":{\"name\":\"f\",\"strict\":true}}");
    ObjectNode back =
        Json.parseObject(
            "{\"type\":\"apiRequest\",\"function\":{\"name\":\"f\",\"parameters\":{\"a\":1}}}");
    assertThat(CanonicalBody.of(Kinds.TOOL, back, NAMING))
        .isEqualTo(CanonicalBody.of(Kinds.TOOL, sent, NAMING));
    ObjectNode function =
        Json.parseObject(
            "{\"type\":\"function\",\"function\":{\"strict\":true,\"parameters\":{}}}");
    assertThat(CanonicalBody.of(Kinds.TOOL, function, NAMING)).isEqualTo(function);
  }

  @Test
  void aMarkIsReadBackAndLeavesNoTrace() {
    var mark = new Mark("front-desk", BOOK, "2.1", "op_1.0");
    ObjectNode bare = Json.parseObject("{\"name\":\"A\"}");
    ObjectNode marked = mark.put(Kinds.ASSISTANT, bare);
    assertThat(Mark.on(Kinds.ASSISTANT, marked)).contains(mark);
    assertThat(CanonicalBody.of(Kinds.ASSISTANT, marked, NAMING)).isEqualTo(bare);

    ObjectNode own = Json.parseObject("{\"metadata\":{\"team\":\"x\"}}");
    assertThat(CanonicalBody.of(Kinds.ASSISTANT, mark.put(Kinds.ASSISTANT, own), NAMING))
        .isEqualTo(own);
    assertThat(mark.put(Kinds.TOOL, bare)).isEqualTo(bare);

    ObjectNode text = Json.parseObject("{\"metadata\":\"not an object\"}");
    assertThat(mark.put(Kinds.ASSISTANT, text)).isEqualTo(text);
    assertThat(Mark.on(Kinds.ASSISTANT, Json.parseObject("{\"metadata\":{\"graft\":\"hi\"}}")))
        .isEmpty();
  }
}
