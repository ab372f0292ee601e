package dev.graft.server.web;

import dev.graft.core.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.springframework.web.servlet.function.EntityResponse;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** What goes back for a request, whole, so that it can be kept and be given more headers. */
record Answer(int status, List<Problem.Header> headers, String body) {
  Answer {
    headers = List.copyOf(headers);
  }

  static Answer of(ServerResponse response) {
    var headers = new ArrayList<Problem.Header>();
    response
        .headers()
        .forEach((name, values) ->
            values.forEach(value -> headers.add(new Problem.Header(name, value))));
    boolean hasBody =
        response instanceof EntityResponse<?> entity && entity.entity() instanceof byte[];
    String body =
        hasBody
            ? new String((byte[]) ((EntityResponse<?>) response).entity(), StandardCharsets.UTF_8)
            : "";
    return new Answer(response.statusCode().value(), headers, body);
  }

  Answer with(List<Problem.Header> more) {
    var all = new ArrayList<>(headers);
    all.addAll(more);
    return new Answer(status, all, body);
  }

  ServerResponse response() {
    ServerResponse.BodyBuilder builder = ServerResponse.status(status);
    headers.forEach(header -> builder.header(header.name(), header.value()));
    return body.isEmpty() ? builder.build() : builder.body(body.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Whether this is the end of what was asked for: it was done, or an operation was begun for it
   * that is over. What was refused before anything began, what goes on in the background and what
   * nobody knows the end of is not: that may be asked for again, and Graft makes nothing twice.
   */
  boolean isFinal() {
    return status < 300 || status >= 400 && status < 500 && Json.parseObject(body).has("operation");
  }

  byte[] toBytes() {
    ObjectNode json = Json.object().put("status", status).put("body", body);
    var all = json.putArray("headers");
    headers.forEach(header -> all.addArray().add(header.name()).add(header.value()));
    return Json.writeBytes(json);
  }

  static Answer fromBytes(byte[] bytes) {
    ObjectNode json = Json.parseObject(new String(bytes, StandardCharsets.UTF_8));
    var headers = new ArrayList<Problem.Header>();
    json.required("headers")
        .forEach(header ->
            headers.add(
                new Problem.Header(header.get(0).stringValue(), header.get(1).stringValue())));
    return new Answer(
        json.required("status").intValue(), headers, json.required("body").stringValue());
  }
}
