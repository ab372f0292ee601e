package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/**
 * Graft over TLS as a process of its own: what testssl.sh, a scanner by others, has to say about
 * it, and what open connections notice of a new certificate.
 */
class TlsLongTest {
  private static final Path WORK = Path.of("target", "tls").toAbsolutePath();
  private static final String PASSWORD = "of-the-test";
  private static final int CLIENTS = 8;
  private static final int IDLE = 20;
  private static final int CHANGES = 6;

  @TempDir private static Path shared;
  @TempDir private Path folder;

  /** The ways to give a certificate. */
  enum Given {
    PEM_WITH_AN_ELLIPTIC_CURVE("ec"),
    PEM_WITH_RSA("rsa"),
    PKCS12("ec");

    private final String pair;

    Given(String pair) {
      this.pair = pair;
    }
  }

  @BeforeAll
  static void certificates() throws Exception {
    String[] ca = {"-alias", "ca", "-keystore", "ca.p12"};
    keytool(
        ca,
        "-genkeypair",
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=Test CA",
        "-ext",
        "bc:c=ca:true",
        "-ext",
        "ku:c=keyCertSign,cRLSign",
        "-validity",
        "3650");
    keytool(ca, "-exportcert", "-rfc", "-file", "ca.pem");
    pair("ec", "-keyalg", "EC", "-groupname", "secp256r1");
    pair("other", "-keyalg", "EC", "-groupname", "secp256r1");
    pair("rsa", "-keyalg", "RSA", "-keysize", "3072");
  }

  /** A key with a certificate that the CA signed. */
  private static void pair(String name, String... algorithm) throws Exception {
    String[] own = {"-alias", "own", "-keystore", name + ".p12"};
    keytool(
        own,
        Stream.concat(
                Stream.of("-genkeypair", "-dname", "CN=localhost", "-validity", "90"),
                Arrays.stream(algorithm))
            .toArray(String[]::new));
    keytool(own, "-certreq", "-file", name + ".csr");
    keytool(
        new String[] {"-alias", "ca", "-keystore", "ca.p12"},
        "-gencert",
        "-rfc",
        "-infile",
        name + ".csr",
        "-outfile",
        name + ".crt",
        "-validity",
        "90",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1",
        "-ext",
        "eku=serverAuth",
        "-ext",
        "ku:c=digitalSignature",
        "-ext",
        "crl=uri:http://127.0.0.1/ca.crl");
    keytool(
        new String[] {"-alias", "ca", "-keystore", name + ".p12"},
        "-importcert",
        "-noprompt",
        "-file",
        "ca.pem");
    keytool(own, "-importcert", "-noprompt", "-file", name + ".crt");
  }

