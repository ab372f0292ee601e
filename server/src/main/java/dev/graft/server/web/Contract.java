package dev.graft.server.web;

import dev.graft.core.apply.Action;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Outcome;
import dev.graft.server.install.Report;
import dev.graft.server.install.Templates;
import dev.graft.server.install.Wish;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.Operation;
import java.util.List;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/**
 * The two routes that never change. Members that they do not know are ignored, so that callers of
 * the product that Graft comes from go on working.
 */
final class Contract {
  private final Links links;
  private final Accounts accounts;
  private final TemplatesApi templates;
  private final Works works;

  Contract(Links links, Accounts accounts, TemplatesApi templates, Works works) {
    this.links = links;
    this.accounts = accounts;
    this.templates = templates;
    this.works = works;
  }

  ServerResponse link(ServerRequest request) {
    links.link(Body.of(request));
    return Routes.json(
        200,
        Json.object().put("ok", true).put("message", "API key validated and stored successfully"));
  }

  ServerResponse clone(ServerRequest request) {
    Body body = Body.of(request);
    String userId = body.userId();
    Templates.Template template = templates.chosen(body);
    Account account = accounts.ofUser(userId).orElseThrow(() -> notLinked());
    Operation operation = works.clone(account, template, Wish.PLAIN);
    return Routes.json(200, answer(Report.fromJson(operation.result()).actions()));
  }

  static Problem notLinked() {
    return new Problem(
        404,
        "API_KEY_NOT_FOUND",
        "No Vapi account is linked for this userId. Link one first: POST /api/vapi/link with userId"
            + " and apiKey.");
  }

  private static ObjectNode answer(List<Action> actions) {
    var answer = Json.object();
    List<ObjectId> assistants = objects(actions, Kinds.ASSISTANT);
    List<ObjectId> tools = objects(actions, Kinds.TOOL);
    answer.put("assistantId", assistants.isEmpty() ? null : assistants.getFirst().value());
    answer.put("toolId", tools.isEmpty() ? null : tools.getFirst().value());
    if (tools.size() > 1) {
      var all = answer.putArray("toolIds");
      tools.forEach(tool -> all.add(tool.value()));
    }
    var done = answer.putArray("actions");
    actions.forEach(action -> done.add(action.toString()));
    return answer;
  }

  private static List<ObjectId> objects(List<Action> actions, Kind kind) {
    return actions.stream()
        .filter(action -> action.address().kind().equals(kind.name()))
        .filter(
            action -> action.outcome() != Outcome.DELETED && action.outcome() != Outcome.FORGOTTEN)
        .map(Action::object)
        .distinct()
        .toList();
  }
}
