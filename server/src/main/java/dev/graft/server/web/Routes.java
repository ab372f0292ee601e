package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.access.Caller;
import dev.graft.server.access.IssuerAway;
import dev.graft.server.access.Permission;
import dev.graft.server.telemetry.Metrics;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.store.StoreException;
import dev.graft.vault.VaultException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
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

  private final Gate gate;
  private final Limits limits;
  private final Once once;
  private final Telemetry telemetry;
  private final List<Route> routes;

  /** What is special about a route. */
  enum Mark {
    /** A user's own limit counts it. */
    LIMITED_PER_USER,
    /** It is a step of signing in, which an address may try so often. */
    SIGN_IN,
    /** Its answer shows what is shown once and kept nowhere. */
    SHOWS_A_SECRET
  }

  /**
   * One method on one path.
   *
   * @param permission what a caller needs; null where everyone may come
   * @param subject whose account it is about
   * @param marks what else the steps before it have to know
   * @param pattern the path as it is compared with addresses
   */
  record Route(
      HttpMethod method,
      String path,
      @Nullable Permission permission,
      Subject subject,
      Set<Mark> marks,
      HandlerFunction<ServerResponse> handler,
      PathPattern pattern) {
    Route(
        HttpMethod method,
        String path,
        @Nullable Permission permission,
        Subject subject,
        Set<Mark> marks,
        HandlerFunction<ServerResponse> handler) {
      this(
          method,
          path,
          permission,
          subject,
          marks,
          handler,
          PathPatternParser.defaultInstance.parse(path));
    }

    private Route marked(Mark mark) {
      return new Route(method, path, permission, subject, Set.of(mark), handler);
    }

    boolean is(Mark mark) {
      return marks.contains(mark);
    }

    /** Whether a body can say what is to be done. */
    boolean readsContent() {
      return method.equals(HttpMethod.POST) || method.equals(HttpMethod.PATCH);
    }
  }

  Routes(
      Gate gate,
      Limits limits,
      Once once,
      Contract contract,
      AccountsApi accounts,
      TemplatesApi templates,
      WorkApi work,
      ApiKeysApi apiKeys,
      Console console,
      AuditApi audit,
      WebhooksApi webhooks,
      KeysApi keys,
      BackupsApi backups,
      RecoverApi recover,
      AccountDataApi data,
      Probes probes,
      Pages pages,
      Telemetry telemetry) {
    this.gate = gate;
    this.limits = limits;
    this.once = once;
    this.telemetry = telemetry;
    this.routes =
        List.of(
            post("/api/vapi/link", Permission.LINK, Subject.USER, contract::link)
                .marked(Mark.LIMITED_PER_USER),
            post("/api/vapi/clone", Permission.CHANGE, Subject.USER, contract::clone)
                .marked(Mark.LIMITED_PER_USER),
            post("/v1/accounts", Permission.LINK, Subject.USER, accounts::link)
                .marked(Mark.LIMITED_PER_USER),
            get("/v1/accounts", Permission.READ, Subject.USER, accounts::list),
            get("/v1/accounts/{account}", Permission.READ, Subject.ACCOUNT, accounts::one),
            delete("/v1/accounts/{account}", Permission.UNLINK, Subject.ACCOUNT, accounts::unlink),
            get(
                "/v1/accounts/{account}/installations",
                Permission.READ,
                Subject.ACCOUNT,
                work::installations),
            post(
                    "/v1/accounts/{account}/installations",
                    Permission.CHANGE,
                    Subject.ACCOUNT,
                    work::install)
                .marked(Mark.LIMITED_PER_USER),
            post("/v1/accounts/{account}/plans", Permission.PLAN, Subject.ACCOUNT, work::planClone),
            get(
                "/v1/accounts/{account}/operations",
                Permission.READ,
                Subject.ACCOUNT,
                work::operations),
            get(
                "/v1/installations/{installation}",
                Permission.READ,
                Subject.INSTALLATION,
                work::installation),
            get(
                "/v1/installations/{installation}/drift",
                Permission.PLAN,
                Subject.INSTALLATION,
                work::drift),
            post(
                "/v1/installations/{installation}/operations",
                Permission.CHANGE,
                Subject.INSTALLATION,
                work::change),
            post(
                "/v1/installations/{installation}/plans",
                Permission.PLAN,
                Subject.INSTALLATION,
                work::planChange),
            get("/v1/plans/{plan}", Permission.READ, Subject.PLAN, work::storedPlan),
            post("/v1/plans/{plan}/apply", Permission.CHANGE, Subject.PLAN, work::applyPlan)
                .marked(Mark.LIMITED_PER_USER),
            get("/v1/operations/{operation}", Permission.READ, Subject.OPERATION, work::operation),
            post("/v1/webhooks", Permission.MANAGE, Subject.NONE, webhooks::add)
                .marked(Mark.SHOWS_A_SECRET),
            get("/v1/webhooks", Permission.MANAGE, Subject.NONE, webhooks::list),
            get("/v1/webhooks/{webhook}", Permission.MANAGE, Subject.NONE, webhooks::one),
            patch("/v1/webhooks/{webhook}", Permission.MANAGE, Subject.NONE, webhooks::change),
            delete("/v1/webhooks/{webhook}", Permission.MANAGE, Subject.NONE, webhooks::remove),
            post(
                    "/v1/webhooks/{webhook}/rotate-secret",
                    Permission.MANAGE,
                    Subject.NONE,
                    webhooks::rotate)
                .marked(Mark.SHOWS_A_SECRET),
            post("/v1/webhooks/{webhook}/test", Permission.MANAGE, Subject.NONE, webhooks::test),
            get(
                "/v1/webhooks/{webhook}/deliveries",
                Permission.MANAGE,
                Subject.NONE,
                webhooks::deliveries),
            post(
                "/v1/webhooks/{webhook}/deliveries/{delivery}/replay",
                Permission.MANAGE,
                Subject.NONE,
                webhooks::replay),
            post(
                "/v1/webhooks/{webhook}/replay",
                Permission.MANAGE,
                Subject.NONE,
                webhooks::replayAll),
            get("/v1/templates", Permission.READ, Subject.NONE, templates::list),
            get("/v1/templates/{template}", Permission.READ, Subject.NONE, templates::one),
            get("/v1/api-keys", Permission.MANAGE, Subject.NONE, apiKeys::list),
            post("/v1/api-keys", Permission.MANAGE, Subject.NONE, apiKeys::make)
                .marked(Mark.SHOWS_A_SECRET),
            post("/v1/api-keys/{key}/rotate", Permission.MANAGE, Subject.NONE, apiKeys::rotate)
                .marked(Mark.SHOWS_A_SECRET),
            delete("/v1/api-keys/{key}", Permission.MANAGE, Subject.NONE, apiKeys::revoke),
            post("/v1/login-links", Permission.MANAGE, Subject.NONE, console::newLink)
                .marked(Mark.SHOWS_A_SECRET),
            delete("/v1/sessions", Permission.MANAGE, Subject.NONE, console::endSessions),
            get("/v1/audit", Permission.MANAGE, Subject.NONE, audit::list),
            get("/v1/audit/key", Permission.MANAGE, Subject.NONE, audit::key),
            post("/v1/audit/restored", Permission.MANAGE, Subject.NONE, audit::restored),
            post(
                "/v1/accounts/{account}/recover",
                Permission.CHANGE,
                Subject.ACCOUNT,
                recover::recover),
            get("/v1/accounts/{account}/export", Permission.READ, Subject.ACCOUNT, data::export),
            post("/v1/accounts/{account}/erase", Permission.MANAGE, Subject.ACCOUNT, data::erase),
            get("/v1/accounts/{account}/audit", Permission.READ, Subject.ACCOUNT, audit::ofAccount),
            open("/login", console::login),
            page("/login", console::enter).marked(Mark.SIGN_IN),
            open("/login/issuer", console::toIssuer).marked(Mark.SIGN_IN),
            open("/login/back", console::fromIssuer).marked(Mark.SIGN_IN),
            page("/logout", console::logout),
            open("/console", console::home),
            open("/console/style.css", console::style),
            get("/v1/keys", Permission.MANAGE, Subject.NONE, keys::status),
            post("/v1/keys/rewrap", Permission.MANAGE, Subject.NONE, keys::rewrap),
            post("/v1/keys/renew", Permission.MANAGE, Subject.NONE, keys::renew),
            post("/v1/backups", Permission.MANAGE, Subject.NONE, backups::begin),
            get("/v1/backups", Permission.MANAGE, Subject.NONE, backups::list),
            get("/v1/backups/{backup}", Permission.MANAGE, Subject.NONE, backups::one),
            get("/v1/backups/{backup}/file", Permission.MANAGE, Subject.NONE, backups::file),
            get("/metrics", Permission.METRICS, Subject.NONE, probes::metrics),
            open("/health", probes::live),
            open("/health/ready", probes::ready),
            open("/health/startup", probes::startup),
            open("/openapi.yaml", pages::openApi),
            open("/docs", pages::docs),
            open("/docs/{file}", pages::docsFile),
            open("/", pages::root));
  }

  private static Route open(String path, HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.GET, path, null, Subject.NONE, Set.of(), handler);
  }

  /** What a form of a page is sent to. Who sends it is told by the session, not by a token. */
  private static Route page(String path, HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.POST, path, null, Subject.NONE, Set.of(), handler);
  }

  private static Route get(
      String path,
      Permission permission,
      Subject subject,
      HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.GET, path, permission, subject, Set.of(), handler);
  }

  private static Route patch(
      String path,
      Permission permission,
      Subject subject,
      HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.PATCH, path, permission, subject, Set.of(), handler);
  }

  private static Route delete(
      String path,
      Permission permission,
      Subject subject,
      HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.DELETE, path, permission, subject, Set.of(), handler);
  }

  private static Route post(
      String path,
      Permission permission,
      Subject subject,
      HandlerFunction<ServerResponse> handler) {
    return new Route(HttpMethod.POST, path, permission, subject, Set.of(), handler);
  }

  /** Method and path of every route, for the check against the published description. */
  List<String> list() {
    return routes.stream().map(route -> route.method() + " " + route.path()).toList();
  }

  /** What each route asks of a caller, for the same check; nothing where everyone may come. */
  Map<String, String> permissions() {
    Map<String, String> permissions = new TreeMap<>();
    for (Route route : routes) {
      Permission permission = route.permission();
      permissions.put(
          route.method() + " " + route.path(), permission == null ? "none" : permission.word());
    }
    return permissions;
  }

  /** Those that show a secret once, for the same check. */
  List<String> thatShowASecret() {
    return routes.stream()
        .filter(route -> route.is(Mark.SHOWS_A_SECRET))
        .map(route -> route.method() + " " + route.path())
        .toList();
  }

  public RouterFunction<ServerResponse> function() {
    RouterFunctions.Builder builder = RouterFunctions.route();
    for (Route route : routes) {
      builder.route(
          RequestPredicates.method(route.method()).and(RequestPredicates.path(route.path())),
          request -> answered(route, request));
    }
    Route noPage = open("/**", this::nowhere);
    builder.route(
        RequestPredicates.method(HttpMethod.GET).and(ErrorPage::isWantedBy),
        request -> answered(noPage, request));
    var nowhere =
        new Route(HttpMethod.GET, "/**", Permission.READ, Subject.NONE, Set.of(), this::nowhere);
    builder.route(RequestPredicates.all(), request -> answered(nowhere, request));
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

  /** Who it is and what they may, how often, whether it was done already; and then it is done. */
  private ServerResponse answered(Route route, ServerRequest request) {
    if (routes.contains(route)) {
      Edge.servedBy(route, request.servletRequest());
    }
    return answer(
        route,
        request,
        () -> {
          Caller caller = gate.admit(route, request);
          List<Problem.Header> left = limits.admit(caller, route, request);
          ServerResponse response =
              answer(
                  route,
                  request,
                  () -> once.answer(caller, route, request, () -> served(caller, route, request)));
          return left.isEmpty() ? response : Answer.of(response).with(left).response();
        });
  }

  private ServerResponse served(Caller caller, Route route, ServerRequest request) {
    return answer(
        route,
        request,
        () ->
            ScopedValue.where(Caller.CURRENT, caller).call(() -> route.handler().handle(request)));
  }

  /** What comes of work, and of what goes wrong with it. */
  private ServerResponse answer(Route route, ServerRequest request, Callable<ServerResponse> work) {
    String requestId = Edge.requestId(request.servletRequest());
    try {
      return work.call();
    } catch (Problem problem) {
      return refusal(problem, request, requestId);
    } catch (Exception e) {
      return refusal(
          gate.gone(route, request, e).orElseGet(() -> trouble(route, e, requestId)),
          request,
          requestId);
    }
  }

  private static ServerResponse refusal(Problem problem, ServerRequest request, String requestId) {
    return ErrorPage.isWantedBy(request)
        ? ErrorPage.response(problem, requestId)
        : problem.response(requestId);
  }

  private Problem trouble(Route route, Exception thrown, String requestId) {
    Problem problem = problem(thrown, requestId);
    // An issuer that is away is somebody else's error.
    switch (thrown) {
      case StoreException _ -> telemetry.metrics().missed(Metrics.Missing.DATABASE);
      case VaultException _ -> telemetry.metrics().missed(Metrics.Missing.KEYS);
      default -> {}
    }
    if (problem.status() >= 500 && !(thrown instanceof IssuerAway)) {
      telemetry.errors().tell(thrown, route.method() + " " + route.path());
    }
    return problem;
  }

  private static String reason(StoreException e) {
    String said = e.getCause() == null ? null : e.getCause().getMessage();
    return said == null ? "" : "(" + said.lines().findFirst().orElse("") + ")";
  }

  /** What went wrong as it is answered; what a caller cannot help is in the log, too. */
  static Problem problem(Exception thrown, String requestId) {
    return switch (thrown) {
      case Problem problem -> problem;
      case InvalidParameterException _ ->
          new Problem(
              400,
              "INVALID_REQUEST",
              "The query of the address cannot be read: it must be pairs of name=value in UTF-8, with"
                  + " percent signs where they are needed.");
      case StoreException e -> {
        if (e.mayHelpToTryAgain()) {
          // Away or full, for every request alike: a line each says it, a stack would bury it.
          LOG.error("request {}: {} {}", requestId, e.getMessage(), reason(e));
        } else {
          LOG.error("request {}: {}", requestId, e.getMessage(), e);
        }
        yield new Problem(503, "STORAGE_UNAVAILABLE", e.getMessage() + " Nothing was half done.")
            .withHeader("Retry-After", "5");
      }
      case IssuerAway e -> {
        LOG.warn("request {}: {}", requestId, e.getMessage());
        yield new Problem(
                503,
                "ISSUER_UNAVAILABLE",
                "Nobody can be told by a token of theirs now. "
                    + e.getMessage()
                    + " API keys and the admin token work as ever.")
            .withHeader("Retry-After", "5");
      }
      case VaultException e -> {
        LOG.error("request {}: {}", requestId, e.getMessage(), e);
        var problem =
            new Problem(
                503, "KEYS_UNAVAILABLE", "The keys cannot be opened now. " + e.getMessage());
        yield e.mayHelpToTryAgain() ? problem.withHeader("Retry-After", "5") : problem;
      }
      default -> {
        LOG.error("request {} failed", requestId, thrown);
        yield new Problem(
            500,
            "INTERNAL_ERROR",
            "Something went wrong inside Graft. What was begun is not lost and will be finished."
                + " Tell whoever runs this server the request id.");
      }
    };
  }

  /** An answer in JSON. */
  static ServerResponse json(int status, JsonNode body) {
    return ServerResponse.status(status)
        .contentType(MediaType.APPLICATION_JSON)
        .body(Json.writeBytes(body));
  }
}
