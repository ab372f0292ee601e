package dev.graft.vapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.graft.vault.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands where Vapi should, and means harm: it gets no more than one request with the key. */
class HostileServerTest {
  private static final Secret KEY = Secret.copyOf("11111111-2222-4333-8444-555555555555");
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir private Path folder;

  /** Writes whatever it likes once it has a request. */
  private interface Malice {
    void answer(OutputStream out) throws IOException;
  }

  private static Answer askedOf(Malice malice, AtomicInteger asked) throws IOException {
    var hungUp = new AtomicInteger();
    try (var listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread.startVirtualThread(() -> {
        while (!listening.isClosed()) {
          try (Socket caller = listening.accept()) {
            readRequest(caller.getInputStream());
            asked.incrementAndGet();
            malice.answer(caller.getOutputStream());
          } catch (IOException e) {
            // It hung up, as it should, and the next one may come.
            hungUp.incrementAndGet();
          }
        }
      });
      Host host = Host.at(URI.create("http://127.0.0.1:" + listening.getLocalPort()));
      try (var http = new VapiHttp(List.of(host), 5)) {
        return http.exchange("GET", host, "/assistant", KEY, null, LIMIT, () -> {});
      }
    }
  }

  private static void readRequest(InputStream in) throws IOException {
    var read = new StringBuilder();
    while (read.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      read.append((char) next);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void broken(Malice malice) throws IOException {
    var asked = new AtomicInteger();
    long began = System.nanoTime();
    assertThat(askedOf(malice, asked)).isInstanceOf(Answer.Broken.class);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(LIMIT);
    assertThat(asked).hasValue(1);
  }

  @Test
  void headersWithoutEndAreNotReadToTheirEnd() throws IOException {
    broken(out -> {
      out.write(ascii("HTTP/1.1 200 OK\r\n"));
      for (int i = 0; i < 10_000_000; i++) {
        out.write(ascii("X-More-" + i + ": " + "x".repeat(100) + "\r\n"));
      }
    });
  }

  @Test
  void aLineWithoutEndIsNotReadToItsEnd() throws IOException {
    broken(out -> {
      out.write(ascii("HTTP/1.1 200 OK\r\nX: "));
      byte[] more = ascii("x".repeat(100_000));
      for (int i = 0; i < 10_000; i++) {
        out.write(more);
      }
    });
  }

  @Test
  void whatUnpacksToTooMuchIsNotUnpacked() throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var zip = new GZIPOutputStream(packed)) {
      byte[] zeros = new byte[1024 * 1024];
      for (int i = 0; i < 200; i++) {
        zip.write(zeros);
      }
    }
    assertThat(packed.size()).isLessThan(1024 * 1024);
    broken(out -> {
      out.write(
          ascii(
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
                  + "Content-Length: "
                  + packed.size()
                  + "\r\n\r\n"));
      out.write(packed.toByteArray());
    });
  }

  @Test
  void jsonThatIsNestedWithoutEndIsNoAnswer() throws IOException {
    String deep = "[".repeat(1_000_000);
    Answer answer =
        askedOf(
            out ->
                out.write(
                    ascii(
                        "HTTP/1.1 200 OK\r\nContent-Length: " + deep.length() + "\r\n\r\n" + deep)),
            new AtomicInteger());
    assertThat(answer).isInstanceOf(Answer.Response.class);
    assertThat(((Answer.Response) answer).json()).isNull();
  }

  @Test
  void aRedirectIsAnAnswerAndNotAnOrder() throws IOException {
    var asked = new AtomicInteger();
    Answer answer =
        askedOf(
            out ->
                out.write(
                    ascii(
                        String.join(
                            "\r\n",
                            "HTTP/1.1 307 Temporary Redirect",
                            "Location: /elsewhere",
                            "Content-Length: 0",
                            "",
                            ""))),
            asked);
    assertThat(((Answer.Response) answer).status()).isEqualTo(307);
    assertThat(asked).hasValue(1);
  }

  @Test
  void whoeverCannotProveItsNameIsNotSpokenTo() throws Exception {
    Path store = folder.resolve("own.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "own",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=ip:127.0.0.1",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString())
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "changeit".toCharArray());
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    var asked = new AtomicInteger();
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          exchange.sendResponseHeaders(200, -1);
        });
    server.start();
    Host host = Host.at(URI.create("https://127.0.0.1:" + server.getAddress().getPort()));
    try (var http = new VapiHttp(List.of(host), 5)) {
      Answer answer = http.exchange("GET", host, "/assistant", KEY, null, LIMIT, () -> {});
      assertThat(answer)
          .isEqualTo(new Answer.Broken(false, false, "no trusted connection to Vapi (TLS)"));
      assertThat(asked).hasValue(0);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aHostThatIsNotListedIsSentNothing() {
    Host listed = Host.at(URI.create("http://127.0.0.1:1"));
    try (var http = new VapiHttp(List.of(listed), 5)) {
      for (Host other : List.of(Host.US, Host.at(URI.create("http://127.0.0.1:2")))) {
        assertThatThrownBy(
                () -> http.exchange("GET", other, "/assistant", KEY, null, LIMIT, () -> {}))
            .isInstanceOf(IllegalArgumentException.class);
      }
      for (String path : List.of("", ".evil.example/x", "@evil.example/", "evil")) {
        assertThatThrownBy(() -> http.exchange("GET", listed, path, KEY, null, LIMIT, () -> {}))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
    for (String unsafe :
        List.of(
            "http://api.vapi.ai",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "ftp://127.0.0.1",
            "https://user@api.vapi.ai",
            "https://api.vapi.ai?x=1",
            "//api.vapi.ai",
            "http://0x7f000001")) {
      assertThat(Host.isSafe(URI.create(unsafe))).as(unsafe).isFalse();
    }
  }
}
