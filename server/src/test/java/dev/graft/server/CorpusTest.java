package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Cleaning;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.template.TemplateReader;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Quirk;
import dev.graft.sandbox.Sandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Assistants and tools as people really publish them, there and back: clone, repeat, upgrade, and
 * nothing of a body lost. Where the published bodies are not at hand, there are no cases.
 */
class CorpusTest {
  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    server =
        RunningServer.start(
            RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
  }

  @AfterAll
  static void stop() {
    server.close();
    sandbox.close();
  }

  /** One published body. */
  private record Published(String name, Kind kind, ObjectNode body, boolean isValid) {}

  @TestFactory
  Stream<DynamicTest> nothingOfAPublishedBodyIsLost() {
    return published().map(one -> DynamicTest.dynamicTest(one.name(), () -> thereAndBack(one)));
  }

  private static Stream<Published> published() {
    Optional<Path> corpus =
        Stream.of("../../shared/corpus", "../shared/corpus")
            .map(Path::of)
            .filter(Files::isDirectory)
            .findFirst();
    if (corpus.isEmpty()) {
      return Stream.empty();
    }
    var all = new ArrayList<Published>();
    JsonNode index = read(corpus.get().resolve("index.json"));
    for (JsonNode entry : index.get("files")) {
      String file = entry.get("file").stringValue();
      JsonNode content = read(corpus.get().resolve(file));
      boolean valid =
          entry.get("form").stringValue().equals("create payload")
              && entry.get("validation").get("strict") instanceof JsonNode strict
              && strict.booleanValue();
      List<JsonNode> bodies =
          content instanceof ArrayNode array
              ? array.valueStream().toList()
              : content.get("tools") instanceof ArrayNode tools && !content.has("model")
                  ? tools.valueStream().toList()
                  : List.of(content);
      int number = 0;
      for (JsonNode body : bodies) {
        String kind = entry.get("kind").stringValue();
        if (body instanceof ObjectNode object) {
          Kind of =
              kind.equals("bundle")
                  ? object.has("type") ? Kinds.TOOL : Kinds.ASSISTANT
                  : Kinds.named(kind).orElse(null);
          if (of != null) {
            all.add(
                new Published(
                    file.replace(".json", "") + (bodies.size() > 1 ? "-" + number : ""),
                    of,
                    object,
                    valid));
          }
        }
        number++;
      }
    }
    return all.stream();
  }

