package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.server.signing.Signer;
import dev.graft.server.web.PublishedApi;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** What Graft promises about API keys whose requests are signed, on whichever database. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SigningContract {
  private static final String ADMIN = ApiKeyContract.ADMIN;
  private static final String[] WITH_BODY = {
    "@method", "@authority", "@path", "@query", "content-digest"
  };
  private static final String WEBHOOKS = "/v1/webhooks";
  private static final int TOGETHER = 40;

  @TempDir private static Path folder;
  private List<RunningServer> nodes = List.of();

  /** The nodes' settings, which share one database. */
  abstract List<Map<String, String>> settings();

  @BeforeAll
  void start() {
    nodes = settings().stream().map(RunningServer::start).toList();
  }

  @AfterAll
  void stop() {
    nodes.forEach(RunningServer::close);
  }

  static Map<String, String> common() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1"));
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
    environment.put("GRAFT_TRUSTED_PROXIES", "127.0.0.1");
    return environment;
  }

  private RunningServer node() {
    return nodes.getFirst();
  }

  private ObjectNode make(ObjectNode signing) {
    ObjectNode wish = Json.object().put("label", "signs");
    wish.putArray("scopes").add("read").add("link").add("manage");
    wish.set("signing", signing);
    return ApiKeyContract.make(node(), ADMIN, Json.write(wish));
  }

  private ObjectNode ed25519(KeyPair pair) {
    return make(Json.object().put("algorithm", "ed25519").put("publicKey", Signer.pem(pair)));
  }

  private static String text(ObjectNode json, String member) {
    return json.required(member).stringValue();
  }

  private static long now() {
    return Instant.now().getEpochSecond();
  }

  private static RunningServer.Answer send(
      RunningServer node,
      String token,
      String method,
      String path,
      Map<String, String> headers,
      String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(node.url().resolve(path)).header("Authorization", "Bearer " + token);
    headers.forEach(request::header);
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    request.method(
        method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    RunningServer.Answer answer = node.send(request);
    PublishedApi.check(method, path, answer.status(), answer.headers(), answer.body());
    return answer;
  }

  private RunningServer.Answer get(ObjectNode key, Signer signer, String path) {
    return send(
        node(),
        text(key, "key"),
        "GET",
        path,
        signer.headers("GET", publicUrl(node()) + path, Map.of(), now()),
        "");
  }

  /** A request that acts, and is refused for its body when it is let through. */
  private RunningServer.Answer post(
      ObjectNode key, Signer signer, UnaryOperator<Map<String, String>> change, String body) {
    return post(key, signer, change, "{}", body);
  }

  private RunningServer.Answer post(
      ObjectNode key,
      Signer signer,
      UnaryOperator<Map<String, String>> change,
      String signedBody,
      String body) {
    Map<String, String> headers =
        signer.headers(
            "POST",
            publicUrl(node()) + WEBHOOKS,
            Map.of("content-digest", Signer.digest(signedBody)),
            now());
    return send(
        node(), text(key, "key"), "POST", WEBHOOKS, change.apply(new HashMap<>(headers)), body);
  }

  private static void letThrough(RunningServer.Answer answer) {
    assertThat(answer.code()).as(answer.body()).isEqualTo("INVALID_WEBHOOK_URL");
  }

  private static void refused(RunningServer.Answer answer, String code, String... words) {
    assertThat(answer.code()).as(answer.body()).isEqualTo(code);
    assertThat(answer.status()).isEqualTo(401);
    assertThat(words)
        .allSatisfy(
            word -> assertThat(answer.json().required("detail").stringValue()).contains(word));
  }

  @Test
  void aSignedRequestIsServedAndAnUnsignedOneIsNot() {
    KeyPair pair = Signer.pair();
    ObjectNode key = ed25519(pair);
    String id = text(key, "id");
    assertThat(key.required("signing").required("algorithm").stringValue()).isEqualTo("ed25519");
    assertThat(key.has("signingSecret")).isFalse();
    Signer signer = Signer.with(pair, id);
    assertThat(get(key, signer, "/v1/templates").status()).isEqualTo(200);
    assertThat(get(key, signer, "/v1/accounts?userId=a%20b&limit=3").status()).isEqualTo(200);
    letThrough(post(key, Signer.with(pair, id).covering(WITH_BODY), headers -> headers, "{}"));
    letThrough(
        post(
            key,
            Signer.with(pair, id).covering("@method", "@target-uri", "content-digest"),
            headers -> headers,
            "{}"));

    // What a proxy on the way signs for itself is its own affair, however strange.
    for (String[] others :
        new String[][] {
          {"proxy=(\"@method\";req \"x-forwarded-for\");keyid=\"proxy\"", "proxy=:AA==:"},
          {"proxy=(\"via\" \"via\")", "proxy=:AA==:, another=:AA==:"},
          {"proxy=(\"via\");keyid=\"proxy\"", "another=1"},
        }) {
      letThrough(
          post(
              key,
              Signer.with(pair, id).covering(WITH_BODY),
              headers -> {
                headers.compute("signature-input", (_, own) -> others[0] + ", " + own);
                headers.compute("signature", (_, own) -> own + ", " + others[1]);
                return headers;
              },
              "{}"));
    }

    RunningServer.Answer unsigned =
        send(node(), text(key, "key"), "GET", "/v1/templates", Map.of(), "");
    refused(unsigned, "SIGNATURE_REQUIRED", "ed25519");
    assertThat(unsigned.header("Accept-Signature")).contains("@method", "keyid=\"" + id + "\"");
    refused(send(node(), text(key, "key"), "POST", WEBHOOKS, Map.of(), "{}"), "SIGNATURE_REQUIRED");
    refused(
        send(node(), text(key, "key"), "PUT", "/v1/nowhere", Map.of(), "{}"), "SIGNATURE_REQUIRED");
  }

  @Test
  void aSharedSecretSignsAsWellAndIsKeptNowhere() {
    ObjectNode key = make(Json.object().put("algorithm", "hmac-sha256"));
    String secret = text(key, "signingSecret");
    String id = text(key, "id");
    assertThat(get(key, Signer.with(secret, id), "/v1/templates").status()).isEqualTo(200);
    letThrough(post(key, Signer.with(secret, id).covering(WITH_BODY), headers -> headers, "{}"));
    String other = "A".repeat(43) + "=";
    refused(get(key, Signer.with(other, id), "/v1/templates"), "SIGNATURE_INVALID", "not fit");
    assertThat(Canary.findIn(folder, secret)).isEmpty();
    assertThat(Canary.findIn(folder, secret.substring(0, 40))).isEmpty();

    RunningServer.Answer rotated =
        ApiKeyContract.call(node(), ADMIN, "POST", "/v1/api-keys/" + id + "/rotate", "{}");
    ObjectNode next = rotated.json();
    assertThat(text(next, "signingSecret")).isNotEqualTo(secret);
    Signer successor = Signer.with(text(next, "signingSecret"), text(next, "id"));
    assertThat(get(next, successor, "/v1/templates").status()).isEqualTo(200);
    assertThat(get(key, Signer.with(secret, id), "/v1/templates").status()).isEqualTo(200);
    refused(get(key, successor, "/v1/templates"), "SIGNATURE_INVALID", "'keyid'");
  }

  @Test
  void whatWasChangedOnTheWayIsRefused() {
    KeyPair pair = Signer.pair();
    ObjectNode key = ed25519(pair);
    String id = text(key, "id");
    Signer signer = Signer.with(pair, id).covering(WITH_BODY);
    refused(
        post(key, signer, headers -> headers, "{\"url\":\"x\"}"),
        "SIGNATURE_INVALID",
        "Content-Digest");
    refused(post(key, signer, headers -> headers, ""), "SIGNATURE_INVALID", "Content-Digest");
    refused(
        post(
            key,
            signer,
            headers -> {
              headers.put("content-digest", Signer.digest("{\"url\":\"x\"}"));
              return headers;
            },
            "{\"url\":\"x\"}"),
        "SIGNATURE_INVALID",
        "not fit",
        "POST http");
    Map<String, String> headers =
        Signer.with(pair, id)
            .headers("GET", publicUrl(node()) + "/v1/accounts?userId=a", Map.of(), now());
    refused(
        send(node(), text(key, "key"), "GET", "/v1/accounts?userId=b", headers, ""),
        "SIGNATURE_INVALID");
    refused(
        send(node(), text(key, "key"), "GET", "/v1/accounts", headers, ""), "SIGNATURE_INVALID");
    refused(
        send(node(), text(key, "key"), "DELETE", "/v1/sessions", headers, ""), "SIGNATURE_INVALID");
    // None of these used it up.
    assertThat(send(node(), text(key, "key"), "GET", "/v1/accounts?userId=a", headers, "").status())
        .isEqualTo(200);
  }

  @Test
  void aSignatureHasToCoverAllThatMatters() {
    KeyPair pair = Signer.pair();
    ObjectNode key = ed25519(pair);
    String id = text(key, "id");
    for (String left : WITH_BODY) {
      String[] others =
          java.util.Arrays.stream(WITH_BODY)
              .filter(one -> !one.equals(left))
              .toArray(String[]::new);
      refused(
          post(key, Signer.with(pair, id).covering(others), headers -> headers, "{}"),
          "SIGNATURE_INVALID",
          "does not cover '" + left + "'");
    }
    refused(
        post(
            key,
            Signer.with(pair, id).covering(WITH_BODY),
            headers -> {
              headers.put("idempotency-key", "one");
              return headers;
            },
            "{}"),
        "SIGNATURE_INVALID",
        "does not cover 'idempotency-key'");
    for (var wrong :
        Map.of(
                "created", "\"now\"",
                "nonce", "\"short\"",
                "keyid", "\"another\"",
                "alg", "\"hmac-sha256\"",
                "expires", "1.5")
            .entrySet()) {
      refused(
          get(key, Signer.with(pair, id).saying(wrong.getKey(), wrong.getValue()), "/v1/templates"),
          "SIGNATURE_INVALID",
          "'" + wrong.getKey() + "'");
    }
    for (String missing : List.of("created", "nonce", "keyid")) {
      refused(
          get(key, Signer.with(pair, id).saying(missing, ""), "/v1/templates"),
          "SIGNATURE_INVALID",
          "'" + missing + "'");
    }
    refused(
        get(key, Signer.with(Signer.pair(), id), "/v1/templates"), "SIGNATURE_INVALID", "not fit");
    assertThat(
            get(key, Signer.with(pair, id).saying("alg", "\"ed25519\""), "/v1/templates").status())
        .isEqualTo(200);
  }

  @Test
  void aSignatureIsGoodForFiveMinutes() {
    KeyPair pair = Signer.pair();
    ObjectNode key = ed25519(pair);
    String id = text(key, "id");
    for (long seconds : List.of(-310L, 70L, -1_000_000L, 1_000_000L, -now(), -999_999_999_999L)) {
      Signer signer = Signer.with(pair, id).saying("created", String.valueOf(now() + seconds));
      refused(get(key, signer, "/v1/templates"), "SIGNATURE_EXPIRED", "The time is");
    }
    refused(
        get(
            key,
            Signer.with(pair, id).saying("expires", String.valueOf(now() - 1)),
            "/v1/templates"),
        "SIGNATURE_EXPIRED");
    for (long seconds : List.of(-280L, 50L)) {
      Signer signer = Signer.with(pair, id).saying("created", String.valueOf(now() + seconds));
      assertThat(get(key, signer, "/v1/templates").status()).isEqualTo(200);
    }
  }

  @Test
  void ofOneSignatureSentManyTimesOneIsServedOnAllNodesTogether() throws InterruptedException {
    KeyPair pair = Signer.pair();
    ObjectNode key = ed25519(pair);
    String id = text(key, "id");
    // All nodes go by one name, as behind a proxy.
    Map<String, String> headers =
        Signer.with(pair, id).headers("GET", publicUrl(node()) + "/v1/templates", Map.of(), now());
    var calls = new ArrayList<Callable<RunningServer.Answer>>();
    for (int i = 0; i < TOGETHER; i++) {
      RunningServer node = nodes.get(i % nodes.size());
      calls.add(() -> send(node, text(key, "key"), "GET", "/v1/templates", headers, ""));
    }
    List<RunningServer.Answer> answers;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      answers = threads.invokeAll(calls).stream().map(Future::resultNow).toList();
    }
    assertThat(answers).filteredOn(answer -> answer.status() == 200).hasSize(1);
    assertThat(answers)
        .filteredOn(answer -> answer.status() != 200)
        .hasSize(TOGETHER - 1)
        .allSatisfy(answer -> refused(answer, "SIGNATURE_REPLAYED"));
  }

  /** The address that a signature is for. */
  String publicUrl(RunningServer node) {
    return node.url().toString();
  }

  @Test
  void aRepeatedRequestIsSignedAnewAndKeepsItsIdempotencyKey() {
    KeyPair pair = Signer.pair();
    ObjectNode key = ed25519(pair);
    Signer signer =
        Signer.with(pair, text(key, "id"))
            .covering(
                "@method", "@authority", "@path", "@query", "content-digest", "idempotency-key");
    String body = "{\"label\":\"made once\",\"scopes\":[\"read\"]}";
    var answers = new ArrayList<RunningServer.Answer>();
    for (int i = 0; i < 2; i++) {
      Map<String, String> headers =
          signer.headers(
              "POST",
              publicUrl(node()) + "/v1/api-keys",
              Map.of(
                  "content-digest",
                  Signer.digest(body),
                  "idempotency-key",
                  "once-" + text(key, "id")),
              now());
      answers.add(send(node(), text(key, "key"), "POST", "/v1/api-keys", headers, body));
    }
    assertThat(answers.getFirst().status()).as(answers.getFirst().body()).isEqualTo(201);
    assertThat(answers.getLast().code()).isEqualTo("SECRET_NOT_KEPT");
  }

  @Test
  void aRotationCanBringAnotherPublicKeyAndNeverNone() {
    KeyPair first = Signer.pair();
    KeyPair second = Signer.pair();
    ObjectNode key = ed25519(first);
    ObjectNode wish = Json.object();
    wish.putObject("signing").put("algorithm", "ed25519").put("publicKey", Signer.pem(second));
    String rotate = "/v1/api-keys/" + text(key, "id") + "/rotate";
    ObjectNode next = ApiKeyContract.call(node(), ADMIN, "POST", rotate, Json.write(wish)).json();
    assertThat(get(next, Signer.with(second, text(next, "id")), "/v1/templates").status())
        .isEqualTo(200);
    refused(get(next, Signer.with(first, text(next, "id")), "/v1/templates"), "SIGNATURE_INVALID");
    ApiKeyContract.call(node(), ADMIN, "DELETE", "/v1/api-keys/" + text(key, "id"), "");
    ObjectNode last =
        ApiKeyContract.call(
                node(), ADMIN, "POST", "/v1/api-keys/" + text(next, "id") + "/rotate", "{}")
            .json();
    refused(
        send(node(), text(last, "key"), "GET", "/v1/templates", Map.of(), ""),
        "SIGNATURE_REQUIRED");
    assertThat(get(last, Signer.with(second, text(last, "id")), "/v1/templates").status())
        .isEqualTo(200);
  }

  @Test
  void everyKindOfBadWishIsTold() {
    for (String signing :
        List.of(
            "\"ed25519\"",
            "{}",
            "{\"algorithm\":\"rsa-v1_5-sha256\"}",
            "{\"algorithm\":\"ed25519\"}",
            "{\"algorithm\":\"ed25519\",\"publicKey\":\"x\"}",
            "{\"algorithm\":\"ed25519\",\"publicKey\":7}",
            "{\"algorithm\":\"hmac-sha256\",\"secret\":\"mine\"}")) {
      RunningServer.Answer answer =
          ApiKeyContract.call(
              node(),
              ADMIN,
              "POST",
              "/v1/api-keys",
              "{\"label\":\"a\",\"scopes\":[\"read\"],\"signing\":" + signing + "}");
      assertThat(answer.code()).as(signing).isEqualTo("INVALID_SIGNING");
    }
  }

  @Test
  void aKeyWithoutSigningTakesNoNoticeOfSignatures() {
    ObjectNode key =
        ApiKeyContract.make(node(), ADMIN, "{\"label\":\"plain\",\"scopes\":[\"read\"]}");
    assertThat(key.required("signing").isNull()).isTrue();
    Map<String, String> headers = Map.of("signature", "x", "signature-input", "y");
    assertThat(send(node(), text(key, "key"), "GET", "/v1/templates", headers, "").status())
        .isEqualTo(200);
  }
}
