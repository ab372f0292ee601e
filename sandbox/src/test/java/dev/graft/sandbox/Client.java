package dev.graft.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A client of the API under one key, which sends what it is told and repeats nothing. */
record Client(URI base, String key, Duration timeout) {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  record Answer(HttpResponse<String> response) {
    int status() {
      return response.statusCode();
    }

    JsonNode json() {
      return Json.read(response.body().getBytes(StandardCharsets.UTF_8));
    }

    String id() {
      return json().path("id").asString();
    }

    /** The faults of a 400, or its one message. */
    List<String> messages() {
      JsonNode message = json().path("message");
      return message.isArray()
          ? StreamSupport.stream(message.spliterator(), false).map(JsonNode::asString).toList()
          : List.of(message.asString());
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }
  }

  Client(URI base, String key) {
    this(base, key, Duration.ofSeconds(10));
  }

  static ObjectNode json(String text) {
    return (ObjectNode) Json.read(text.getBytes(StandardCharsets.UTF_8));
  }

  Client patient(Duration howLong) {
    return new Client(base, key, howLong);
  }

  Answer get(String path) {
    return send(request(path).GET());
  }

  Answer post(String path, String body) {
    return send(request(path).POST(BodyPublishers.ofString(body)));
  }

  Answer patch(String path, String body) {
    return send(request(path).method("PATCH", BodyPublishers.ofString(body)));
  }

  Answer delete(String path) {
    return send(request(path).DELETE());
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(base.resolve(path))
        .timeout(timeout)
        .header("Authorization", "Bearer " + key)
        .header("User-Agent", "sandbox-test/1");
  }

  static Answer send(HttpRequest.Builder request) {
    try {
      return new Answer(HTTP.send(request.build(), BodyHandlers.ofString()));
    } catch (IOException lost) {
      throw new UncheckedIOException(lost);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }
}
