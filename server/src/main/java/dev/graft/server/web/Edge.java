package dev.graft.server.web;

import dev.graft.server.access.RequestId;
import dev.graft.vapi.Trace;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Where requests come in, before anyone asks who sent them: gives each an id and its place in a
 * trace, and sets the headers that a browser should see.
 */
final class Edge extends HttpFilter {
  private static final String REQUEST_ID = "graft.request-id";

  /** The id of a request, as it stands in its answer. */
  static String requestId(HttpServletRequest request) {
    return request.getAttribute(REQUEST_ID) instanceof String id ? id : "";
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    String requestId = "req_" + UUID.randomUUID().toString().replace("-", "");
    Trace trace = Trace.continued(request.getHeader(Trace.HEADER));
    request.setAttribute(REQUEST_ID, requestId);
    response.setHeader("X-Request-Id", requestId);
    response.setHeader(Trace.HEADER, trace.header());
    SafeHeaders.set(response, request.getRequestURI());
    MDC.put("requestId", requestId);
    MDC.put("traceId", trace.traceId());
    MDC.put("spanId", trace.spanId());
    callersId(request.getHeader("X-Request-Id"));
    try {
      ScopedValue.where(RequestId.CURRENT, requestId)
          .where(Trace.CURRENT, trace)
          .call(() -> {
            chain.doFilter(request, response);
            return true;
          });
    } catch (IOException | ServletException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new ServletException(e);
    } finally {
      MDC.clear();
    }
  }

  /** What the caller calls the request is for finding it again, and is trusted for nothing. */
  private static void callersId(@Nullable String id) {
    if (id != null && id.matches("[A-Za-z0-9._:/+=-]{1,128}")) {
      MDC.put("callerRequestId", id);
    }
  }
}
