package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ControlTest {
  private final Sandbox sandbox = Sandbox.start();
  private final Client operator = new Client(sandbox.url(), "no key is needed");

  @AfterEach
  void stop() {
    sandbox.close();
  }

  @Test
  void everyCallOfTheGuideWorksAsItStandsThere() {
    JsonNode guide = operator.get("/_sandbox").json();
    assertThat(guide.path("us").asString()).isEqualTo(sandbox.url().toString());
    assertThat(guide.path("eu").asString()).isEqualTo(sandbox.euUrl().toString());
    assertThat(guide.path("quirks")).hasSize(Quirk.values().length);
    assertThat(guide.path("dials")).hasSize(Dial.values().length);
    assertThat(guide.path("calls")).hasSizeGreaterThan(20);
    for (JsonNode call : guide.path("calls")) {
      String[] line = call.path("call").asString().split(" ", 2);
      String body = call.has("body") ? call.path("body").toString() : "";

      var answer = send(line[0], line[1], body);

      assertThat(answer.status())
          .as("%s: %s", line[0] + " " + line[1], answer.response().body())
          .isEqualTo(line[0].equals("POST") ? 201 : 200);
      assertThat(call.path("does").asString()).endsWith(".");
    }
    assertThat(sandbox.requests().entries()).isEmpty();
  }

  @Test
  void anAccountMadeOverHttpWorksAndShowsNoKey() {
    String key = "11111111-2222-4333-8444-55555555abcd";

    var made =
        send(
            "POST",
            "/_sandbox/accounts",
            "{\"name\":\"A B\",\"key\":\"" + key + "\",\"region\":\"eu\"}");

    assertThat(made.json().path("region").asString()).isEqualTo("eu");
    assertThat(made.json().at("/keys/0").asString()).isEqualTo("...abcd");
    assertThat(made.response().body()).doesNotContain(key);
    assertThat(new Client(sandbox.euUrl(), key).get("/tool").status()).isEqualTo(200);
    assertThat(operator.get("/_sandbox/accounts/A%20B").status()).isEqualTo(200);
    send("POST", "/_sandbox/accounts/A%20B/revoked", "{\"key\":\"" + key + "\"}");
    assertThat(new Client(sandbox.euUrl(), key).get("/tool").status()).isEqualTo(401);
  }

  @Test
  void objectsAreSeededReadAndEditedByOrgIdToo() {
    Account account = sandbox.account("Acme", "key-of-acme");
    String root = "/_sandbox/accounts/" + account.orgId();

    JsonNode ids =
        send(
                "POST",
                root + "/seed",
                "{\"kind\":\"/assistant\",\"count\":3,\"body\":{\"name\":\"A {n}\","
                    + "\"server\":{\"secret\":\"s\"}}}")
            .json();
    String first = root + "/objects/assistant/" + ids.get(0).asString();
    send("PATCH", first, "{\"name\":\"Renamed\"}");
    send("DELETE", root + "/objects/assistant/" + ids.get(1).asString(), "");

    JsonNode left = operator.get(root + "/objects/assistant").json();
    assertThat(left).hasSize(2);
    assertThat(left.get(0).path("name").asString()).isEqualTo("A 2");
    assertThat(left.get(1).path("name").asString()).isEqualTo("Renamed");
    assertThat(left.get(1).at("/server/secret").asString()).isEqualTo("s");
    assertThat(operator.get(first).json()).isEqualTo(left.get(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          'do':'status','status':503          | 503
          'do':'status','body':{'a':1}        | 500
          'do':'html','status':502            | 502
          'do':'empty','status':500           | 500
          'do':'throttle','retryAfter':2      | 429
          'do':'throttle'                     | 429
          'do':'hang','ms':1                  | 200
          'do':'drip','ms':20                 | 200
          'do':'garble'                       | 200
          'do':'create','target':'/tool','body':{'type':'sms'} | 200
          """)
  void everyFaultCanBeOrderedOverHttp(String effect, int status) {
    sandbox.account("Acme", "key-of-acme");
    String fault = "{'method':'GET','path':'/tool','account':'Acme'," + effect + "}";

    var ordered = send("POST", "/_sandbox/faults", fault.replace('\'', '"'));

    assertThat(ordered.status()).isEqualTo(201);
    assertThat(new Client(sandbox.url(), "key-of-acme").get("/tool").status()).isEqualTo(status);
    assertThat(operator.get("/_sandbox/faults").json().at("/0/struck").asInt()).isEqualTo(1);
  }

  @Test
  void faultsThatLoseTheReplyAndEditsOfTheObjectAtHandCanBeOrderedToo() {
    sandbox.account("Acme", "key-of-acme");
    var vapi = new Client(sandbox.url(), "key-of-acme");
    String id = vapi.post("/tool", "{\"type\":\"sms\"}").id();
    for (String effect :
        new String[] {
          "\"do\":\"patch\",\"when\":\"before\",\"target\":\"/tool/{id}\",\"body\":{\"a\":1}",
          "\"do\":\"truncate\"",
          "\"nth\":2,\"always\":true,\"when\":\"after\",\"do\":\"close\"",
        }) {
      send(
          "POST",
          "/_sandbox/faults",
          "{\"method\":\"DELETE\",\"path\":\"/tool/*\"," + effect + "}");
    }

    assertThatThrownBy(() -> vapi.delete("/tool/" + id)).isInstanceOf(UncheckedIOException.class);
    assertThatThrownBy(() -> vapi.delete("/tool/" + id)).isInstanceOf(UncheckedIOException.class);

    JsonNode log = operator.get("/_sandbox/requests?after=1").json();
    assertThat(log.at("/0/struckBy")).hasToString("[\"edit\",\"truncate\"]");
    assertThat(log.at("/1/struckBy")).hasToString("[\"close\"]");
    assertThat(log.at("/1/status").asInt()).isZero();
    assertThat(send("DELETE", "/_sandbox/faults/1", "").json().path("do").asString())
        .isEqualTo("truncate");
    assertThat(sandbox.faults()).hasSize(2);
  }

  @Test
  void requestsAndCountsCanBeReadWithoutAnyKeyInThem() {
    String key = "11111111-2222-4333-8444-55555555abcd";
    sandbox.account("Acme", key);
    new Client(sandbox.url(), key).post("/tool", "{\"type\":\"sms\"}");

    var requests = operator.get("/_sandbox/requests");

    assertThat(requests.json()).hasSize(1);
    JsonNode entry = requests.json().get(0);
    assertThat(entry.path("body")).isEqualTo(Client.json("{\"type\":\"sms\"}"));
    assertThat(entry.path("key").asString()).isEqualTo(Key.of(key).hash());
    assertThat(entry.path("status").asInt()).isEqualTo(201);
    assertThat(requests.response().body()).doesNotContain(key);
    assertThat(operator.get("/_sandbox/counts").json())
        .hasToString(
            "[{\"account\":\"Acme\",\"method\":\"POST\",\"path\":\"/tool\",\"requests\":1,"
                + "\"commits\":1}]");
    assertThat(operator.get("/_sandbox/requests?after=1").json()).isEmpty();
  }

  @Test
  void neitherFaultsNorLatencyTouchTheControlCalls() {
    sandbox.fault(Fault.on("*", "**").always().before(Effect.close()));
    sandbox.set(Dial.LATENCY_MS, 60_000);

    assertThat(operator.get("/_sandbox/options").json().path("latency-ms").asInt())
        .isEqualTo(60_000);
    assertThat(operator.get("/").status()).isEqualTo(200);
  }

  @Test
  void aResetPutsEverythingBackToTheStart() {
    Account account = sandbox.account("Acme", "key-of-acme").turn(Quirk.VERSIONS, false);
    sandbox.turn(Quirk.OPEN_ACCOUNTS, true).turn(Quirk.STRICT, false).set(Dial.PAGE_CAP, 7);
    sandbox.fault(Fault.on("GET", "/nothing").before(Effect.close()));
    new Client(sandbox.url(), "sandbox-of-a-stranger").post("/assistant", "{}");
    new Client(sandbox.url(), "key-of-acme").post("/assistant", "{}");
    account.revoke("key-of-acme");

    send("POST", "/_sandbox/reset", "");

    assertThat(sandbox.allAccounts()).containsExactly(account);
    assertThat(account.objects("assistant")).isEmpty();
    assertThat(account.has(Quirk.VERSIONS)).isTrue();
    assertThat(sandbox.options()).isEqualTo(Options.standard());
    assertThat(sandbox.faults()).isEmpty();
    assertThat(sandbox.requests().entries()).isEmpty();
    assertThat(new Client(sandbox.url(), "key-of-acme").get("/tool").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /_sandbox/nothing | 404",
        "PUT /_sandbox/options | 404",
        "GET /_sandbox/accounts/Nobody | 400",
        "POST /_sandbox/accounts | 400",
        "GET /_sandbox/requests?after=x | 400",
        "DELETE /_sandbox/faults/9 | 400",
        "POST /_sandbox/faults | 400",
      })
  void aWrongCallIsToldSo(String line) {
    String[] parts = line.split("[ |]+", 3);

    var answer = send(parts[0], parts[1], "");

    assertThat(answer.status()).isEqualTo(Integer.parseInt(parts[2]));
    assertThat(answer.messages().getFirst()).isNotBlank();
  }

  @Test
  void aSiteElsewhereCannotReachTheOperatorsSide() throws IOException {
    assertThat(
            Client.send(
                    HttpRequest.newBuilder(sandbox.url().resolve("/_sandbox/reset"))
                        .header("Origin", "https://evil.example")
                        .POST(BodyPublishers.noBody()))
                .status())
        .isEqualTo(403);
    // The JDK's client does not let anyone set Host.
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), sandbox.url().getPort())) {
      socket
          .getOutputStream()
          .write(
              "GET /_sandbox/accounts HTTP/1.1\r\nHost: evil.example:80\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      var reader =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      assertThat(reader.readLine()).isEqualTo("HTTP/1.1 403 Forbidden");
    }
  }

  private Client.Answer send(String method, String path, String body) {
    return Client.send(
        HttpRequest.newBuilder(sandbox.url().resolve(path))
            .method(method, BodyPublishers.ofString(body)));
  }
}
