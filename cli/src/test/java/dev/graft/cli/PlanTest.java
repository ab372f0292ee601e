package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class PlanTest {
  private static final String PLANS = "POST /v1/accounts/" + Documents.ACCOUNT_ID + "/plans";

  @TempDir private Path folder;
  private final ScriptedServer server =
      ScriptedServer.start().knowsTheUser().answers(PLANS, 201, Documents.PLAN);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  /** The page of a plan that updates one field of an assistant. */
  private String pageOfChange(String path, JsonNode before, JsonNode after) {
    ObjectNode plan = Json.parseObject(Documents.PLAN);
    plan.remove("standings");
    plan.remove("diagnostics");
    ObjectNode step = plan.putArray("steps").addObject();
    step.put("address", "assistant/main").put("action", "update").put("object", "id");
    ObjectNode change = step.putArray("changes").addObject().put("path", path);
    change.set("before", before);
    change.set("after", after);
    server.answers(PLANS, 201, Json.write(plan));
    return caller.call("plan", "user_123").out();
  }

  private String pageOfChange(String path, String before, String after) {
    return pageOfChange(path, Json.text(before), Json.text(after));
  }

  @Test
  void everyStepIsShownFieldByField() {
    Caller.Outcome outcome = caller.call("plan", "user_123");
    assertThat(outcome.exit()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.out())
        .isEqualTo(
            """
            Plan for user_123: front-desk 1.1

              + create tool/main
                  type: "apiRequest"
                  name: "book_visit_v1"
                  headers: {"X-Api-Key":"***"}

              < take over assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7

              ~ update assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7
                  name: "Front Desk_v1" -> "Front Desk_v1.1"
                  server.headers.X-Api-Key: "***" -> "***"
                  endCallMessage: "Thank you for calling." -> (nothing)
                  maxDurationSeconds: (nothing) -> 600

              = tool/end-call  57cae03b-c292-459c-ba6d-442e12480b9d  nothing to do
              = tool/look-up   669298ce-3aa6-4069-91ab-d240912bcceb  left alone: newer

              note  tool/old: An object of ours is no longer part of the release.
                  The release no longer has tool/old.
                  NOT_IN_RELEASE

            Plan: 1 to create, 1 to update, 0 to delete, 1 to take over.
            """);
    assertThat(outcome.err())
        .isEqualTo("Next: graft apply plan_01a206ca089bd9c9930c00d48ebac27a\n");
  }

  @Test
  void theExitCodeTellsWhetherAnythingWouldChange() {
    assertThat(caller.call("plan", "user_123", "--json").exit()).isEqualTo(2);
    server.answers(PLANS, 201, Documents.PLAN_IN_SYNC);
    Caller.Outcome inSync = caller.call("plan", "user_123");
    assertThat(inSync.exit()).isZero();
    assertThat(inSync.out()).endsWith("Plan: 0 to create, 0 to update, 0 to delete.\n");
    assertThat(inSync.err()).isEmpty();
    assertThat(caller.call("plan", "user_123", "--json").exit()).isZero();
    server.answers(PLANS, 409, Documents.problem(409, "INSUFFICIENT_PERMISSIONS", "No."));
    assertThat(caller.call("plan", "user_123").exit()).isEqualTo(1);
  }

  @Test
  void aResourceThatNeedsASecondCallIsCountedOnce() {
    ObjectNode plan = Json.parseObject(Documents.PLAN);
    plan.withArray("steps")
        .addObject()
        .put("address", "tool/main")
        .put("action", "update")
        .putNull("object")
        .putArray("changes");
    server.answers(PLANS, 201, Json.write(plan));
    assertThat(caller.call("plan", "user_123").out())
        .contains("\n  ~ update tool/main\n", "Plan: 1 to create, 1 to update, 0 to delete");
  }

  @Test
  void aBlockedPlanTellsWhatHasToBeDecided() {
    server.answers(PLANS, 200, Documents.PLAN_BLOCKED);
    Caller.Outcome outcome = caller.call("plan", "user_123");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out())
        .isEqualTo(
            """
            Plan for user_123: front-desk

              error  assistant/main: An object of this name is there that Graft did not make.
                  Say which one to take over.
                  Decide: --adopt assistant/main=ID, or --adoption never
                  ADOPTION_NEEDED
              error  tool/main#url: The same field was changed by the release and by the customer.
                  Decide which one to keep.
                  Decide: --take 'tool/main#url=theirs'  (or ours, or a value)
                  COLLISION

            Plan: blocked by 2 decisions.
            """);
    assertThat(outcome.err())
        .isEqualTo(
            "Error: The plan is blocked: something has to be decided first (ADOPTION_NEEDED,"
                + " COLLISION). Nothing was changed.\n");
  }

  @Test
  void withJsonThePlanIsPrintedAsTheApiGivesIt() {
    assertThat(Json.parse(caller.call("plan", "user_123", "--json").out()))
        .isEqualTo(Json.parse(Documents.PLAN));
    server.answers(PLANS, 200, Documents.PLAN_BLOCKED);
    Caller.Outcome blocked = caller.call("plan", "user_123", "--json");
    assertThat(Json.parse(blocked.out())).isEqualTo(Json.parse(Documents.PLAN_BLOCKED));
    assertThat(blocked.exit()).isEqualTo(1);
  }

  @Test
  void thePlanIsWrittenToAFileToo() throws IOException {
    Path file = folder.resolve("plan.json");
    Caller.Outcome outcome = caller.call("plan", "user_123", "--out", file.toString());
    assertThat(outcome.exit()).isEqualTo(2);
    assertThat(outcome.out()).startsWith("Plan for user_123");
    assertThat(Json.parse(Files.readAllBytes(file))).isEqualTo(Json.parse(Documents.PLAN));
  }

  @Test
  void aFileThatCannotBeWrittenIsTold() {
    Path file = folder.resolve("missing/plan.json");
    Caller.Outcome outcome = caller.call("plan", "user_123", "--out", file.toString());
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.err())
        .isEqualTo(
            "Error: The plan cannot be written to "
                + file
                + ": there is no such file or folder.\n");
  }

  @Test
  void aLongTextIsShownLineByLineWhereItDiffers() {
    String prompt =
        "You are kind.\nYou speak slowly.\nYou book visits.\n" + "And so on. ".repeat(9);
    assertThat(
            pageOfChange(
                "model.messages[0].content",
                prompt,
                prompt.replace("slowly", "clearly") + "\nYou say goodbye."))
        .contains(
            "      model.messages[0].content:\n",
            "          You are kind.\n",
            "        - You speak slowly.\n        + You speak clearly.\n",
            "          You book visits.\n",
            "        + You say goodbye.\n");
  }

  @Test
  void textsThatDifferOnlyInTheirLineEndsAreNotShownAsTheSame() {
    String lines = "You are a friendly assistant of a practice.\nYou speak slowly and clearly.";
    assertThat(pageOfChange("prompt", lines, lines.replace("\n", "\r\n")))
        .contains(
            "- You are a friendly assistant of a practice.\n",
            "+ You are a friendly assistant of a practice.\\u000d\n");
    assertThat(pageOfChange("prompt", lines, lines + "\n")).containsPattern("\n +\\+ \n");
  }

  @Test
  void valuesThatAreLongAreCutToTheWidthAndKeepTheirEnds() {
    ObjectNode large = Json.object().put("text", "long ".repeat(100));
    for (String page :
        new String[] {
          pageOfChange("server", large, Json.object().put("text", "other ".repeat(100))),
          pageOfChange("server", Json.parse("null"), large),
          pageOfChange("firstMessage", Json.text("a".repeat(500)), Json.parse("null")),
          pageOfChange(
              "firstMessage", "x".repeat(300) + "\uD83D\uDE00 old", "x".repeat(300) + "new"),
          pageOfChange("a".repeat(90), Json.text("1"), large)
        }) {
      assertThat(page).contains("…");
      assertThat(page.lines().filter(line -> !line.endsWith("aaaaaaaaaa:")))
          .allMatch(line -> line.length() <= 80);
    }
    assertThat(pageOfChange("prompt", "x".repeat(300) + " old", "x".repeat(300) + " new"))
        .contains(" old\n", " new\n");
  }

  @Test
  void aReplacementIsShownWithWhatItReplacesAndWhoseOwnThingsPointThere() {
    server.answers(PLANS, 201, Documents.PLAN_REPLACING);
    assertThat(caller.call("plan", "user_123").out())
        .isEqualTo(
            """
            Plan for user_123: front-desk 2

              + create tool/main  in place of 7e49a5d5-7ffe-4468-874e-4e48687a762a
                  type: "function"

              - delete tool/main  7e49a5d5-7ffe-4468-874e-4e48687a762a

              ! tool/main       is used by squad "Night shift"
              ! assistant/main  is used by phone-number 0a6b6d3c-5d2f-4a43-9c0a-8b8f2a7d0c11

            Plan: 1 to create, 0 to update, 1 to delete.
            """);
  }

  @Test
  void aPlanOfSomethingElseThanACloneSaysSo() {
    ObjectNode plan = Json.parseObject(Documents.PLAN_IN_SYNC);
    Map.of(
            "clone", "front-desk 1.1",
            "repair", "repair of front-desk 1.1",
            "rollback", "rollback of front-desk to 1.1",
            "undo", "rollback of front-desk to before an operation",
            "uninstall", "uninstall of front-desk 1.1",
            "invented", "change of front-desk 1.1")
        .forEach((kind, words) -> {
          server.answers(PLANS, 201, Json.write(plan.put("kind", kind)));
          assertThat(caller.call("plan", "user_123").out())
              .startsWith("Plan for user_123: " + words + "\n");
        });
  }

  @Test
  void stepsThatVapiIsNotCalledForAreToldInWords() {
    ObjectNode plan = Json.parseObject(Documents.PLAN_IN_SYNC).put("status", "changes");
    for (String action : new String[] {"delete", "forget", "confirm", "invented"}) {
      plan.withArray("steps")
          .addObject()
          .put("address", "tool/" + action)
          .put("action", action)
          .put("object", "id-1");
    }
    server.answers(PLANS, 201, Json.write(plan));
    assertThat(caller.call("plan", "user_123").out())
        .contains(
            "  - delete tool/delete  id-1\n",
            "  . let go, and leave in the account: tool/forget  id-1\n",
            "  ? invented tool/invented  id-1\n",
            "1 to delete, 1 to let go.")
        .doesNotContain("tool/confirm");
  }
}
