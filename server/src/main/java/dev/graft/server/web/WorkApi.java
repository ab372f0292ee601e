package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Planned;
import dev.graft.core.plan.Policy;
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
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Installations, plans and operations over HTTP. */
final class WorkApi {
  private static final Set<String> WISH = Set.of("template", "adoption", "adopt");
  private static final int LATEST = 20;

  private final AccountsApi accounts;
  private final TemplatesApi templates;
  private final Installing installing;
  private final Installations installations;
  private final Operations operations;
  private final StoredPlans plans;
  private final Works works;

  WorkApi(
      AccountsApi accounts,
      TemplatesApi templates,
      Installing installing,
      Installations installations,
      Operations operations,
      StoredPlans plans,
      Works works) {
    this.accounts = accounts;
    this.templates = templates;
    this.installing = installing;
    this.installations = installations;
    this.operations = operations;
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
    return installations
        .withId(request.pathVariable("installation"))
        .map(one -> Routes.json(200, view(one)))
        .orElseThrow(() ->
            new Problem(404, "INSTALLATION_NOT_FOUND", "There is no installation of this id."));
  }

  ServerResponse install(ServerRequest request) {
    Body body = Body.ofOptional(request).only(WISH);
    Account account = accounts.named(request);
    Templates.Template template = templates.chosen(body);
    return Routes.json(200, view(works.clone(account, template, wish(body))));
  }

  ServerResponse plan(ServerRequest request) {
    Body body = Body.ofOptional(request).only(WISH);
    Account account = accounts.named(request);
    Templates.Template template = templates.chosen(body);
    Wish wish = wish(body);
    return switch (installing.plan(account, template.release().orElseThrow(), wish)) {
      case Installing.Preview.Unseen(var failure) -> throw Problem.of(failure);
      case Installing.Preview.Made(Planned.Blocked(var blockers)) -> {
        var json = Json.object();
        json.putNull("id");
        json.put("account", account.id());
        json.put("template", template.name());
        json.put("status", "blocked");
        json.putArray("steps");
        json.putArray("standings");
        var diagnostics = json.putArray("diagnostics");
        blockers.forEach(blocker -> diagnostics.add(Report.toJson(blocker)));
        yield Routes.json(200, json);
      }
      case Installing.Preview.Made(Planned.Ready(var plan)) -> {
        ObjectNode content = PlanView.of(plan);
        content.put("account", account.id());
        content.put("template", template.name());
        content.put("release", template.digest().orElseThrow().hex());
        content.put("version", template.release().orElseThrow().version().toString());
        String id = plans.keep(account, template, plan.basis(), wish, content);
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
    Templates.Template template = templates.named(plan.template());
    if (!template.digest().equals(Optional.of(plan.release()))) {
      throw new Problem(
          409,
          "PLAN_OUTDATED",
          "The template changed since this plan was made, so nothing was done. Make a new plan, look"
              + " at it, and apply that one.");
    }
    var wish = new Wish(plan.wish().policy(), plan.basis());
    return Routes.json(200, view(works.clone(plan.account(), template, wish)));
  }

  private StoredPlans.Kept kept(ServerRequest request) {
    return plans
        .withId(request.pathVariable("plan"))
        .orElseThrow(() ->
            new Problem(
                404,
                "PLAN_NOT_FOUND",
                "There is no plan of this id; plans are kept for a day. Make a new one."));
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
        .orElseThrow(
            () -> new Problem(404, "OPERATION_NOT_FOUND", "There is no operation of this id."));
  }

  private static Wish wish(Body body) {
    String form = "'by-name', 'ask' or 'never', or left out";
    Policy.Adoption adoption =
        body.optional("adoption", "INVALID_ADOPTION", form)
            .map(text -> {
              for (Policy.Adoption one : Policy.Adoption.values()) {
                if (word(one).equals(text)) {
                  return one;
                }
              }
              throw new Problem(400, "INVALID_ADOPTION", "'adoption' must be " + form + ".");
            })
            .orElse(Policy.Adoption.BY_NAME);
    Map<Address, ObjectId> chosen = new HashMap<>();
    String adoptForm = "an object such as {\"tool/main\": \"<id of the object to take over>\"}";
    body.optionalObject("adopt", "INVALID_ADOPT", adoptForm)
        .ifPresent(adopt -> {
          for (var field : adopt.properties()) {
            Optional<Address> address = Address.parse(field.getKey());
            Optional<ObjectId> object =
                field.getValue().isString()
                    ? ObjectId.read(field.getValue().stringValue())
                    : Optional.empty();
            if (address.isEmpty() || object.isEmpty()) {
              throw new Problem(400, "INVALID_ADOPT", "'adopt' must be " + adoptForm + ".");
            }
            chosen.put(address.get(), object.get());
          }
        });
    return new Wish(new Policy(adoption, chosen), null);
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private ObjectNode view(Installation installation) {
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

  private static ObjectNode view(Operation operation) {
    Report report = Report.fromJson(operation.result());
    var json = Json.object();
    json.put("id", operation.id());
    json.put("account", operation.accountId());
    json.put("installation", operation.installationId());
    json.put("template", operation.template());
    json.put("kind", operation.kind());
    json.put("status", word(operation.state()));
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
