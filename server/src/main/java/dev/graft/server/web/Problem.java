package dev.graft.server.web;

import dev.graft.core.Diagnostic;
import dev.graft.core.apply.Action;
import dev.graft.core.json.Json;
import dev.graft.server.install.Failure;
import dev.graft.server.install.Report;
import java.time.Duration;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/**
 * An error as every caller sees it: RFC 9457, with a stable {@code code} and the same sentences in
 * {@code detail} and {@code error}. Thrown by whatever finds out, answered in one place.
 */
final class Problem extends RuntimeException {
  static final MediaType TYPE = MediaType.valueOf("application/problem+json");

  private final int status;
  private final String code;
  private final ObjectNode more = Json.object();
  private final transient List<Header> headers = new java.util.ArrayList<>();

  /** A header that goes with the answer. */
  record Header(String name, String value) {}

  Problem(int status, String code, String detail) {
    super(detail, null, false, false);
    this.status = status;
    this.code = code;
  }

  static Problem of(Failure failure) {
    var problem = new Problem(failure.status(), failure.code(), failure.detail());
    if (failure.vapiStatus() != 0) {
      ObjectNode vapi = problem.more.putObject("vapi");
      vapi.put("status", failure.vapiStatus());
      var messages = vapi.putArray("messages");
      failure.vapiMessages().forEach(messages::add);
    }
    if (failure.retryAfter() instanceof Duration wait) {
      problem.headers.add(new Header("Retry-After", String.valueOf(Math.max(1, wait.toSeconds()))));
    }
    return problem;
  }

  Problem with(String member, String value) {
    more.put(member, value);
    return this;
  }

  Problem withList(String member, List<String> values) {
    var all = more.putArray(member);
    values.forEach(all::add);
    return this;
  }

  Problem withHeader(String name, String value) {
    headers.add(new Header(name, value));
    return this;
  }

  Problem withActions(List<Action> actions) {
    var done = more.putArray("actions");
    actions.forEach(action -> done.add(action.toString()));
    return this;
  }

  Problem withDiagnostics(List<Diagnostic> diagnostics) {
    var all = more.putArray("diagnostics");
    diagnostics.forEach(diagnostic -> all.add(Report.toJson(diagnostic)));
    return this;
  }

  int status() {
    return status;
  }

  String code() {
    return code;
  }

  List<Header> headers() {
    return List.copyOf(headers);
  }

  /** The body of the answer. */
  byte[] body(String requestId) {
    var json = Json.object();
    json.put("type", "urn:graft:problem:" + code);
    json.put("title", title(status));
    json.put("status", status);
    json.put("detail", getMessage());
    json.put("code", code);
    json.put("error", getMessage());
    json.setAll(more);
    if (!requestId.isEmpty()) {
      json.put("requestId", requestId);
    }
    return Json.writeBytes(json);
  }

  ServerResponse response(String requestId) {
    ServerResponse.BodyBuilder builder = ServerResponse.status(status).contentType(TYPE);
    headers.forEach(header -> builder.header(header.name(), header.value()));
    return builder.body(body(requestId));
  }

  static String title(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 408 -> "Request Timeout";
      case 409 -> "Conflict";
      case 413 -> "Content Too Large";
      case 415 -> "Unsupported Media Type";
      case 421 -> "Misdirected Request";
      case 422 -> "Unprocessable Content";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      default -> status < 500 ? "Request Refused" : "Internal Error";
    };
  }
}
