package dev.graft.server.web;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.coyote.ActionCode;
import org.jspecify.annotations.Nullable;

/**
 * Answers what never reaches a route, such as a request line that is none, in the same form as
 * everything else. Tomcat makes it by its name.
 */
public final class ProblemValve extends ErrorReportValve {
  @Override
  protected void report(Request request, Response response, @Nullable Throwable thrown) {
    int status = response.getStatus();
    if (status == 501 || status == 417) {
      // Tomcat's words for a Transfer-Encoding, a method or an expectation of which it has never
      // heard. Nothing is wrong in here, so that it must not count as a fault of the server.
      status = 400;
      response.setStatus(status);
    }
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    var open = new java.util.concurrent.atomic.AtomicBoolean(false);
    response.getCoyoteResponse().action(ActionCode.IS_IO_ALLOWED, open);
    if (!open.get()) {
      return;
    }
    try {
      SafeHeaders.set(response, "/v1/");
      response.setContentType(Problem.TYPE.toString());
      response.getOutputStream().write(problem(status).body(""));
      response.finishResponse();
    } catch (IOException | IllegalStateException e) {
      // Nobody is listening any more.
      return;
    }
  }

  private static Problem problem(int status) {
    return switch (status) {
      case 404 -> Routes.notFound();
      case 431 ->
          new Problem(431, "HEADERS_TOO_LARGE", "The headers of the request are too large.");
      case 400 ->
          new Problem(
              400,
              "INVALID_REQUEST",
              "The request is not well-formed HTTP: its first line, its path or a header is broken.");
      default ->
          status < 500
              ? new Problem(status, "INVALID_REQUEST", "The request cannot be served as it is.")
              : new Problem(
                  status,
                  "INTERNAL_ERROR",
                  "Something went wrong inside Graft. The log has the details.");
    };
  }
}
