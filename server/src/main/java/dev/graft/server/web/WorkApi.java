package dev.graft.server.web;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.plan.Planned;
import dev.graft.core.template.Release;
import dev.graft.server.install.Goal;
import dev.graft.server.install.Installing;
import dev.graft.server.install.Report;
import dev.graft.server.install.StoredPlans;
import dev.graft.server.install.Templates;
import dev.graft.server.install.Wish;
import dev.graft.store.Account;
import dev.graft.store.Installation;
import dev.graft.store.Installations;
import dev.graft.store.Operation;
import dev.graft.store.Operations;
import dev.graft.store.Releases;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Installations, plans and operations over HTTP. */
final class WorkApi {
  private static final int LATEST = 20;

  private final AccountsApi accounts;
  private final TemplatesApi templates;
  private final Installing installing;
  private final Installations installations;
  private final Operations operations;
  private final Releases releases;
  private final StoredPlans plans;
  private final Works works;

  WorkApi(
      AccountsApi accounts,
      TemplatesApi templates,
      Installing installing,
      Installations installations,
      Operations operations,
      Releases releases,
      StoredPlans plans,
      Works works) {
    this.accounts = accounts;
    this.templates = templates;
    this.installing = installing;
    this.installations = installations;
    this.operations = operations;
    this.releases = releases;
    this.plans = plans;
    this.works = works;
  }

  ServerResponse installations(ServerRequest request) {
    Account account = accounts.named(request);
    var json = Json.object();
    var all = json.putArray("installations");
    installations.ofAccount(account.id()).forEach(one -> all.add(view(one)));
    return Routes.json(200, json);
  }

  ServerResponse installation(ServerRequest request) {
    return Routes.json(200, view(named(request)));
  }

  private Installation named(ServerRequest request) {
    return installations
        .withId(request.pathVariable("installation"))
        .orElseThrow(WorkApi::noInstallation);
  }

  ServerResponse install(ServerRequest request) {
    Body body = Body.ofOptional(request).only(Asked.CLONE);
    Account account = accounts.named(request);
    Templates.Template template = templates.chosen(body);
    return Routes.json(200, view(works.clone(account, template, Asked.clone(body))));
  }

  ServerResponse planClone(ServerRequest request) {
    Body body = Body.ofOptional(request).only(Asked.CLONE);
    Account account = accounts.named(request);
    Templates.Template template = templates.chosen(body);
    return plan(
        account,
        template.release().orElseThrow(),
        template.digest().orElseThrow(),
        Asked.clone(body));
  }

  ServerResponse change(ServerRequest request) {
    Body body = Body.of(request).only(Asked.CHANGE);
    Installation installation = named(request);
    Wish wish = Asked.change(body);
    Digest digest = releaseFor(wish, body, installation);
    Account account = accounts.withId(installation.accountId());
    return Routes.json(200, view(works.run(account, released(digest), digest, wish)));
  }

  ServerResponse planChange(ServerRequest request) {
    Body body = Body.of(request).only(Asked.CHANGE);
    Installation installation = named(request);
    Wish wish = Asked.change(body);
    Digest digest = releaseFor(wish, body, installation);
    return plan(accounts.withId(installation.accountId()), released(digest), digest, wish);
  }

  private Release released(Digest digest) {
    return releases.withDigest(digest).orElseThrow();
  }

  /** The release that a change of what is installed is about. */
  private Digest releaseFor(Wish wish, Body body, Installation installation) {
    if (wish.goal() instanceof Goal.Rollback) {
      String named = body.optional("release", "INVALID_ROLLBACK", "a release").orElseThrow();
      List<Digest> found = releases.ofInstallation(installation.id(), named);
      if (found.isEmpty()) {
        throw new Problem(
            404,
            "RELEASE_NOT_FOUND",
            "This installation never had a release of this version or digest. The operations of its"
                + " account name those that it had.");
      }
      if (found.size() > 1) {
        throw new Problem(
            409,
            "RELEASE_AMBIGUOUS",
            "This installation had several releases of this version, with different content. Name"
                + " one by its digest, the latest first: "
                + String.join(", ", found.stream().map(Digest::hex).toList())
                + ".");
      }
      return found.getFirst();
    }
    if (wish.goal() instanceof Goal.Undo(String id)) {
      Operation undone =
          operations
              .withId(id)
              .filter(operation -> operation.installationId().equals(installation.id()))
              .orElseThrow(() ->
                  new Problem(
                      404,
                      "OPERATION_NOT_FOUND",
                      "This installation has no operation of this id."));
      return Optional.ofNullable(installation.release()).orElse(undone.release());
    }
    Optional<Digest> installed = Optional.ofNullable(installation.release());
    // A clone that never got through can be removed, too.
    return (wish.goal() instanceof Goal.Uninstall ? operations.releaseOf(installation) : installed)
        .orElseThrow(() ->
            new Problem(
                409,
                "NOT_INSTALLED",
                "Nothing of "
                    + installation.template()
                    + " is installed here now. Clone the template first."));
  }

  ServerResponse drift(ServerRequest request) {
    Installation installation = named(request);
    Account account = accounts.withId(installation.accountId());
    Release latest =
        templates
            .ifThere(installation.template())
            .flatMap(Templates.Template::release)
            .orElse(null);
    return switch (installing.drift(account, installation, latest)) {
      case Installing.Preview.Compared(var drift) ->
          Routes.json(200, DriftView.of(installation, drift));
      case Installing.Preview.Unseen(var failure) -> throw Problem.of(failure);
      case Installing.Preview.Made _ -> throw new IllegalStateException("a plan is no comparison");
    };
  }

