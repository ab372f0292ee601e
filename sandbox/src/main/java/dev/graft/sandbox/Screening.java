package dev.graft.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a body must pass before an account takes it. What does not pass ends in a refusal. */
final class Screening {
  private final Account account;

  Screening(Account account) {
    this.account = account;
  }

  void create(Kind kind, ObjectNode body) {
    if (account.has(Quirk.STRICT)) {
      refuse(Validation.ofCreate(kind, body, strictness()), CodeTool.faults(body));
    }
    refuseLargeMetadata(kind, body);
  }

  void patch(Stored stored, ObjectNode body, Map<String, List<String>> parameters) {
    if (stored.kind == Kind.STRUCTURED_OUTPUT) {
      refuseOtherSchema(stored, body, parameters.getOrDefault("schemaOverride", List.of()));
    }
    if (account.has(Quirk.STRICT)) {
      ObjectNode whole = stored.body.deepCopy();
      whole.setAll(body);
      var more = new ArrayList<>(typeFaults(stored, body));
      more.addAll(CodeTool.faults(whole));
      refuse(Validation.ofPatch(stored.kind, body, stored.body, strictness()), more);
    }
    refuseLargeMetadata(stored.kind, body);
  }

  private Validation.Strictness strictness() {
    return new Validation.Strictness(
        account.has(Quirk.UNPUBLISHED_ACCEPTED), account.has(Quirk.NULL_REFUSED));
  }

  /** Vapi's description offers type in an update, but live it is refused (Vapi's own tooling). */
  private List<String> typeFaults(Stored stored, ObjectNode body) {
    boolean typed = stored.kind == Kind.TOOL || stored.kind == Kind.STRUCTURED_OUTPUT;
    if (!typed || !body.has("type")) {
      return List.of();
    }
    if (account.has(Quirk.TYPE_IN_PATCH_REFUSED)) {
      return List.of("property type should not exist");
    }
    boolean same = body.path("type").equals(stored.body.path("type"));
    return same || stored.kind != Kind.TOOL ? List.of() : List.of("type cannot be changed");
  }

  private void refuseOtherSchema(Stored stored, ObjectNode body, List<String> override) {
    if (override.isEmpty() && account.has(Quirk.SCHEMA_OVERRIDE_REQUIRED)) {
      throw Reply.error(400, List.of("schemaOverride must be a string")).refusal();
    }
    JsonNode before = stored.body.at("/schema/type");
    JsonNode after = body.at("/schema/type");
    if (!override.contains("true") && !after.isMissingNode() && !after.equals(before)) {
      throw Reply.error(400, "The type of the schema changes only with schemaOverride=true")
          .refusal();
    }
  }

  private void refuse(Validation validation, List<String> more) {
    var faults = new ArrayList<>(validation.faults());
    faults.addAll(more);
    if (!faults.isEmpty()) {
      throw Reply.error(400, faults).refusal();
    }
    for (String credential : validation.credentials()) {
      if (account.has(Quirk.CREDENTIALS_CHECKED)
          && account.find(Kind.CREDENTIAL, credential).isEmpty()) {
        throw Reply.error(400, "Credential " + credential + " not found").refusal();
      }
    }
  }

  private void refuseLargeMetadata(Kind kind, ObjectNode body) {
    long limit = account.dial(Dial.METADATA_LIMIT);
    boolean limited = kind == Kind.ASSISTANT && limit > 0 && body.has("metadata");
    if (limited && Body.of(body.path("metadata")).size() > limit) {
      throw Reply.error(400, List.of("metadata must be smaller than " + limit + " bytes"))
          .refusal();
    }
  }
}
