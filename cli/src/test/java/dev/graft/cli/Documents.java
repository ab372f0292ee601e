package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** What Graft's API answers, in the words of its description. */
final class Documents {
  static final String TOOL = "7e49a5d5-7ffe-4468-874e-4e48687a762a";
  static final String ASSISTANT = "623c4abb-3a9a-4723-8772-b95f77bd7ca7";
  static final String ACCOUNT_ID = "acc_01a206ca05a75c05903f106a0505f683";
  static final String INSTALLATION_ID = "ins_01a206ca065162216db428676907ae29";

  static final String ACCOUNT =
      """
      {"id": "acc_01a206ca05a75c05903f106a0505f683", "userIds": ["user_123"],
       "orgId": "59cb4d1c-d09b-401e-9b7a-197047f33917", "region": "us",
       "linkedAt": "2026-11-23T05:03:52.798Z"}\
      """;

  static final String INSTALLATION =
      """
      {"id": "ins_01a206ca065162216db428676907ae29",
       "account": "acc_01a206ca05a75c05903f106a0505f683", "template": "front-desk",
       "version": "1.1",
       "release": "b2bae00794a373d980e3d33cddbe2948a6eb61ecb82259f19d063077c7bb113b",
       "convergedAt": "2026-11-23T05:03:53.614Z",
       "objects": [
         {"address": "tool/main", "object": "7e49a5d5-7ffe-4468-874e-4e48687a762a",
          "version": "1", "origin": "adopted"},
         {"address": "assistant/main", "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7",
          "version": "1.1", "origin": "created"}]}\
      """;

  /** Nothing of the template is installed any more. */
  static final String INSTALLATION_EMPTY =
      """
      {"id": "ins_01a206ca065162216db428676907ae29",
       "account": "acc_01a206ca05a75c05903f106a0505f683", "template": "front-desk",
       "version": null, "release": null, "convergedAt": "2026-11-23T05:06:00.000Z",
       "objects": []}\
      """;

  static final String OPERATION =
      """
      {"id": "op_01a206ca08c12ccfcba5eb9958277f5b",
       "account": "acc_01a206ca05a75c05903f106a0505f683",
       "installation": "ins_01a206ca065162216db428676907ae29", "template": "front-desk",
       "kind": "clone", "status": "succeeded",
       "release": "b2bae00794a373d980e3d33cddbe2948a6eb61ecb82259f19d063077c7bb113b",
       "createdAt": "2026-11-23T05:03:53.537Z", "finishedAt": "2026-11-23T05:03:53.614Z",
       "tries": 1,
       "actions": ["reused-tool:7e49a5d5-7ffe-4468-874e-4e48687a762a",
                   "updated-assistant:623c4abb-3a9a-4723-8772-b95f77bd7ca7"],
       "diagnostics": [], "problem": null}\
      """;

  static final String FAILED_OPERATION =
      """
      {"id": "op_01a206ca0cba54fb0e673e6da742899c",
       "account": "acc_01a206ca05a75c05903f106a0505f683",
       "installation": "ins_01a206ca065162216db428676907ae29", "template": "front-desk",
       "kind": "clone", "status": "failed",
       "release": "b2bae00794a373d980e3d33cddbe2948a6eb61ecb82259f19d063077c7bb113b",
       "createdAt": "2026-11-23T05:04:00Z", "finishedAt": "2026-11-23T05:04:01Z", "tries": 2,
       "actions": ["created-tool:7e49a5d5-7ffe-4468-874e-4e48687a762a"],
       "diagnostics": [{"severity": "WARNING", "code": "DROPPED_BY_VAPI",
         "summary": "Vapi did not keep a field.", "detail": "Vapi dropped voice.style.",
         "where": "assistant/main#voice.style"}],
       "problem": {"code": "VAPI_BAD_REQUEST", "error": "Vapi refused assistant/main."}}\
      """;

  static final String PLAN =
      """
      {"id": "plan_01a206ca089bd9c9930c00d48ebac27a", "status": "changes",
       "basis": "68855b7c4788ed28887e321bccc7ac93013cd45842c2a1a31054d0aa5bd22d05",
       "steps": [
         {"address": "tool/main", "action": "create", "version": "1",
          "body": {"type": "apiRequest", "name": "book_visit_v1",
                   "headers": {"X-Api-Key": "***"}}},
         {"address": "assistant/main", "action": "adopt",
          "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7"},
         {"address": "assistant/main", "action": "update", "version": "1.1",
          "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7",
          "changes": [
            {"path": "name", "before": "Front Desk_v1", "after": "Front Desk_v1.1"},
            {"path": "server.headers.X-Api-Key", "before": "***", "after": "***"},
            {"path": "endCallMessage", "before": "Thank you for calling.", "after": null},
            {"path": "maxDurationSeconds", "before": null, "after": 600}]}],
       "standings": [
         {"address": "tool/main", "outcome": "created", "object": null},
         {"address": "tool/end-call", "outcome": "reused",
          "object": "57cae03b-c292-459c-ba6d-442e12480b9d"},
         {"address": "tool/look-up", "outcome": "skipped",
          "object": "669298ce-3aa6-4069-91ab-d240912bcceb"},
         {"address": "assistant/main", "outcome": "updated",
          "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7"}],
       "diagnostics": [{"severity": "NOTE", "code": "NOT_IN_RELEASE",
         "summary": "An object of ours is no longer part of the release.",
         "detail": "The release no longer has tool/old.", "where": "tool/old"}],
       "account": "acc_01a206ca05a75c05903f106a0505f683", "template": "front-desk",
       "release": "b2bae00794a373d980e3d33cddbe2948a6eb61ecb82259f19d063077c7bb113b",
       "version": "1.1"}\
      """;

