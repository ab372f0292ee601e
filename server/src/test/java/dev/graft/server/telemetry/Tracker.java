package dev.graft.server.telemetry;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;

/** An error tracker on this machine: it takes envelopes as Sentry does. */
public final class Tracker implements AutoCloseable {
  private final HttpServer server;
  private final List<String> envelopes = new CopyOnWriteArrayList<>();
  private final List<String> headers = new CopyOnWriteArrayList<>();

  private Tracker(HttpServer server) {
    this.server = server;
  }

  public static Tracker start() {
    try {
      var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      var tracker = new Tracker(server);
      server.createContext(
          "/api/7/envelope/",
          exchange -> {
            boolean packed =
                "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
            try (var body =
                packed
                    ? new GZIPInputStream(exchange.getRequestBody())
                    : exchange.getRequestBody()) {
              tracker.envelopes.add(new String(body.readAllBytes(), StandardCharsets.UTF_8));
            }
            tracker.headers.add(exchange.getRequestHeaders().entrySet().toString());
            byte[] answer = "{}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
          });
      server.start();
      return tracker;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What Graft is given to find it. */
  public String dsn() {
    return "http://publickey@127.0.0.1:" + server.getAddress().getPort() + "/7";
  }

  public List<String> envelopes() {
    return List.copyOf(envelopes);
  }

  /** Everything that came. */
  public String all() {
    return envelopes + " " + headers;
  }

  /** Waits until so many have come. */
  public List<String> await(int count) throws InterruptedException {
    for (int i = 0; i < 200 && envelopes.size() < count; i++) {
      Thread.sleep(50);
    }
    return envelopes();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
