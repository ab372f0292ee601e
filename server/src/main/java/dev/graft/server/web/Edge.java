package dev.graft.server.web;

import dev.graft.server.access.RequestId;
import dev.graft.server.edge.EdgeSettings;
import dev.graft.server.edge.Forwarding;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.vapi.Trace;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;
import org.springframework.http.HttpMethod;

/**
 * Where requests come in, before anyone asks who sent them: gives each an id and its place in a
 * trace, sets the headers that a browser should see, answers browsers that ask whether a page may
 * call, and turns away what came unencrypted where that must not be.
 */
final class Edge extends HttpFilter {
  private static final Logger LOG = LoggerFactory.getLogger(Edge.class);
  private static final Pattern CALLERS_ID = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");
  private static final String REQUEST_ID = "graft.request-id";
  private static final String CLIENT = "graft.client";
  private static final String ENCRYPTED = "graft.encrypted";
  private static final String NO_ROUTE = "none";
  private static final String ROUTE = "graft.route";
  private static final String ALLOWED_ORIGIN = "graft.allowed-origin";

  /** The id of a request, as it stands in its answer. */
  static String requestId(HttpServletRequest request) {
    return request.getAttribute(REQUEST_ID) instanceof String id ? id : "";
  }

  private final transient EdgeSettings settings;
  private final transient Telemetry telemetry;
  private final transient Origins origins;
  private final transient BooleanSupplier closing;

  /**
   * The edge.
   *
   * @param closing whether connections are not kept, since this node is about to stop
   */
  Edge(EdgeSettings settings, Telemetry telemetry, BooleanSupplier closing) {
    this.settings = settings;
    this.telemetry = telemetry;
    this.closing = closing;
    this.origins = new Origins(settings.origins());
  }

  /** The address of whoever sent a request, or sent it to a proxy of ours. */
  static String client(HttpServletRequest request) {
    return request.getAttribute(CLIENT) instanceof String client ? client : request.getRemoteAddr();
  }

  /** Whether its sender spoke TLS, with us or with a proxy of ours. */
  static boolean isEncrypted(HttpServletRequest request) {
    return Boolean.TRUE.equals(request.getAttribute(ENCRYPTED));
  }

  /** Says which route serves a request, in the form in which it stands among the routes. */
  static void servedBy(Routes.Route route, HttpServletRequest request) {
    request.setAttribute(ROUTE, route.path());
  }

  /** Whether a page of another site sent it that may. */
  static boolean isOfAllowedOrigin(HttpServletRequest request) {
    return request.getAttribute(ALLOWED_ORIGIN) != null;
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    long began = System.nanoTime();
    Instant at = Instant.now();
    boolean isServed = false;
    String requestId = "req_" + UUID.randomUUID().toString().replace("-", "");
    Trace trace = Trace.continued(request.getHeader(Trace.HEADER));
    request.setAttribute(REQUEST_ID, requestId);
    response.setHeader("X-Request-Id", requestId);
    response.setHeader(Trace.HEADER, trace.header());
    SafeHeaders.set(response, request.getRequestURI());
    if (closing.getAsBoolean()) {
      response.setHeader("Connection", "close");
    }
    MDC.put("requestId", requestId);
    MDC.put("traceId", trace.traceId());
    MDC.put("spanId", trace.spanId());
    callersId(request.getHeader("X-Request-Id"));
    try {
      Forwarding forwarding = Forwarding.of(request, settings);
      request.setAttribute(CLIENT, forwarding.client());
      request.setAttribute(ENCRYPTED, forwarding.isEncrypted());
      if (forwarding.isEncrypted()) {
        response.setHeader("Strict-Transport-Security", "max-age=31536000");
      } else if (settings.httpsOnly() && !request.getRequestURI().startsWith("/health")) {
        throw new Problem(
            403,
            "HTTPS_REQUIRED",
            "This server takes requests over HTTPS only: they carry keys. If a proxy ends TLS, it has"
                + " to be one of GRAFT_TRUSTED_PROXIES and to send 'X-Forwarded-Proto: https'.");
      }
      if (origins.allows(request)) {
        request.setAttribute(ALLOWED_ORIGIN, true);
      }
      if (origins.answer(request, response)) {
        isServed = true;
        return;
      }
      ScopedValue.where(RequestId.CURRENT, requestId)
          .where(Trace.CURRENT, trace)
          .call(() -> {
            chain.doFilter(request, response);
            return true;
          });
      isServed = true;
    } catch (Problem refusal) {
      Guard.write(refusal, request, response);
      isServed = true;
    } catch (IOException | ServletException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new ServletException(e);
    } finally {
      log(request, response, began);
      telemetry.request(
          trace,
          request.getAttribute(ROUTE) instanceof String route ? route : NO_ROUTE,
          request.getMethod(),
          // What broke on its way out is made a 500 after this.
          isServed ? response.getStatus() : 500,
          at,
          Duration.ofNanos(System.nanoTime() - began));
      MDC.clear();
    }
  }

  /** Without the query, in which a caller may have put anything. */
  private static void log(HttpServletRequest request, HttpServletResponse response, long began) {
    boolean looksOnly =
        request.getMethod().equals(HttpMethod.GET.name()) && response.getStatus() < 400;
    LOG.atLevel(looksOnly ? Level.DEBUG : Level.INFO)
        .log(
            "{} {} {} in {} ms, from {} at {}",
            request.getMethod(),
            request.getRequestURI(),
            response.getStatus(),
            (System.nanoTime() - began) / 1_000_000,
            request.getAttribute(Gate.CALLER) == null
                ? "nobody"
                : request.getAttribute(Gate.CALLER),
            client(request));
  }

  /** What the caller calls the request is for finding it again, and is trusted for nothing. */
  private static void callersId(@Nullable String id) {
    if (id != null && CALLERS_ID.matcher(id).matches()) {
      MDC.put("callerRequestId", id);
    }
  }
}
