package dev.graft.product;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who calls Graft, with a token or without one.
 *
 * @param token shown with every request, unless it is empty
 */
record Caller(URI url, String token) {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /**
   * What came back.
   *
   * @param head the headers
   * @param body one character for each byte
   */
  record Answer(int status, String head, String body) {
    byte[] bytes() {
      return (head + body).getBytes(ISO_8859_1);
    }

    String text() {
      return new String(body.getBytes(ISO_8859_1), UTF_8);
    }

    ObjectNode json() {
      return Json.parseObject(text());
    }
  }

  Answer get(String path) {
    return send("GET", path, "");
  }

  Answer post(String path, ObjectNode body, String... headers) {
    return send("POST", path, Json.write(body), headers);
  }

  Answer send(String method, String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url.resolve(path))
            .timeout(Duration.ofSeconds(100))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<byte[]> response = CLIENT.send(request.build(), BodyHandlers.ofByteArray());
      var head = new StringBuilder();
      response
          .headers()
          .map()
          .forEach((name, values) -> head.append(name).append(values).append('\n'));
      return new Answer(
          response.statusCode(), head.toString(), new String(response.body(), ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** A member of the first thing in a list. */
  String first(String path, String list, String member) {
    Answer answer = get(path);
    return answer.json().at("/" + list + "/0/" + member).asString("?" + answer.text());
  }
}
