package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class DriftTest {
  private static final String INSTALLATIONS =
      "GET /v1/accounts/" + Documents.ACCOUNT_ID + "/installations";
  private static final String DRIFT =
      "GET /v1/installations/" + Documents.INSTALLATION_ID + "/drift";

  private final ScriptedServer server =
      ScriptedServer.start()
          .knowsTheUser()
          .answers(INSTALLATIONS, 200, "{\"installations\": [" + Documents.INSTALLATION + "]}")
          .answers(DRIFT, 200, Documents.DRIFT);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  /** A second installation of the account, of the template {@code after-hours}. */
  private void hasTwo() {
    String second =
        Documents.INSTALLATION
            .replace("front-desk", "after-hours")
            .replace(Documents.INSTALLATION_ID, "ins_2");
    server
        .answers(
            INSTALLATIONS,
            200,
            "{\"installations\": [" + second + "," + Documents.INSTALLATION + "]}")
        .answers(
            "GET /v1/installations/ins_2/drift",
            200,
            Documents.DRIFT_NONE.replace("front-desk", "after-hours"));
  }

  @Test
  void everyObjectIsShownWithWhoMovedItsFields() {
    Caller.Outcome outcome = caller.call("drift", "user_123");
    assertThat(outcome.exit()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.out())
        .isEqualTo(
            """
            Drift for user_123: front-desk 1.1

              = as applied tool/look-up  669298ce-3aa6-4069-91ab-d240912bcceb
                  written by Vapi in a form of its own:
                    server.timeoutSeconds: 20 -> 20.0

              ~ changed assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7
                  changed by the customer:
                    firstMessage: "Hello" -> "Hi there"
                    endCallMessage: "Goodbye." -> (nothing)
                    server.secret: (nothing) -> "***"
                  written by Vapi in a form of its own:
                    voice.speed: "1" -> 1
                  still to come, the template has it by now:
                    name: "Front Desk_v1.1" -> "Front Desk_v1.2"

              - tool/main      7e49a5d5-7ffe-4468-874e-4e48687a762a  gone
              = tool/end-call  57cae03b-c292-459c-ba6d-442e12480b9d  as applied

            Drift: 1 changed, 1 gone, 2 as applied.
            """);
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void theExitCodeTellsWhetherAnythingDrifted() {
    server.answers(DRIFT, 200, Documents.DRIFT_NONE);
    Caller.Outcome none = caller.call("drift", "user_123");
    assertThat(none.exit()).isZero();
    assertThat(none.out())
        .isEqualTo(
            """
            Drift for user_123: front-desk 1.1

              = assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7  as applied

            Drift: 0 changed, 0 gone, 1 as applied.
            """);
    server.answers(DRIFT, 409, Documents.problem(409, "INSUFFICIENT_PERMISSIONS", "No."));
    Caller.Outcome refused = caller.call("drift", "user_123");
    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).startsWith("Error: No.\n  code       INSUFFICIENT_PERMISSIONS\n");
  }

  @Test
  void allInstallationsAreShownUnlessOneIsNamed() {
    hasTwo();
    Caller.Outcome all = caller.call("drift", "user_123");
    assertThat(all.exit()).isEqualTo(2);
    assertThat(all.out())
        .startsWith("Drift for user_123: after-hours 1.1\n")
        .contains(" 1 as applied.\n\nDrift for user_123: front-desk 1.1\n");
    Caller.Outcome one = caller.call("drift", "user_123", "--template", "after-hours");
    assertThat(one.exit()).isZero();
    assertThat(one.out()).contains("after-hours").doesNotContain("front-desk");
  }

  @Test
  void whatIsNotInstalledIsTold() {
    Caller.Outcome other = caller.call("drift", "user_123", "--template", "after-hours");
    assertThat(other)
        .isEqualTo(
            new Caller.Outcome(
                1,
                "",
                """
                Error: The account of user_123 has no installation of after-hours. It has:
                  front-desk 1.1
                """));
    server.answers(INSTALLATIONS, 200, "{\"installations\": []}");
    Caller.Outcome none = caller.call("drift", "user_123");
    assertThat(none.exit()).isEqualTo(1);
    assertThat(none.err())
        .isEqualTo(
            "Error: Nothing was ever cloned into the account of user_123. Clone a template first:"
                + " graft clone user_123\n");
  }

  @Test
  void anInstallationWithNothingInItHasNoDrift() {
    ObjectNode empty = Json.parseObject(Documents.DRIFT_NONE).putNull("version");
    empty.putArray("objects");
    server.answers(DRIFT, 200, Json.write(empty));
    Caller.Outcome outcome = caller.call("drift", "user_123");
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.out())
        .isEqualTo(
            """
            Drift for user_123: front-desk

            Drift: none, since nothing is installed.
            """);
  }

  @Test
  void asJsonThereAreTheDocumentsOfTheApiAlwaysInTheSamePlace() {
    Caller.Outcome one = caller.call("drift", "user_123", "--json");
    assertThat(one.exit()).isEqualTo(2);
    assertThat(Json.parse(one.out()))
        .isEqualTo(
            Json.parse(
                "{\"account\": " + Documents.ACCOUNT + ", \"drifts\": [" + Documents.DRIFT + "]}"));
    hasTwo();
    assertThat(Json.parse(caller.call("drift", "user_123", "--json").out()).get("drifts"))
        .hasSize(2);
  }

  @Test
  void aLongTextIsShownLineByLineAndNothingIsWiderThanThePage() {
    String prompt = "You are kind.\nYou speak slowly.\n" + "And so on. ".repeat(9);
    ObjectNode drift = Json.parseObject(Documents.DRIFT);
    drift
        .withObject("/objects/3/fields/0")
        .put("applied", prompt)
        .put("live", prompt.replace("slowly", "clearly"));
    drift.withObject("/objects/3/fields/4").put("live", "a".repeat(500));
    server.answers(DRIFT, 200, Json.write(drift));
    String page = caller.call("drift", "user_123").out();
    assertThat(page)
        .contains(
            "        firstMessage:\n            You are kind.\n",
            "          - You speak slowly.\n          + You speak clearly.\n");
    assertThat(page.lines()).allMatch(line -> line.length() <= 80);
  }
}
