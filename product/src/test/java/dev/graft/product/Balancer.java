package dev.graft.product;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Balances a load over the nodes that say that they are ready, asked five times a second. As such
 * programs do, it goes to another node when one takes no connection, and repeats nothing that was
 * sent.
 */
final class Balancer implements AutoCloseable {
  private static final Set<String> OWN =
      Set.of("host", "connection", "content-length", "upgrade", "expect");

  private final Cluster cluster;
  private final HttpServer server;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final ScheduledExecutorService checks = Executors.newSingleThreadScheduledExecutor();
  private final Set<URI> ready = ConcurrentHashMap.newKeySet();
  private final Future<?> looks;
  private final AtomicInteger next = new AtomicInteger();

  Balancer(Cluster cluster) throws IOException {
    this.cluster = cluster;
    this.server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::pass);
    check();
    this.looks = checks.scheduleWithFixedDelay(this::check, 200, 200, TimeUnit.MILLISECONDS);
    server.start();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void check() {
    for (int i = 0; i < cluster.size(); i++) {
      cluster
          .urlOf(i)
          .ifPresent(url -> {
            if (isReady(url)) {
              ready.add(url);
            } else {
              ready.remove(url);
            }
          });
    }
  }

  private boolean isReady(URI node) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(node.resolve("/health/ready"))
              .timeout(Duration.ofSeconds(2))
              .build();
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void pass(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    try (exchange) {
      HttpResponse<byte[]> answer = answer(exchange, body);
      answer
          .headers()
          .map()
          .forEach((name, values) -> {
            if (!OWN.contains(name) && !name.startsWith(":") && !name.equals("transfer-encoding")) {
              exchange.getResponseHeaders().put(name, values);
            }
          });
      exchange.sendResponseHeaders(
          answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
      if (answer.body().length > 0) {
        exchange.getResponseBody().write(answer.body());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private HttpResponse<byte[]> answer(HttpExchange exchange, byte[] body)
      throws IOException, InterruptedException {
    var nodes = new ArrayList<URI>(ready);
    IOException refused = new IOException("no node is ready");
    for (int tries = 0; tries < nodes.size(); tries++) {
      URI node = nodes.get(Math.floorMod(next.getAndIncrement(), nodes.size()));
      try {
        return client.send(request(exchange, node, body), HttpResponse.BodyHandlers.ofByteArray());
      } catch (ConnectException e) {
        refused = e;
      }
    }
    throw refused;
  }

  private static HttpRequest request(HttpExchange exchange, URI node, byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(node.resolve(exchange.getRequestURI().toString()))
            .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> {
          if (!OWN.contains(name.toLowerCase(java.util.Locale.ROOT))) {
            List.copyOf(values).forEach(value -> request.header(name, value));
          }
        });
    return request.build();
  }

  @Override
  public void close() {
    looks.cancel(true);
    checks.shutdownNow();
    server.stop(0);
    client.close();
  }
}
