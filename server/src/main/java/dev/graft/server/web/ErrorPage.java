package dev.graft.server.web;

import jakarta.servlet.http.HttpServletRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.PathContainer;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/** A problem as a person sees it who came with a browser, and not to the API. */
final class ErrorPage {
  /** Where forms of pages are sent to. */
  private static final List<PathPattern> FORMS =
      Stream.of("/login", "/logout").map(PathPatternParser.defaultInstance::parse).toList();

  private ErrorPage() {}

  /**
   * Whether it is a page that is asked for, as a browser does when someone follows a link or sends
   * a form: what is under these paths, and every other method, is for programs always.
   */
  static boolean isWantedBy(HttpServletRequest request) {
    String accept = request.getHeader("Accept");
    String path = request.getServletPath();
    boolean isForPrograms =
        path.startsWith("/v1/")
            || path.startsWith("/api/")
            || path.startsWith("/health")
            || path.equals("/metrics");
    boolean isForm = HttpMethod.POST.matches(request.getMethod()) && isOfForm(request);
    boolean isLink =
        HttpMethod.GET.matches(request.getMethod()) || HttpMethod.HEAD.matches(request.getMethod());
    boolean fromBrowser = isForm || (isLink && !isForPrograms);
    return fromBrowser && accept != null && accept.toLowerCase(Locale.ROOT).contains("text/html");
  }

  /** By the address as the routes read it, to which /x/../logout is none of a form. */
  private static boolean isOfForm(HttpServletRequest request) {
    PathContainer path = PathContainer.parsePath(request.getRequestURI());
    return FORMS.stream().anyMatch(form -> form.matches(path));
  }

  static boolean isWantedBy(ServerRequest request) {
    return isWantedBy(request.servletRequest());
  }

  static ServerResponse response(Problem problem, String requestId) {
    ServerResponse.BodyBuilder answer = ServerResponse.status(problem.status());
    problem.headers().forEach(header -> answer.header(header.name(), header.value()));
    return Html.page(answer, page(problem, requestId));
  }

  static byte[] bytes(Problem problem, String requestId) {
    return page(problem, requestId).bytes();
  }

  private static Html.Page page(Problem problem, String requestId) {
    Map<String, Object> values = new HashMap<>();
    values.put("title", title(problem.status()));
    values.put(
        "message",
        problem.status() == 404
            ? "There is no page at this address. It was mistyped, or the link that led here is old."
            : problem.getMessage());
    values.put("requestId", requestId);
    return new Html.Page("error", values);
  }

  private static String title(int status) {
    return switch (status) {
      case 403 -> "This is not allowed";
      case 404, 405 -> "There is nothing here";
      case 429 -> "Too often";
      case 503 -> "Not now";
      default -> status < 500 ? "This did not work" : "Something went wrong";
    };
  }
}
