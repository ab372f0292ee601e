package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is said when there is no server, or when something else than a sound answer comes back. */
class ServerTroubleTest {
  private static final String TEMPLATES = "GET /v1/templates";

  private final ScriptedServer server = ScriptedServer.start();
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  /** Asserts one sentence or two for a person, and no trace of how this program is made. */
  private static String said(Caller.Outcome outcome) {
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(outcome.err())
        .startsWith("Error: ")
        .endsWith(".\n")
        .doesNotContain("Exception", "dev.graft", "java.", "\tat", "null");
    return outcome.err();
  }

  /** What is said of a server that answers with these bytes, and then will send no more. */
  private static String saidAfter(String scheme, String answer, AtomicInteger connections)
      throws IOException {
    try (ExecutorService acceptor = Executors.newVirtualThreadPerTaskExecutor();
        var socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var _ =
          acceptor.submit(() -> {
            while (true) {
              try (Socket connection = socket.accept()) {
                connections.incrementAndGet();
                var _ = connection.getInputStream().read(new byte[8192]);
                connection.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
                connection.shutdownOutput();
                connection.setSoTimeout(30_000);
                connection.getInputStream().transferTo(OutputStream.nullOutputStream());
              }
            }
          });
      String url = scheme + "://127.0.0.1:" + socket.getLocalPort();
      return said(new Caller().call("apply", "plan_1", "--url", url));
    }
  }

  private static String saidAfter(String answer) throws IOException {
    return saidAfter("http", answer, new AtomicInteger());
  }

  @Test
  void thatNothingAnswersIsToldWithWhatToDo() {
    server.close();
    assertThat(said(caller.call("templates")))
        .isEqualTo(
            "Error: Nothing answers at "
                + server.url()
                + ". Start the server with ./graft serve, or say where it is with --url or"
                + " GRAFT_URL.\n");
  }

  @Test
  void aHostThatIsNotKnownIsTold() {
    // Too long for a name, so that no network is asked.
    String url = "http://" + "a".repeat(64) + ".invalid:3000";
    assertThat(said(caller.call("templates", "--url", url)))
        .startsWith("Error: The host of " + url + " is not known.");
  }

  @Test
  void anAddressThatCannotBeOneIsRefusedAndNotRepeated() {
    for (String url :
        List.of(
            "127.0.0.1:3000",
            "ftp://127.0.0.1",
            "http://",
            "http://user:secret@127.0.0.1",
            "http://127.0.0.1?key=secret",
            "http://127.0.0.1#secret",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:0",
            "http://127.0.0.1:-1",
            "not an address: secret")) {
      Caller.Outcome outcome = caller.call("templates", "--url", url);
      assertThat(outcome.exit()).as(url).isEqualTo(64);
      assertThat(outcome.err())
          .startsWith("Error: The address of the server, from --url or GRAFT_URL, must be")
          .doesNotContain("secret", "99999");
    }
    assertThat(caller.with("GRAFT_URL", "secret").call("templates").err()).doesNotContain("secret");
  }

  @Test
  void anAddressMayHaveAPathAndASlashAtItsEnd() {
    server.answers("GET /below/v1/templates", 200, "{\"templates\": []}");
    assertThat(caller.call("templates", "--url", server.url() + "/below//").exit()).isZero();
  }

  @Test
  void theOptionGoesBeforeTheEnvironment() {
    server.answers(TEMPLATES, 200, "{\"templates\": []}");
    caller.with("GRAFT_URL", "http://127.0.0.1:1");
    assertThat(caller.call("templates", "--url", server.url()).exit()).isZero();
    assertThat(caller.call("--url", server.url(), "templates").exit()).isZero();
  }

  @Test
  void anAnswerThatIsNotGraftsIsTold() {
    Map<Integer, String> types =
        Map.of(
            200,
            "text/html",
            201,
            "application/json",
            404,
            "text/plain",
            502,
            "text/html; charset=x");
    for (var answer : types.entrySet()) {
      server.answers(
          TEMPLATES,
          answer.getKey(),
          Map.of("Content-Type", answer.getValue()),
          "<html><body>Bad gateway " + "<script>".repeat(50) + "</html>");
      assertThat(said(caller.call("templates")))
          .startsWith("Error: " + server.url() + " answered with status " + answer.getKey())
          .contains(answer.getValue(), "--url")
          .doesNotContain("<");
    }
  }

  @Test
  void jsonThatIsNoDocumentOfGraftsIsTold() {
    for (String body : List.of("[]", "\"text\"", "1", "", "{", "{} {}", "{\"a\":1,\"a\":2}")) {
      for (int status : List.of(200, 400, 500)) {
        server.answers(TEMPLATES, status, body);
        assertThat(said(caller.call("templates"))).contains("status " + status);
      }
    }
    for (String body : List.of("{}", "{\"error\": {}}", "{\"error\": \"x\", \"code\": 7}")) {
      server.answers(TEMPLATES, 500, body);
      assertThat(said(caller.call("templates"))).contains("status 500");
    }
  }

