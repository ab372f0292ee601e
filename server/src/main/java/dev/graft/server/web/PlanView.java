package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Cleaning;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Change;
import dev.graft.core.plan.Plan;
import dev.graft.core.plan.Pointer;
import dev.graft.server.install.Report;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A plan as people and programs see it: every step with its fields, and no secret in clear. */
final class PlanView {
  private PlanView() {}

  static ObjectNode of(Plan plan, Map<ObjectId, List<Pointer>> pointers) {
    var json = Json.object();
    json.put("status", plan.changes() ? "changes" : "in-sync");
    json.put("basis", plan.basis().digest().hex());
    var steps = json.putArray("steps");
    plan.steps().forEach(step -> steps.add(of(step)));
    var standings = json.putArray("standings");
    for (Plan.Standing standing : plan.standings()) {
      standings
          .addObject()
          .put("address", standing.address().toString())
          .put("outcome", standing.outcome().name().toLowerCase(Locale.ROOT))
          .put("object", standing.object() == null ? null : standing.object().value());
    }
    var impact = json.putArray("impact");
    plan.touched().forEach((object, step) -> impact(step, object, pointers, impact));
    var diagnostics = json.putArray("diagnostics");
    plan.notes().forEach(note -> diagnostics.add(Report.toJson(note)));
    return json;
  }

  /** What of the customer's points at an object that would be changed or removed. */
  private static void impact(
      Plan.Step step, ObjectId object, Map<ObjectId, List<Pointer>> pointers, ArrayNode into) {
    for (Pointer pointer : pointers.getOrDefault(object, List.of())) {
      into.addObject()
          .put("address", step.address().toString())
          .put("object", object.value())
          .put("kind", pointer.kind())
          .put("usedBy", pointer.object().value())
          .put("name", pointer.name());
    }
  }

  private static ObjectNode of(Plan.Step step) {
    var json = Json.object();
    Kind kind = Kinds.of(step.address());
    json.put("address", step.address().toString());
    switch (step) {
      case Plan.Step.Create(var _, var body, var version, var _, var replaces) -> {
        json.put("action", "create");
        json.put("version", version.toString());
        if (replaces != null) {
          json.put("replaces", replaces.value());
        }
        json.set("body", Cleaning.masked(kind, body));
      }
      case Plan.Step.Update update -> {
        json.put("action", "update");
        json.put("version", update.version().toString());
        json.put("object", update.object() == null ? null : update.object().value());
        changes(kind, update, json.putArray("changes"));
      }
      case Plan.Step.Adopt(var _, var owned) ->
          json.put("action", "adopt").put("object", owned.object().value());
      case Plan.Step.Confirm(var _, var owned) ->
          json.put("action", "confirm").put("object", owned.object().value());
      case Plan.Step.Forget(var _, var object) ->
          json.put("action", "forget").put("object", object.value());
      case Plan.Step.Delete(var _, var object, var _) ->
          json.put("action", "delete").put("object", object.value());
    }
    return json;
  }

  /** Changes against the live body, both sides masked as the whole bodies they stand in. */
  private static void changes(Kind kind, Plan.Step.Update update, ArrayNode into) {
    ObjectNode before = Cleaning.masked(kind, update.live());
    ObjectNode merged = update.live().deepCopy();
    update.body().properties().forEach(f -> merged.set(f.getKey(), f.getValue()));
    ObjectNode after = Cleaning.masked(kind, merged);
    for (Change change : update.changes()) {
      into.addObject()
          .put("path", change.place().toString())
          .set("before", shown(change.before(), change.place(), before));
      ((ObjectNode) into.get(into.size() - 1))
          .set("after", shown(change.after(), change.place(), after));
    }
  }

  private static @Nullable JsonNode shown(
      @Nullable JsonNode value, Place place, ObjectNode masked) {
    if (value == null) {
      return null;
    }
    JsonNode safe = place.in(masked);
    return safe == null ? Json.text("***") : safe;
  }
}
