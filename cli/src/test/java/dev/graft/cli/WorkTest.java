package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code graft clone} and {@code graft apply}. */
class WorkTest {
  private static final String CLONE =
      "POST /v1/accounts/" + Documents.ACCOUNT_ID + "/installations";
  private static final String PLAN = "plan_01a206ca089bd9c9930c00d48ebac27a";
  private static final String APPLY = "POST /v1/plans/" + PLAN + "/apply";
  private static final String INSTALLATION = "GET /v1/installations/" + Documents.INSTALLATION_ID;

  private final ScriptedServer server =
      ScriptedServer.start()
          .knowsTheUser()
          .answers(CLONE, 200, Documents.OPERATION)
          .answers(APPLY, 200, Documents.OPERATION)
          .answers(INSTALLATION, 200, Documents.INSTALLATION);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  private String bodyOf(String what) {
    return server.asked().stream()
        .filter(asked -> asked.what().equals(what))
        .findFirst()
        .orElseThrow()
        .body();
  }

  @Test
  void aCloneTellsWhatBecameOfEachAddress() {
    Caller.Outcome outcome = caller.call("clone", "user_123");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .isEqualTo(
            """
            Cloned front-desk into the account of user_123:
              reused   tool/main       7e49a5d5-7ffe-4468-874e-4e48687a762a
              updated  assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7
            """);
    assertThat(outcome.err()).isEmpty();
    assertThat(bodyOf(CLONE)).isEqualTo("{}");
  }

  @Test
  void anApplyTellsTheSameAboutAPlan() {
    Caller.Outcome outcome = caller.call("apply", PLAN);
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .startsWith("Cloned front-desk as planned in " + PLAN + ":\n")
        .contains("  updated  assistant/main  " + Documents.ASSISTANT);
    assertThat(bodyOf(APPLY)).isEqualTo("{}");
  }

  @Test
  void everyOptionOfTheWishIsSentAsTheApiTakesIt() {
    caller.call(
        "clone",
        "user_123",
        "--template",
        "front-desk",
        "--adoption=ask",
        "--adopt",
        "tool/main=" + Documents.TOOL,
        "--adopt",
        "assistant/main=id=with=signs");
    assertThat(Json.parse(bodyOf(CLONE)))
        .isEqualTo(
            Json.parse(
                """
                {"template": "front-desk", "adoption": "ask",
                 "adopt": {"tool/main": "7e49a5d5-7ffe-4468-874e-4e48687a762a",
                           "assistant/main": "id=with=signs"}}\
                """));
  }

  @Test
  void anAdoptThatNamesNoObjectOrAnAddressTwiceIsRefusedBeforeAnythingIsAsked() {
    for (String choice : new String[] {"tool/main", "=id", "tool/main="}) {
      assertThat(caller.call("clone", "user_123", "--adopt", choice).exit()).isEqualTo(64);
    }
    Caller.Outcome twice =
        caller.call("clone", "user_123", "--adopt", "tool/main=1", "--adopt", "tool/main=2");
    assertThat(twice.exit()).isEqualTo(64);
    assertThat(twice.err()).contains("--adopt names tool/main twice");
    assertThat(server.asked()).isEmpty();
  }

  private String taken(String... choices) {
    var line = new ArrayList<>(List.of("clone", "user_123"));
    for (String choice : choices) {
      line.add("--take");
      line.add(choice);
    }
    ScriptedServer fresh =
        ScriptedServer.start().knowsTheUser().answers(CLONE, 200, Documents.OPERATION);
    try (fresh) {
      Caller.Outcome outcome = Caller.of(fresh).call(line.toArray(String[]::new));
      assertThat(outcome.exit()).as(outcome.err()).isZero();
      return Json.write(Json.parseObject(fresh.asked().get(1).body()).get("take"));
    }
  }

