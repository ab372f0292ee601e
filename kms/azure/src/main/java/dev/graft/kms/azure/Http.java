package dev.graft.kms.azure;

import dev.graft.vault.ProviderUri;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/** One request and its answer, by a deadline. */
final class Http {
  static final JsonMapper JSON = JsonMapper.shared();
  private static final int MOST_BYTES = 64 * 1024;

  private final String providerUri;
  private final Duration timeout;
  private final HttpClient client;

  Http(ProviderUri uri) {
    this.providerUri = uri.identity();
    this.timeout = uri.timeout();
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .build();
  }

  /** What was answered; what is no JSON is as little as nothing. */
  record Answer(int status, JsonNode body) {
    String text(String... path) {
      JsonNode node = body;
      for (String name : path) {
        node = node.path(name);
      }
      return node.asString("");
    }

    /** A sentence of the service's in one line and not too long. It names keys and no secret. */
    String sentence(String... path) {
      String text = text(path).replaceAll("\\s+", " ").strip();
      return text.length() > 300 ? text.substring(0, 300) : text;
    }
  }

  long deadline() {
    return System.nanoTime() + timeout.toNanos();
  }

  /**
   * Asks once more when a connection broke, as one does that was kept and was closed just then: to
   * wrap, unwrap or log in once more changes nothing there.
   */
  Answer send(HttpRequest request, String whom, long deadline) {
    try {
      return sentOnce(request, whom, deadline);
    } catch (Broken _) {
      try {
        return sentOnce(request, whom, deadline);
      } catch (Broken e) {
        throw unreachable(whom, e.getCause());
      }
    }
  }

  /** A connection that was there broke before all of the answer had come. */
  private static final class Broken extends Exception {
    private static final long serialVersionUID = 1;

    Broken(IOException cause) {
      super(cause);
    }
  }

  private Answer sentOnce(HttpRequest request, String whom, long deadline) throws Broken {
    CompletableFuture<HttpResponse<byte[]>> sent =
        client.sendAsync(
            request,
            HttpResponse.BodyHandlers.limiting(
                HttpResponse.BodyHandlers.ofByteArray(), MOST_BYTES));
    try {
      HttpResponse<byte[]> response =
          sent.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      byte[] said = response.body();
      try {
        return new Answer(response.statusCode(), parsed(said));
      } finally {
        // It may hold a data key.
        Arrays.fill(said, (byte) 0);
      }
    } catch (TimeoutException e) {
      sent.cancel(true);
      throw unavailable(whom + " did not answer within " + timeout.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      sent.cancel(true);
      Thread.currentThread().interrupt();
      throw unavailable("the wait for it was interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException broken
          && !(broken instanceof ConnectException || broken instanceof SSLException)) {
        throw new Broken(broken);
      }
      throw unreachable(whom, e.getCause());
    }
  }

  private VaultException unreachable(String whom, @Nullable Throwable cause) {
    return unavailable(
        whom + " cannot be reached or broke off (" + cause + "). Check the address", cause);
  }

  private static JsonNode parsed(byte[] body) {
    try {
      return body.length == 0 ? MissingNode.getInstance() : JSON.readTree(body);
    } catch (JacksonException e) {
      return MissingNode.getInstance();
    }
  }

  VaultException unavailable(String reason, @Nullable Throwable cause) {
    return VaultException.unavailable(providerUri, reason, cause);
  }
}
