package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code graft repair}, {@code graft rollback} and {@code graft uninstall}. */
class ChangeTest {
  private static final String INSTALLATIONS =
      "GET /v1/accounts/" + Documents.ACCOUNT_ID + "/installations";
  private static final String INSTALLATION = "/v1/installations/" + Documents.INSTALLATION_ID;
  private static final String OPERATIONS = "POST " + INSTALLATION + "/operations";
  private static final String PLANS = "POST " + INSTALLATION + "/plans";

  private final ScriptedServer server =
      ScriptedServer.start()
          .knowsTheUser()
          .answers(INSTALLATIONS, 200, "{\"installations\": [" + Documents.INSTALLATION + "]}")
          .answers("GET " + INSTALLATION, 200, Documents.INSTALLATION)
          .answers(OPERATIONS, 200, Documents.OPERATION)
          .answers(PLANS, 201, Documents.PLAN);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  /** What the last command sent there. */
  private String lastBodyOf(String what) {
    return server.asked().stream()
        .filter(asked -> asked.what().equals(what))
        .toList()
        .getLast()
        .body();
  }

  private Caller.Outcome call(String line) {
    Caller.Outcome outcome = caller.call(line.split(" "));
    assertThat(outcome.exit()).as(outcome.err()).isIn(0, 2);
    return outcome;
  }

  @Test
  void aRepairTellsWhatBecameOfEachAddress() {
    server.answers(
        OPERATIONS,
        200,
        Documents.operation(
            "repair", "reused-tool:" + Documents.TOOL, "updated-assistant:" + Documents.ASSISTANT));
    assertThat(caller.call("repair", "user_123"))
        .isEqualTo(
            new Caller.Outcome(
                0,
                """
                Repaired front-desk in the account of user_123:
                  reused   tool/main       7e49a5d5-7ffe-4468-874e-4e48687a762a
                  updated  assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7
                """,
                ""));
    assertThat(lastBodyOf(OPERATIONS)).isEqualTo("{\"kind\":\"repair\"}");
  }

  @Test
  void aRollbackGoesToAReleaseOrToBeforeAnOperation() {
    server.answers(
        OPERATIONS, 200, Documents.operation("undo", "updated-assistant:" + Documents.ASSISTANT));
    assertThat(call("rollback user_123 --before op_1").out())
        .startsWith(
            "Rolled back front-desk in the account of user_123:\n  updated  assistant/main");
    assertThat(lastBodyOf(OPERATIONS)).isEqualTo("{\"kind\":\"rollback\",\"operation\":\"op_1\"}");
    call("rollback user_123 --to 1.0");
    assertThat(lastBodyOf(OPERATIONS)).isEqualTo("{\"kind\":\"rollback\",\"release\":\"1.0\"}");
  }

