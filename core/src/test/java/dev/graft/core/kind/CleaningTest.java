package dev.graft.core.kind;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class CleaningTest {
  private static Cleaning.Cleaned clean(Kind kind, String body, String... sends) {
    var places = new java.util.HashSet<Place>();
    for (String place : sends) {
      places.add(Place.parse(place));
    }
    return Cleaning.clean(kind, Json.parseObject(body), places);
  }

  private static ObjectNode json(String text) {
    return Json.parseObject(text);
  }

  @Test
  void whatVapiSetsGoesAtItsExactPlacesOnly() {
    var cleaned =
        clean(
            Kinds.TOOL,
            """
            {"id":"1","orgId":"2","createdAt":"3","updatedAt":"4","latestVersion":null,
             "type":"function",
             "function":{"name":"f","parameters":{"type":"object","properties":{
               "id":{"type":"string"},"orgId":{"type":"string"},"createdAt":{"default":"now"}}}}}
            """);
    assertThat(cleaned.body())
        .isEqualTo(
            json(
                """
                {"type":"function",
                 "function":{"name":"f","parameters":{"type":"object","properties":{
                   "id":{"type":"string"},"orgId":{"type":"string"},"createdAt":{"default":"now"}}}}}
                """));
    assertThat(cleaned.leftOut()).isEmpty();
  }

  @Test
  void emptyThingsStay() {
    String body =
        """
        {"name":"A","firstMessage":"","endCallPhrases":[],"metadata":{},"voicemailMessage":null,
         "firstMessageInterruptionsEnabled":false,"x":{"deep":[{"zero":0,"none":null}]}}\
        """;
    assertThat(clean(Kinds.ASSISTANT, body).body()).isEqualTo(json(body));
  }

  @Test
  void whatBelongsToTheFirstAccountIsLeftOutAndSaid() {
    var cleaned =
        clean(
            Kinds.ASSISTANT,
            """
            {"name":"A","credentialIds":["c1","c2"],"credentials":[{"provider":"x","apiKey":"k"}],
             "serverUrlSecret":"s",
             "server":{"url":"https://example.com","secret":"s","credentialId":"c",
                       "headers":{"Authorization":"Bearer abc","X-Trace":"on"}},
             "model":{"provider":"openai","model":"gpt-4o",
                      "toolRefs":[{"toolId":"t","version":"v3"}]},
             "artifactPlan":{"structuredOutputIds":["so"],"scorecardIds":["sc"]},
             "monitorPlan":{"monitorIds":["m"]}}
            """);
    assertThat(cleaned.body())
        .isEqualTo(
            json(
                """
                {"name":"A","server":{"url":"https://example.com","headers":{"X-Trace":"on"}},
                 "model":{"provider":"openai","model":"gpt-4o","toolRefs":[{"toolId":"t"}]},
                 "artifactPlan":{},"monitorPlan":{}}
                """));
    assertThat(cleaned.leftOut())
        .extracting(left -> left.place() + " " + left.reason())
        .containsExactlyInAnyOrder(
            "credentialIds[0] CREDENTIAL",
            "credentialIds[1] CREDENTIAL",
            "credentials SECRET",
            "serverUrlSecret SECRET",
            "server.secret SECRET",
            "server.credentialId CREDENTIAL",
            "server.headers.Authorization SECRET",
            "model.toolRefs[0].version VERSION_LABEL",
            "artifactPlan.structuredOutputIds[0] REFERENCE",
            "artifactPlan.scorecardIds[0] REFERENCE",
            "monitorPlan.monitorIds[0] REFERENCE");
  }

  @Test
  void bodiesInsideBodiesAreCleanedToo() {
    var cleaned =
        clean(
            Kinds.ASSISTANT,
            """
            {"model":{"provider":"openai","tools":[
               {"id":"9","type":"handoff","destinations":[
                 {"type":"assistant","assistant":{"id":"8","name":"Inner",
                   "server":{"url":"u","secret":"s"}}}]}]},
             "hooks":[{"do":[{"tool":{"type":"function","server":{"credentialId":"c"}}}]}]}
            """);
    assertThat(cleaned.body())
        .isEqualTo(
            json(
                """
                {"model":{"provider":"openai","tools":[
                   {"type":"handoff","destinations":[
                     {"type":"assistant","assistant":{"name":"Inner","server":{"url":"u"}}}]}]},
                 "hooks":[{"do":[{"tool":{"type":"function","server":{}}}]}]}
                """));
    assertThat(cleaned.leftOut())
        .extracting(left -> left.place().toString())
        .containsExactlyInAnyOrder(
            "model.tools[0].destinations[0].assistant.server.secret",
            "hooks[0].do[0].tool.server.credentialId");
  }

  @Test
  void anAuthorCanSayThatASecretIsSent() {
    String body =
        """
        {"type":"function","server":{"url":"u","headers":{"X-Api-Key":"k","X-Other-Key":"k"},
         "secret":"s"},"environmentVariables":[]}\
        """;
    var cleaned = clean(Kinds.TOOL, body, "server.headers[\"X-Api-Key\"]", "server.secret");
    assertThat(cleaned.body()).isEqualTo(json(body));
    assertThat(cleaned.leftOut()).isEmpty();
    assertThat(clean(Kinds.TOOL, body).leftOut())
        .extracting(left -> left.place().toString())
        .containsExactly("server.headers.X-Api-Key", "server.secret");
  }

  @Test
  void secretsOfToolsAreKnownByTheirNames() {
    var cleaned =
        clean(
            Kinds.TOOL,
            """
            {"type":"code","environmentVariables":[
               {"name":"REGION","value":"eu"},{"name":"API_TOKEN","value":"abc"}],
             "headers":{"type":"object","properties":{
               "Authorization":{"type":"string","value":"Bearer x"},
               "X-Caller":{"type":"string","value":"{{ customer.number }}"},
               "X-Token":{"type":"string","value":"Bearer {{ token }}"}}}}
            """);
    assertThat(cleaned.body())
        .isEqualTo(
            json(
                """
                {"type":"code","environmentVariables":[{"name":"REGION","value":"eu"}],
                 "headers":{"type":"object","properties":{
                   "Authorization":{"type":"string"},
                   "X-Caller":{"type":"string","value":"{{ customer.number }}"},
                   "X-Token":{"type":"string","value":"Bearer {{ token }}"}}}}
                """));
  }

  @Test
  void theRawBodyIsNotTouched() {
    ObjectNode raw = json("{\"id\":\"1\",\"name\":\"A\",\"credentialIds\":[\"c\"]}");
    ObjectNode copy = raw.deepCopy();
    Cleaning.clean(Kinds.ASSISTANT, raw, Set.of());
    assertThat(raw).isEqualTo(copy);
  }

  @Test
  void secretsAreMaskedWhereverABodyIsShown() {
    ObjectNode body =
        json(
            """
            {"type":"apiRequest","url":"https://me:pw@example.com/x",
             "server":{"secret":"s","headers":{"X-Api-Key":"k","Accept":"*/*"}},
             "description":"token, secret and password are words here"}\
            """);
    assertThat(Cleaning.masked(Kinds.TOOL, body))
        .isEqualTo(
            json(
                """
                {"type":"apiRequest","url":"***",
                 "server":{"secret":"***","headers":{"X-Api-Key":"***","Accept":"*/*"}},
                 "description":"token, secret and password are words here"}\
                """));
    assertThat(Cleaning.secretUrls(Kinds.TOOL, body)).containsExactly(Place.parse("url"));
  }
}
