package dev.graft.server.web;

import dev.graft.vapi.Host;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;

/**
 * Stands before every route, behind {@link Edge}, and keeps strangers out where nothing is asked.
 */
final class Guard extends HttpFilter {
  private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");
  private final boolean isOpen;

  /**
   * A guard.
   *
   * @param isOpen whether everyone on this machine may call
   */
  Guard(boolean isOpen) {
    this.isOpen = isOpen;
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (isOpen) {
      try {
        refuseStrangers(request);
      } catch (Problem refusal) {
        write(refusal, request, response);
        return;
      }
    }
    chain.doFilter(request, response);
  }

  /**
   * Without a token, a page in a browser on this machine must not be able to call: it cannot forge
   * the Host of a name that it made point here, nor hide its Origin.
   */
  private static void refuseStrangers(HttpServletRequest request) {
    String host = request.getHeader("Host");
    if (host == null || !isLocal(host)) {
      throw new Problem(
          403,
          "FOREIGN_HOST",
          "This server takes requests without a token, and therefore only under the name of this"
              + " machine: 127.0.0.1 or localhost.");
    }
    String origin = request.getHeader("Origin");
    if (origin != null && !isSameOrigin(origin, host) && !Edge.isOfAllowedOrigin(request)) {
      throw new Problem(
          403,
          "FOREIGN_ORIGIN",
          "This server takes requests without a token, and therefore none that a page of another"
              + " site sends.");
    }
  }

  private static boolean isLocal(String host) {
    return Host.isLoopback(PORT.matcher(host).replaceFirst(""));
  }

  private static boolean isSameOrigin(String origin, String host) {
    try {
      URI uri = new URI(origin);
      return uri.getRawAuthority() != null && uri.getRawAuthority().equalsIgnoreCase(host);
    } catch (URISyntaxException e) {
      return false;
    }
  }

  static void write(Problem problem, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String requestId = Edge.requestId(request);
    boolean isPage = ErrorPage.isWantedBy(request);
    response.setStatus(problem.status());
    response.setContentType((isPage ? Html.TYPE : Problem.TYPE).toString());
    problem.headers().forEach(header -> response.setHeader(header.name(), header.value()));
    byte[] body = isPage ? ErrorPage.bytes(problem, requestId) : problem.body(requestId);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }
}
