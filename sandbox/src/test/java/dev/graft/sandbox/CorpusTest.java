package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends bodies that people have published through the API, and compares with a schema validator.
 */
class CorpusTest {
  private static final Set<String> SET_BY_VAPI =
      Set.of("id", "orgId", "createdAt", "updatedAt", "latestVersion", "isServerUrlSecretSet");

  /** JSON Schemas inside a body may carry any keyword: full answers of live accounts show some. */
  private static final Pattern IN_A_SCHEMA =
      Pattern.compile("(function\\.parameters|body|headers|schema)\\.(properties|additional).*");

  /** An old voice provider; names for tool ids; an old form of function; an unknown mode. */
  private static final Set<String> KNOWN_TO_BE_WRONG =
      Set.of(
          "assistant-022.json",
          "assistant-009.json",
          "bundle-003.json/2",
          "bundle-004.json/tools/8");

  private static final Sandbox SANDBOX =
      Sandbox.start(Options.standard().with(Quirk.CREDENTIALS_CHECKED, false));

  private static final Client LIVE = client("Live", true);
  private static final Client PUBLISHED_ONLY = client("Published only", false);

  /**
   * One body that was published.
   *
   * @param strict whether a schema validator found it right, to the last property
   * @param unknown the properties that no schema names
   */
  private record Specimen(
      String name, Kind kind, ObjectNode body, boolean strict, List<String> unknown) {

    static Specimen of(String name, String kind, JsonNode found, JsonNode verdict) {
      ObjectNode body = ((ObjectNode) found).deepCopy();
      JsonNode asCreate = verdict.path("asCreateWithoutServerFields");
      var unknown = new ArrayList<String>();
      verdict.path("unknown").forEach(each -> unknown.add(each.asString()));
      if (!asCreate.isMissingNode()) {
        body.remove(SET_BY_VAPI);
        unknown.removeAll(SET_BY_VAPI);
      }
      boolean strict = (asCreate.isMissingNode() ? verdict : asCreate).path("strict").asBoolean();
      return new Specimen(name, Kind.named(kind), body, strict, unknown);
    }

    /** The names of what should be refused, for one that takes published properties only. */
    List<String> strangers() {
      return unknown.stream()
          .filter(path -> !IN_A_SCHEMA.matcher(path).find())
          .map(path -> path.substring(path.lastIndexOf('.') + 1))
          .toList();
    }
  }

  private static Client client(String name, boolean unpublishedAccepted) {
    String key = "key of " + name;
    SANDBOX.account(name, key).turn(Quirk.UNPUBLISHED_ACCEPTED, unpublishedAccepted);
    return new Client(SANDBOX.url(), key);
  }

  @AfterAll
  static void stop() {
    SANDBOX.close();
  }

  @TestFactory
  Stream<DynamicTest> whatASchemaValidatorAcceptsIsCreated() {
    return specimens()
        .filter(Specimen::strict)
        .map(each -> DynamicTest.dynamicTest(each.name(), () -> isCreated(each, PUBLISHED_ONLY)));
  }

  @TestFactory
  Stream<DynamicTest> aPropertyThatNoSchemaNamesIsRefusedByName() {
    return specimens()
        .filter(each -> !each.strangers().isEmpty())
        .map(each ->
            DynamicTest.dynamicTest(
                each.name(),
                () -> {
                  var answer = PUBLISHED_ONLY.post("/" + each.kind().title(), "" + each.body());
                  assertThat(answer.status()).isEqualTo(400);
                  assertThat(answer.messages())
                      .anyMatch(message ->
                          each.strangers().stream()
                              .anyMatch(name ->
                                  message.endsWith("property " + name + " should not exist")));
                }));
  }

  @TestFactory
  Stream<DynamicTest> whatIsLiveButInNoSchemaIsCreated() {
    Set<String> live =
        Set.of(
            "function",
            "secret",
            "functions",
            "serverUrl",
            "serverUrlSecret",
            "recordingEnabled",
            "hipaaEnabled",
            "silenceTimeoutSeconds",
            "backchannelingEnabled",
            "messagePlan",
            "backgroundDenoisingEnabled",
            "endCallFunctionEnabled",
            "dialKeypadFunctionEnabled",
            "voicemailDetectionEnabled");
    return specimens()
        .filter(each -> !each.strict() && live.containsAll(each.strangers()))
        .filter(each -> !KNOWN_TO_BE_WRONG.contains(each.name()))
        .map(each -> DynamicTest.dynamicTest(each.name(), () -> isCreated(each, LIVE)));
  }

  private static void isCreated(Specimen specimen, Client client) {
    String path = "/" + specimen.kind().title();

    var answer = client.post(path, specimen.body().toString());

    assertThat(answer.status()).as(answer.response().body()).isEqualTo(201);
    JsonNode again = client.get(path + "/" + answer.id()).json();
    assertThat(again).isEqualTo(answer.json());
    specimen.body().propertyNames().forEach(name -> assertThat(again.has(name)).as(name).isTrue());
  }

  private static Stream<Specimen> specimens() {
    return Published.file("corpus/index.json").stream()
        .flatMap(index -> list(index.path("files")).flatMap(CorpusTest::specimens));
  }

  private static Stream<Specimen> specimens(JsonNode entry) {
    String name = entry.path("file").asString();
    JsonNode content = Published.file("corpus/" + name).orElseThrow();
    if (entry.has("validation")) {
      return Stream.of(
          Specimen.of(name, entry.path("kind").asString(), content, entry.path("validation")));
    }
    return list(entry.path("holds"))
        .map(part -> {
          String at = part.path("at").asString();
          return Specimen.of(name + at, part.path("kind").asString(), content.at(at), part);
        });
  }

  private static Stream<JsonNode> list(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }
}