  @Test
  void whatIsTakenIsSentAsTheApiTakesIt() {
    assertThat(taken("theirs")).isEqualTo("\"theirs\"");
    assertThat(taken("ours")).isEqualTo("\"ours\"");
    assertThat(
            taken(
                "assistant/main#model.temperature=0.40",
                "assistant/main#firstMessage=\"Hello = \\\"hi\\\" 'you'\"",
                "assistant/main#voice=theirs",
                "tool/main#url=ours",
                "tool/main#name=\"ours\"",
                "tool/main#server=null",
                "tool/main#headers[\"a=\\\"b\\\\\"]={\"x\": [1, 2]}"))
        .isEqualTo(
            Json.write(
                Json.parse(
                    """
                    {"assistant/main#model.temperature": {"value": 0.40},
                     "assistant/main#firstMessage": {"value": "Hello = \\"hi\\" 'you'"},
                     "assistant/main#voice": "theirs",
                     "tool/main#url": "ours",
                     "tool/main#name": {"value": "ours"},
                     "tool/main#server": {"value": null},
                     "tool/main#headers[\\"a=\\\\\\"b\\\\\\\\\\"]": {"value": {"x": [1, 2]}}}\
                    """)));
  }

  @Test
  void aTakeThatCannotBeMeantIsRefusedBeforeAnythingIsAsked() {
    for (String choice :
        List.of("mine", "", "=ours", "firstMessage=ours", "#=ours", "a/b#c", "a/b#c[\"=ours")) {
      Caller.Outcome outcome = caller.call("clone", "user_123", "--take", choice);
      assertThat(outcome.exit()).as(choice).isEqualTo(64);
      assertThat(outcome.err()).contains("--take needs theirs or ours, for all collisions, or");
    }
    for (String value : List.of("Hello", "", "{", "1 2", "Theirs")) {
      assertThat(caller.call("clone", "user_123", "--take=assistant/main#firstMessage=" + value))
          .isEqualTo(
              new Caller.Outcome(
                  64,
                  "",
                  "Error: --take for assistant/main#firstMessage needs theirs, ours, or a value in"
                      + " JSON, in which text stands in double quotes:"
                      + " 'assistant/main#firstMessage=\"…\"'.\n"));
    }
    for (String[] mixed :
        new String[][] {{"theirs", "tool/main#url=ours"}, {"theirs", "ours"}, {"ours", "ours"}}) {
      Caller.Outcome outcome =
          caller.call("plan", "user_123", "--take", mixed[0], "--take", mixed[1]);
      assertThat(outcome.exit()).isEqualTo(64);
      assertThat(outcome.err()).contains("goes for every collision, so it stands alone");
    }
    Caller.Outcome twice =
        caller.call("clone", "user_123", "--take=tool/main#url=ours", "--take=tool/main#url=1");
    assertThat(twice.exit()).isEqualTo(64);
    assertThat(twice.err()).contains("--take names tool/main#url twice");
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void anAppliedPlanIsToldByWhatItWasFor() {
    Map.of(
            "repair", "Repaired",
            "rollback", "Rolled back",
            "undo", "Rolled back",
            "uninstall", "Uninstalled",
            "invented", "Changed")
        .forEach((kind, done) -> {
          server.answers(APPLY, 200, Documents.operation(kind, "created-tool:1"));
          assertThat(caller.call("apply", PLAN).out())
              .startsWith(done + " front-desk as planned in " + PLAN + ":\n  created  tool  1\n");
        });
  }

  @Test
  void thatThereWasNothingToDoIsSaid() {
    server.answers(APPLY, 200, Documents.operation("uninstall"));
    assertThat(caller.call("apply", PLAN).out()).endsWith(":\nThere was nothing to do.\n");
  }

  @Test
  void withJsonTheOperationIsPrintedAsTheApiGivesItAndNothingMoreIsAsked() {
    for (String[] line : new String[][] {{"clone", "user_123"}, {"apply", PLAN}}) {
      Caller.Outcome outcome = caller.call(line[0], line[1], "--json");
      assertThat(outcome.exit()).isZero();
      assertThat(Json.parse(outcome.out())).isEqualTo(Json.parse(Documents.OPERATION));
      assertThat(outcome.err()).isEmpty();
    }
    assertThat(server.asked()).noneMatch(asked -> asked.what().equals(INSTALLATION));
  }

  @Test
  void theSameIsSaidWhenEverythingWasThere() {
    server.answers(CLONE, 200, Documents.OPERATION.replace("updated-", "reused-"));
    assertThat(caller.call("clone", "user_123").out())
        .endsWith("Everything was there already; nothing was changed.\n");
  }

  @Test
  void whatHasNoAddressAnyMoreIsToldByItsKind() {
    server.answers(INSTALLATION, 500, Documents.problem(500, "INTERNAL_ERROR", "No."));
    Caller.Outcome outcome = caller.call("clone", "user_123");
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.out())
        .contains(
            "  reused   tool       " + Documents.TOOL,
            "  updated  assistant  " + Documents.ASSISTANT);
  }

