package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class QuirkTest {
  private final Sandbox sandbox = Sandbox.start();
  private final Account account = sandbox.account("Acme", "key-of-acme");
  private final Client vapi = new Client(sandbox.url(), "key-of-acme");

  @AfterEach
  void stop() {
    sandbox.close();
  }

  @Test
  void anAssistantsSecretIsHiddenAndAToolsIsNot() {
    String server = "{\"server\":{\"url\":\"https://a.example\",\"secret\":\"hush\"}";
    var assistant = vapi.post("/assistant", server + "}");
    var tool = vapi.post("/tool", server + ",\"type\":\"function\"}");

    assertThat(assistant.json().path("server").has("secret")).isFalse();
    assertThat(assistant.json().path("isServerUrlSecretSet").booleanValue()).isTrue();
    assertThat(tool.json().at("/server/secret").asString()).isEqualTo("hush");
    assertThat(account.objects("assistant").getFirst().at("/server/secret").asString())
        .isEqualTo("hush");

    sandbox.turn(Quirk.SECRET_HIDDEN, false);
    JsonNode shown = vapi.get("/assistant/" + assistant.id()).json();
    assertThat(shown.at("/server/secret").asString()).isEqualTo("hush");
    assertThat(shown.has("isServerUrlSecretSet")).isFalse();
  }

  @Test
  void aServerReplacedWithoutItsSecretLosesOrKeepsIt() {
    String id = vapi.post("/assistant", "{\"server\":{\"url\":\"u\",\"secret\":\"hush\"}}").id();

    account.turn(Quirk.SECRET_KEPT, true);
    var kept = vapi.patch("/assistant/" + id, "{\"server\":{\"url\":\"v\"}}");
    account.turn(Quirk.SECRET_KEPT, false);
    var lost = vapi.patch("/assistant/" + id, "{\"server\":{\"url\":\"w\"}}");

    assertThat(kept.json().path("isServerUrlSecretSet").booleanValue()).isTrue();
    assertThat(lost.json().path("isServerUrlSecretSet").booleanValue()).isFalse();
  }

  @Test
  void theParametersOfAnApiRequestAreRebuiltFromItsBody() {
    String tool =
        """
        {"type":"apiRequest","method":"POST","url":"https://a.example",
         "body":{"type":"object","properties":{"city":{"type":"string"}}},
         "function":{"name":"ask","strict":true,"parameters":{"type":"object","properties":{}}}}\
        """;

    JsonNode rebuilt = vapi.post("/tool", tool).json();
    sandbox.turn(Quirk.PARAMETERS_REBUILT, false).turn(Quirk.STRICT_DROPPED, false);
    JsonNode left = vapi.post("/tool", tool).json();

    assertThat(rebuilt.at("/function/parameters")).isEqualTo(rebuilt.path("body"));
    assertThat(rebuilt.path("function").has("strict")).isFalse();
    assertThat(left.at("/function/parameters/properties")).isEmpty();
    assertThat(left.at("/function/strict").booleanValue()).isTrue();
  }

  @Test
  void strictStaysOnFunctionToolsOnly() {
    String tool = "{\"type\":\"%s\",\"function\":{\"name\":\"a\",\"strict\":true}}";

    assertThat(vapi.post("/tool", tool.formatted("function")).json().path("function").has("strict"))
        .isTrue();
    assertThat(vapi.post("/tool", tool.formatted("handoff")).json().path("function").has("strict"))
        .isFalse();
  }

  @Test
  void repeatedAndPinnedToolIdsAreDropped() {
    String model =
        """
        {"model":{"provider":"openai","model":"gpt-4o",
         "toolIds":["%1$s","%2$s","%1$s"],"toolRefs":[{"toolId":"%2$s","version":"v1"}]}}\
        """
            .formatted(
                "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002");

    JsonNode deduplicated = vapi.post("/assistant", model).json();
    sandbox.turn(Quirk.TOOL_IDS_DEDUPLICATED, false);
    JsonNode left = vapi.post("/assistant", model).json();

    assertThat(deduplicated.at("/model/toolIds")).hasSize(1);
    assertThat(deduplicated.at("/model/toolRefs")).hasSize(1);
    assertThat(left.at("/model/toolIds")).hasSize(3);
  }

  @Test
  void oldNamesOfTransferModesComeBackRewritten() {
    String tool =
        """
        {"type":"transferCall","destinations":[{"type":"number","number":"+15550100001",
         "transferPlan":{"mode":"warm-transfer-with-summary"}}]}\
        """;

    assertThat(vapi.post("/tool", tool).json().at("/destinations/0/transferPlan/mode").asString())
        .isEqualTo("warm-transfer-say-summary");
    sandbox.turn(Quirk.TRANSFER_MODES_REWRITTEN, false);
    assertThat(vapi.post("/tool", tool).json().at("/destinations/0/transferPlan/mode").asString())
        .isEqualTo("warm-transfer-with-summary");
  }

  @Test
  void aNullStaysClearsOrIsRefused() {
    String id = vapi.post("/assistant", "{\"firstMessage\":\"Hi\",\"endCallMessage\":null}").id();
    assertThat(vapi.get("/assistant/" + id).json().path("endCallMessage").isNull()).isTrue();

    JsonNode kept = vapi.patch("/assistant/" + id, "{\"firstMessage\":null}").json();
    sandbox.turn(Quirk.NULL_CLEARS, true);
    JsonNode cleared = vapi.patch("/assistant/" + id, "{\"firstMessage\":null}").json();
    sandbox.turn(Quirk.NULL_REFUSED, true);
    var refused = vapi.patch("/assistant/" + id, "{\"firstMessage\":null}");

    assertThat(kept.path("firstMessage").isNull()).isTrue();
    assertThat(cleared.has("firstMessage")).isFalse();
    assertThat(refused.messages()).containsExactly("firstMessage must be a string");
  }

  @Test
  void aToolsPatchMayLoseItsServer() {
    String id = vapi.post("/tool", "{\"type\":\"function\",\"server\":{\"url\":\"u\"}}").id();

    JsonNode kept = vapi.patch("/tool/" + id, "{\"async\":true}").json();
    sandbox.turn(Quirk.TOOL_SERVER_LOST, true);
    JsonNode lost = vapi.patch("/tool/" + id, "{\"async\":false}").json();

    assertThat(kept.at("/server/url").asString()).isEqualTo("u");
    assertThat(lost.has("server")).isFalse();
  }

  @Test
  void versionsCanBeAbsentPerAccount() {
    sandbox.account("Later", "key-of-later").turn(Quirk.VERSIONS, false);
    var later = new Client(sandbox.url(), "key-of-later");

    assertThat(later.post("/assistant", "{}").json().path("latestVersion").isNull()).isTrue();
    assertThat(vapi.post("/assistant", "{}").json().path("latestVersion").asString())
        .isEqualTo("v1");
  }

  @Test
  void metadataMayBeNoPartOfAVersion() {
    String id = vapi.post("/assistant", "{\"name\":\"A\"}").id();
    sandbox.turn(Quirk.METADATA_VERSIONED, false);

    JsonNode patched = vapi.patch("/assistant/" + id, "{\"metadata\":{\"a\":1}}").json();

    assertThat(patched.path("latestVersion").asString()).isEqualTo("v1");
    assertThat(patched.path("updatedAt")).isNotEqualTo(patched.path("createdAt"));
    assertThat(vapi.patch("/assistant/" + id, "{\"name\":\"B\"}").json().path("latestVersion"))
        .isEqualTo(Client.json("{\"v\":\"v2\"}").path("v"));
  }

  @Test
  void metadataMayHaveALimit() {
    sandbox.set(Dial.METADATA_LIMIT, 20);

    assertThat(vapi.post("/assistant", "{\"metadata\":{\"a\":\"1234567890\"}}").status())
        .isEqualTo(201);
    assertThat(vapi.post("/assistant", "{\"metadata\":{\"a\":\"123456789012345\"}}").messages())
        .containsExactly("metadata must be smaller than 20 bytes");
  }

  @Test
  void fieldsNobodyAskedForCanComeAndGo() {
    String id = vapi.post("/assistant", "{}").id();
    assertThat(vapi.get("/assistant/" + id).json().has("isDeleted")).isTrue();
    sandbox.turn(Quirk.UNLISTED_FIELDS, false).turn(Quirk.SURPRISE_FIELD, true);

    JsonNode surprising = vapi.get("/assistant/" + id).json();

    assertThat(surprising.has("isDeleted")).isFalse();
    assertThat(surprising.path("x" + id.substring(0, 6)).isString()).isTrue();
    assertThat(vapi.get("/assistant").json().get(0)).isEqualTo(surprising);
    assertThat(account.objects("assistant").getFirst().propertyNames())
        .containsExactly("id", "orgId", "createdAt", "updatedAt", "latestVersion");
  }

  @Test
  void defaultsMayBeFilledIn() {
    sandbox.turn(Quirk.DEFAULTS_FILLED, true);

    assertThat(vapi.post("/tool", "{\"type\":\"voicemail\"}").json().has("beepDetectionEnabled"))
        .isTrue();
    assertThat(
            vapi.post("/structured-output", "{\"name\":\"a\",\"schema\":{\"type\":\"string\"}}")
                .json()
                .path("type")
                .asString())
        .isEqualTo("ai");
  }

  @Test
  void theTypeInAPatchIsRefusedOrHarmless() {
    String id = vapi.post("/tool", "{\"type\":\"endCall\"}").id();

    var refused = vapi.patch("/tool/" + id, "{\"type\":\"endCall\"}");
    sandbox.turn(Quirk.TYPE_IN_PATCH_REFUSED, false);

    assertThat(refused.messages()).containsExactly("property type should not exist");
    assertThat(vapi.patch("/tool/" + id, "{\"type\":\"endCall\"}").status()).isEqualTo(200);
    assertThat(vapi.patch("/tool/" + id, "{\"type\":\"sms\"}").messages())
        .containsExactly("type cannot be changed");
  }

  @Test
  void aStructuredOutputsSchemaChangesItsTypeOnlyWhenTold() {
    String id =
        vapi.post("/structured-output", "{\"name\":\"a\",\"schema\":{\"type\":\"string\"}}").id();
    String path = "/structured-output/" + id;
    String number = "{\"schema\":{\"type\":\"number\"}}";

    assertThat(vapi.patch(path, "{\"name\":\"b\"}").messages())
        .containsExactly("schemaOverride must be a string");
    assertThat(vapi.patch(path + "?schemaOverride=false", number).status()).isEqualTo(400);
    assertThat(vapi.patch(path + "?schemaOverride=true", number).status()).isEqualTo(200);
    sandbox.turn(Quirk.SCHEMA_OVERRIDE_REQUIRED, false);
    assertThat(vapi.patch(path, "{\"name\":\"b\"}").status()).isEqualTo(200);
  }

  @Test
  void aCredentialMustBeTheAccountsOwn() {
    String body = "{\"server\":{\"url\":\"u\",\"credentialId\":\"%s\"}}";
    String own =
        account
            .put("credential", Client.json("{\"provider\":\"webhook\",\"name\":\"ours\"}"))
            .path("id")
            .asString();
    String foreign = "00000000-0000-4000-8000-00000000000c";

    assertThat(vapi.post("/assistant", body.formatted(own)).status()).isEqualTo(201);
    var refused = vapi.post("/assistant", body.formatted(foreign));
    assertThat(refused.messages()).containsExactly("Credential " + foreign + " not found");
    sandbox.turn(Quirk.CREDENTIALS_CHECKED, false);
    assertThat(vapi.post("/assistant", body.formatted(foreign)).status()).isEqualTo(201);
  }

  @Test
  void withoutStrictAnyObjectIsTaken() {
    sandbox.turn(Quirk.STRICT, false);

    var created = vapi.post("/tool", "{\"anything\":[1,{\"goes\":null}]}");

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.json().path("anything")).hasSize(2);
    assertThat(vapi.post("/tool", "[1]").status()).isEqualTo(400);
  }

  @Test
  void everyQuirkAndDialSaysWhatItMeans() {
    assertThat(Quirk.values())
        .allMatch(quirk -> quirk.meaning().endsWith("."))
        .allMatch(quirk -> Quirk.titled(quirk.title()) == quirk)
        .allMatch(quirk -> Options.standard().has(quirk) == quirk.usual());
    assertThat(Dial.values())
        .allMatch(dial -> dial.meaning().endsWith("."))
        .allMatch(dial -> Dial.titled(dial.title()) == dial)
        .allMatch(dial -> Options.standard().value(dial) == dial.usual());
  }
}
