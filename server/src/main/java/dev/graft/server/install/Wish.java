package dev.graft.server.install;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Policy;
import dev.graft.core.plan.Takes;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What was asked for, beside the release.
 *
 * @param basis what the plan must still be made from, null when any plan will do
 */
public record Wish(Goal goal, Policy policy, @Nullable Digest basis) {
  /** A plain clone. */
  public static final Wish PLAIN = new Wish(new Goal.Clone(), Policy.BY_NAME, null);

  public static Wish of(Goal goal, Policy policy) {
    Policy.Course course =
        switch (goal) {
          case Goal.Clone _ -> Policy.Course.FORWARD;
          case Goal.Sweep _ -> Policy.Course.STAY;
          case Goal.Repair _ -> Policy.Course.REPAIR;
          case Goal.Recover _ -> Policy.Course.RECOVER;
          case Goal.Rollback _, Goal.Undo _, Goal.Uninstall _ -> Policy.Course.BACK;
        };
    return new Wish(goal, policy.on(course), null);
  }

  /** The same, if the account still is as it was when a plan was made. */
  public Wish onlyFrom(Digest madeFrom) {
    return new Wish(goal, policy, madeFrom);
  }

  /** The form in which it is kept with the operation. */
  ObjectNode toJson() {
    var json = Json.object();
    json.set("goal", goal.toJson());
    json.put("adoption", word(policy.adoption()));
    var adopt = json.putObject("adopt");
    new TreeMap<>(policy.chosen())
        .forEach((address, object) -> adopt.put(address.toString(), object.value()));
    Takes takes = policy.takes();
    json.put("takeAll", takes.all() == null ? null : word(takes.all()));
    var take = json.putObject("take");
    new TreeMap<>(takes.fields())
        .forEach((field, one) -> {
          switch (one) {
            case Takes.Side side -> take.putObject(field).put("side", word(side));
            case Takes.Value(JsonNode value) -> take.putObject(field).set("value", value);
          }
        });
    json.put("evenIfUsed", policy.evenIfUsed());
    if (basis != null) {
      json.put("basis", basis.hex());
    }
    return json;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  static Wish fromJson(JsonNode json) {
    var chosen = new HashMap<Address, ObjectId>();
    for (var field : json.required("adopt").properties()) {
      chosen.put(
          Address.parse(field.getKey()).orElseThrow(),
          new ObjectId(field.getValue().stringValue()));
    }
    JsonNode all = json.required("takeAll");
    var policy =
        new Policy(
            Policy.Adoption.valueOf(
                json.required("adoption").stringValue().toUpperCase(Locale.ROOT)),
            chosen,
            new Takes(all.isNull() ? null : side(all), takes(json.required("take"))),
            Policy.Course.FORWARD,
            json.required("evenIfUsed").booleanValue());
    Wish wish = of(Goal.fromJson(json.required("goal")), policy);
    JsonNode basis = json.get("basis");
    return basis == null ? wish : wish.onlyFrom(new Digest(basis.stringValue()));
  }

  private static Map<String, Takes.Take> takes(JsonNode json) {
    var takes = new HashMap<String, Takes.Take>();
    for (var field : json.properties()) {
      JsonNode side = field.getValue().get("side");
      takes.put(
          field.getKey(),
          side == null ? new Takes.Value(field.getValue().required("value")) : side(side));
    }
    return takes;
  }

  private static Takes.Side side(JsonNode word) {
    return Takes.Side.valueOf(word.stringValue().toUpperCase(Locale.ROOT));
  }
}