  @Test
  void aRollbackThatDoesNotSayWhereToIsRefusedBeforeAnythingIsAsked() {
    for (String[] line :
        new String[][] {
          {"rollback", "user_123"},
          {"rollback", "user_123", "--to", "1", "--before", "op_1"}
        }) {
      assertThat(caller.call(line))
          .isEqualTo(
              new Caller.Outcome(
                  64,
                  "",
                  "Error: graft rollback needs either --to, the version or digest to go back to, or"
                      + " --before, the operation to undo with all that came after it.\n"));
    }
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void whatAnUninstallRemovedIsToldByTheAddressesItHad() {
    server
        .answers("GET " + INSTALLATION, 200, Documents.INSTALLATION_EMPTY)
        .answers(
            OPERATIONS,
            200,
            Documents.operation(
                "uninstall",
                "deleted-assistant:" + Documents.ASSISTANT,
                "forgot-tool:" + Documents.TOOL));
    assertThat(call("uninstall user_123").out())
        .isEqualTo(
            """
            Uninstalled front-desk from the account of user_123:
              deleted  assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7
              let go   tool/main       7e49a5d5-7ffe-4468-874e-4e48687a762a
            """);
    assertThat(lastBodyOf(OPERATIONS)).isEqualTo("{\"kind\":\"uninstall\"}");
  }

  @Test
  void everyOptionIsSentAsTheApiTakesIt() {
    call(
        "rollback user_123 --to 1 --template front-desk --take tool/main#url=ours --take tool/main#x=1");
    assertThat(Json.parse(lastBodyOf(OPERATIONS)))
        .isEqualTo(
            Json.parse(
                """
                {"kind": "rollback", "release": "1",
                 "take": {"tool/main#url": "ours", "tool/main#x": {"value": 1}}}\
                """));
    call("rollback user_123 --to 1 --take theirs --even-if-used");
    assertThat(Json.parse(lastBodyOf(OPERATIONS)))
        .isEqualTo(
            Json.parse(
                """
                {"kind": "rollback", "take": "theirs", "evenIfUsed": true, "release": "1"}\
                """));
    call("uninstall user_123 --even-if-used --plan");
    assertThat(Json.parse(lastBodyOf(PLANS)))
        .isEqualTo(Json.parse("{\"kind\": \"uninstall\", \"evenIfUsed\": true}"));
  }

  @Test
  void whichOfSeveralInstallationsHasToBeSaid() {
    String second =
        Documents.INSTALLATION_EMPTY
            .replace("front-desk", "after-hours")
            .replace(Documents.INSTALLATION_ID, "ins_2");
    server
        .answers(
            INSTALLATIONS,
            200,
            "{\"installations\": [" + second + "," + Documents.INSTALLATION + "]}")
        .answers("POST /v1/installations/ins_2/operations", 200, Documents.operation("rollback"));
    for (String command : List.of("repair", "rollback --to 1", "uninstall", "uninstall --plan")) {
      var line = new ArrayList<>(List.of(command.split(" ")));
      line.add("user_123");
      assertThat(caller.call(line.toArray(String[]::new)))
          .isEqualTo(
              new Caller.Outcome(
                  64,
                  "",
                  """
                  Error: The account of user_123 has several installations, and only one can be \
                  meant. Say which one with --template NAME:
                    after-hours
                    front-desk 1.1
                  """));
    }
    assertThat(server.asked()).noneMatch(asked -> asked.what().startsWith("POST"));
    assertThat(call("rollback user_123 --to 1 --template after-hours").out())
        .contains("There was nothing to do.\n");
  }

  @Test
  void aPlanIsShownWithHowItIsAppliedAndNothingIsDone() {
    server.answers(PLANS, 201, Documents.PLAN.replace("{\"id\"", "{\"kind\": \"repair\", \"id\""));
    for (String command : List.of("repair", "rollback --to 1", "uninstall")) {
      Caller.Outcome outcome = call(command + " user_123 --plan");
      assertThat(outcome.exit()).isEqualTo(2);
      assertThat(outcome.out())
          .startsWith("Plan for user_123: repair of front-desk 1.1\n")
          .endsWith("Plan: 1 to create, 1 to update, 0 to delete, 1 to take over.\n");
      assertThat(outcome.err())
          .isEqualTo("Next: graft apply plan_01a206ca089bd9c9930c00d48ebac27a\n");
    }
    assertThat(server.asked()).noneMatch(asked -> asked.what().equals(OPERATIONS));
  }

  @Test
  void thePlanHasTheExitCodesOfGraftPlan() {
    server.answers(PLANS, 201, Documents.PLAN_IN_SYNC);
    assertThat(caller.call("repair", "user_123", "--plan").exit()).isZero();
    server.answers(PLANS, 200, Documents.PLAN_BLOCKED);
    Caller.Outcome blocked = caller.call("repair", "user_123", "--plan");
    assertThat(blocked.exit()).isEqualTo(1);
    assertThat(blocked.err()).startsWith("Error: The plan is blocked").doesNotContain("Next:");
    server.answers(PLANS, 409, Documents.problem(409, "ACCOUNT_MISMATCH", "No."));
    assertThat(caller.call("repair", "user_123", "--plan").exit()).isEqualTo(1);
  }

  @Test
  void thatAnObjectIsUsedIsToldWithWhatToType() {
    server.answers(
        OPERATIONS,
        409,
        Documents.BLOCKED.replace("ADOPTION_NEEDED", "OBJECT_IN_USE").replace("main#url", "main"));
    assertThat(caller.call("uninstall", "user_123").err())
        .contains("  at         assistant/main\n  decide     --even-if-used\n");
  }

  @Test
  void withJsonOperationAndPlanArePrintedAsTheApiGivesThem() {
    Caller.Outcome operation = call("repair user_123 --json");
    assertThat(Json.parse(operation.out())).isEqualTo(Json.parse(Documents.OPERATION));
    Caller.Outcome plan = call("uninstall user_123 --plan --json");
    assertThat(plan.exit()).isEqualTo(2);
    assertThat(Json.parse(plan.out())).isEqualTo(Json.parse(Documents.PLAN));
    assertThat(operation.err() + plan.err()).isEmpty();
  }
}