  private ServerResponse plan(Account account, Release release, Digest digest, Wish wish) {
    return switch (installing.plan(account, release, wish)) {
      case Installing.Preview.Unseen(var failure) -> throw Problem.of(failure);
      case Installing.Preview.Compared _ ->
          throw new IllegalStateException("a comparison is no plan");
      case Installing.Preview.Made(Planned.Blocked(var blockers), var _) -> {
        var json = Json.object();
        json.putNull("id");
        json.put("account", account.id());
        json.put("template", release.template());
        json.put("kind", wish.goal().kind());
        json.put("status", "blocked");
        json.putArray("steps");
        json.putArray("standings");
        json.putArray("impact");
        var diagnostics = json.putArray("diagnostics");
        blockers.forEach(blocker -> diagnostics.add(Report.toJson(blocker)));
        yield Routes.json(200, json);
      }
      case Installing.Preview.Made(Planned.Ready(var plan), var pointers) -> {
        ObjectNode content = PlanView.of(plan, pointers);
        content.put("account", account.id());
        content.put("template", release.template());
        content.put("kind", wish.goal().kind());
        content.put("release", digest.hex());
        content.put("version", release.version().toString());
        String id =
            plans.keep(account, release.template(), digest, plan.basis().digest(), wish, content);
        yield Routes.json(201, ObjectNode.class.cast(Json.object().put("id", id).setAll(content)));
      }
    };
  }

  ServerResponse storedPlan(ServerRequest request) {
    StoredPlans.Kept plan = kept(request);
    return Routes.json(
        200, ObjectNode.class.cast(Json.object().put("id", plan.id()).setAll(plan.content())));
  }

  ServerResponse applyPlan(ServerRequest request) {
    Body.ofOptional(request).only(Set.of());
    StoredPlans.Kept plan = kept(request);
    boolean isClone = plan.wish().goal() instanceof Goal.Clone;
    if (isClone && !templates.named(plan.template()).digest().equals(Optional.of(plan.release()))) {
      throw new Problem(
          409,
          "PLAN_OUTDATED",
          "The template changed since this plan was made, so nothing was done. Make a new plan, look"
              + " at it, and apply that one.");
    }
    Wish wish = plan.wish().onlyFrom(plan.basis());
    // What a change is about was cloned before, so that it is kept; a clone's release may be new.
    Release release =
        isClone
            ? templates.named(plan.template()).release().orElseThrow()
            : released(plan.release());
    plans.applied(plan);
    return Routes.json(200, view(works.run(plan.account(), release, plan.release(), wish)));
  }

  private StoredPlans.Kept kept(ServerRequest request) {
    return plans.withId(request.pathVariable("plan")).orElseThrow(WorkApi::noPlan);
  }

  static Problem noInstallation() {
    return new Problem(404, "INSTALLATION_NOT_FOUND", "There is no installation of this id.");
  }

  static Problem noPlan() {
    return new Problem(
        404,
        "PLAN_NOT_FOUND",
        "There is no plan of this id; plans are kept for a day. Make a new one.");
  }

  static Problem noOperation() {
    return new Problem(404, "OPERATION_NOT_FOUND", "There is no operation of this id.");
  }

  ServerResponse operations(ServerRequest request) {
    Account account = accounts.named(request);
    var json = Json.object();
    var all = json.putArray("operations");
    operations.ofAccount(account.id(), LATEST).forEach(one -> all.add(view(one)));
    return Routes.json(200, json);
  }

  ServerResponse operation(ServerRequest request) {
    return operations
        .withId(request.pathVariable("operation"))
        .map(one -> Routes.json(200, view(one)))
        .orElseThrow(WorkApi::noOperation);
  }

  private ObjectNode view(Installation installation) {
    return view(installation, installations);
  }

  static ObjectNode view(Installation installation, Installations installations) {
    var json = Json.object();
    json.put("id", installation.id());
    json.put("account", installation.accountId());
    json.put("template", installation.template());
    json.put("version", installation.version());
    json.put("release", installation.release() == null ? null : installation.release().hex());
    json.put(
        "convergedAt",
        installation.convergedAt() == null ? null : installation.convergedAt().toString());
    var objects = json.putArray("objects");
    for (Installations.Entry entry : installations.entries(installation.id())) {
      objects
          .addObject()
          .put("address", entry.address().toString())
          .put("object", entry.object().value())
          .put("version", entry.version())
          .put("origin", entry.origin().toLowerCase(Locale.ROOT));
    }
    return json;
  }

  static ObjectNode view(Operation operation) {
    Report report = Report.fromJson(operation.result());
    var json = Json.object();
    json.put("id", operation.id());
    json.put("account", operation.accountId());
    json.put("installation", operation.installationId());
    json.put("template", operation.template());
    json.put("kind", operation.kind());
    json.put("status", Asked.word(operation.state()));
    json.put("release", operation.release().hex());
    json.put("createdAt", operation.createdAt().toString());
    json.put(
        "finishedAt", operation.finishedAt() == null ? null : operation.finishedAt().toString());
    json.put("tries", operation.tries());
    var actions = json.putArray("actions");
    report.actions().forEach(action -> actions.add(action.toString()));
    var diagnostics = json.putArray("diagnostics");
    report.diagnostics().forEach(diagnostic -> diagnostics.add(Report.toJson(diagnostic)));
    JsonNode problem = json.nullNode();
    if (report.failure() != null) {
      problem =
          Json.object()
              .put("code", report.failure().code())
              .put("error", report.failure().detail());
    }
    json.set("problem", problem);
    return json;
  }
}
