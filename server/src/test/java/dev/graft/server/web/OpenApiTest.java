package dev.graft.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.json.Json;
import dev.graft.core.kind.Cleaning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class OpenApiTest {
  private static final Path SERVER = Path.of("src/main/java/dev/graft/server");
  private static final Path CORE = Path.of("../core/src/main/java/dev/graft/core");

  /** Codes are the only literals in capitals there are, but for the values of headers. */
  private static final Pattern CODE = Pattern.compile("\"([A-Z]+(?:_[A-Z]+)*_?)\"");

  /** Codes of diagnostics that stand in nobody's way. */
  private static final Pattern TOLD =
      Pattern.compile("Diagnostic\\.(?:note|warning)\\(\\s*\"([A-Z]+(?:_[A-Z]+)*)\"");

  private static final Pattern STATUS_AND_CODE =
      Pattern.compile("\\b([45]\\d\\d),\\s*\"([A-Z]+(?:_[A-Z]+)*)\"");
  private static final Pattern CODE_IN_TEXT = Pattern.compile("`([A-Z]+(?:_[A-Z]+)+|[A-Z]{6,})`");
  private static final Pattern ROW =
      Pattern.compile("^\\| `([A-Z_]+)` \\| ([^|]+) \\|", Pattern.MULTILINE);

  private static final ObjectNode API = PublishedApi.description();

  @Test
  void everyRouteIsDescribedAndEveryDescribedOperationIsARoute() {
    assertThat(PublishedApi.operations()).containsExactlyInAnyOrderElementsOf(routes().list());
  }

  @Test
  void everyOperationSaysThePermissionThatItsRouteAsksFor() {
    Map<String, String> said = new TreeMap<>();
    for (String operation : PublishedApi.operations()) {
      said.put(operation, text(operation(operation), "x-graft-permission"));
      assertThat(operation(operation).has("security"))
          .as(operation)
          .isEqualTo(said.get(operation).equals("none"));
    }
    assertThat(said).isEqualTo(routes().permissions());
  }

  /** The routes as they are served, with nothing behind them: none is called. */
  @SuppressWarnings("NullAway")
  private static Routes routes() {
    return new Routes(
        new Gate(null, null, null, null, null),
        new Limits(null, null, null, null, null),
        new Once(null, null),
        new Contract(null, null, null, null),
        new AccountsApi(null, null, null),
        new TemplatesApi(null),
        new WorkApi(null, null, null, null, null, null, null, null),
        new ApiKeysApi(null, null),
        new Console(null, Optional.empty(), null, null, null, false, Optional.empty(), null),
        new AuditApi(null, null, null),
        new WebhooksApi(null, null, null),
        new KeysApi(null, null, null, null, null, null, null),
        new BackupsApi(null),
        new RecoverApi(null, null, null),
        new AccountDataApi(null, null, null, null, null, null),
        new Probes(null, null, null, null, null, null, null),
        new Pages(""),
        null);
  }

  @Test
  void everyProblemCodeInTheSourcesIsDocumentedAndNoOther() {
    Set<String> codes = new TreeSet<>();
    for (String folder : List.of("web", "access", "install", "link")) {
      codes.addAll(literals(SERVER.resolve(folder)));
    }
    // What blocks a plan is also what its problem is called; what a plan only tells blocks nothing.
    Path plan = CORE.resolve("plan");
    codes.addAll(literals(plan));
    List<String> told = matches(TOLD, sources(plan)).stream().map(found -> found.group(1)).toList();
    assertThat(told).isNotEmpty();
    codes.removeAll(told);

    assertThat(strings(API.at("/components/schemas/Problem/properties/code/enum")))
        .isSorted()
        .containsExactlyElementsOf(codes);
    assertThat(table("Problem").keySet()).isEqualTo(codes);
  }

  @Test
  void everyDiagnosticCodeInTheSourcesIsDocumentedAndNoOther() {
    Set<String> codes = literals(CORE);
    codes.remove("LEFT_OUT_");
    for (Cleaning.Reason reason : Cleaning.Reason.values()) {
      codes.add("LEFT_OUT_" + reason);
    }

    assertThat(strings(API.at("/components/schemas/Diagnostic/properties/code/enum")))
        .isSorted()
        .containsExactlyElementsOf(codes);
    assertThat(table("Diagnostic").keySet()).isEqualTo(codes);
  }

  @Test
  void everyStatusThatTheSourcesGiveACodeIsInItsRow() {
    Map<String, String> rows = table("Problem");
    for (MatchResult found : matches(STATUS_AND_CODE, sources(SERVER))) {
      assertThat(rows.get(found.group(2))).as(found.group(2)).contains(found.group(1));
    }
  }

  @Test
  void everyStatusOfARowIsOneWithWhichItsCodeIsAnswered() {
    Map<String, Set<String>> answered = new TreeMap<>();
    everyResponse((status, response) ->
        codes(response)
            .forEach(code -> answered.computeIfAbsent(code, _ -> new TreeSet<>()).add(status)));
    sharedResponses()
        .forEach(response ->
            everyExample(
                response,
                (_, example) ->
                    answered
                        .computeIfAbsent(
                            example.required("code").stringValue(), _ -> new TreeSet<>())
                        .add(example.required("status").asString())));

    Map<String, Set<String>> rows = new TreeMap<>();
    table("Problem").forEach((code, statuses) -> rows.put(code, Set.of(statuses.split(", ", -1))));
    assertThat(rows).isEqualTo(answered);
  }

  @Test
  void everyResponseNamesItsCodesInItsDescription() {
    Stream.concat(sharedResponses().stream(), inlineResponses().stream())
        .forEach(response -> {
          if (!codes(response).isEmpty()) {
            String description = response.required("description").stringValue();
            assertThat(matches(CODE_IN_TEXT, description).stream().map(found -> found.group(1)))
                .as(description)
                .containsExactlyInAnyOrderElementsOf(codes(response));
          }
        });
  }

  @Test
  void everyExampleFitsItsSchema() {
    int[] checked = {0};
    BiConsumer<JsonNode, JsonNode> fits =
        (schema, example) -> {
          checked[0]++;
          assertThat(PublishedApi.faults(schema, example)).as(Json.write(example)).isEmpty();
        };
    everyObject(API, node -> everyExampleIn(node, fits));

    assertThat(checked[0]).isGreaterThan(100);
  }

  @Test
  void everyExampleOfAProblemIsForTheStatusItStandsAt() {
    everyResponse((status, response) ->
        everyExample(
            response,
            (_, example) -> {
              if (example.has("code")) {
                assertThat(example.required("status").asString()).isEqualTo(status);
                assertThat(example.required("title").stringValue())
                    .isEqualTo(Problem.title(Integer.parseInt(status)));
                assertThat(example.required("type").stringValue())
                    .isEqualTo("urn:graft:problem:" + example.required("code").stringValue());
                assertThat(example.required("error")).isEqualTo(example.required("detail"));
              }
            }));
  }

  @Test
  void everyOperationHasWhatAReaderLooksFor() {
    List<String> tags = API.required("tags").valueStream().map(tag -> text(tag, "name")).toList();
    Set<String> ids = new TreeSet<>();
    for (String operation : PublishedApi.operations()) {
      JsonNode described = operation(operation);
      assertThat(ids.add(text(described, "operationId"))).as(operation).isTrue();
      assertThat(text(described, "summary")).as(operation).isNotBlank().doesNotEndWith(".");
      assertThat(strings(described.required("tags"))).as(operation).hasSize(1).isSubsetOf(tags);
      assertThat(described.required("responses").propertyNames())
          .as(operation)
          .contains("403", "500");
      boolean open = described.has("security");
      assertThat(described.required("responses").has("401")).as(operation).isEqualTo(!open);
      described
          .required("responses")
          .forEach(response ->
              assertThat(PublishedApi.resolved(response).at("/headers/X-Request-Id").isObject())
                  .as(operation)
                  .isTrue());
    }
  }

  @Test
  void everyOperationThatActsSaysHowOftenItMayBeAsked() {
    for (String operation : operationsThatAct()) {
      assertThat(codes(operation, "429")).as(operation).containsExactly("RATE_LIMITED");
      assertThat(headers(operation, "429"))
          .as(operation)
          .contains("Retry-After", "RateLimit", "RateLimit-Policy");
      assertThat(headersOfSuccess(operation))
          .as(operation)
          .isNotEmpty()
          .allSatisfy(headers -> assertThat(headers).contains("RateLimit", "RateLimit-Policy"));
    }
  }

  @Test
  void everyPostThatActsSaysWhatComesOfRepeatingIt() {
    List<String> secret = routes().thatShowASecret();
    assertThat(secret).hasSizeGreaterThan(3);
    for (String operation : operationsThatAct()) {
      boolean isPost = operation.startsWith("POST ");
      assertThat(parameters(operation).contains("Idempotency-Key")).as(operation).isEqualTo(isPost);
      if (isPost) {
        assertThat(codes(operation, "400")).as(operation).contains("INVALID_IDEMPOTENCY_KEY");
        assertThat(codes(operation, "409")).as(operation).contains("IDEMPOTENCY_KEY_RUNNING");
        assertThat(codes(operation, "409").contains("SECRET_NOT_KEPT"))
            .as(operation)
            .isEqualTo(secret.contains(operation));
        assertThat(headers(operation, "409")).as(operation).contains("Retry-After");
        assertThat(codes(operation, "422")).as(operation).contains("IDEMPOTENCY_KEY_REUSED");
        // What is kept for a repetition is sealed.
        assertThat(codes(operation, "503")).as(operation).contains("KEYS_UNAVAILABLE");
        assertThat(headersOfSuccess(operation))
            .as(operation)
            .allSatisfy(headers -> assertThat(headers).contains("Idempotency-Replayed"));
      }
    }
  }

  @Test
  void everyOperationThatReadsABodySaysWhatMayBeWrongWithIt() {
    for (String operation : operationsThatAct()) {
      if (!operation.startsWith("DELETE ")) {
        assertThat(codes(operation, "400")).as(operation).contains("INVALID_BODY");
        assertThat(codes(operation, "408")).as(operation).containsExactly("BODY_TOO_SLOW");
        assertThat(codes(operation, "413")).as(operation).containsExactly("BODY_TOO_LARGE");
        assertThat(codes(operation, "415")).as(operation).containsExactly("UNSUPPORTED_MEDIA_TYPE");
      }
    }
  }

  @Test
  void everyOperationForKnownCallersSaysThatTheyMayNotBeTold() {
    for (String operation : PublishedApi.operations()) {
      if (!operation(operation).has("security")) {
        assertThat(codes(operation, "503"))
            .as(operation)
            .contains("STORAGE_UNAVAILABLE", "ISSUER_UNAVAILABLE");
      }
    }
  }

  /** Those that change something for a caller who is known: not pages, and not what only looks. */
  private static List<String> operationsThatAct() {
    List<String> acting =
        PublishedApi.operations().stream()
            .filter(operation -> !operation.startsWith("GET "))
            .filter(operation -> !operation(operation).has("security"))
            .toList();
    assertThat(acting).hasSizeGreaterThan(20);
    return acting;
  }

  private static List<String> parameters(String operation) {
    return operation(operation)
        .path("parameters")
        .valueStream()
        .map(parameter -> text(PublishedApi.resolved(parameter), "name"))
        .toList();
  }

  private static ObjectNode response(String operation, String status) {
    JsonNode responses = operation(operation).required("responses");
    assertThat(responses.has(status)).as(operation + " " + status).isTrue();
    return PublishedApi.resolved(responses.required(status));
  }

  private static List<String> codes(String operation, String status) {
    return codes(response(operation, status));
  }

  private static List<String> headers(String operation, String status) {
    return List.copyOf(response(operation, status).required("headers").propertyNames());
  }

  private static List<List<String>> headersOfSuccess(String operation) {
    return operation(operation).required("responses").propertyNames().stream()
        .filter(status -> status.startsWith("2"))
        .map(status -> headers(operation, status))
        .toList();
  }

  @Test
  void everyReferenceLeadsSomewhereAndNothingSharedIsUnused() {
    Set<String> used = new TreeSet<>();
    everyObject(
        API,
        node -> {
          if (node.get("$ref") instanceof JsonNode reference) {
            assertThat(API.at(reference.stringValue().substring(1)).isMissingNode())
                .as(reference.stringValue())
                .isFalse();
            used.add(reference.stringValue());
          }
        });
    Set<String> there = new TreeSet<>();
    API.required("components")
        .properties()
        .forEach(group ->
            group
                .getValue()
                .propertyNames()
                .forEach(name -> there.add("#/components/" + group.getKey() + "/" + name)));
    there.remove("#/components/securitySchemes/adminToken");
    List.of(
            "NotWellFormed",
            "HeadersTooLarge",
            "NothingHere",
            "OtherMethods",
            "MethodServedNowhere")
        .forEach(name -> there.remove("#/components/responses/" + name));
    used.removeIf(reference -> !there.contains(reference));
    assertThat(used).isEqualTo(there);
  }

  @Test
  void itsVersionIsTheProductsOwn() {
    assertThat(read(Path.of("pom.xml")))
        .contains("<version>" + API.at("/info/version").stringValue() + "</version>");
  }

  @Test
  void anAnswerAsDescribedPasses() {
    assertThatCode(() ->
            PublishedApi.check(
                "GET", "/health", 200, "application/json;charset=UTF-8", "{\"status\":\"ok\"}"))
        .doesNotThrowAnyException();
    assertThatCode(() -> PublishedApi.check("GET", "/", 307, "", "")).doesNotThrowAnyException();
    assertThatCode(() ->
            PublishedApi.check(
                "PUT",
                "/v1/accounts?limit=1",
                405,
                Map.of(
                    "content-type", List.of("application/problem+json"),
                    "x-request-id", List.of("req_cdbcb356e6d64f7aaa25f55d72a477f0"),
                    "allow", List.of("GET, POST")),
                problem(405, "METHOD_NOT_ALLOWED")))
        .doesNotThrowAnyException();
    assertThatCode(() ->
            PublishedApi.check(
                "GET",
                "/v1/accounts/a%2Fb",
                400,
                "application/problem+json",
                problem(400, "INVALID_REQUEST")))
        .doesNotThrowAnyException();
  }

  @Test
  void anAnswerThatIsNotDescribedIsNoticed() {
    refuses(() -> PublishedApi.check("GET", "/health", 204, "", ""), "a status");
    refuses(() -> PublishedApi.check("GET", "/health", 200, "text/plain", "ok"), "a media type");
    refuses(
        () ->
            PublishedApi.check(
                "GET", "/health", 200, "application/json", "{\"status\":\"ok\",\"new\":1}"),
        "a member");
    refuses(
        () ->
            PublishedApi.check(
                "GET",
                "/v1/accounts/acc_1",
                404,
                "application/problem+json",
                problem(404, "PLAN_NOT_FOUND")),
        "a code that this operation does not give");
    refuses(
        () ->
            PublishedApi.check(
                "GET",
                "/v1/accounts/acc_1",
                404,
                "application/problem+json",
                problem(400, "ACCOUNT_NOT_FOUND")),
        "another status in the body");
    refuses(
        () ->
            PublishedApi.check(
                "GET", "/v1/nowhere", 200, "application/json", "{\"status\":\"ok\"}"),
        "a route");
    refuses(
        () ->
            PublishedApi.check(
                "GET",
                "/health",
                200,
                Map.of("content-type", List.of("application/json")),
                "{\"status\":\"ok\"}"),
        "a header that is missing");
  }

  private static void refuses(Runnable check, String what) {
    assertThatThrownBy(check::run).as(what).isInstanceOf(AssertionError.class);
  }

  private static String problem(int status, String code) {
    return Json.write(
        Json.object()
            .put("type", "urn:graft:problem:" + code)
            .put("title", Problem.title(status))
            .put("status", status)
            .put("detail", "A sentence.")
            .put("code", code)
            .put("error", "A sentence."));
  }

  /** Rows of the table of codes in a schema's description: code to second column. */
  private static Map<String, String> table(String schema) {
    Map<String, String> rows = new TreeMap<>();
    String description = text(API.at("/components/schemas/" + schema), "description");
    for (MatchResult row : matches(ROW, description)) {
      assertThat(rows.put(row.group(1), row.group(2))).as(row.group(1)).isNull();
    }
    return rows;
  }

  private static JsonNode operation(String operation) {
    String[] parts = operation.split(" ", 2);
    return API.required("paths")
        .required(parts[1])
        .required(parts[0].toLowerCase(java.util.Locale.ROOT));
  }

  /** Every response of every operation, with its status. */
  private static void everyResponse(BiConsumer<String, ObjectNode> each) {
    for (String operation : PublishedApi.operations()) {
      operation(operation)
          .required("responses")
          .properties()
          .forEach(response ->
              each.accept(response.getKey(), PublishedApi.resolved(response.getValue())));
    }
  }

  private static List<ObjectNode> sharedResponses() {
    return API.at("/components/responses").valueStream().map(PublishedApi::resolved).toList();
  }

  private static List<ObjectNode> inlineResponses() {
    var responses = new ArrayList<ObjectNode>();
    everyResponse((_, response) -> responses.add(response));
    return responses;
  }

  private static List<String> codes(ObjectNode response) {
    return strings(response.at("/content/application~1problem+json/schema/properties/code/enum"));
  }

  /** Every named example of a response, with its schema. */
  private static void everyExample(ObjectNode response, BiConsumer<JsonNode, JsonNode> each) {
    response.path("content").forEach(media -> everyExampleIn(PublishedApi.resolved(media), each));
  }

  /** The examples of one media type, parameter, header or schema. */
  private static void everyExampleIn(ObjectNode node, BiConsumer<JsonNode, JsonNode> each) {
    JsonNode schema = node.get("schema");
    JsonNode examples = node.get("examples");
    if (schema != null && node.has("example")) {
      each.accept(schema, node.required("example"));
    }
    if (schema != null && examples != null) {
      examples.forEach(
          example -> each.accept(schema, PublishedApi.resolved(example).required("value")));
    } else if (examples != null && examples.isArray()) {
      examples.forEach(example -> each.accept(node, example));
    }
  }

  private static void everyObject(JsonNode node, java.util.function.Consumer<ObjectNode> each) {
    if (node instanceof ObjectNode object) {
      each.accept(object);
    }
    node.forEach(child -> everyObject(child, each));
  }

  private static Set<String> literals(Path folder) {
    String sources = sources(folder).replaceAll("(?m)^.*setHeader\\(.*$", "");
    return new TreeSet<>(matches(CODE, sources).stream().map(found -> found.group(1)).toList());
  }

  private static String sources(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return String.join(
          "\n",
          files.filter(file -> file.toString().endsWith(".java")).map(OpenApiTest::read).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<MatchResult> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().toList();
  }

  private static List<String> strings(JsonNode list) {
    return list.valueStream().map(JsonNode::stringValue).toList();
  }

  private static String text(JsonNode node, String member) {
    return node.required(member).stringValue();
  }
}
