package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.server.edge.TestCertificate;
import dev.graft.server.telemetry.Telemetry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  @TempDir private static Path shared;
  private static TestCertificate first;
  private static TestCertificate second;

  @TempDir private Path folder;
  private Map<String, String> environment = Map.of();
  private Path certificate = Path.of("");
  private Path key = Path.of("");

  @BeforeAll
  static void certificates() {
    first = TestCertificate.make(shared.resolve("first.p12"), "first");
    second = TestCertificate.make(shared.resolve("second.p12"), "second");
  }

  @BeforeEach
  void settings() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    environment =
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1"));
    certificate = folder.resolve("tls.crt");
    key = folder.resolve("tls.key");
    first.writeTo(certificate, key);
    environment.put("GRAFT_TLS_CERTIFICATE", certificate.toString());
    environment.put("GRAFT_TLS_KEY", key.toString());
  }

  private static HttpResponse<String> get(RunningServer server, TestCertificate trusted)
      throws IOException, InterruptedException {
    try (var client = TestCertificate.client(trusted)) {
      return client.send(
          HttpRequest.newBuilder(
                  URI.create("https://localhost:" + server.url().getPort() + "/health"))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static SSLSocket connected(RunningServer server, String protocol) throws IOException {
    SSLContext tls = TestCertificate.trusting(first, second);
    var socket =
        (SSLSocket) tls.getSocketFactory().createSocket("127.0.0.1", server.url().getPort());
    socket.setEnabledProtocols(new String[] {protocol});
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static Certificate shown(RunningServer server) {
    try (SSLSocket socket = connected(server, "TLSv1.3")) {
      socket.startHandshake();
      return socket.getSession().getPeerCertificates()[0];
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static long end(TestCertificate one) {
    return ((X509Certificate) one.certificate()).getNotAfter().toInstant().getEpochSecond();
  }

  /** As an alert sees it. */
  private static long toldEnd(RunningServer server) {
    String name = "graft_tls_certificate_expires_timestamp_seconds ";
    return server
        .bean(Telemetry.class)
        .metrics()
        .text()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Math.round(Double.parseDouble(line.substring(name.length()))))
        .sum();
  }

  private static void eventually(BooleanSupplier claim) throws InterruptedException {
    Instant until = Instant.now().plus(Duration.ofSeconds(20));
    while (!claim.getAsBoolean()) {
      assertThat(Instant.now()).isBefore(until);
      Thread.sleep(100);
    }
  }

  @Test
  void onlyTls13WithAuthenticatedCiphersIsSpoken() throws Exception {
    try (RunningServer server = RunningServer.start(environment)) {
      HttpResponse<String> answer = get(server, first);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Strict-Transport-Security"))
          .hasValue("max-age=31536000");
      try (SSLSocket socket = connected(server, "TLSv1.3")) {
        socket.startHandshake();
        assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
        assertThat(socket.getSession().getCipherSuite()).isEqualTo("TLS_AES_256_GCM_SHA384");
      }
      try (SSLSocket socket = connected(server, "TLSv1.2")) {
        assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
      }
      // Plain HTTP on the same port gets an answer without a word about who gives it.
      try (var plain = new Socket(InetAddress.getLoopbackAddress(), server.url().getPort())) {
        plain.setSoTimeout(10_000);
        plain
            .getOutputStream()
            .write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        String said = new String(plain.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(said).doesNotContainIgnoringCase("tomcat").doesNotContain("Exception", "200");
      }
    }
  }

  @Test
  void whatIsNoHttpIsAnsweredOverTlsAsEverywhere() throws Exception {
    try (RunningServer server = RunningServer.start(environment);
        SSLSocket socket = connected(server, "TLSv1.3")) {
      OutputStream out = socket.getOutputStream();
      out.write(
          "GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      String said = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(said)
          .startsWith("HTTP/1.1 400")
          .contains("application/problem+json", "X-Content-Type-Options: nosniff")
          .contains("Content-Security-Policy: default-src 'none'")
          .doesNotContainIgnoringCase("tomcat")
          .doesNotContain("Exception", "\tat ", "Server:");
    }
  }

  @Test
  void aNewCertificateIsTakenUpAndABrokenOneIsNot() throws Exception {
    var said = new ByteArrayOutputStream();
    PrintStream terminal = System.out;
    System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
    try (RunningServer server = RunningServer.start(environment)) {
      assertThat(shown(server)).isEqualTo(first.certificate());
      assertThat(toldEnd(server)).isEqualTo(end(first));

      second.writeTo(certificate, key);
      eventually(() -> shown(server).equals(second.certificate()));
      eventually(() -> toldEnd(server) == end(second));

      Files.writeString(
          certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
      eventually(() ->
          said.toString(StandardCharsets.UTF_8)
              .contains("the old TLS certificate stays in use: The certificate or its key"));
      assertThat(shown(server)).isEqualTo(second.certificate());

      // The certificate of one pair and the key of the other.
      Path unused = folder.resolve("unused");
      first.writeTo(certificate, unused);
      eventually(() ->
          said.toString(StandardCharsets.UTF_8)
              .contains("stays in use: The key does not belong to the certificate"));
      assertThat(shown(server)).isEqualTo(second.certificate());

      first.writeTo(certificate, key);
      eventually(() -> shown(server).equals(first.certificate()));
      assertThat(said.toString(StandardCharsets.UTF_8)).doesNotContain("PRIVATE");
    } finally {
      System.setOut(terminal);
    }
  }

  @Test
  void aPkcs12FileIsTakenWithItsPasswordFromAFile() throws Exception {
    Path password = folder.resolve("password");
    Files.writeString(password, TestCertificate.PASSWORD + "\n");
    environment.remove("GRAFT_TLS_CERTIFICATE");
    environment.remove("GRAFT_TLS_KEY");
    environment.put("GRAFT_TLS_KEYSTORE", first.store().toString());
    environment.put("GRAFT_TLS_PASSWORD_FILE", password.toString());
    environment.put("GRAFT_PROFILE", "development");
    try (RunningServer server = RunningServer.start(environment)) {
      assertThat(shown(server)).isEqualTo(first.certificate());
    }
  }

  private String refused() {
    var err = new ByteArrayOutputStream();
    assertThat(
            Main.run(
                List.of("serve"),
                environment,
                new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)))
        .isEqualTo(1);
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void filesThatCannotBeUsedAreToldAtTheStart() throws Exception {
    Files.writeString(key, "nothing");
    assertThat(refused()).contains("Graft does not start", "cannot be understood");
    environment.remove("GRAFT_TLS_KEY");
    assertThat(refused()).contains("GRAFT_TLS_CERTIFICATE", "needs the other");
    environment.put("GRAFT_TLS_KEYSTORE", folder.resolve("none.p12").toString());
    assertThat(refused()).contains("GRAFT_TLS_KEYSTORE", "not there", "Take one or the other");
    environment.remove("GRAFT_TLS_CERTIFICATE");
    environment.put("GRAFT_TLS_KEYSTORE", first.store().toString());
    environment.put("GRAFT_TLS_PASSWORD", "wrong-password");
    assertThat(refused()).contains("right password").doesNotContain("wrong-password");
    TestCertificate old =
        TestCertificate.make(
            folder.resolve("old.p12"), "old", "-startdate", "-3d", "-validity", "2");
    environment.put("GRAFT_TLS_KEYSTORE", old.store().toString());
    environment.put("GRAFT_TLS_PASSWORD", TestCertificate.PASSWORD);
    assertThat(refused()).contains("ran out on");
    var all = new ArrayList<>(Arrays.asList(refused().split("\n", -1)));
    assertThat(all).noneMatch(line -> line.contains("\tat "));
  }
}
