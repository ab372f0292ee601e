package dev.graft.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A key management service of the tests, over real HTTP on this machine: it authenticates the
 * caller, really encrypts, and can be told to fail in any way that a network can.
 */
public abstract class StubService implements AutoCloseable {
  /** How it fails. What the service itself says then is its own to word. */
  public enum Fault {
    /** It asks for patience, again and again. */
    THROTTLED,
    /** It does not answer for longer than anyone waits. */
    SLOW,
    /** The connection ends in the middle of a good reply. */
    CUT,
    /** One request gets no reply: its connection is closed, as an idle one is. Then all is well. */
    CLOSED_ONCE,
    /** The reply has the right status, and is a proxy's page. */
    GARBAGE,
    /** The reply has the right status, and nothing else. */
    EMPTY,
    /** It has an error of its own. */
    BROKEN,
    /** It does not believe who is calling. */
    UNAUTHENTICATED,
    /** It knows who is calling, and does not let it. */
    FORBIDDEN,
    /** The wrapping key is switched off. */
    DISABLED
  }

  /** A request as it arrived; names of headers in small letters. */
  public record Call(String method, URI uri, Map<String, String> headers, String body) {
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  /** What it says to a call. */
  public record Reply(int status, Map<String, String> headers, String body) {
    public static Reply json(int status, String body) {
      return new Reply(status, Map.of("Content-Type", "application/json"), body);
    }
  }

  private final HttpServer server;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable Fault fault;
  private volatile CountDownLatch over = new CountDownLatch(0);

  protected StubService(@Nullable SSLContext tls) {
    try {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      if (tls == null) {
        server = HttpServer.create(address, 0);
      } else {
        HttpsServer secured = HttpsServer.create(address, 0);
        secured.setHttpsConfigurator(new HttpsConfigurator(tls));
        server = secured;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
  }

  /** Called at the end of the constructor. */
  protected final void start() {
    server.createContext("/", this::handle);
    server.start();
  }

  public final int port() {
    return server.getAddress().getPort();
  }

  /** What was called, but for logins. */
  public final List<Call> calls() {
    return List.copyOf(calls);
  }

  public final void begin(Fault begun) {
    over = new CountDownLatch(1);
    fault = begun;
  }

  public final void end() {
    fault = null;
    over.countDown();
  }

  @Override
  public final void close() {
    end();
    closed.countDown();
    server.stop(0);
  }

  /** What the working service says. */
  protected abstract Reply answer(Call call) throws Exception;

  /** How this service words a fault that has a status of its own. */
  protected abstract Reply refusal(Fault fault);

  /** Whether a call only asks who the caller is. Those are answered whatever the fault. */
  protected boolean isLogin(Call call) {
    return false;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var headers = new TreeMap<String, String>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) ->
              headers.put(name.toLowerCase(Locale.ROOT), String.join(",", values)));
      var call =
          new Call(
              exchange.getRequestMethod(),
              exchange.getRequestURI(),
              headers,
              new String(exchange.getRequestBody().readAllBytes(), UTF_8));
      if (isLogin(call)) {
        send(exchange, answered(call), false);
        return;
      }
      calls.add(call);
      Fault now = fault;
      switch (now) {
        case null -> send(exchange, answered(call), false);
        case SLOW -> {
          over.await(30, TimeUnit.SECONDS);
          closed.await(1, TimeUnit.MILLISECONDS);
          send(exchange, answered(call), false);
        }
        case CUT -> send(exchange, answered(call), true);
        case CLOSED_ONCE -> end();
        case GARBAGE ->
            send(
                exchange,
                new Reply(
                    200,
                    Map.of("Content-Type", "text/html"),
                    "<!doctype html><title>Welcome</title><p>Sign in to this network."),
                false);
        case EMPTY ->
            send(exchange, new Reply(200, Map.of("Content-Type", "application/json"), "{}"), false);
        default -> send(exchange, refusal(now), false);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Reply answered(Call call) {
    try {
      return answer(call);
    } catch (Exception e) {
      return new Reply(599, Map.of(), "The stub itself failed: " + e);
    }
  }

  private static void send(HttpExchange exchange, Reply reply, boolean cut) throws IOException {
    byte[] body = reply.body().getBytes(UTF_8);
    reply.headers().forEach(exchange.getResponseHeaders()::add);
    exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(cut ? Arrays.copyOf(body, body.length / 2) : body);
    exchange.getResponseBody().flush();
  }
}