  static final String PLAN_REPLACING =
      """
      {"id": "plan_01a206c2d64911f9b9fd19028e2466a4", "status": "changes",
       "basis": "5532e6de46301fdee33c17c707d220303b2b33d95ea95c7c6dcbad3ba85b9005",
       "kind": "clone",
       "steps": [
         {"address": "tool/main", "action": "create", "version": "2",
          "replaces": "7e49a5d5-7ffe-4468-874e-4e48687a762a", "body": {"type": "function"}},
         {"address": "tool/main", "action": "delete",
          "object": "7e49a5d5-7ffe-4468-874e-4e48687a762a"}],
       "standings": [{"address": "tool/main", "outcome": "created", "object": null}],
       "impact": [
         {"address": "tool/main", "object": "7e49a5d5-7ffe-4468-874e-4e48687a762a",
          "kind": "squad", "usedBy": "4c1fd36e-9d4b-4f36-9d6a-0b5f4b9b7a52",
          "name": "Night shift"},
         {"address": "assistant/main", "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7",
          "kind": "phone-number", "usedBy": "0a6b6d3c-5d2f-4a43-9c0a-8b8f2a7d0c11",
          "name": ""}],
       "diagnostics": [], "account": "acc_01a206ca05a75c05903f106a0505f683",
       "template": "front-desk",
       "release": "b2bae00794a373d980e3d33cddbe2948a6eb61ecb82259f19d063077c7bb113c",
       "version": "2"}\
      """;

  static final String PLAN_IN_SYNC =
      """
      {"id": "plan_01a206c2d64911f9b9fd19028e2466a3", "status": "in-sync",
       "basis": "5532e6de46301fdee33c17c707d220303b2b33d95ea95c7c6dcbad3ba85b9005",
       "steps": [],
       "standings": [{"address": "tool/main", "outcome": "reused",
                      "object": "7e49a5d5-7ffe-4468-874e-4e48687a762a"}],
       "diagnostics": [], "account": "acc_01a206ca05a75c05903f106a0505f683",
       "template": "front-desk",
       "release": "b2bae00794a373d980e3d33cddbe2948a6eb61ecb82259f19d063077c7bb113b",
       "version": "1.1"}\
      """;

  static final String PLAN_BLOCKED =
      """
      {"id": null, "account": "acc_01a206ca05a75c05903f106a0505f683", "template": "front-desk",
       "status": "blocked", "steps": [], "standings": [],
       "diagnostics": [
         {"severity": "ERROR", "code": "ADOPTION_NEEDED",
          "summary": "An object of this name is there that Graft did not make.",
          "detail": "Say which one to take over.", "where": "assistant/main"},
         {"severity": "ERROR", "code": "COLLISION",
          "summary": "The same field was changed by the release and by the customer.",
          "detail": "Decide which one to keep.", "where": "tool/main#url"}]}\
      """;

  static final String DRIFT =
      """
      {"installation": "ins_01a206ca065162216db428676907ae29", "template": "front-desk",
       "version": "1.1", "drifted": true, "objects": [
         {"address": "tool/main", "object": "7e49a5d5-7ffe-4468-874e-4e48687a762a",
          "state": "gone", "fields": [
            {"path": "name", "by": "release", "applied": "book_visit_v1", "live": null}]},
         {"address": "tool/end-call", "object": "57cae03b-c292-459c-ba6d-442e12480b9d",
          "state": "as-applied", "fields": []},
         {"address": "tool/look-up", "object": "669298ce-3aa6-4069-91ab-d240912bcceb",
          "state": "as-applied", "fields": [
            {"path": "server.timeoutSeconds", "by": "vapi", "applied": 20, "live": 20.0}]},
         {"address": "assistant/main", "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7",
          "state": "changed", "fields": [
            {"path": "firstMessage", "by": "customer", "applied": "Hello", "live": "Hi there"},
            {"path": "endCallMessage", "by": "customer", "applied": "Goodbye.", "live": null},
            {"path": "server.secret", "by": "customer", "applied": null, "live": "***"},
            {"path": "voice.speed", "by": "vapi", "applied": "1", "live": 1},
            {"path": "name", "by": "release", "applied": "Front Desk_v1.1",
             "live": "Front Desk_v1.1", "wanted": "Front Desk_v1.2"}]}]}\
      """;