  private static void keytool(String[] store, String... arguments)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of(store));
    command.addAll(List.of("-storepass", PASSWORD));
    Path log = shared.resolve("keytool.log");
    int status =
        new ProcessBuilder(command)
            .directory(shared.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    assertThat(status).as(() -> command + "\n" + read(log)).isZero();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private Map<String, String> environment() throws IOException {
    Path templates = Files.createDirectories(folder.resolve("templates").resolve("front-desk"));
    Files.writeString(
        templates.resolve("template-assistant.json"),
        """
        {"name":"Front Desk_v1","firstMessage":"Hello",
         "model":{"provider":"openai","model":"gpt-4o",
                  "messages":[{"role":"system","content":"You book visits."}]}}
        """);
    var environment = new HashMap<String, String>();
    environment.put("GRAFT_PROFILE", "production");
    environment.put("GRAFT_KMS", "local:");
    environment.put("GRAFT_MASTER_KEY", "0a".repeat(32));
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    environment.put("GRAFT_TEMPLATES", templates.getParent().toString());
    return environment;
  }

  /** Puts key and chain into files, each in one step, as whoever renews certificates does. */
  private void writePem(String pair) throws IOException, GeneralSecurityException {
    KeyStore store = store(pair);
    var chain = new StringBuilder();
    chain.append(pem("CERTIFICATE", certificate(pair).getEncoded()));
    replace(
        "tls.key", pem("PRIVATE KEY", store.getKey("own", PASSWORD.toCharArray()).getEncoded()));
    replace("tls.crt", chain.toString());
  }

  private static KeyStore store(String pair) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(shared.resolve(pair + ".p12"))) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }

  private static Certificate certificate(String pair) throws IOException, GeneralSecurityException {
    return store(pair).getCertificate("own");
  }

  private void replace(String name, String text) throws IOException {
    Path fresh = folder.resolve(name + ".new");
    Files.writeString(fresh, text);
    Files.move(
        fresh,
        folder.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static String pem(String kind, byte[] content) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n";
  }

  private void givePem(Map<String, String> environment, String pair) throws Exception {
    writePem(pair);
    environment.put("GRAFT_TLS_CERTIFICATE", folder.resolve("tls.crt").toString());
    environment.put("GRAFT_TLS_KEY", folder.resolve("tls.key").toString());
  }

  @ParameterizedTest
  @EnumSource
  void aScannerFindsNothingThatIsNotOk(Given given) throws Exception {
    Map<String, String> environment = environment();
    if (given == Given.PKCS12) {
      environment.put("GRAFT_TLS_KEYSTORE", shared.resolve(given.pair + ".p12").toString());
      environment.put("GRAFT_TLS_PASSWORD", PASSWORD);
    } else {
      givePem(environment, given.pair);
    }
    Files.createDirectories(WORK);
    Path findings = WORK.resolve(given + ".json");
    Path log = WORK.resolve(given + ".txt");
    Files.deleteIfExists(findings);
    try (GraftProcess server = GraftProcess.start(environment, "serve")) {
      URI url = server.url();
      assertThat(url.getScheme()).isEqualTo("https");
      var builder =
          new ProcessBuilder(
              scanner(),
              "--quiet",
              "--color",
              "0",
              "--warnings",
              "batch",
              "--ip",
              "one",
              "--add-ca",
              shared.resolve("ca.pem").toString(),
              "--jsonfile",
              findings.toString(),
              "https://localhost:" + url.getPort());
      builder.environment().putAll(scannersOwn());
      Process scan =
          builder
              .directory(WORK.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      assertThat(scan.waitFor(20, TimeUnit.MINUTES)).as("the scan came to an end").isTrue();
    }
    assertThat(read(log)).doesNotContainIgnoringCase("not ok");
    JsonNode all = Json.parse(read(findings));
    List<String> bad =
        all.valueStream()
            .filter(one -> !List.of("OK", "INFO").contains(one.required("severity").stringValue()))
            // Whether the name is one that only some authorities may certify is not Graft's to say.
            .filter(one -> !one.required("id").stringValue().equals("DNS_CAArecord"))
            .map(JsonNode::toString)
            .toList();
    System.out.println(given + ": " + all.size() + " findings, " + bad.size() + " not ok");
    assertThat(bad).isEmpty();
    assertThat(all.size()).isGreaterThan(100);
  }

  /** On the path, or from Debian, unpacked where nothing has to be installed. */
  private static String scanner() throws IOException, InterruptedException {
    for (String folder : System.getenv("PATH").split(":", -1)) {
      for (String name : List.of("testssl", "testssl.sh")) {
        Path program = Path.of(folder, name);
        if (Files.isExecutable(program)) {
          return program.toString();
        }
      }
    }
    Path program = WORK.resolve("usr").resolve("bin").resolve("testssl");
    if (!Files.exists(program)) {
      Path log = WORK.resolve("fetch.log");
      int status =
          new ProcessBuilder(
                  "sh", "-c", "apt-get download testssl.sh && dpkg -x testssl.sh_*.deb .")
              .directory(WORK.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start()
              .waitFor();
      assertThat(status)
          .as(() -> "testssl.sh is neither on the path nor to be had from Debian:\n" + read(log))
          .isZero();
    }
    return program.toString();
  }

  /** Where a scanner that was only unpacked finds its files. */
  private static Map<String, String> scannersOwn() {
    Path files = WORK.resolve("etc").resolve("testssl");
    return Files.isDirectory(files) ? Map.of("TESTSSL_INSTALL_DIR", files.toString()) : Map.of();
  }

  private static SSLContext trust() throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", store("ca").getCertificate("ca"));
    var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext tls = SSLContext.getInstance("TLSv1.3");
    tls.init(null, managers.getTrustManagers(), null);
    return tls;
  }

  /** A connection that is kept, and asks for the same thing again and again. */
  private static final class Kept implements AutoCloseable {
    private final SSLSocket socket;
    private final InputStream in;

    Kept(int port) throws IOException, GeneralSecurityException {
      socket = (SSLSocket) trust().getSocketFactory().createSocket("localhost", port);
      socket.setSoTimeout(20_000);
      socket.startHandshake();
      in = new BufferedInputStream(socket.getInputStream());
    }

    Certificate shown() throws IOException {
      return socket.getSession().getPeerCertificates()[0];
    }

    /** Asks once; whether the connection stays open is what the answer says. */
    boolean ask() throws IOException {
      socket
          .getOutputStream()
          .write(
              "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      String first = line();
      if (!first.startsWith("HTTP/1.1 200")) {
        throw new IOException("answered '" + first + "'");
      }
      int length = 0;
      boolean stays = true;
      boolean inChunks = false;
      for (String line = line(); !line.isEmpty(); line = line()) {
        String header = line.toLowerCase(java.util.Locale.ROOT);
        if (header.startsWith("content-length:")) {
          length = Integer.parseInt(header.substring(15).strip());
        }
        inChunks |= header.startsWith("transfer-encoding:");
        stays &= !header.equals("connection: close");
      }
      if (inChunks) {
        for (length = size(); length > 0; length = size()) {
          in.readNBytes(length + 2);
        }
        line();
      } else {
        in.readNBytes(length);
      }
      return stays;
    }

    private int size() throws IOException {
      return Integer.parseInt(line().strip(), 16);
    }

    private String line() throws IOException {
      var line = new StringBuilder();
      for (int one = in.read(); one != '\n'; one = in.read()) {
        if (one < 0) {
          throw new IOException("the connection ended");
        }
        line.append(one == '\r' ? "" : String.valueOf((char) one));
      }
      return line.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void aNewCertificateIsTakenUpAndNoOpenConnectionNotices() throws Exception {
    Map<String, String> environment = environment();
    givePem(environment, "ec");
    var requests = new AtomicInteger();
    var over = new AtomicBoolean();
    Duration longest = Duration.ZERO;
    try (GraftProcess server = GraftProcess.start(environment, "serve");
        var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      int port = server.url().getPort();
      Callable<Void> client =
          () -> {
            while (!over.get()) {
              try (var connection = new Kept(port)) {
                boolean stays = true;
                while (stays && !over.get()) {
                  stays = connection.ask();
                  requests.incrementAndGet();
                }
              }
            }
            return null;
          };
      var running = Stream.generate(() -> clients.submit(client)).limit(CLIENTS).toList();
      for (int change = 1; change <= CHANGES; change++) {
        String next = change % 2 == 0 ? "ec" : "other";
        var idle = new ArrayList<Kept>();
        for (int i = 0; i < IDLE; i++) {
          idle.add(new Kept(port));
        }
        writePem(next);
        Duration took = untilShown(port, certificate(next));
        longest = took.compareTo(longest) > 0 ? took : longest;
        for (Kept connection : idle) {
          // Opened under the former certificate, and still good.
          assertThat(connection.shown()).isNotEqualTo(certificate(next));
          connection.ask();
          requests.incrementAndGet();
          connection.close();
        }
      }
      over.set(true);
      for (var one : running) {
        one.get();
      }
    }
    System.out.printf(
        "%d certificates taken up, each after %d ms at most; %d requests on open connections, 0 failed%n",
        CHANGES, longest.toMillis(), requests.get());
    assertThat(longest).isLessThan(Duration.ofSeconds(10));
  }

  private static Duration untilShown(int port, Certificate wanted) throws Exception {
    Instant began = Instant.now();
    while (true) {
      try (var connection = new Kept(port)) {
        if (connection.shown().equals(wanted)) {
          return Duration.between(began, Instant.now());
        }
      }
      assertThat(Duration.between(began, Instant.now())).isLessThan(Duration.ofSeconds(30));
      Thread.sleep(100);
    }
  }
}
