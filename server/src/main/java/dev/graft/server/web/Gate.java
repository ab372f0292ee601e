package dev.graft.server.web;

import dev.graft.server.access.Caller;
import dev.graft.server.access.Permission;
import dev.graft.server.install.StoredPlans;
import dev.graft.store.Accounts;
import dev.graft.store.Installation;
import dev.graft.store.Installations;
import dev.graft.store.Operation;
import dev.graft.store.Operations;
import dev.graft.store.StoreException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.MDC;
import org.springframework.http.HttpMethod;
import org.springframework.web.servlet.function.ServerRequest;

/**
 * Lets a caller through to a route, or not. Who may touch one account only sees every other as not
 * being there, so that ids tell nothing.
 */
final class Gate {
  static final String CALLER = "graft.caller";

  private final Callers callers;
  private final Accounts accounts;
  private final Installations installations;
  private final Operations operations;
  private final StoredPlans plans;

  Gate(
      Callers callers,
      Accounts accounts,
      Installations installations,
      Operations operations,
      StoredPlans plans) {
    this.callers = callers;
    this.accounts = accounts;
    this.installations = installations;
    this.operations = operations;
    this.plans = plans;
  }

  /** Whoever was let through with this request. */
  static Caller caller(ServerRequest request) {
    return request.servletRequest().getAttribute(CALLER) instanceof Caller caller
        ? caller
        : Caller.NOBODY;
  }

  /**
   * Finds out who calls, and lets them through. Where everyone may come nobody is asked, so that
   * those routes answer when the database does not.
   *
   * @throws Problem when this caller may not
   */
  Caller admit(Routes.Route route, ServerRequest request) {
    Permission permission = route.permission();
    if (permission == null) {
      return Caller.NOBODY;
    }
    if (route.subject() == Subject.ACCOUNT
        && request.pathVariable("account").matches("acc_[0-9a-f]{32}")) {
      // Until the request is over, when Edge forgets all of it.
      MDC.put("accountId", request.pathVariable("account"));
    }
    Caller caller = callers.of(request.servletRequest(), route.readsContent());
    request.servletRequest().setAttribute(CALLER, caller);
    if (caller.kind() == Caller.Kind.NOBODY) {
      throw unauthorized("This server wants to know who calls. " + callers.ways());
    }
    if (!caller.may(permission)) {
      throw new Problem(
          403,
          "FORBIDDEN",
          "This needs the permission '"
              + permission.word()
              + "', which your token does not have. Ask whoever runs this server for one that does.");
    }
    if (caller.userId() != null) {
      admitToAccount(caller, route, request);
    }
    return caller;
  }

  private void admitToAccount(Caller caller, Routes.Route route, ServerRequest request) {
    switch (route.subject()) {
      case NONE -> {}
      case USER -> {
        if (!userId(request).equals(Optional.ofNullable(caller.userId()))) {
          throw new Problem(
              403,
              "FORBIDDEN",
              "Your token is for the account of one user. Give that user's id as 'userId'.");
        }
      }
      case ACCOUNT ->
          admit(caller, Optional.of(request.pathVariable("account")), AccountsApi::notFound);
      case INSTALLATION ->
          admit(
              caller,
              installations
                  .withId(request.pathVariable("installation"))
                  .map(Installation::accountId),
              WorkApi::noInstallation);
      case OPERATION ->
          admit(
              caller,
              operations.withId(request.pathVariable("operation")).map(Operation::accountId),
              WorkApi::noOperation);
      case PLAN -> admit(caller, plans.accountOf(request.pathVariable("plan")), WorkApi::noPlan);
    }
  }

  /**
   * What to say when a request failed because someone unlinked its account or removed its webhook
   * while it was worked for: that it is not there; nothing when it is there, or was never looked
   * for.
   */
  Optional<Problem> gone(Routes.Route route, ServerRequest request, Exception thrown) {
    try {
      return switch (route.subject()) {
        case NONE ->
            thrown instanceof StoreException e
                    && e.isOfSomethingGone()
                    && request.pathVariables().containsKey("webhook")
                ? Optional.of(WebhooksApi.notFound())
                : Optional.empty();
        case USER ->
            // Whoever was unlinked may be linked again by now, to another account.
            route.permission() == Permission.CHANGE
                    && (thrown instanceof StoreException e && e.isOfSomethingGone()
                        || accounts.ofUser(Body.of(request).userId()).isEmpty())
                ? Optional.of(Contract.notLinked())
                : Optional.empty();
        case ACCOUNT ->
            accounts.withId(request.pathVariable("account")).isEmpty()
                ? Optional.of(AccountsApi.notFound())
                : Optional.empty();
        case INSTALLATION ->
            installations.withId(request.pathVariable("installation")).isEmpty()
                ? Optional.of(WorkApi.noInstallation())
                : Optional.empty();
        case OPERATION ->
            operations.withId(request.pathVariable("operation")).isEmpty()
                ? Optional.of(WorkApi.noOperation())
                : Optional.empty();
        case PLAN ->
            plans.accountOf(request.pathVariable("plan")).isEmpty()
                ? Optional.of(WorkApi.noPlan())
                : Optional.empty();
      };
    } catch (RuntimeException e) {
      // The database is what failed, and its own words say more.
      return Optional.empty();
    }
  }

  private static Optional<String> userId(ServerRequest request) {
    return request.method().equals(HttpMethod.GET)
        ? request.param("userId")
        : Optional.of(Body.of(request).userId());
  }

  private void admit(Caller caller, Optional<String> accountId, Supplier<Problem> unknown) {
    List<String> users = accountId.map(accounts::usersOf).orElse(List.of());
    if (!caller.mayTouchAccountOf(users)) {
      throw unknown.get();
    }
  }

  static Problem unauthorized(String detail) {
    return new Problem(401, "UNAUTHORIZED", detail)
        .withHeader("WWW-Authenticate", "Bearer realm=\"graft\"");
  }
}
