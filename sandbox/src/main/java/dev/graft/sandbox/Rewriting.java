package dev.graft.sandbox;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * What Vapi does to a body before it stores it (Vapi's own tooling and docs, except where said
 * otherwise). The body is changed in place.
 */
final class Rewriting {
  private static final Map<String, String> TRANSFER_MODES =
      Map.of(
          "warm-transfer-with-summary", "warm-transfer-say-summary",
          "warm-transfer-with-message", "warm-transfer-say-message",
          "warm-transfer-with-twiml", "warm-transfer-twiml");

  private final Predicate<Quirk> quirks;

  Rewriting(Predicate<Quirk> quirks) {
    this.quirks = quirks;
  }

  void apply(Kind kind, ObjectNode body) {
    // Vapi ignores this one field that it adds on reading; all others of that sort it refuses.
    body.remove("modelDeprecations");
    switch (kind) {
      case TOOL -> tool(body);
      case ASSISTANT -> assistant(body);
      case STRUCTURED_OUTPUT -> fill(body, "type", StringNode.valueOf("ai"));
      case SQUAD, PHONE_NUMBER, CREDENTIAL -> {}
    }
  }

  private void assistant(ObjectNode assistant) {
    if (assistant.get("model") instanceof ObjectNode model) {
      model.path("tools").forEach(this::toolIfObject);
      if (quirks.test(Quirk.TOOL_IDS_DEDUPLICATED)) {
        deduplicate(model);
      }
    }
  }

  /** A tool both in toolRefs and in toolIds stays in toolRefs only. */
  private static void deduplicate(ObjectNode model) {
    Set<JsonNode> seen = new HashSet<>();
    model.path("toolRefs").forEach(reference -> seen.add(reference.path("toolId")));
    if (model.get("toolIds") instanceof ArrayNode ids) {
      ids.removeIf(id -> !seen.add(id));
    }
  }

  private void toolIfObject(JsonNode tool) {
    if (tool instanceof ObjectNode object) {
      tool(object);
    }
  }

  private void tool(ObjectNode tool) {
    String type = tool.path("type").asString("");
    if (tool.get("function") instanceof ObjectNode function) {
      if (type.equals("apiRequest")
          && tool.get("body") instanceof ObjectNode body
          && quirks.test(Quirk.PARAMETERS_REBUILT)) {
        function.set("parameters", body.deepCopy());
      }
      if (!type.equals("function") && quirks.test(Quirk.STRICT_DROPPED)) {
        function.remove("strict");
      }
    }
    if (quirks.test(Quirk.TRANSFER_MODES_REWRITTEN)) {
      tool.path("destinations").forEach(Rewriting::renameMode);
    }
    switch (type) {
      case "voicemail" -> fill(tool, "beepDetectionEnabled", BooleanNode.FALSE);
      case "dtmf" -> fill(tool, "sipInfoDtmfEnabled", BooleanNode.FALSE);
      default -> {}
    }
  }

  private static void renameMode(JsonNode destination) {
    if (destination.get("transferPlan") instanceof ObjectNode plan) {
      String renamed = TRANSFER_MODES.get(plan.path("mode").asString(""));
      if (renamed != null) {
        plan.put("mode", renamed);
      }
    }
  }

  /** That Vapi answers with such defaults is a guess of ours; the description has their values. */
  private void fill(ObjectNode body, String property, JsonNode value) {
    if (quirks.test(Quirk.DEFAULTS_FILLED) && !body.has(property)) {
      body.set(property, value);
    }
  }
}
