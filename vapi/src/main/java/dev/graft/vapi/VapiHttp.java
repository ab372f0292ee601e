package dev.graft.vapi;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.vault.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.DefaultClientConnectionReuseStrategy;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The connections to Vapi that all accounts share. Every exchange has a deadline for the whole of
 * it and a limit on the size of its answer; redirects, cookies and automatic retries are off.
 */
public final class VapiHttp implements AutoCloseable {
  /** A library's own name in this header is answered by Vapi's firewall. */
  private static final String USER_AGENT = "Graft/0.1 (self-hosted; template cloner)";

  private static final int LARGEST_ANSWER = 64 * 1024 * 1024;

  /** Without limits, an answer of nothing but headers would fill the memory. */
  private static final Http1Config ANSWERS =
      Http1Config.custom().setMaxLineLength(16 * 1024).setMaxHeaderCount(200).build();

  private final List<Host> hosts;
  private final Consumer<Exchange> listener;

  private final CloseableHttpClient client;
  private final ScheduledThreadPoolExecutor deadlines;
  private final ExecutorService together = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<Host, Circuit> circuits;
  private final Semaphore background;
  private final CountDownLatch stopping = new CountDownLatch(1);

  /**
   * Opens nothing yet.
   *
   * @param hosts the only ones that a key is ever sent to
   * @param connections the most that may be open to one host
   */
  public VapiHttp(List<Host> hosts, int connections) {
    this(hosts, connections, _ -> {});
  }

