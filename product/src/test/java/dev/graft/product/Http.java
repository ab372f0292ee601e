package dev.graft.product;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** HTTP as a caller of the product does it. */
final class Http {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private Http() {}

  /** What came back. */
  record Answer(int status, JsonNode body) {
    List<String> actions() {
      var actions = new ArrayList<String>();
      body.path("actions").forEach(action -> actions.add(action.stringValue()));
      return actions;
    }
  }

  static Answer post(URI url, String path, JsonNode body) throws IOException {
    return send(
        HttpRequest.newBuilder(url.resolve(path))
            .header("Content-Type", "application/json")
            .timeout(Duration.ofSeconds(100))
            .POST(BodyPublishers.ofString(Json.write(body))));
  }

  static Answer get(URI url, String path) throws IOException {
    return send(HttpRequest.newBuilder(url.resolve(path)).GET());
  }

  static Answer send(HttpRequest.Builder request) throws IOException {
    try {
      HttpResponse<String> response = CLIENT.send(request.build(), BodyHandlers.ofString());
      return new Answer(
          response.statusCode(),
          response.body().isEmpty() ? Json.object() : Json.parse(response.body()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static Answer link(URI graft, String userId, String key) throws IOException {
    return post(graft, "/api/vapi/link", Json.object().put("userId", userId).put("apiKey", key));
  }

  static Answer clone(URI graft, String userId) throws IOException {
    return post(graft, "/api/vapi/clone", Json.object().put("userId", userId));
  }

  /** The same, with an Idempotency-Key. */
  static Answer clone(URI graft, String userId, String key) throws IOException {
    return send(
        HttpRequest.newBuilder(graft.resolve("/api/vapi/clone"))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .timeout(Duration.ofSeconds(100))
            .POST(BodyPublishers.ofString(Json.write(Json.object().put("userId", userId)))));
  }

  /** The objects of one kind in a sandbox's account. */
  static List<ObjectNode> objects(URI sandbox, String account, String kind) throws IOException {
    return get(sandbox, "/_sandbox/accounts/" + account + "/objects/" + kind)
        .body()
        .valueStream()
        .map(ObjectNode.class::cast)
        .toList();
  }
}
