package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.install.Recovering;
import dev.graft.server.install.Report;
import dev.graft.store.Account;
import java.util.Set;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** Finding again what the database has lost, over HTTP. */
final class RecoverApi {
  private final AccountsApi accounts;
  private final TemplatesApi templates;
  private final Recovering recovering;

  RecoverApi(AccountsApi accounts, TemplatesApi templates, Recovering recovering) {
    this.accounts = accounts;
    this.templates = templates;
    this.recovering = recovering;
  }

  ServerResponse recover(ServerRequest request) {
    Body body = Body.ofOptional(request).only(Set.of("template", "adopt", "unproven", "looksOnly"));
    Account account = accounts.named(request);
    var chosen = Asked.chosen(body);
    boolean named = body.any("template") != null;
    if (!named && !chosen.isEmpty()) {
      throw new Problem(
          400, "INVALID_ADOPT", "'adopt' needs 'template': its addresses are of one template.");
    }
    var asked =
        new Recovering.Request(
            named ? templates.chosen(body).name() : null,
            chosen,
            body.flag("unproven", "INVALID_FLAG"),
            body.flag("looksOnly", "INVALID_FLAG"));
    return switch (recovering.recover(account, asked)) {
      case Recovering.Result.Unseen(var failure) -> throw Problem.of(failure);
      case Recovering.Result.Busy() -> throw Works.busy();
      case Recovering.Result.Stopped(var operation) -> {
        Works.succeeded(operation);
        throw new IllegalStateException("an operation that succeeded stopped a recovery");
      }
      case Recovering.Result.Looked(var findings) -> {
        var json = Json.object().put("account", account.id());
        var all = json.putArray("templates");
        findings.forEach(finding -> all.add(view(finding)));
        yield Routes.json(200, json);
      }
    };
  }

  private static ObjectNode view(Recovering.Finding finding) {
    var json = Json.object();
    json.put("template", finding.template());
    json.put("status", Asked.word(finding.status()));
    json.put("operation", finding.operation());
    var actions = json.putArray("actions");
    finding.objects().forEach(action -> actions.add(action.toString()));
    var diagnostics = json.putArray("diagnostics");
    finding.diagnostics().forEach(diagnostic -> diagnostics.add(Report.toJson(diagnostic)));
    return json;
  }
}