  @Test
  void actionsAreToldInWords() {
    server.answers(
        CLONE,
        200,
        Documents.OPERATION.replace(
            "\"reused-tool:" + Documents.TOOL + "\"",
            "\"adopted-tool:"
                + Documents.TOOL
                + "\", \"skipped-tool-newer-exists:other\","
                + " \"something new\""));
    assertThat(caller.call("clone", "user_123").out())
        .contains(
            "  took over          tool/main       " + Documents.TOOL,
            "  left alone: newer  tool            other",
            "  something new ");
  }

  @Test
  void diagnosticsOfAnOperationAreShown() {
    server.answers(
        CLONE,
        200,
        Documents.OPERATION.replace(
            "\"diagnostics\": []",
            """
            "diagnostics": [{"severity": "WARNING", "code": "DROPPED_BY_VAPI",
              "summary": "Vapi did not keep a field.", "detail": "See whether it is needed.",
              "where": "assistant/main#voice.style"}]\
            """));
    assertThat(caller.call("clone", "user_123").out())
        .endsWith(
            """
              warning  assistant/main#voice.style: Vapi did not keep a field.
                  See whether it is needed.
                  DROPPED_BY_VAPI
            """);
  }

  @Test
  void aUserWhoIsNotLinkedIsToldHowToLink() {
    server.answers("GET /v1/accounts?userId=no%20one%26", 200, Documents.page(""));
    Caller.Outcome outcome = caller.call("clone", "no one&");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.err())
        .startsWith(
            "Error: No Vapi account is linked for the user no one&. Link one first: graft link"
                + " 'no one&'\n");
  }

  @Test
  void aProblemIsToldInSentencesAndThenWithAllThatIsKnown() {
    server.answers(CLONE, 400, Documents.REFUSED_BY_VAPI);
    Caller.Outcome outcome = caller.call("clone", "user_123");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .isEqualTo(
            """
            Error: Vapi refused assistant/main with status 400. Mend the template.
              code       VAPI_BAD_REQUEST
              done       created tool 7e49a5d5-7ffe-4468-874e-4e48687a762a
              Vapi said  status 400
                         firstMessageMode must be one of these
              operation  op_01a206cc4d2e707805baa9ae581a9fe9
              request    req_7d78f72598ba4124a81de6316c3acc06
            """);
  }

  @Test
  void whatHasToBeDecidedIsToldOnceAndHowToSayIt() {
    server.answers(APPLY, 409, Documents.BLOCKED);
    assertThat(caller.call("apply", PLAN).err())
        .isEqualTo(
            """
            Error: The account already has one of this name.
              code       ADOPTION_NEEDED
              at         assistant/main
              decide     --adopt assistant/main=ID, or --adoption never
              error  tool/main#url: The same field was changed by the release and by the customer.
                  Decide which url to keep.
                  Decide: --take 'tool/main#url=theirs'  (or ours, or a value)
                  COLLISION
              operation  op_01a206cc4aec2f5913c31e957402c43b
              request    req_a1b7a63512cc46c0ac29160e8e9f4269
            """);
  }

  @Test
  void withJsonAProblemIsPrintedOnStandardErrorAsTheApiGivesIt() {
    server.answers(CLONE, 409, Documents.BLOCKED);
    Caller.Outcome outcome = caller.call("clone", "user_123", "--json");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(Json.parse(outcome.err())).isEqualTo(Json.parse(Documents.BLOCKED));
  }

  @Test
  void aPlanIdCannotLeaveItsPlaceInTheAddress() {
    Caller.Outcome outcome = caller.call("apply", "../accounts?x=1#y/../..");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(server.asked().getFirst().what())
        .isEqualTo("POST /v1/plans/..%2Faccounts%3Fx%3D1%23y%2F..%2F../apply");
  }
}