  private static JsonNode read(Path file) {
    try {
      return Json.parse(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void thereAndBack(Published published) throws IOException {
    ObjectNode raw = withinLimits(published);
    writeTemplate(published, raw);
    for (boolean strict : new boolean[] {false, true}) {
      sandbox.turn(Quirk.STRICT, strict).turn(Quirk.CREDENTIALS_CHECKED, strict);
      if (strict && !published.isValid()) {
        continue;
      }
      String key = published.name() + (strict ? "-strict" : "-lenient");
      Account account = sandbox.account(key, key);
      assertThat(server.link(key, key).status()).isEqualTo(200);
      RunningServer.Answer first = clone(key, published);
      assertThat(first.status()).as(first.body()).isEqualTo(200);
      assertThat(first.actions()).isNotEmpty().allMatch(action -> action.startsWith("created-"));
      nothingIsLost(published, raw, account);

      String installation = installationOf(key);
      String release =
          server.get("/v1/installations/" + installation).json().get("release").stringValue();
      assertThat(drift(installation).at("/drifted").booleanValue())
          .as(drift(installation).toString())
          .isFalse();
      RunningServer.Answer again = clone(key, published);
      assertThat(again.actions()).isNotEmpty().allMatch(action -> action.startsWith("reused-"));

      ObjectNode upgraded = raw.deepCopy();
      if (published.kind().equals(Kinds.ASSISTANT)) {
        upgraded.put("endCallMessage", "upgraded");
      } else {
        upgraded.set(
            "messages", Json.parse("[{\"type\":\"request-start\",\"content\":\"upgraded\"}]"));
      }
      writeTemplate(published, upgraded);
      assertThat(clone(key, published).actions())
          .anyMatch(action -> action.startsWith("updated-" + published.kind().name()));
      nothingIsLost(published, upgraded, account);
      assertThat(clone(key, published).actions())
          .isNotEmpty()
          .allMatch(action -> action.startsWith("reused-"));

      account.patch("assistant", firstId(account), Json.object().put("voicemailMessage", "moved"));
      assertThat(drift(installation).at("/drifted").booleanValue()).isTrue();
      RunningServer.Answer repaired = change(installation, "{\"kind\":\"repair\"}");
      assertThat(repaired.status()).as(repaired.body()).isEqualTo(200);
      RunningServer.Answer undone =
          change(installation, "{\"kind\":\"rollback\",\"release\":\"" + release + "\"}");
      assertThat(undone.status()).as(undone.body()).isEqualTo(200);
      nothingIsLost(published, raw, account);
      writeTemplate(published, raw);
    }
  }

  private static String installationOf(String user) {
    JsonNode account = server.get("/v1/accounts?userId=" + user).json().at("/accounts/0/id");
    return server
        .get("/v1/accounts/" + account.stringValue() + "/installations")
        .json()
        .at("/installations/0/id")
        .stringValue();
  }

  private static JsonNode drift(String installation) {
    return server.get("/v1/installations/" + installation + "/drift").json();
  }

  private static RunningServer.Answer change(String installation, String body) {
    return server.post("/v1/installations/" + installation + "/operations", body);
  }

  private static String firstId(Account account) {
    return account.objects("assistant").getFirst().get("id").stringValue();
  }

  private static RunningServer.Answer clone(String user, Published published) {
    return server.post(
        "/api/vapi/clone",
        Json.write(Json.object().put("userId", user).put("template", published.name())));
  }

  /** What Vapi refuses for its length is made to fit, after the check has said so. */
  private static ObjectNode withinLimits(Published published) {
    ObjectNode raw = published.body().deepCopy();
    published
        .kind()
        .lengths()
        .forEach((place, longest) -> {
          JsonNode text = place.in(raw);
          if (text != null && text.isString() && text.stringValue().length() > longest) {
            assertThat(findings(published, raw)).contains("TEMPLATE_NAME_TOO_LONG");
            place.set(raw, Json.text(text.stringValue().substring(0, longest)));
          }
        });
    for (Kind.Alphabet alphabet : published.kind().alphabets()) {
      JsonNode text = alphabet.place().in(raw);
      if (text != null
          && text.isString()
          && alphabet.when().test(raw)
          && !alphabet.allowed().test(text.stringValue())) {
        assertThat(findings(published, raw)).contains("TEMPLATE_NAME_CHARACTERS");
        alphabet.place().set(raw, Json.text(text.stringValue().replaceAll("[^\\w-]", "_")));
      }
    }
    return raw;
  }

  private static List<String> findings(Published published, ObjectNode raw) {
    var files = new LinkedHashMap<String, byte[]>();
    files(published, raw)
        .forEach((name, text) -> files.put(name, text.getBytes(StandardCharsets.UTF_8)));
    return TemplateReader.read(published.name(), files).findings().stream()
        .map(Diagnostic::code)
        .toList();
  }

  /** A template around one body: an assistant with the tools it names, or a tool with a user. */
  private static Map<String, String> files(Published published, ObjectNode raw) {
    var files = new LinkedHashMap<String, String>();
    var resources = Json.object();
    if (published.kind().equals(Kinds.TOOL)) {
      files.put("tool.json", Json.write(raw));
      files.put(
          "user.json",
          "{\"name\":\"User\",\"model\":{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"toolIds\":[\"tool/published\"]}}");
      resources.put("tool/published", "tool.json").put("assistant/user", "user.json");
    } else {
      files.put("assistant.json", Json.write(raw));
      resources.put("assistant/published", "assistant.json");
      for (String named : namedTools(raw)) {
        String file = named.endsWith(".json") ? named : named + ".json";
        String key =
            named.replaceAll(".*/|\\.json$", "").toLowerCase(Locale.ROOT).replace('_', '-');
        files.put(
            file,
            "{\"type\":\"endCall\",\"function\":{\"name\":\"f_" + key.replace('-', '_') + "\"}}");
        resources.put("tool/" + key, file);
      }
    }
    files.put(
        "template.json", Json.write(Json.object().put("version", "1").set("resources", resources)));
    return files;
  }

  private static List<String> namedTools(ObjectNode assistant) {
    return assistant
        .path("model")
        .path("toolIds")
        .valueStream()
        .map(JsonNode::stringValue)
        .filter(id -> !id.matches("[0-9a-f]{8}-.*"))
        .toList();
  }

  private static void writeTemplate(Published published, ObjectNode raw) throws IOException {
    Path template = folder.resolve("templates").resolve(published.name());
    for (var file : files(published, raw).entrySet()) {
      Path path = template.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
  }

  /** Every leaf of the published body is in the account, except what cleaning says it left out. */
  private static void nothingIsLost(Published published, ObjectNode raw, Account account) {
    String marker = published.kind().equals(Kinds.TOOL) ? "tool" : "assistant";
    ObjectNode stored = account.objects(marker).getFirst();
    Cleaning.Cleaned cleaned = Cleaning.clean(published.kind(), raw, Set.of());
    var expected = new ArrayList<String>();
    leaves("", raw, expected);
    var leftOut = new ArrayList<String>();
    cleaned
        .leftOut()
        .forEach(left ->
            leaves(
                place(left.place().toString()),
                Optional.ofNullable(left.place().in(raw)).orElseThrow(),
                leftOut));
    leftOut.forEach(expected::remove);
    for (String setByVapi :
        List.of(
            "id",
            "orgId",
            "createdAt",
            "updatedAt",
            "latestVersion",
            "isServerUrlSecretSet",
            "modelDeprecations",
            "analyticsMetadata",
            "isDeleted",
            "workflowIds")) {
      expected.removeIf(
          leaf -> leaf.startsWith("." + setByVapi + "=") || leaf.startsWith("." + setByVapi + "["));
    }
    expected.removeIf(
        leaf -> leaf.matches("\\.model\\.tools\\[]\\.(id|orgId|createdAt|updatedAt)=.*"));
    expected.removeIf(leaf -> leaf.startsWith(".model.toolIds[]=\"") && !leaf.contains("-4"));
    // Vapi itself recomputes or drops these on tools (docs/vapi-facts.md).
    // Our mark stands in metadata, also in one that was empty.
    expected.remove(".metadata={}");
    expected.removeIf(leaf -> leaf.startsWith(".function.strict="));
    if (raw.path("type").stringValue("").equals("apiRequest")) {
      expected.removeIf(leaf -> leaf.startsWith(".function.parameters"));
    }
    if (published.kind().equals(Kinds.ASSISTANT)) {
      expected.removeIf(leaf -> leaf.startsWith(".transferPlan.mode"));
    }
    var there = new ArrayList<String>();
    leaves("", stored, there);
    for (String leaf : expected) {
      assertThat(there.remove(leaf)).as("%s lost %s", published.name(), leaf).isTrue();
    }
  }

  private static String place(String place) {
    return "." + place.replaceAll("\\[\\d+]", "[]");
  }

  /** Each scalar and each empty thing with its place, positions in arrays left away. */
  private static void leaves(String place, JsonNode node, List<String> found) {
    switch (node) {
      case ObjectNode object when !object.isEmpty() ->
          object
              .properties()
              .forEach(field -> leaves(place + "." + field.getKey(), field.getValue(), found));
      case ArrayNode array when !array.isEmpty() ->
          array.forEach(element -> leaves(place + "[]", element, found));
      default -> found.add(place + "=" + Canonical.text(node));
    }
  }
}
