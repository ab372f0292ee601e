package dev.graft.cli;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A JSON API over HTTP, as a caller sees it: an answer, or a {@link Refusal} that says why not. */
final class Api {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration READ = Duration.ofSeconds(30);

  /** Longer than the server itself waits for Vapi. */
  private static final Duration WORK = Duration.ofMinutes(3);

  /** For a whole database. */
  private static final Duration DOWNLOAD = Duration.ofHours(6);

  private final String base;
  private final Optional<Token> token;
  private final String whereElse;
  private @Nullable HttpClient client;

  private Api(String base, Optional<Token> token, String whereElse) {
    this.base = base;
    this.token = token;
    this.whereElse = whereElse;
  }

  /** What came back. */
  record Answer(int status, ObjectNode body) {}

  /**
   * Graft's own API.
   *
   * @throws Refusal when the text is no address
   */
  static Api ofGraft(String url, Optional<Token> token) {
    return new Api(
        checked(url),
        token,
        "Start the server with ./graft serve, or say where it is with --url or GRAFT_URL.");
  }

  /** Another API that wants no token. */
  static Api of(URI url) {
    return new Api(url.toString(), Optional.empty(), "");
  }

  private static String checked(String url) {
    try {
      URI uri = new URI(url);
      String scheme = String.valueOf(uri.getScheme());
      if (List.of("http", "https").contains(scheme)
          && uri.getHost() != null
          && uri.getPort() != 0
          && uri.getPort() <= 65_535
          && uri.getRawUserInfo() == null
          && uri.getRawQuery() == null
          && uri.getRawFragment() == null) {
        return url.replaceFirst("/+$", "");
      }
    } catch (URISyntaxException e) {
      // As wrong as one with a password in it.
    }
    throw Refusal.usage(
        "The address of the server, from --url or GRAFT_URL, must be one such as"
            + " http://127.0.0.1:3000 or https://graft.example.com.");
  }

  String url() {
    return base;
  }

  /** Whether what is sent can be read on the way. */
  boolean isOpenToOthers() {
    URI uri = URI.create(base);
    return "http".equals(uri.getScheme())
        && !String.valueOf(uri.getHost()).matches("(?i)localhost|127(\\.\\d{1,3}){3}|\\[::1]");
  }

  ObjectNode get(String path) {
    return send(request(path, READ).GET().build(), READ).body();
  }

  Answer post(String path, ObjectNode body) {
    return post(path, Json.writeBytes(body));
  }

  Answer post(String path, byte[] body) {
    return send(withBody("POST", path, body), WORK);
  }

  Answer delete(String path) {
    return send(request(path, WORK).DELETE().build(), WORK);
  }

  Answer patch(String path, ObjectNode body) {
    return send(withBody("PATCH", path, Json.writeBytes(body)), WORK);
  }

  /**
   * Puts what comes back into a file, which is there already and empty.
   *
   * @throws Refusal when the server refuses; then the file is as it was
   */
  void download(String path, Path file) {
    BodyHandler<byte[]> into =
        info ->
            info.statusCode() == 200
                ? BodySubscribers.mapping(
                    BodySubscribers.ofFile(file, StandardOpenOption.WRITE), _ -> new byte[0])
                : BodySubscribers.ofByteArray();
    HttpResponse<byte[]> response = sent(request(path, READ).GET().build(), into, DOWNLOAD);
    if (response.statusCode() != 200) {
      answer(response);
    }
  }

