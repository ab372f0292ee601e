package dev.graft.core.kind;

import static dev.graft.core.json.FieldPath.at;
import static dev.graft.core.kind.Role.Plain.CREDENTIAL;
import static dev.graft.core.kind.Role.Plain.MAYBE_SECRET;
import static dev.graft.core.kind.Role.Plain.MAYBE_SECRET_ELEMENT;
import static dev.graft.core.kind.Role.Plain.SECRET;
import static dev.graft.core.kind.Role.Plain.SET_BY_VAPI;
import static dev.graft.core.kind.Role.Plain.URL;
import static dev.graft.core.kind.Role.Plain.VERSION_LABEL;

import dev.graft.core.json.FieldPath;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The bodies that occur in Vapi's resources. Where each fact comes from stands in
 * docs/vapi-facts.md, "References" and "What is never copied".
 */
final class Shapes {
  static final Shape SERVER =
      shape()
          .is(CREDENTIAL, "credentialId")
          .is(SECRET, "secret")
          .is(MAYBE_SECRET, "headers.*")
          .is(URL, "url")
          .done();

  static final Shape ASSISTANT =
      shape()
          .is(
              SET_BY_VAPI,
              "id",
              "orgId",
              "createdAt",
              "updatedAt",
              "latestVersion",
              "isServerUrlSecretSet",
              "modelDeprecations",
              "analyticsMetadata",
              "isDeleted",
              "workflowIds")
          .refers(
              "tool",
              "model.toolIds[]",
              "model.toolRefs[].toolId",
              "hooks[].do[].toolId",
              "compliancePlan.recordingConsentPlan.declineToolId",
              "model.workflow.nodes[].toolId",
              "model.workflow.nodes[].toolIds[]")
          .refers("workflow", "model.workflowId")
          .refers("knowledge-base", "model.knowledgeBaseId")
          .refers("structured-output", "artifactPlan.structuredOutputIds[]")
          .refers("structured-output", "artifactPlan.scorecards[].metrics[].structuredOutputId")
          .refers(
              "assistant",
              "artifactPlan.structuredOutputs[].assistantIds[]",
              "artifactPlan.scorecards[].assistantIds[]")
          .refers("workflow", "artifactPlan.structuredOutputs[].workflowIds[]")
          .refers("scorecard", "artifactPlan.scorecardIds[]")
          .refers("monitor", "monitorPlan.monitorIds[]")
          .refers("outcome", "analysisPlan.outcomeIds[]")
          .is(VERSION_LABEL, "model.toolRefs[].version")
          .is(CREDENTIAL, "credentialIds[]", "model.workflow.credentialIds[]")
          .is(
              SECRET,
              "credentials",
              "model.workflow.credentials",
              "serverUrlSecret",
              "model.functions[].serverUrlSecret")
          .is(MAYBE_SECRET, "model.headers.*")
          .is(URL, "serverUrl", "model.url", "transcriber.realtimeUrl")
          .holds(
              () -> Shapes.TOOL,
              "model.tools[]",
              "tools:append[]",
              "hooks[].do[].tool",
              "compliancePlan.recordingConsentPlan.declineTool",
              "model.workflow.nodes[].tool",
              "model.workflow.nodes[].tools[]")
          .holds(
              () -> SERVER,
              "server",
              "voice.server",
              "voice.fallbackPlan.voices[].server",
              "transcriber.server",
              "transcriber.fallbackPlan.transcribers[].server",
              "startSpeakingPlan.smartEndpointingPlan.server",
              "model.knowledgeBase.server")
          .holds(() -> Shapes.DESTINATION, "hooks[].do[].destination")
          .done();

  static final Shape DESTINATION =
      shape()
          .refers("assistant", "assistantId", "squad.members[].assistantId")
          .refers("squad", "squadId")
          .is(VERSION_LABEL, "assistantVersion", "squad.members[].assistantVersion")
          .is(MAYBE_SECRET, "sipHeaders.*")
          .holds(
              () -> ASSISTANT,
              "assistant",
              "assistantOverrides",
              "transferPlan.transferAssistant",
              "squad.members[].assistant",
              "squad.members[].assistantOverrides",
              "squad.membersOverrides",
              "squadOverrides")
          .holds(() -> SERVER, "server")
          .holds(() -> Shapes.DESTINATION, "squad.members[].assistantDestinations[]")
          .done();

  static final Shape TOOL =
      shape()
          .is(SET_BY_VAPI, "id", "orgId", "createdAt", "updatedAt", "latestVersion")
          .refers("file", "knowledgeBases[].fileIds[]")
          .refers("knowledge-base", "knowledgeBaseId")
          .is(CREDENTIAL, "credentialId")
          .is(MAYBE_SECRET_ELEMENT, "environmentVariables[].value", "parameters[].value")
          .is(
              MAYBE_SECRET,
              "headers.properties.*.value",
              "headers.properties.*.default",
              "headers.properties.*.const",
              "body.properties.*.value",
              "body.properties.*.default",
              "body.properties.*.const")
          .is(URL, "url")
          .holds(() -> SERVER, "server")
          .holds(() -> DESTINATION, "destinations[]")
          .done();

  static final Shape SQUAD =
      shape()
          .is(SET_BY_VAPI, "id", "orgId", "createdAt", "updatedAt", "latestVersion")
          .refers("assistant", "members[].assistantId")
          .holds(
              () -> ASSISTANT,
              "members[].assistant",
              "members[].assistantOverrides",
              "membersOverrides")
          .holds(() -> DESTINATION, "members[].assistantDestinations[]")
          .done();

  static final Shape PHONE_NUMBER =
      shape()
          .is(SET_BY_VAPI, "id", "orgId", "createdAt", "updatedAt", "status")
          .refers("assistant", "assistantId")
          .refers("squad", "squadId")
          .is(CREDENTIAL, "credentialId")
          .holds(() -> SERVER, "server")
          .holds(() -> DESTINATION, "fallbackDestination", "hooks[].do[].destination")
          .done();

  private Shapes() {}

  private static Drawing shape() {
    return new Drawing();
  }

  private static final class Drawing {
    private final Map<FieldPath, Role> fields = new HashMap<>();
    private final Map<FieldPath, Supplier<Shape>> mounts = new HashMap<>();

    Drawing is(Role role, String... patterns) {
      List.of(patterns).forEach(pattern -> fields.put(at(pattern), role));
      return this;
    }

    Drawing refers(String kind, String... patterns) {
      return is(new Role.Reference(kind), patterns);
    }

    Drawing holds(Supplier<Shape> shape, String... patterns) {
      List.of(patterns).forEach(pattern -> mounts.put(at(pattern), shape));
      return this;
    }

    Shape done() {
      return new Shape(fields, mounts);
    }
  }
}
