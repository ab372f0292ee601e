package dev.graft.server.webhook;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.HttpHostConnectException;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Sends to receivers that nobody here controls: to an address that was checked, and to that very
 * one; within a time for the whole of it; reading little of what comes back, and following nothing.
 */
final class Sender implements AutoCloseable {
  private static final String USER_AGENT = "Graft/0.1 (webhooks)";
  private static final int MOST_READ = 16 * 1024;
  private static final int CONNECTIONS = 256;
  private static final int TO_ONE = 16;

  private final CloseableHttpClient encrypted;
  private final CloseableHttpClient plain;
  private final Duration limit;
  private final ScheduledThreadPoolExecutor deadlines =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("webhook-deadlines").factory());

  /**
   * Opens nothing yet.
   *
   * @param limit for one delivery, from the first byte sent to the last one read
   */
  Sender(Reach reach, Duration limit) {
    this.encrypted = client(new Checked(reach, false), limit);
    this.plain = client(new Checked(reach, true), limit);
    this.limit = limit;
    deadlines.setRemoveOnCancelPolicy(true);
  }

  /** What came of it. */
  sealed interface Outcome {
    /** The receiver has it. */
    record Accepted(int status) implements Outcome {}

    /**
     * It does not.
     *
     * @param status what it answered, null when it did not
     * @param retryAfter when it wants to be asked again, null when it does not say
     */
    record Failed(@Nullable Integer status, String reason, @Nullable Duration retryAfter)
        implements Outcome {}

    /** It never wants anything again. */
    record Gone() implements Outcome {}
  }

  /** What a connection goes to is what was checked: the client asks nobody else. */
  private record Checked(Reach reach, boolean isPlain) implements DnsResolver {
    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
      return reach.addresses(host, isPlain);
    }

    @Override
    public String resolveCanonicalHostname(String host) {
      return host;
    }
  }

  private static CloseableHttpClient client(DnsResolver resolver, Duration limit) {
    return HttpClients.custom()
        .setConnectionManager(
            PoolingHttpClientConnectionManagerBuilder.create()
                .setDnsResolver(resolver)
                .setMaxConnTotal(CONNECTIONS)
                .setMaxConnPerRoute(TO_ONE)
                .setDefaultConnectionConfig(
                    ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(limit))
                        .setTimeToLive(Timeout.ofMinutes(1))
                        .setValidateAfterInactivity(Timeout.ofMilliseconds(200))
                        .build())
                .build())
        .setDefaultRequestConfig(
            RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(limit))
                .setResponseTimeout(Timeout.of(limit))
                .build())
        .setUserAgent(USER_AGENT)
        .disableRedirectHandling()
        .disableAutomaticRetries()
        .disableCookieManagement()
        .disableAuthCaching()
        .disableContentCompression()
        .build();
  }

  Outcome send(URI url, Map<String, String> headers, byte[] body) {
    var request = new HttpPost(url);
    headers.forEach(request::setHeader);
    request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
    var late = new AtomicBoolean();
    var answered = new AtomicReference<@Nullable Outcome>();
    Future<?> alarm =
        deadlines.schedule(
            () -> {
              late.set(true);
              request.cancel();
            },
            limit.toMillis(),
            TimeUnit.MILLISECONDS);
    try {
      boolean isPlain = "http".equalsIgnoreCase(url.getScheme());
      return (isPlain ? plain : encrypted)
          .execute(
              request,
              response -> {
                Outcome outcome = outcome(response);
                answered.set(outcome);
                skim(response, request);
                return outcome;
              });
    } catch (IOException e) {
      // The status counts, whatever became of the rest of the answer.
      if (answered.get() instanceof Outcome outcome) {
        return outcome;
      }
      return new Outcome.Failed(null, late.get() ? "no answer in time" : words(e), null);
    } finally {
      alarm.cancel(false);
    }
  }

  private static Outcome outcome(ClassicHttpResponse response) {
    int status = response.getCode();
    Header retryAfter = response.getFirstHeader("Retry-After");
    if (status >= 200 && status < 300) {
      return new Outcome.Accepted(status);
    }
    if (status == 410) {
      return new Outcome.Gone();
    }
    return new Outcome.Failed(
        status,
        status >= 300 && status < 400
            ? "it redirects elsewhere, which is not followed"
            : "it answered with status " + status,
        retryAfter == null ? null : seconds(retryAfter.getValue()));
  }

  /** What a receiver says beside the status is of no use, and may have no end. */
  private static void skim(ClassicHttpResponse response, HttpPost request) throws IOException {
    if (response.getEntity() == null) {
      return;
    }
    InputStream content = response.getEntity().getContent();
    if (content.readNBytes(MOST_READ + 1).length > MOST_READ) {
      request.cancel();
    }
  }

  private static @Nullable Duration seconds(@Nullable String header) {
    return header != null && header.strip().matches("\\d{1,6}")
        ? Duration.ofSeconds(Long.parseLong(header.strip()))
        : null;
  }

  /** For the list of deliveries: what was wrong, in words of ours. */
  private static String words(IOException e) {
    return switch (e) {
      case Reach.OutOfReach refused -> String.valueOf(refused.getMessage());
      case UnknownHostException _ -> "its host name cannot be resolved";
      case HttpHostConnectException _, java.net.ConnectException _ -> "no connection to it";
      case javax.net.ssl.SSLException _ -> "no trusted connection to it (TLS)";
      case InterruptedIOException _ -> "no answer in time";
      default -> "the connection to it broke";
    };
  }

  @Override
  public void close() {
    deadlines.shutdownNow();
    encrypted.close(CloseMode.IMMEDIATE);
    plain.close(CloseMode.IMMEDIATE);
  }
}
