package dev.graft.server.web;

import dev.graft.core.json.MalformedJson;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Policy;
import dev.graft.core.plan.Takes;
import dev.graft.server.install.Goal;
import dev.graft.server.install.Wish;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a request asks for, read from its body. */
final class Asked {
  /** The members of a body that asks for a clone. */
  static final Set<String> CLONE = Set.of("template", "adoption", "adopt", "take");

  /** The members of a body that asks for something else to be done with what is installed. */
  static final Set<String> CHANGE = Set.of("kind", "release", "operation", "take", "evenIfUsed");

  private Asked() {}

  static Wish clone(Body body) {
    return Wish.of(
        new Goal.Clone(),
        new Policy(adoption(body), chosen(body), takes(body), Policy.Course.FORWARD, false));
  }

  static Wish change(Body body) {
    String kinds = "'repair', 'rollback' or 'uninstall'";
    String kind =
        body.optional("kind", "INVALID_KIND", kinds)
            .orElseThrow(() -> new Problem(400, "INVALID_KIND", "'kind' must be " + kinds + "."));
    Goal goal =
        switch (kind) {
          case "repair" -> new Goal.Repair();
          case "rollback" -> new Goal.Rollback();
          case "uninstall" -> new Goal.Uninstall();
          default -> throw new Problem(400, "INVALID_KIND", "'kind' must be " + kinds + ".");
        };
    Optional<String> release =
        body.optional("release", "INVALID_ROLLBACK", "the version or the digest of a release");
    Optional<String> operation =
        body.optional("operation", "INVALID_ROLLBACK", "the id of an operation");
    boolean isRollback = goal instanceof Goal.Rollback;
    boolean saysWhereTo = release.isPresent() != operation.isPresent();
    if (isRollback ? !saysWhereTo : release.isPresent() || operation.isPresent()) {
      throw new Problem(
          400,
          "INVALID_ROLLBACK",
          "A rollback, and nothing else, needs either 'release', the version or digest to go back to,"
              + " or 'operation', the operation to undo with all that came after it.");
    }
    if (operation.isPresent()) {
      goal = new Goal.Undo(operation.get());
    }
    if (!isRollback && body.any("take") != null) {
      throw new Problem(
          400,
          "INVALID_TAKE",
          "'take' is for a clone or a rollback: a repair writes again whatever Graft had written, and"
              + " an uninstall merges nothing.");
    }
    boolean evenIfUsed = body.flag("evenIfUsed", "INVALID_FLAG");
    return Wish.of(
        goal,
        new Policy(
            Policy.Adoption.BY_NAME, Map.of(), takes(body), Policy.Course.FORWARD, evenIfUsed));
  }

  private static Policy.Adoption adoption(Body body) {
    String form = "'by-name', 'ask' or 'never', or left out";
    return body.optional("adoption", "INVALID_ADOPTION", form)
        .map(text -> {
          for (Policy.Adoption one : Policy.Adoption.values()) {
            if (word(one).equals(text)) {
              return one;
            }
          }
          throw new Problem(400, "INVALID_ADOPTION", "'adoption' must be " + form + ".");
        })
        .orElse(Policy.Adoption.BY_NAME);
  }

  static Map<Address, ObjectId> chosen(Body body) {
    Map<Address, ObjectId> chosen = new HashMap<>();
    String form = "an object such as {\"tool/main\": \"<id of the object to take over>\"}";
    body.optionalObject("adopt", "INVALID_ADOPT", form)
        .ifPresent(adopt -> {
          for (var field : adopt.properties()) {
            Optional<Address> address = Address.parse(field.getKey());
            Optional<ObjectId> object =
                field.getValue().isString()
                    ? ObjectId.read(field.getValue().stringValue())
                    : Optional.empty();
            if (address.isEmpty() || object.isEmpty()) {
              throw new Problem(400, "INVALID_ADOPT", "'adopt' must be " + form + ".");
            }
            chosen.put(address.get(), object.get());
          }
        });
    return chosen;
  }

  /** {@code "theirs"}, {@code "ours"}, or an object with a decision per field. */
  private static Takes takes(Body body) {
    JsonNode take = body.any("take");
    if (take == null) {
      return Takes.NONE;
    }
    Takes.Side all = side(take);
    if (all != null) {
      return new Takes(all, Map.of());
    }
    if (!(take instanceof ObjectNode fields)) {
      throw invalidTake();
    }
    Map<String, Takes.Take> takes = new HashMap<>();
    for (var field : fields.properties()) {
      Takes.Side side = side(field.getValue());
      if (!isField(field.getKey())) {
        throw invalidTake();
      }
      if (side != null) {
        takes.put(field.getKey(), side);
      } else if (field.getValue() instanceof ObjectNode object
          && object.size() == 1
          && object.has("value")) {
        takes.put(field.getKey(), new Takes.Value(object.required("value")));
      } else {
        throw invalidTake();
      }
    }
    return new Takes(null, takes);
  }

  private static boolean isField(String text) {
    int hash = text.indexOf('#');
    try {
      return hash > 0
          && Address.parse(text.substring(0, hash)).isPresent()
          && !Place.parse(text.substring(hash + 1)).steps().isEmpty();
    } catch (IllegalArgumentException | MalformedJson e) {
      return false;
    }
  }

  private static Takes.@Nullable Side side(JsonNode word) {
    for (Takes.Side side : Takes.Side.values()) {
      if (word.isString() && word(side).equals(word.stringValue())) {
        return side;
      }
    }
    return null;
  }

  private static Problem invalidTake() {
    return new Problem(
        400,
        "INVALID_TAKE",
        "'take' must be \"theirs\" or \"ours\" for every collision, or an object with a decision for"
            + " each, by the place that the collision shows: {\"assistant/main#firstMessage\":"
            + " \"theirs\", \"assistant/main#model.temperature\": {\"value\": 0.4}}.");
  }

  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