  /** One part of a path, or a value in a query. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private HttpRequest withBody(String method, String path, byte[] body) {
    return request(path, WORK)
        .header("Content-Type", "application/json")
        .method(method, BodyPublishers.ofByteArray(body))
        .build();
  }

  private HttpRequest.Builder request(String path, Duration limit) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(limit)
            .header("Accept", "application/json");
    token.ifPresent(known -> request.header("Authorization", known.header()));
    return request;
  }

  private Answer send(HttpRequest request, Duration limit) {
    return answer(sent(request, BodyHandlers.ofByteArray(), limit));
  }

  private HttpResponse<byte[]> sent(
      HttpRequest request, BodyHandler<byte[]> handler, Duration limit) {
    try {
      // The client's own limit ends with the headers, and a body can stall, too.
      return client().sendAsync(request, handler).get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw slow(limit, e);
    } catch (ExecutionException e) {
      throw unanswered(
          e.getCause() instanceof IOException cause ? cause : new IOException(e), limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.failed("Interrupted while " + base + " was asked.", e);
    }
  }

  /** Made when it is needed: most of a short command's time would go into it. */
  private HttpClient client() {
    HttpClient known = client;
    if (known == null) {
      known =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(CONNECT)
              .build();
      client = known;
    }
    return known;
  }

  private Refusal unanswered(IOException cause, Duration limit) {
    return switch (cause) {
      case HttpConnectTimeoutException _ ->
          Refusal.failed(sentences(base + " cannot be reached.", whereElse), cause);
      case ConnectException refused when among(refused, UnresolvedAddressException.class) != null ->
          Refusal.failed(sentences("The host of " + base + " is not known.", whereElse), cause);
      case ConnectException _ ->
          Refusal.failed(sentences("Nothing answers at " + base + ".", whereElse), cause);
      case java.net.http.HttpTimeoutException _ -> slow(limit, cause);
      // The client wraps it or does not, as it happens.
      case IOException broken when among(broken, SSLException.class) instanceof SSLException tls ->
          Refusal.failed(
              "There is no secure connection to "
                  + base
                  + ": "
                  + tls.getMessage()
                  + ". If the server speaks plain HTTP, its address starts with http://.",
              cause);
      default ->
          Refusal.failed(
              "The connection to "
                  + base
                  + " broke before the answer was there. What the server began it finishes; the same"
                  + " command again is safe.",
              cause);
    };
  }

  /** The one of this sort among an exception and its causes. */
  private static <T extends Throwable> @Nullable T among(Throwable whole, Class<T> sort) {
    for (Throwable cause = whole; cause != null; cause = cause.getCause()) {
      if (sort.isInstance(cause)) {
        return sort.cast(cause);
      }
    }
    return null;
  }

  private Refusal slow(Duration limit, Throwable cause) {
    return Refusal.failed(
        base
            + " gave no answer within "
            + limit.toSeconds()
            + " seconds. What the server began it finishes; the same command again is safe.",
        cause);
  }

  private Answer answer(HttpResponse<byte[]> response) {
    int status = response.statusCode();
    Optional<ObjectNode> body = object(response.body());
    if (status / 100 == 2 && body.isPresent()) {
      return new Answer(status, body.get());
    }
    if (status / 100 == 3) {
      throw Refusal.failed(
          base
              + " sends on to "
              + response.headers().firstValue("Location").orElse("another address")
              + ". Give the address where the API itself is, with --url or GRAFT_URL.");
    }
    if (status / 100 != 2 && body.isPresent() && Problem.isOne(body.get())) {
      boolean wantsToken =
          status == 401 && response.headers().firstValue("WWW-Authenticate").isPresent();
      throw Problem.refusal(body.get(), wantsToken);
    }
    throw Refusal.failed(
        base
            + " answered with status "
            + status
            + " and "
            + kind(response)
            + ", which Graft never does. Something else is there or stands in between; --url and"
            + " GRAFT_URL say where to ask.");
  }

  private static String kind(HttpResponse<byte[]> response) {
    String type = response.headers().firstValue("Content-Type").orElse("");
    return type.isEmpty() || response.body().length == 0
        ? "nothing that can be read"
        : "something of the type " + type;
  }

  private static Optional<ObjectNode> object(byte[] body) {
    try {
      JsonNode json = Json.parse(body);
      return json instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
    } catch (MalformedJson e) {
      return Optional.empty();
    }
  }

  private static String sentences(String first, String second) {
    return second.isEmpty() ? first : first + " " + second;
  }
}
