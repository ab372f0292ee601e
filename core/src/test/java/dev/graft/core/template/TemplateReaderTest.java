package dev.graft.core.template;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateReaderTest {
  private static final String ASSISTANT =
      "{\"name\":\"Front Desk_v1\",\"model\":{\"provider\":\"openai\",\"model\":\"gpt-4o\"}}";
  private static final String TOOL =
      "{\"type\":\"apiRequest\",\"name\":\"book_v2\",\"method\":\"POST\",\"url\":\"https://x\"}";

  private final Map<String, String> files = new LinkedHashMap<>();

  private TemplateReader.Reading read() {
    var bytes = new LinkedHashMap<String, byte[]>();
    files.forEach((name, text) -> bytes.put(name, text.getBytes(StandardCharsets.UTF_8)));
    return TemplateReader.read("front-desk", bytes);
  }

  private Release release() {
    TemplateReader.Reading reading = read();
    assertThat(reading.findings()).filteredOn(Diagnostic::isError).isEmpty();
    return reading.release().orElseThrow();
  }

  private List<String> codes() {
    return read().findings().stream().map(Diagnostic::code).toList();
  }

  private static List<String> addresses(Release release) {
    return release.resources().stream().map(r -> r.address().toString()).toList();
  }

  @Test
  void theOriginalPairIsATemplate() {
    files.put("template-assistant.json", ASSISTANT);
    files.put("template-tool.json", TOOL);
    Release release = release();
    assertThat(addresses(release)).containsExactly("tool/main", "assistant/main");
    assertThat(release.version()).hasToString("1");
    assertThat(release.resource(new Address("tool", "main")).orElseThrow().version())
        .hasToString("2");
    assertThat(Json.write(release.resource(new Address("assistant", "main")).orElseThrow().body()))
        .contains("\"toolIds\":[\"tool/main\"]");
    assertThat(read().findings()).isEmpty();
  }

  @Test
  void severalToolsAreAllUsedTheUnnamedOneFirst() {
    files.put("template-tool-b.json", TOOL);
    files.put("template-tool-a.json", TOOL);
    files.put("template-tool.json", TOOL);
    files.put("template-assistant.json", ASSISTANT);
    Release release = release();
    assertThat(addresses(release))
        .containsExactly("tool/main", "tool/a", "tool/b", "assistant/main");
    assertThat(Json.write(release.toJson()))
        .contains("\"toolIds\":[\"tool/main\",\"tool/a\",\"tool/b\"]");
  }

  @Test
  void idsThatTheTemplateHasStayBesideTheInjectedOnesAndAreWarnedOf() {
    String foreign = "3f1d2c4b-0000-4000-8000-000000000001";
    files.put(
        "template-assistant.json",
        "{\"name\":\"A\",\"model\":{\"provider\":\"openai\",\"toolIds\":[\"" + foreign + "\"]}}");
    files.put("template-tool.json", TOOL);
    assertThat(Json.write(release().toJson()))
        .contains("\"toolIds\":[\"" + foreign + "\",\"tool/main\"]");
    assertThat(codes()).containsExactly("TEMPLATE_REFERENCE_OUTSIDE");
  }

  @Test
  void anExportedPairKeepsItsOwnReference() {
    files.put(
        "template-assistant.json",
        "{\"id\":\"a\",\"name\":\"A\",\"model\":{\"provider\":\"openai\",\"toolIds\":[\"exported\"]}}");
    files.put("template-tool.json", TOOL.replaceFirst("\\{", "{\"id\":\"exported\","));
    Release release = release();
    assertThat(Json.write(release.toJson()))
        .contains("\"toolIds\":[\"tool/main\"]")
        .doesNotContain("exported");
    assertThat(read().findings()).isEmpty();
  }

  @Test
  void aManifestNamesFilesAndDeclaresTheVersion() {
    files.put(
        "template.json",
        """
        {"version":"1.4.0","description":"d","resources":{
          "assistant/reception":"reception.json","tool/transfer":"tools/transfer.json",
          "tool/end":"tools/end.json"}}\
        """);
    files.put(
        "reception.json",
        "{\"name\":\"Reception_v9\",\"model\":{\"provider\":\"x\",\"toolIds\":[\"tools/transfer.json\",\"end\"]}}");
    files.put(
        "tools/transfer.json",
        "{\"type\":\"transferCall\",\"destinations\":[{\"type\":\"number\",\"number\":\"+15550100\"}]}");
    files.put("tools/end.json", "{\"type\":\"endCall\"}");
    Release release = release();
    assertThat(release.declaresVersion()).isTrue();
    assertThat(release.version()).hasToString("1.4.0");
    assertThat(release.resources()).allSatisfy(r -> assertThat(r.version()).hasToString("1.4.0"));
    assertThat(addresses(release))
        .containsExactly("tool/transfer", "tool/end", "assistant/reception");
    assertThat(read().findings()).isEmpty();
  }

  @Test
  void aToolThatNothingUsesIsNoticed() {
    files.put(
        "template.json", "{\"resources\":{\"assistant/a\":\"a.json\",\"tool/b\":\"b.json\"}}");
    files.put("a.json", ASSISTANT);
    files.put("b.json", TOOL);
    assertThat(codes()).containsExactly("TEMPLATE_TOOL_UNUSED");
  }

  @Test
  void allFindingsAreToldAtOnceWithTheirFiles() {
    files.put("template-assistant.json", "{\"name\":\"" + "x".repeat(41) + "\",");
    files.put("template-tool.json", "{\"name\":\"y\",\"type\":\"knowledgeBase\"}");
    files.put(
        "template-tool-b.json",
        "{\"name\":\"" + "z".repeat(38) + "_v1\",\"function\":{\"name\":\"not allowed\"}}");
    files.put("template-tool-c.json", "[1]");
    files.put("template.json", "{\"version\":1,\"verson\":\"2\"}");
    files.put("template-tol.json", "{}");
    assertThat(read().release()).isEmpty();
    assertThat(read().findings())
        .extracting(finding -> finding.where() + " " + finding.code())
        .containsExactlyInAnyOrder(
            "template.json TEMPLATE_MANIFEST_INVALID",
            "template.json TEMPLATE_MANIFEST_INVALID",
            "template-tol.json TEMPLATE_FILE_UNUSED",
            "template-assistant.json:1 TEMPLATE_FILE_INVALID",
            "template-tool.json TEMPLATE_NOT_CREATABLE",
            "template-tool-b.json TEMPLATE_FIELD_MISSING",
            "template-tool-b.json TEMPLATE_NAME_TOO_LONG",
            "template-tool-b.json TEMPLATE_NAME_CHARACTERS",
            "template-tool-c.json TEMPLATE_FILE_INVALID");
  }

  @Test
  void aNameOfFortyCharactersIsTakenAndOneMoreIsNot() {
    files.put("template-tool.json", TOOL);
    files.put(
        "template-assistant.json", ASSISTANT.replace("Front Desk_v1", "n".repeat(37) + "_v1"));
    assertThat(codes()).isEmpty();
    files.put(
        "template-assistant.json", ASSISTANT.replace("Front Desk_v1", "n".repeat(38) + "_v1"));
    assertThat(codes()).containsExactly("TEMPLATE_NAME_TOO_LONG");
  }

  @Test
  void theNameOfAFunctionHasNoDots() {
    files.put("template-assistant.json", ASSISTANT);
    files.put("template-tool.json", TOOL.replace("book_v2", "book_v2.1"));
    assertThat(codes()).containsExactly("TEMPLATE_NAME_CHARACTERS");
    files.put("template-tool.json", TOOL.replace("apiRequest", "sms").replace("book_v2", "a b"));
    assertThat(codes()).isEmpty();
  }

  @Test
  void aTemplateNeedsAnAssistantAndToolsNeedAModel() {
    files.put("template-tool.json", TOOL);
    assertThat(codes()).containsExactly("TEMPLATE_ASSISTANT_MISSING");
    files.put("template-assistant.json", "{\"name\":\"A\"}");
    assertThat(codes()).containsExactly("TEMPLATE_MODEL_MISSING");
  }

  @Test
  void aReferenceToNothingIsAnError() {
    files.put("template-tool.json", TOOL);
    files.put(
        "template-assistant.json",
        "{\"name\":\"A\",\"model\":{\"provider\":\"x\",\"toolIds\":[\"no-such-tool\"]}}");
    assertThat(codes()).containsExactly("TEMPLATE_REFERENCE_UNKNOWN");
  }

  @Test
  void secretsAreLeftOutUnlessTheManifestSendsThem() {
    files.put("template-assistant.json", ASSISTANT);
    files.put(
        "template-tool.json",
        "{\"type\":\"function\",\"server\":{\"url\":\"https://u:p@x\",\"headers\":{\"X-Api-Key\":\"k\"}}}");
    assertThat(codes()).containsExactly("LEFT_OUT_SECRET", "TEMPLATE_SECRET_IN_URL");
    files.put(
        "template.json",
        "{\"sends\":{\"tool/main\":[\"server.url\",\"server.headers[\\\"X-Api-Key\\\"]\"]}}");
    assertThat(codes()).isEmpty();
    assertThat(Json.write(release().toJson())).contains("X-Api-Key");
  }

  @Test
  void aCircleOfReferencesIsWrittenDownInSomeOrder() {
    files.put(
        "template.json",
        "{\"resources\":{\"assistant/a\":\"a.json\",\"tool/hand-off\":\"h.json\"}}");
    files.put(
        "a.json",
        "{\"name\":\"A\",\"model\":{\"provider\":\"x\",\"toolIds\":[\"tool/hand-off\"]}}");
    files.put(
        "h.json",
        "{\"type\":\"handoff\",\"destinations\":[{\"type\":\"assistant\",\"assistantId\":\"a\"}]}");
    assertThat(addresses(release())).containsExactlyInAnyOrder("assistant/a", "tool/hand-off");
  }

  @Test
  void aReleaseIsKnownByItsContent() {
    files.put("template-assistant.json", ASSISTANT);
    files.put("template-tool.json", TOOL);
    Release one = release();
    files.put(
        "template-tool.json",
        " " + TOOL.replace("\"method\":\"POST\",", "").replace("}", ",\"method\":\"POST\"}"));
    assertThat(release().digest()).isEqualTo(one.digest());
    files.put("template-tool.json", TOOL.replace("https://x", "https://y"));
    assertThat(release().digest()).isNotEqualTo(one.digest());
    assertThat(Release.fromJson(Json.parse(Json.write(one.toJson()))).digest())
        .isEqualTo(one.digest());
  }

  @Test
  void aFolderNameThatIsNoNameIsRefused() {
    assertThat(TemplateReader.read("Front Desk", Map.of()).findings())
        .extracting(Diagnostic::code)
        .contains("TEMPLATE_NAME_INVALID");
  }

  @Test
  void theManifestSaysWhoseAFieldIs() {
    files.put("template-assistant.json", ASSISTANT);
    files.put("template-tool.json", TOOL);
    Release without = release();
    files.put(
        "template.json",
        "{\"owners\":{\"assistant/main\":{\"firstMessage\":\"customer\",\"model.model\":\"vendor\"}}}");
    Release release = release();
    assertThat(release.resource(new Address("assistant", "main")).orElseThrow().owners())
        .containsOnly(
            Map.entry(Place.parse("firstMessage"), Owner.CUSTOMER),
            Map.entry(Place.parse("model.model"), Owner.VENDOR));
    assertThat(release.digest()).isNotEqualTo(without.digest());
    assertThat(Release.fromJson(release.toJson())).isEqualTo(release);

    files.put("template.json", "{\"owners\":{\"assistant/main\":{\"firstMessage\":\"mine\"}}}");
    assertThat(codes()).containsExactly("TEMPLATE_MANIFEST_INVALID");
    files.put("template.json", "{\"owners\":{\"assistant/other\":{\"firstMessage\":\"vendor\"}}}");
    assertThat(codes()).containsExactly("TEMPLATE_MANIFEST_INVALID");
  }
}
