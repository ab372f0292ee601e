package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.store.StoreException;
import dev.graft.vault.VaultException;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.HandlerFunction;
import org.springframework.web.servlet.function.RequestPredicates;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;
import tools.jackson.databind.JsonNode;

/** Every route there is, and the one place where what went wrong becomes an answer. */
public final class Routes {
  private static final Logger LOG = LoggerFactory.getLogger(Routes.class);

  private final List<Route> routes;

  /** One method on one path. */
  private record Route(HttpMethod method, String path, HandlerFunction<ServerResponse> handler) {
    PathPattern pattern() {
      return PathPatternParser.defaultInstance.parse(path);
    }
  }

  public Routes(
      Contract contract, AccountsApi accounts, TemplatesApi templates, WorkApi work, Pages pages) {
    this.routes =
        List.of(
            post("/api/vapi/link", contract::link),
            post("/api/vapi/clone", contract::clone),
            post("/v1/accounts", accounts::link),
            get("/v1/accounts", accounts::list),
            get("/v1/accounts/{account}", accounts::one),
            delete("/v1/accounts/{account}", accounts::unlink),
            get("/v1/accounts/{account}/installations", work::installations),
            post("/v1/accounts/{account}/installations", work::install),
            post("/v1/accounts/{account}/plans", work::planClone),
            get("/v1/accounts/{account}/operations", work::operations),
            get("/v1/installations/{installation}", work::installation),
            get("/v1/installations/{installation}/drift", work::drift),
            post("/v1/installations/{installation}/operations", work::change),
            post("/v1/installations/{installation}/plans", work::planChange),
            get("/v1/plans/{plan}", work::storedPlan),
            post("/v1/plans/{plan}/apply", work::applyPlan),
            get("/v1/operations/{operation}", work::operation),
            get("/v1/templates", templates::list),
            get("/v1/templates/{template}", templates::one),
            get("/health", pages::live),
            get("/health/ready", pages::ready),
            get("/openapi.yaml", pages::openApi),
            get("/docs", pages::docs),
            get("/docs/{file}", pages::docsFile),
            get("/", pages::root));
  }

  private static Route get(String path, HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.GET, path, handler);
  }

  private static Route delete(String path, HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.DELETE, path, handler);
  }

  private static Route post(String path, HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.POST, path, handler);
  }

  /** Method and path of every route, for the check against the published description. */
  List<String> list() {
    return routes.stream().map(route -> route.method() + " " + route.path()).toList();
  }

  public RouterFunction<ServerResponse> function() {
    RouterFunctions.Builder builder = RouterFunctions.route();
    for (Route route : routes) {
      builder.route(
          RequestPredicates.method(route.method()).and(RequestPredicates.path(route.path())),
          request -> answered(route.handler(), request));
    }
    builder.route(RequestPredicates.all(), request -> answered(this::nowhere, request));
    return builder.build();
  }

  private ServerResponse nowhere(ServerRequest request) {
    var allowed = new TreeSet<String>();
    for (Route route : routes) {
      if (route.pattern().matches(request.requestPath().pathWithinApplication())) {
        allowed.add(route.method().name());
      }
    }
    if (allowed.isEmpty()) {
      throw notFound();
    }
    throw new Problem(
            405,
            "METHOD_NOT_ALLOWED",
            "This address takes " + String.join(" and ", allowed) + " only.")
        .withHeader("Allow", String.join(", ", allowed));
  }

  static Problem notFound() {
    return new Problem(
        404, "NOT_FOUND", "There is nothing at this address. GET /docs shows every route.");
  }

  private static ServerResponse answered(
      HandlerFunction<ServerResponse> handler, ServerRequest request) {
    String requestId = request.attribute(Guard.REQUEST_ID).map(String::valueOf).orElse("");
    try {
      return handler.handle(request);
    } catch (Problem problem) {
      return problem.response(requestId);
    } catch (StoreException e) {
      LOG.error("request {}: {}", requestId, e.getMessage(), e);
      return new Problem(503, "STORAGE_UNAVAILABLE", e.getMessage() + " Nothing was half done.")
          .withHeader("Retry-After", "5")
          .response(requestId);
    } catch (VaultException e) {
      LOG.error("request {}: {}", requestId, e.getMessage(), e);
      return new Problem(
              503, "KEYS_UNAVAILABLE", "The keys cannot be opened now. " + e.getMessage())
          .withHeader("Retry-After", "5")
          .response(requestId);
    } catch (Exception e) {
      LOG.error("request {} failed", requestId, e);
      return new Problem(
              500,
              "INTERNAL_ERROR",
              "Something went wrong inside Graft. What was begun is not lost and will be finished."
                  + " Tell whoever runs this server the request id.")
          .response(requestId);
    }
  }

  /** An answer in JSON. */
  static ServerResponse json(int status, JsonNode body) {
    return ServerResponse.status(status)
        .contentType(MediaType.APPLICATION_JSON)
        .body(Json.writeBytes(body));
  }
}