  @Test
  void documentsWithNothingInThemBreakNothing() {
    server
        .answers("GET /v1/accounts?userId=u", 200, "{\"accounts\": [{\"id\": \"a\"}]}")
        .answers("GET /v1/accounts?limit=200", 200, "{\"accounts\": [{}]}")
        .answers("GET /v1/accounts/a/installations", 200, "{\"installations\": [{}]}")
        .answers("GET /v1/accounts/a/operations", 200, "{\"operations\": [{}]}")
        .answers("POST /v1/accounts/a/installations", 200, "{\"actions\": [null, {}]}")
        .answers("POST /v1/accounts/a/plans", 200, "{\"steps\": [{}, 1], \"diagnostics\": [{}]}")
        .answers("POST /v1/plans/p/apply", 200, "{}")
        .answers("GET /v1/installations//drift", 200, "{\"objects\": [{}, 1]}")
        .answers("POST /v1/installations//plans", 200, "{\"impact\": [{}, []]}")
        .answers("POST /v1/installations//operations", 200, "{}")
        .answers("DELETE /v1/accounts/a?clones=keep", 200, "{\"left\": [{}], \"actions\": [7]}")
        .answers(TEMPLATES, 200, "{\"templates\": [{}, []]}");
    for (String line :
        List.of(
            "status u",
            "accounts",
            "clone u",
            "plan u",
            "apply p",
            "drift u",
            "repair u",
            "uninstall u --plan",
            "unlink u --keep",
            "templates")) {
      Caller.Outcome outcome = caller.call(line.split(" "));
      assertThat(outcome.exit()).as(line + outcome.err()).isIn(0, 2);
      assertThat(outcome.err()).isEmpty();
    }
  }

  @Test
  void aRedirectIsToldAndNotFollowed() {
    server
        .answers(TEMPLATES, 302, Map.of("Location", "/elsewhere"), "")
        .answers("GET /elsewhere", 200, "{\"templates\": []}");
    assertThat(said(caller.call("templates")))
        .isEqualTo(
            "Error: "
                + server.url()
                + " sends on to /elsewhere. Give the address where the API itself is, with --url or"
                + " GRAFT_URL.\n");
    server.answers(TEMPLATES, 301, Map.of(), "");
    assertThat(said(caller.call("templates"))).contains("sends on to another address");
    assertThat(server.asked()).noneMatch(asked -> asked.what().contains("elsewhere"));
  }

  @Test
  void aConnectionThatBreaksIsToldAndNoWorkIsAskedForTwice() throws IOException {
    for (String half :
        List.of(
            "",
            "HTTP/1.1 200 O",
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"actions\"",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"",
            "SSH-2.0-OpenSSH_9.6\r\n")) {
      var connections = new AtomicInteger();
      assertThat(saidAfter("http", half, connections))
          .contains("broke before the answer was there", "the same command again is safe");
      assertThat(connections).hasValue(1);
    }
  }

  @Test
  void whatIsQuotedFromAHeaderIsMadeHarmless() throws IOException {
    String end = "\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{]";
    assertThat(saidAfter("HTTP/1.1 302 Found\r\nLocation: http://x/\u009b2J\u00ad" + end))
        .contains("sends on to http://x/\\u009b2J\\u00ad.");
    assertThat(saidAfter("HTTP/1.1 200 OK\r\nContent-Type: a/\u009b2J" + end))
        .contains("type a/\\u009b2J");
  }

  @Test
  void aSecureAddressOfAServerThatIsNotSecureIsTold() throws IOException {
    String plain = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    // On a machine that is busy the time to connect, which greets, too, is over before.
    assertThat(saidAfter("https", plain, new AtomicInteger()))
        .containsPattern(
            "There is no secure connection to https://127.0.0.1:\\d+: .* starts with http://"
                + "|https://127.0.0.1:\\d+ cannot be reached");
  }

  @Test
  void theTraceIsPrintedOnlyWhereItIsAskedFor() {
    server.close();
    var lines = new ArrayList<>(caller.call("templates", "--debug").err().lines().toList());
    assertThat(lines.removeFirst()).startsWith("Error: Nothing answers");
    assertThat(lines).anyMatch(line -> line.contains("at dev.graft.cli.Api."));
  }

  @Test
  void theVersionIsAskedForTooWhenAServerIsThere() {
    server.answers("GET /health", 200, "{\"status\": \"ok\"}");
    String own = caller.call("version").out();
    assertThat(own).matches("graft \\d+\\.\\d+\\.\\d+\n");
    assertThat(caller.call("--version").out()).isEqualTo(own);
    assertThat(caller.call("status", "-V").out()).isEqualTo(own);
    assertThat(caller.call("version", "--server").out())
        .isEqualTo(own + "server at " + server.url() + ": ok\n");
    assertThat(caller.call("version", "--server", "--json").out())
        .contains("\"version\"", "\"url\"", "\"status\" : \"ok\"");
    server.close();
    assertThat(caller.call("version").exit()).isZero();
    assertThat(said(caller.call("version", "--server"))).contains("Nothing answers at");
  }
}
