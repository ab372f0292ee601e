package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * {@code graft health}: whether a server is ready, as an exit code, for supervisors. No token is
 * sent and nothing that comes back is acted on, so that any certificate will do: a supervisor asks
 * on the machine itself, where the certificate's name is not that of the server.
 */
final class Health {
  private static final Duration ANSWER = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofMillis(250);

  private Health() {}

  static int run(Given given, Terminal terminal) {
    String text = given.option("--wait").orElse("0");
    if (!text.matches("\\d{1,4}")) {
      throw Refusal.usage("--wait needs a number of seconds, at most 9999.");
    }
    URI url = URI.create(given.apiWithoutToken().url() + "/health/ready");
    Instant until = Instant.now().plusSeconds(Long.parseLong(text));
    try (HttpClient client = client()) {
      while (true) {
        String trouble = trouble(client, url);
        if (trouble.isEmpty()) {
          terminal.out().print("ready");
          return Exit.DONE;
        }
        if (!Instant.now().isBefore(until)) {
          throw Refusal.failed(trouble);
        }
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.failed("Interrupted before the server was ready.", e);
    }
  }

  /** Why it is not ready; nothing when it is. */
  private static String trouble(HttpClient client, URI url) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(url).timeout(ANSWER).header("Accept", "application/json").build();
    try {
      HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
      return response.statusCode() == 200
          ? ""
          : "The server at " + url + " is not ready: " + reason(response);
    } catch (IOException e) {
      return "Nothing answers at "
          + url
          + ". If the server listens elsewhere, say where with --url or GRAFT_URL.";
    }
  }

  private static String reason(HttpResponse<byte[]> response) {
    try {
      return Json.write(Json.parse(response.body()));
    } catch (dev.graft.core.json.MalformedJson e) {
      return "status " + response.statusCode() + ".";
    }
  }

  private static HttpClient client() {
    try {
      SSLContext any = SSLContext.getInstance("TLS");
      any.init(null, new TrustManager[] {new AnyCertificate()}, new SecureRandom());
      return HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .sslContext(any)
          .connectTimeout(ANSWER)
          .build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this runtime has no TLS", e);
    }
  }

  /** Trusts whoever answers, which is all right for whoever tells and believes nothing. */
  private static final class AnyCertificate extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
