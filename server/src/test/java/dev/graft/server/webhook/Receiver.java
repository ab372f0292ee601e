package dev.graft.server.webhook;

import com.standardwebhooks.exceptions.WebhookVerificationException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.graft.core.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import tools.jackson.databind.node.ObjectNode;

/** A receiver of webhooks on this machine, which answers as it is told. */
public final class Receiver implements AutoCloseable {
  static {
    // Without it the JDK's server waits for acknowledgements between header and body.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer server;
  private final List<Got> got = new CopyOnWriteArrayList<>();
  private volatile Answer answer = exchange -> exchange.sendResponseHeaders(204, -1);

  /** What a receiver answers with. */
  public interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  /** What arrived, as it came. */
  public record Got(Map<String, List<String>> headers, String body) {
    public String header(String name) {
      return headers.getOrDefault(name, List.of("")).getFirst();
    }

    public ObjectNode json() {
      return Json.parseObject(body);
    }

    public String type() {
      return json().required("type").stringValue();
    }

    public ObjectNode data() {
      return (ObjectNode) json().required("data");
    }

    /** Whether it is signed with a secret, as an implementation by others sees it. */
    public boolean isSignedWith(String secret) {
      try {
        new com.standardwebhooks.Webhook(secret).verify(body, headers);
        return true;
      } catch (WebhookVerificationException e) {
        return false;
      } catch (com.standardwebhooks.exceptions.EmptyWebhookSecretException e) {
        throw new IllegalArgumentException(e);
      }
    }
  }

  public Receiver() {
    try {
      server =
          HttpServer.create(
              new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 64);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    var headers = new HashMap<String, List<String>>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
    got.add(new Got(headers, body));
    try (exchange) {
      answer.to(exchange);
    }
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook");
  }

  public int port() {
    return server.getAddress().getPort();
  }

  public void answers(Answer other) {
    answer = other;
  }

  public void answers(int status) {
    answer = exchange -> exchange.sendResponseHeaders(status, -1);
  }

  public List<Got> got() {
    return new ArrayList<>(got);
  }

  public List<Got> got(String type) {
    return got.stream().filter(one -> one.type().equals(type)).toList();
  }

  public void forget() {
    got.clear();
  }

  /** Waits for something to arrive. */
  public Got await(Predicate<Got> wanted) throws InterruptedException {
    Instant end = Instant.now().plusSeconds(20);
    while (Instant.now().isBefore(end)) {
      for (Got one : got) {
        if (wanted.test(one)) {
          return one;
        }
      }
      Thread.sleep(20);
    }
    throw new AssertionError(
        "it did not arrive; what did: " + got.stream().map(Got::body).toList());
  }

  public Got await(String type) throws InterruptedException {
    return await(one -> one.type().equals(type));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
