package dev.graft.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Stands where a server would: it gives the answers that it was told to give, and keeps what it was
 * asked. What it was not told it answers as Graft answers an address where nothing is.
 */
final class ScriptedServer implements AutoCloseable {
  private static final Answer NOTHING_HERE =
      new Answer(404, Map.of("Content-Type", "application/problem+json"), Documents.NOT_FOUND);

  private final HttpServer server;
  private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();

  /**
   * What came in.
   *
   * @param what method and path with its query, as in {@code GET /health}
   */
  record Asked(String what, Optional<String> authorization, String body) {}

  private record Answer(int status, Map<String, String> headers, String body) {}

  private ScriptedServer(HttpServer server) {
    this.server = server;
  }

  static ScriptedServer start() {
    try {
      var http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      var scripted = new ScriptedServer(http);
      http.createContext("/", scripted::handle);
      http.start();
      return scripted;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String what = exchange.getRequestMethod() + " " + exchange.getRequestURI();
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      @Nullable String token = exchange.getRequestHeaders().getFirst("Authorization");
      asked.add(new Asked(what, Optional.ofNullable(token), body));
      Answer answer = next(what);
      answer.headers().forEach(exchange.getResponseHeaders()::set);
      byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  /** The last one stays. */
  private Answer next(String what) {
    Deque<Answer> left = answers.getOrDefault(what, new ArrayDeque<>(List.of(NOTHING_HERE)));
    synchronized (left) {
      return left.size() > 1 ? left.removeFirst() : left.getFirst();
    }
  }

  /** From now on it answers this with a document of the API. */
  ScriptedServer answers(String what, int status, String json) {
    String type = status < 400 ? "application/json" : "application/problem+json";
    return answers(what, status, Map.of("Content-Type", type), json);
  }

  ScriptedServer answers(String what, int status, Map<String, String> headers, String body) {
    answers.put(what, new ArrayDeque<>(List.of(new Answer(status, headers, body))));
    return this;
  }

  /** It answers this with one document after the other, and with the last one from then on. */
  ScriptedServer answersInTurn(String what, String... documents) {
    var turns = new ArrayDeque<Answer>();
    for (String document : documents) {
      turns.add(new Answer(200, Map.of("Content-Type", "application/json"), document));
    }
    answers.put(what, turns);
    return this;
  }

  /** The account {@link Documents#ACCOUNT} is linked for the user {@code user_123}. */
  ScriptedServer knowsTheUser() {
    return answers("GET /v1/accounts?userId=user_123", 200, Documents.page(Documents.ACCOUNT));
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Everything that came in, oldest first. */
  List<Asked> asked() {
    return List.copyOf(asked);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
