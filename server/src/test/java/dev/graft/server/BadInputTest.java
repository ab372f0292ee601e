package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BadInputTest {
  private static final String KEY = "a-good-key";

  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    sandbox.account("A", KEY);
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

  @AfterEach
  void nothingIsStoredAndTheServerLivesOn() {
    assertThat(server.get("/v1/accounts").json().get("accounts")).isEmpty();
    assertThat(server.get("/health").status()).isEqualTo(200);
  }

  private static void refused(RunningServer.Answer answer, int status, String code) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.code()).as(answer.body()).isEqualTo(code);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    for (String member : List.of("type", "title", "detail", "error", "requestId")) {
      assertThat(answer.json().get(member).stringValue()).as(member).isNotBlank();
    }
    assertThat(answer.json().get("status").intValue()).isEqualTo(status);
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", "dev.graft", KEY);
  }

  @Test
  void everyKindOfBadUserIdIsTold() {
    for (String userId :
        List.of(
            "",
            "null",
            "\"\"",
            "\"   \"",
            "1",
            "true",
            "[\"user\"]",
            "{}",
            "\"line\\nbreak\"",
            "\"nul\\u0000\"",
            "\"rtl\\u202eoverride\"",
            "\"half \\ud83d\"",
            "\"" + "x".repeat(256) + "\"",
            "\"" + "x".repeat(20_000) + "\"")) {
      String member = userId.isEmpty() ? "" : "\"userId\":" + userId + ",";
      refused(
          server.post("/api/vapi/link", "{" + member + "\"apiKey\":\"" + KEY + "\"}"),
          400,
          "INVALID_USER_ID");
      String only = userId.isEmpty() ? "{}" : "{\"userId\":" + userId + "}";
      refused(server.post("/api/vapi/clone", only), 400, "INVALID_USER_ID");
    }
  }

  @Test
  void everyKindOfBadKeyIsToldAndNeverRepeated() {
    for (String key :
        List.of(
            "",
            "null",
            "\"\"",
            "\" \\n \"",
            "17",
            "[\"" + KEY + "\"]",
            "{\"key\":\"" + KEY + "\"}",
            "\"" + KEY + "\\nX-Evil: 1\"",
            "\"" + KEY + "\\u0007\"",
            "\"" + KEY + " ümläut\"",
            "\"" + KEY.repeat(60) + "\"")) {
      String member = key.isEmpty() ? "" : ",\"apiKey\":" + key;
      refused(
          server.post("/api/vapi/link", "{\"userId\":\"u\"" + member + "}"),
          400,
          "INVALID_API_KEY");
    }
  }

  @Test
  void whatIsNoJsonObjectIsRefused() {
    for (String body :
        List.of(
            "",
            " ",
            "null",
            "[]",
            "\"text\"",
            "17",
            "{",
            "{\"userId\":\"u\"",
            "{\"userId\":\"u\",}",
            "{\"userId\":\"u\"} {}",
            "{'userId':'u'}",
            "{\"userId\":\"u\",\"x\":1e39999999999920}",
            "{\"userId\":\"u\",\"userId\":\"v\"}",
            "{\"userId\":\"u\",\"x\":{\"a\":1,\"a\":2}}",
            "{\"userId\":\"u\",\"deep\":" + "[".repeat(900) + "]".repeat(900) + "}",
            "{\"userId\":\"" + "\\ud800".repeat(3),
            "\u0000\u0001")) {
      for (String route : List.of("/api/vapi/link", "/api/vapi/clone", "/v1/accounts")) {
        refused(server.post(route, body), 400, "INVALID_BODY");
      }
    }
    byte[] brokenUtf8 = {'{', '"', (byte) 0xff, (byte) 0xfe, '"', ':', '1', '}'};
    refused(
        server.send(
            HttpRequest.newBuilder(server.url().resolve("/api/vapi/link"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(brokenUtf8))),
        400,
        "INVALID_BODY");
  }

  @Test
  void aHugeBodyIsRefusedAtOnce() {
    String huge = "{\"userId\":\"u\",\"apiKey\":\"" + "x".repeat(10 * 1024 * 1024) + "\"}";
    refused(server.post("/api/vapi/link", huge), 413, "BODY_TOO_LARGE");
    refused(
        server.send(
            HttpRequest.newBuilder(server.url().resolve("/api/vapi/clone"))
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.fromPublisher(
                        BodyPublishers.ofByteArrays(
                            java.util.Collections.nCopies(200, new byte[50_000]))))),
        413,
        "BODY_TOO_LARGE");
  }

  @Test
  void aBodyThatIsNotSaidToBeJsonIsRefused() {
    for (String type :
        List.of("text/plain", "application/x-www-form-urlencoded", "nonsense", "application/xml")) {
      refused(
          server.send(
              HttpRequest.newBuilder(server.url().resolve("/api/vapi/link"))
                  .header("Content-Type", type)
                  .POST(BodyPublishers.ofString("{\"userId\":\"u\",\"apiKey\":\"k\"}"))),
          415,
          "UNSUPPORTED_MEDIA_TYPE");
    }
    refused(
        server.send(
            HttpRequest.newBuilder(server.url().resolve("/api/vapi/clone"))
                .POST(BodyPublishers.ofString("{\"userId\":\"u\"}"))),
        415,
        "UNSUPPORTED_MEDIA_TYPE");
  }

  @Test
  void aFormThatCannotBeReadIsNoFaultOfTheServer() {
    for (String method : List.of("PUT", "PATCH", "DELETE")) {
      RunningServer.Answer answer =
          server.send(
              HttpRequest.newBuilder(server.url().resolve("/v1/webhooks/x"))
                  .header("Content-Type", "application/x-www-form-urlencoded")
                  .method(method, BodyPublishers.ofString("%zz=%")));
      assertThat(answer.status()).as(method + " " + answer.body()).isBetween(400, 499);
    }
  }

  @Test
  void whatIsOnlyAskedForAPageIsCheckedForAUserToo() {
    refused(server.get("/v1/accounts?userId=u&limit=x"), 400, "INVALID_LIMIT");
    refused(server.get("/v1/accounts?userId=u&state=x"), 400, "INVALID_STATE");
  }

  @Test
  void unknownAddressesAndMethodsAreTold() {
    for (String path :
        List.of("/nope", "/api/vapi", "/api/vapi/link/x", "/v1", "/docs/../x", "/docs/secret.js")) {
      refused(server.get(path), 404, "NOT_FOUND");
    }
    RunningServer.Answer wrongMethod = server.get("/api/vapi/link");
    refused(wrongMethod, 405, "METHOD_NOT_ALLOWED");
    assertThat(wrongMethod.header("Allow")).isEqualTo("POST");
    for (String method : List.of("PUT", "DELETE", "PATCH", "OPTIONS")) {
      refused(
          server.send(
              HttpRequest.newBuilder(server.url().resolve("/v1/accounts"))
                  .method(method, BodyPublishers.noBody())),
          405,
          "METHOD_NOT_ALLOWED");
    }
  }

  @Test
  void unknownThingsAreTold() {
    refused(server.get("/v1/accounts/acc_none"), 404, "ACCOUNT_NOT_FOUND");
    refused(server.get("/v1/installations/x"), 404, "INSTALLATION_NOT_FOUND");
    refused(server.get("/v1/operations/x"), 404, "OPERATION_NOT_FOUND");
    refused(server.get("/v1/plans/x"), 404, "PLAN_NOT_FOUND");
    refused(server.post("/v1/plans/x/apply", "{}"), 404, "PLAN_NOT_FOUND");
    refused(server.get("/v1/templates/x"), 404, "TEMPLATE_NOT_FOUND");
    refused(server.post("/v1/accounts/x/plans", "{}"), 404, "ACCOUNT_NOT_FOUND");
    refused(server.get("/v1/accounts?limit=0"), 400, "INVALID_LIMIT");
    refused(server.get("/v1/accounts?limit=99999999999"), 400, "INVALID_LIMIT");
  }

  @Test
  void unknownMembersAreIgnoredByTheContractAndRefusedByTheRest() {
    refused(
        server.post("/v1/accounts", "{\"userId\":\"u\",\"apiKey\":\"k\",\"apikey\":1}"),
        400,
        "UNKNOWN_MEMBER");
    refused(
        server.post("/api/vapi/clone", "{\"userId\":\"nobody\",\"more\":{\"a\":[1]}}"),
        404,
        "API_KEY_NOT_FOUND");
  }

  @Test
  void optionalMembersAreCheckedToo() {
    for (String region : List.of("\"mars\"", "1", "\"\"", "[]")) {
      refused(
          server.post(
              "/api/vapi/link", "{\"userId\":\"u\",\"apiKey\":\"k\",\"region\":" + region + "}"),
          400,
          "INVALID_REGION");
    }
    for (String template : List.of("1", "\"\"", "{}")) {
      refused(
          server.post("/api/vapi/clone", "{\"userId\":\"u\",\"template\":" + template + "}"),
          400,
          "INVALID_TEMPLATE");
    }
    refused(
        server.post("/api/vapi/clone", "{\"userId\":\"u\",\"template\":\"none\"}"),
        404,
        "TEMPLATE_NOT_FOUND");
    refused(
        server.post("/api/vapi/clone", "{\"userId\":\"u\",\"template\":\"../front-desk\"}"),
        404,
        "TEMPLATE_NOT_FOUND");
  }

  @Test
  void whatIsNotEvenHttpIsAnsweredInTheSameForm() throws IOException {
    Map<String, Integer> requests = new LinkedHashMap<>();
    requests.put("GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400);
    requests.put("GET /a%2Fb HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400);
    requests.put("GET / HTTP/1.1\r\n\r\n", 400);
    requests.put("GARBAGE\r\n\r\n", 400);
    requests.put("GET /<script> HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400);
    requests.put("CONNECT /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400);
    requests.put("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: x\r\n\r\n", 400);
    requests.put("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: wonders\r\n\r\n", 400);
    requests.put("GET /v1/accounts?after=%ff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400);
    requests.put("GET /v1/accounts?=x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400);
    requests.put("GET /v1/accounts?limit=%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400);
    requests.put(
        "POST /api/vapi/link HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + "Content-Length: nonsense\r\n\r\n{}",
        400);
    requests.put(
        "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Big: " + "x".repeat(40_000) + "\r\n\r\n",
        400);
    for (var request : requests.entrySet()) {
      String answer = raw(request.getKey());
      assertThat(answer)
          .as(request.getKey().substring(0, Math.min(60, request.getKey().length())))
          .startsWith("HTTP/1.1 " + request.getValue())
          .contains("application/problem+json", "\"code\"")
          .doesNotContain("<html", "Tomcat", "org.apache");
    }
  }

  private static String raw(String request) throws IOException {
    URI url = server.url();
    try (var socket = new Socket(url.getHost(), url.getPort())) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void withoutATokenOnlyThisMachineUnderItsOwnNameMayCall() throws IOException {
    String body = "{\"userId\":\"u\",\"apiKey\":\"" + KEY + "\"}";
    for (String headers :
        List.of(
            "Host: evil.example.com\r\n",
            "Host: 127.0.0.1.evil.example.com\r\n",
            "Host: localhost.evil.com:3000\r\n",
            "Host: 127.0.0.1\r\nOrigin: https://evil.example.com\r\n",
            "Host: 127.0.0.1\r\nOrigin: null\r\n",
            "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1:1\r\n")) {
      String answer =
          raw(
              "POST /api/vapi/link HTTP/1.1\r\n"
                  + headers
                  + "Content-Type: application/json\r\nConnection: close\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body);
      assertThat(answer).as(headers).startsWith("HTTP/1.1 403").contains("FOREIGN_");
    }
  }

  @Test
  void theHeadersThatProtectABrowserAreEverywhere() {
    var answers = new ArrayList<RunningServer.Answer>();
    answers.add(server.get("/health"));
    answers.add(server.get("/nope"));
    answers.add(server.post("/api/vapi/link", "{}"));
    for (RunningServer.Answer answer : answers) {
      assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(answer.header("Content-Security-Policy")).contains("default-src 'none'");
      assertThat(answer.header("X-Request-Id")).startsWith("req_");
      assertThat(answer.header("Server")).isEmpty();
      assertThat(answer.header("X-Powered-By")).isEmpty();
      assertThat(Json.parse(answer.body()).isObject()).isTrue();
    }
  }
}