  static final String DRIFT_NONE =
      """
      {"installation": "ins_01a206ca065162216db428676907ae29", "template": "front-desk",
       "version": "1.1", "drifted": false, "objects": [
         {"address": "assistant/main", "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7",
          "state": "as-applied", "fields": []}]}\
      """;

  static final String UNLINKED =
      """
      {"account": "acc_01a206ca05a75c05903f106a0505f683", "keyDestroyed": true,
       "actions": ["deleted-assistant:623c4abb-3a9a-4723-8772-b95f77bd7ca7",
                   "deleted-tool:7e49a5d5-7ffe-4468-874e-4e48687a762a"],
       "left": [], "note": null}\
      """;

  static final String UNLINKED_AND_LEFT =
      """
      {"account": "acc_01a206ca05a75c05903f106a0505f683", "keyDestroyed": true, "actions": [],
       "left": [
         {"address": "tool/main", "object": "7e49a5d5-7ffe-4468-874e-4e48687a762a"},
         {"address": "assistant/main", "object": "623c4abb-3a9a-4723-8772-b95f77bd7ca7"}],
       "note": "Vapi does not accept the key any more."}\
      """;

  static final String TEMPLATES =
      """
      {"default": "front-desk", "templates": [
        {"name": "front-desk", "version": "1",
         "digest": "a017391d2ca08d2ab3c7059b8c0970a603f1f5db3ea94ac9dbeccd08ae0c014f",
         "resources": [
           {"address": "tool/main", "name": "book_visit_v1", "version": "1"},
           {"address": "assistant/main", "name": "Front Desk_v1", "version": "1"}],
         "findings": [{"severity": "NOTE", "code": "LEFT_OUT_SECRET",
           "summary": "A value is a secret.", "detail": "It is not copied.",
           "where": "template-tool.json:7"}]},
        {"name": "broken", "version": null, "digest": null, "resources": [],
         "findings": [{"severity": "ERROR", "code": "TEMPLATE_FILE_INVALID",
           "summary": "A file does not hold one JSON object.",
           "detail": "It ends in the middle.", "where": "template-assistant.json:3"}]}]}\
      """;

  static final String NOT_FOUND =
      problem(404, "NOT_FOUND", "There is nothing at this address. GET /docs shows every route.");

  /** Vapi refused half-way. */
  static final String REFUSED_BY_VAPI =
      """
      {"type": "urn:graft:problem:VAPI_BAD_REQUEST", "title": "Bad Request", "status": 400,
       "detail": "Vapi refused assistant/main with status 400. Mend the template.",
       "code": "VAPI_BAD_REQUEST",
       "error": "Vapi refused assistant/main with status 400. Mend the template.",
       "vapi": {"status": 400, "messages": ["firstMessageMode must be one of these"]},
       "actions": ["created-tool:7e49a5d5-7ffe-4468-874e-4e48687a762a"],
       "operation": "op_01a206cc4d2e707805baa9ae581a9fe9",
       "requestId": "req_7d78f72598ba4124a81de6316c3acc06"}\
      """;

  /** Two things have to be decided; the first is what the sentences are about. */
  static final String BLOCKED =
      """
      {"type": "urn:graft:problem:ADOPTION_NEEDED", "title": "Conflict", "status": 409,
       "detail": "The account already has one of this name.", "code": "ADOPTION_NEEDED",
       "error": "The account already has one of this name.",
       "diagnostics": [
         {"severity": "ERROR", "code": "ADOPTION_NEEDED",
          "summary": "An object of this name is there that Graft did not make.",
          "detail": "The account already has one of this name.", "where": "assistant/main"},
         {"severity": "ERROR", "code": "COLLISION",
          "summary": "The same field was changed by the release and by the customer.",
          "detail": "Decide which url to keep.", "where": "tool/main#url"}],
       "operation": "op_01a206cc4aec2f5913c31e957402c43b",
       "requestId": "req_a1b7a63512cc46c0ac29160e8e9f4269"}\
      """;

  private Documents() {}

  /** {@link #OPERATION} of another kind and with other actions. */
  static String operation(String kind, String... actions) {
    ObjectNode operation = Json.parseObject(OPERATION).put("kind", kind);
    var done = operation.putArray("actions");
    List.of(actions).forEach(done::add);
    return Json.write(operation);
  }

  static String page(String account) {
    return "{\"accounts\": [" + account + "], \"next\": null}";
  }

  static String problem(int status, String code, String error) {
    return """
    {"type": "urn:graft:problem:%2$s", "title": "No", "status": %1$d, "detail": "%3$s",
     "code": "%2$s", "error": "%3$s", "requestId": "req_bfcc9b65565944c38818e6f742a4bd56"}\
    """
        .formatted(status, code, error);
  }
}
