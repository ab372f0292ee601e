package dev.graft.server.install;

import dev.graft.core.Diagnostic;
import dev.graft.core.apply.Action;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Outcome;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What came of an operation so far, as it is kept with it.
 *
 * @param actions what was done, or how things stand
 * @param diagnostics what someone has to decide, or may want to know
 * @param failure why it is not done, null when it is
 */
public record Report(
    List<Action> actions, List<Diagnostic> diagnostics, @Nullable Failure failure) {
  public Report {
    actions = List.copyOf(actions);
    diagnostics = List.copyOf(diagnostics);
  }

  /** The code of the problem with which a waiting caller is answered, of what is not done. */
  String code() {
    if (failure != null) {
      return failure.code();
    }
    return diagnostics.isEmpty() ? "" : diagnostics.getFirst().code();
  }

  /** The fields that customer and release changed both. */
  List<String> collisions() {
    return diagnostics.stream()
        .filter(diagnostic -> diagnostic.code().equals("COLLISION"))
        .map(Diagnostic::where)
        .filter(Objects::nonNull)
        .map(String::valueOf)
        .toList();
  }

  public ObjectNode toJson() {
    var json = Json.object();
    var done = json.putArray("actions");
    for (Action action : actions) {
      done.addObject()
          .put("address", action.address().toString())
          .put("outcome", action.outcome().name())
          .put("object", action.object().value());
    }
    var said = json.putArray("diagnostics");
    diagnostics.forEach(diagnostic -> said.add(toJson(diagnostic)));
    if (failure != null) {
      json.set("failure", failure.toJson());
    }
    return json;
  }

  public static ObjectNode toJson(Diagnostic diagnostic) {
    var json = Json.object();
    json.put("severity", diagnostic.severity().name());
    json.put("code", diagnostic.code());
    json.put("summary", diagnostic.summary());
    json.put("detail", diagnostic.detail());
    if (diagnostic.where() != null) {
      json.put("where", diagnostic.where());
    }
    return json;
  }

  public static Report fromJson(@Nullable JsonNode json) {
    if (json == null) {
      return new Report(List.of(), List.of(), null);
    }
    JsonNode failure = json.get("failure");
    return new Report(
        json.required("actions").valueStream().map(Report::action).toList(),
        json.required("diagnostics").valueStream().map(Report::diagnostic).toList(),
        failure == null ? null : Failure.fromJson(failure));
  }

  private static Action action(JsonNode json) {
    return new Action(
        Address.parse(json.required("address").stringValue()).orElseThrow(),
        Outcome.valueOf(json.required("outcome").stringValue()),
        new ObjectId(json.required("object").stringValue()));
  }

  private static Diagnostic diagnostic(JsonNode json) {
    JsonNode where = json.get("where");
    return new Diagnostic(
        Diagnostic.Severity.valueOf(json.required("severity").stringValue()),
        json.required("code").stringValue(),
        json.required("summary").stringValue(),
        json.required("detail").stringValue(),
        where == null ? null : where.stringValue());
  }
}
