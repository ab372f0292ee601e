package dev.graft.server.install;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Policy;
import java.util.HashMap;
import java.util.Locale;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a clone was asked for, beside the release.
 *
 * @param basis what the plan must still be made from, null when any plan will do
 */
public record Wish(Policy policy, @Nullable Digest basis) {
  /** A plain clone. */
  public static final Wish PLAIN = new Wish(Policy.BY_NAME, null);

  /** The form in which it is kept with the operation. */
  ObjectNode toJson() {
    var json = Json.object();
    json.put("adoption", policy.adoption().name().toLowerCase(Locale.ROOT));
    var adopt = json.putObject("adopt");
    new TreeMap<>(policy.chosen())
        .forEach((address, object) -> adopt.put(address.toString(), object.value()));
    if (basis != null) {
      json.put("basis", basis.hex());
    }
    return json;
  }

  static Wish fromJson(JsonNode json) {
    var chosen = new HashMap<Address, ObjectId>();
    for (var field : json.required("adopt").properties()) {
      chosen.put(
          Address.parse(field.getKey()).orElseThrow(),
          new ObjectId(field.getValue().stringValue()));
    }
    JsonNode basis = json.get("basis");
    return new Wish(
        new Policy(
            Policy.Adoption.valueOf(
                json.required("adoption").stringValue().toUpperCase(Locale.ROOT)),
            chosen),
        basis == null ? null : new Digest(basis.stringValue()));
  }
}
