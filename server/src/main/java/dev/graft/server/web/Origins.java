package dev.graft.server.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Set;
import org.springframework.http.HttpMethod;

/** The pages of other sites that may call from a browser: those that are listed, and no others. */
record Origins(Set<String> allowed) {
  private static final String METHODS = "GET, POST, PATCH, DELETE";
  private static final String TAKEN =
      "Authorization, Content-Type, Idempotency-Key, traceparent, Signature, Signature-Input,"
          + " Content-Digest";
  private static final String SHOWN =
      "X-Request-Id, traceparent, Retry-After, Location, RateLimit, RateLimit-Policy,"
          + " Idempotency-Replayed, WWW-Authenticate, Accept-Signature";

  boolean allows(HttpServletRequest request) {
    String origin = request.getHeader("Origin");
    return origin != null && allowed.contains(origin);
  }

  /**
   * Says to the browser what holds for the page that asks.
   *
   * @return whether that was the question, so that there is nothing else to answer
   */
  boolean answer(HttpServletRequest request, HttpServletResponse response) {
    if (!allowed.isEmpty()) {
      response.addHeader("Vary", "Origin");
    }
    boolean allows = allows(request);
    if (allows) {
      response.setHeader("Access-Control-Allow-Origin", request.getHeader("Origin"));
      response.setHeader("Access-Control-Expose-Headers", SHOWN);
    }
    boolean asks =
        request.getMethod().equals(HttpMethod.OPTIONS.name())
            && request.getHeader("Origin") != null
            && request.getHeader("Access-Control-Request-Method") != null;
    if (!asks) {
      return false;
    }
    if (!allows) {
      throw new Problem(
          403,
          "FOREIGN_ORIGIN",
          "Pages of this origin may not call this server. Whoever runs it can list the origin in"
              + " GRAFT_CORS_ORIGINS.");
    }
    response.setHeader("Access-Control-Allow-Methods", METHODS);
    response.setHeader("Access-Control-Allow-Headers", TAKEN);
    response.setHeader("Access-Control-Max-Age", "600");
    response.setStatus(204);
    return true;
  }
}