  /**
   * As above, for someone who hears of every exchange.
   *
   * @param listener is told when it is over, by the thread that waited for it
   */
  public VapiHttp(List<Host> hosts, int connections, Consumer<Exchange> listener) {
    this.hosts = List.copyOf(hosts);
    this.listener = listener;
    this.circuits =
        hosts.stream()
            .distinct()
            .collect(
                Collectors.toUnmodifiableMap(host -> host, _ -> new Circuit(System::nanoTime)));
    // Whoever waits finds the other connections free, however much there is to do in background.
    this.background = new Semaphore(Math.max(1, connections / 4), true);
    PoolingHttpClientConnectionManager pool =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setMaxConnTotal(connections * 2)
            .setMaxConnPerRoute(connections)
            .setConnectionFactory(
                ManagedHttpClientConnectionFactory.builder()
                    .http1Config(ANSWERS)
                    .requestWriterFactory(KeyedRequests::new)
                    .build())
            .setPoolConcurrencyPolicy(PoolConcurrencyPolicy.LAX)
            .setDefaultConnectionConfig(
                ConnectionConfig.custom()
                    .setConnectTimeout(Timeout.ofSeconds(5))
                    .setValidateAfterInactivity(Timeout.ofSeconds(2))
                    .setTimeToLive(Timeout.ofMinutes(5))
                    .build())
            .build();
    this.client =
        HttpClients.custom()
            .setConnectionManager(pool)
            .setUserAgent(USER_AGENT)
            .disableRedirectHandling()
            .disableAutomaticRetries()
            .disableCookieManagement()
            .disableAuthCaching()
            .setConnectionReuseStrategy(VapiHttp::mayBeUsedAgain)
            .build();
    this.deadlines =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("vapi-deadlines").factory());
    // What was answered in time is not remembered until its time would have been up.
    this.deadlines.setRemoveOnCancelPolicy(true);
  }

  /**
   * A refusal can repeat the key that it refuses, and the buffer of a connection that is kept would
   * remember it. Those that come by the hundred say nothing of keys.
   */
  private static boolean mayBeUsedAgain(
      HttpRequest request, HttpResponse response, HttpContext context) {
    int status = response.getCode();
    return (status < 400 || status == 404 || status == 429)
        && DefaultClientConnectionReuseStrategy.INSTANCE.keepAlive(request, response, context);
  }

  /** Does things at the same time and waits for all of them; results in the order of the tasks. */
  <T> List<T> together(List<Callable<T>> tasks) {
    if (tasks.size() == 1) {
      try {
        return List.of(tasks.getFirst().call());
      } catch (Exception e) {
        throw unexpected(e);
      }
    }
    try {
      return together.invokeAll(tasks.stream().map(Trace::carried).toList()).stream()
          .map(VapiHttp::result)
          .toList();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for Vapi", e);
    }
  }

  private static <T> T result(Future<T> done) {
    try {
      return done.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for Vapi", e);
    } catch (ExecutionException e) {
      throw unexpected(e.getCause() == null ? e : e.getCause());
    }
  }

  private static RuntimeException unexpected(Throwable e) {
    return e instanceof RuntimeException already
        ? already
        : new IllegalStateException("a call to Vapi failed in an unexpected way", e);
  }

  /** Whether a host answers, as far as this node knows. */
  public Circuit circuit(Host host) {
    Circuit circuit = circuits.get(host);
    if (circuit == null) {
      throw new IllegalArgumentException("no key is sent to " + host);
    }
    return circuit;
  }

  /** Sends nothing more. What is on its way goes on. */
  public void stopSending() {
    stopping.countDown();
  }

  /** Ends what is on its way, too. Nobody then knows what became of it. */
  public void cutOff() {
    stopSending();
    client.close(org.apache.hc.core5.io.CloseMode.IMMEDIATE);
  }

  boolean isStopping() {
    return stopping.getCount() == 0;
  }

  /**
   * Waits, but not longer than anything is sent.
   *
   * @return whether something may still be sent then
   */
  public boolean pause(Duration pause) {
    try {
      return !isStopping() && !stopping.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for Vapi", e);
    }
  }

  /** One of the calls that nobody waits for; false when none came free in time. */
  boolean enterBackground(Duration atMost) throws InterruptedException {
    return background.tryAcquire(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  void leaveBackground() {
    background.release();
  }

  /**
   * Exchanges one request for one answer.
   *
   * @param path of what is asked for, with its query
   * @param body sent as JSON, nothing is sent when null
   * @param limit for the whole exchange, from the first byte sent to the last one read
   * @param last runs before the first byte, when there is a connection; what it throws comes out
   */
  Answer exchange(
      String method,
      Host host,
      String path,
      Secret key,
      byte @Nullable [] body,
      Duration limit,
      Runnable last) {
    if (!hosts.contains(host)) {
      throw new IllegalArgumentException("no key is sent to " + host);
    }
    Trace trace = Trace.CURRENT.isBound() ? Trace.CURRENT.get().child() : null;
    Instant began = Instant.now();
    long nanos = System.nanoTime();
    Answer answer = send(method, host, path, key, body, limit, last, trace);
    listener.accept(
        new Exchange(
            host,
            method,
            Exchange.route(path),
            answer instanceof Answer.Response response ? response.status() : 0,
            answer instanceof Answer.Broken broken && broken.timedOut(),
            began,
            Duration.ofNanos(System.nanoTime() - nanos),
            trace));
    return answer;
  }

  private Answer send(
      String method,
      Host host,
      String path,
      Secret key,
      byte @Nullable [] body,
      Duration limit,
      Runnable last,
      @Nullable Trace trace) {
    var request = new HttpUriRequestBase(method, java.net.URI.create(host.urlOf(path)));
    request.setConfig(
        RequestConfig.custom()
            .setConnectionRequestTimeout(Timeout.of(limit.multipliedBy(4).dividedBy(5)))
            .setResponseTimeout(Timeout.of(limit))
            .build());
    request.setHeader("Accept", "application/json");
    if (trace != null) {
      request.setHeader(Trace.HEADER, trace.header());
    }
    if (body != null) {
      request.setEntity(new ByteArrayEntity(body, ContentType.APPLICATION_JSON));
    }
    var late = new AtomicBoolean();
    Future<?> alarm =
        deadlines.schedule(
            () -> {
              late.set(true);
              request.cancel();
            },
            limit.toMillis(),
            TimeUnit.MILLISECONDS);
    try {
      return ScopedValue.where(KeyedRequests.KEY, key)
          .where(KeyedRequests.LAST, last)
          .call(() -> client.execute(request, response -> read(response, request)));
    } catch (ConnectionRequestTimeoutException e) {
      return new Answer.NotSent();
    } catch (IllegalStateException e) {
      if (!isStopping()) {
        throw e;
      }
      return new Answer.Broken(false, false, "this node of Graft was stopped");
    } catch (IOException e) {
      boolean timedOut = late.get() || e instanceof InterruptedIOException;
      return new Answer.Broken(
          timedOut, isUnreached(e), timedOut ? "no answer from Vapi in time" : words(e));
    } finally {
      alarm.cancel(false);
    }
  }

  private static boolean isUnreached(IOException e) {
    return e instanceof java.net.UnknownHostException
        || e instanceof java.net.ConnectException
        || e instanceof org.apache.hc.client5.http.ConnectTimeoutException;
  }

  /** What went wrong, without anything that was sent: exceptions of the library name hosts only. */
  private static String words(IOException e) {
    return switch (e) {
      case java.net.UnknownHostException _ -> "Vapi's host name cannot be resolved";
      case org.apache.hc.client5.http.HttpHostConnectException _, java.net.ConnectException _ ->
          "no connection to Vapi";
      case javax.net.ssl.SSLException _ -> "no trusted connection to Vapi (TLS)";
      case TooLarge _ -> "Vapi's answer is larger than Graft reads";
      default -> "the connection to Vapi broke";
    };
  }

  private static Answer read(ClassicHttpResponse response, HttpUriRequestBase request)
      throws IOException {
    HttpEntity entity = response.getEntity();
    byte[] body = new byte[0];
    if (entity != null) {
      try (InputStream content = entity.getContent()) {
        body = content.readNBytes(LARGEST_ANSWER + 1);
        if (body.length > LARGEST_ANSWER) {
          request.cancel();
          throw new TooLarge();
        }
      }
    }
    Header retryAfter = response.getFirstHeader("Retry-After");
    return new Answer.Response(
        response.getCode(), retryAfter == null ? null : retryAfter.getValue(), json(body));
  }

  private static @Nullable JsonNode json(byte[] body) {
    try {
      return body.length == 0 ? Json.object() : Json.parse(body);
    } catch (MalformedJson e) {
      return null;
    }
  }

  private static final class TooLarge extends IOException {}

  @Override
  public void close() {
    together.shutdownNow();
    deadlines.shutdownNow();
    client.close(org.apache.hc.core5.io.CloseMode.IMMEDIATE);
  }
}
