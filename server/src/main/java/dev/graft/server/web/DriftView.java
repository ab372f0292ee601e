package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Cleaning;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.plan.Drift;
import dev.graft.store.Installation;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Drift as people and programs see it, and no secret in clear. */
final class DriftView {
  private DriftView() {}

  static ObjectNode of(Installation installation, Drift drift) {
    var json = Json.object();
    json.put("installation", installation.id());
    json.put("template", installation.template());
    json.put("version", installation.version());
    json.put("drifted", drift.isThere());
    var objects = json.putArray("objects");
    for (Drift.Of one : drift.objects()) {
      Kind kind = Kinds.of(one.address());
      var object = objects.addObject();
      object.put("address", one.address().toString());
      object.put("object", one.object().value());
      object.put("state", one.live() == null ? "gone" : one.isThere() ? "changed" : "as-applied");
      var fields = object.putArray("fields");
      for (Drift.Field field : one.fields()) {
        var shown = fields.addObject();
        shown.put("path", field.place().toString());
        shown.put("by", Asked.word(field.by()));
        shown.set("applied", masked(kind, field.applied(), field.place(), one.applied()));
        shown.set("live", masked(kind, field.live(), field.place(), one.live()));
        if (field.by() == Drift.Mover.RELEASE) {
          shown.set("wanted", masked(kind, field.wanted(), field.place(), one.wanted()));
        }
      }
    }
    return json;
  }

  /** A value, masked as in the whole body it stands in. */
  private static @Nullable JsonNode masked(
      Kind kind, @Nullable JsonNode value, Place place, @Nullable ObjectNode body) {
    if (value == null || body == null) {
      return null;
    }
    JsonNode safe = place.in(Cleaning.masked(kind, body));
    return safe == null ? Json.text("***") : safe;
  }
}
