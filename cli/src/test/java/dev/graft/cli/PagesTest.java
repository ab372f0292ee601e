package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What only reads: {@code graft status}, {@code graft accounts} and {@code graft templates}. */
class PagesTest {
  private static final String BELOW = "GET /v1/accounts/" + Documents.ACCOUNT_ID + "/";

  private final ScriptedServer server =
      ScriptedServer.start()
          .knowsTheUser()
          .answers(
              BELOW + "installations", 200, "{\"installations\": [" + Documents.INSTALLATION + "]}")
          .answers(
              BELOW + "operations",
              200,
              "{\"operations\": [" + Documents.FAILED_OPERATION + "," + Documents.OPERATION + "]}");
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  private static String account(int number) {
    return Documents.ACCOUNT
        .replace(Documents.ACCOUNT_ID, "acc_" + number)
        .replace("\"user_123\"", "\"user_" + number + "\", \"other\"");
  }

  private static String page(int from, int to, String next) {
    List<String> accounts = IntStream.range(from, to).mapToObj(PagesTest::account).toList();
    return "{\"accounts\": [" + String.join(",", accounts) + "], \"next\": " + next + "}";
  }

  @Test
  void theStatusShowsTheAccountWhatIsInItAndWhatWasDoneLast() {
    Caller.Outcome outcome = caller.call("status", "user_123");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .isEqualTo(
            """
            user_123
              account       acc_01a206ca05a75c05903f106a0505f683
              organisation  59cb4d1c-d09b-401e-9b7a-197047f33917
              region        us
              linked        2026-11-23 05:03:52 UTC

            Installations
              front-desk 1.1  as it should be at 2026-11-23 05:03:53 UTC
                tool/main       7e49a5d5-7ffe-4468-874e-4e48687a762a  1, taken over
                assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7  1.1

            Latest operations
              2026-11-23 05:04:00  clone front-desk  failed  1 created
                op_01a206ca0cba54fb0e673e6da742899c
                Vapi refused assistant/main.
                VAPI_BAD_REQUEST
                warning  assistant/main#voice.style: Vapi did not keep a field.
                    Vapi dropped voice.style.
                    DROPPED_BY_VAPI
              2026-11-23 05:03:53  clone front-desk  succeeded  1 reused, 1 updated
                op_01a206ca08c12ccfcba5eb9958277f5b
            """);
  }

  @Test
  void theStatusOfAFreshAccountSaysWhatToDoNext() {
    server
        .answers(
            "GET /v1/accounts?userId=user_123",
            200,
            Documents.page(
                Documents.ACCOUNT
                    .replace("\"59cb4d1c-d09b-401e-9b7a-197047f33917\"", "null")
                    .replace("[\"user_123\"]", "[\"user_123\", \"user_456\"]")))
        .answers(BELOW + "installations", 200, "{\"installations\": []}")
        .answers(BELOW + "operations", 200, "{\"operations\": []}");
    assertThat(caller.call("status", "user_123").out())
        .contains(
            "  organisation  not known before the first clone\n",
            "  users         user_123, user_456\n",
            "  none yet: graft clone user_123\n");
  }

  @Test
  void anInstallationThatIsNotFinishedIsToldApart() {
    server.answers(
        BELOW + "installations",
        200,
        "{\"installations\": ["
            + Documents.INSTALLATION
                .replace("\"2026-11-23T05:03:53.614Z\"", "null")
                .replace("\"1.1\",\n \"release\"", "null,\n \"release\"")
            + "]}");
    assertThat(caller.call("status", "user_123").out())
        .contains("  front-desk  not finished yet\n");
  }

  @Test
  void anInstallationOfWhichNothingIsInstalledIsToldApart() {
    server.answers(
        BELOW + "installations",
        200,
        "{\"installations\": [" + Documents.INSTALLATION_EMPTY + "]}");
    assertThat(caller.call("status", "user_123").out())
        .contains("\n  front-desk  not installed since 2026-11-23 05:06:00 UTC\n");
  }

  @Test
  void everyKindOfOperationIsShownWithItsIdAndWhatIsNotClearFromItsName() {
    List<String> operations =
        List.of("repair", "rollback", "undo", "uninstall", "sweep").stream()
            .map(kind -> Documents.OPERATION.replace("\"clone\"", "\"" + kind + "\""))
            .toList();
    String later =
        operations
            .getLast()
            .replace("\"succeeded\"", "\"running\"")
            .replace("\"tries\": 1", "\"tries\": 0");
    server.answers(
        BELOW + "operations",
        200,
        "{\"operations\": [" + later + "," + String.join(",", operations) + "]}");
    assertThat(caller.call("status", "user_123").out())
        .endsWith(
            """

            Latest operations
              2026-11-23 05:03:53  sweep front-desk  waiting  1 reused, 1 updated
                op_01a206ca08c12ccfcba5eb9958277f5b  looks for creates that came late
              2026-11-23 05:03:53  repair front-desk  succeeded  1 reused, 1 updated
                op_01a206ca08c12ccfcba5eb9958277f5b
              2026-11-23 05:03:53  rollback front-desk  succeeded  1 reused, 1 updated
                op_01a206ca08c12ccfcba5eb9958277f5b
              2026-11-23 05:03:53  undo front-desk  succeeded  1 reused, 1 updated
                op_01a206ca08c12ccfcba5eb9958277f5b  goes back to before an operation
              2026-11-23 05:03:53  uninstall front-desk  succeeded  1 reused, 1 updated
                op_01a206ca08c12ccfcba5eb9958277f5b
              2026-11-23 05:03:53  sweep front-desk  succeeded  1 reused, 1 updated
                op_01a206ca08c12ccfcba5eb9958277f5b  looks for creates that came late
            """);
  }

  @Test
  void theStatusAsJsonHoldsTheThreeDocumentsOfTheApi() {
    Caller.Outcome outcome = caller.call("status", "user_123", "--json");
    assertThat(Json.parse(outcome.out()))
        .isEqualTo(
            Json.parse(
                "{\"account\": "
                    + Documents.ACCOUNT
                    + ", \"installations\": ["
                    + Documents.INSTALLATION
                    + "], \"operations\": ["
                    + Documents.FAILED_OPERATION
                    + ","
                    + Documents.OPERATION
                    + "]}"));
  }

  @Test
  void theStatusOfAnUnknownUserIsAFailure() {
    server.answers("GET /v1/accounts?userId=nobody", 200, Documents.page(""));
    Caller.Outcome outcome = caller.call("status", "nobody");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("No Vapi account is linked", "graft link nobody");
  }

  @Test
  void accountsAreListedPageByPageWithOneHeading() {
    server
        .answers("GET /v1/accounts?limit=200", 200, page(0, 200, "\"acc 199\""))
        .answers("GET /v1/accounts?limit=200&after=acc%20199", 200, page(200, 203, "null"));
    Caller.Outcome outcome = caller.call("accounts");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    List<String> lines = outcome.out().lines().toList();
    assertThat(lines).hasSize(204);
    assertThat(lines.getFirst()).matches("LINKED \\(UTC\\) +REGION +ACCOUNT +USERS");
    assertThat(lines.getLast()).matches("2026-11-23 05:03:52 +us +acc_202 +user_202, other");
  }

  @Test
  void aLimitAsksForNoMoreThanItShows() {
    server
        .answers("GET /v1/accounts?limit=3", 200, page(0, 3, "\"acc_2\""))
        .answers("GET /v1/accounts?limit=200", 200, page(0, 200, "\"acc_199\""))
        .answers("GET /v1/accounts?limit=50&after=acc_199", 200, page(200, 250, "\"acc_249\""));
    assertThat(caller.call("accounts", "--limit", "3").out().lines()).hasSize(4);
    assertThat(caller.call("accounts", "--limit=250").out().lines()).hasSize(251);
    assertThat(server.asked()).hasSize(3);
    for (String limit : new String[] {"0", "-1", "many", "", "1e3", "99999999999999999999"}) {
      assertThat(caller.call("accounts", "--limit=" + limit).exit()).as(limit).isEqualTo(64);
    }
    assertThat(server.asked()).hasSize(3);
  }

  @Test
  void asJsonThereIsOneAccountALineInTheApisOwnForm() {
    server
        .answers("GET /v1/accounts?limit=200", 200, page(0, 2, "\"acc_1\""))
        .answers("GET /v1/accounts?limit=200&after=acc_1", 200, page(2, 3, "null"));
    Caller.Outcome outcome = caller.call("accounts", "--json");
    assertThat(outcome.out().lines().map(Json::parse))
        .containsExactlyElementsOf(
            IntStream.range(0, 3).mapToObj(n -> Json.parse(account(n))).toList());
  }

  @Test
  void thatThereIsNoAccountIsSaidBesideTheData() {
    server.answers("GET /v1/accounts?limit=200", 200, Documents.page(""));
    Caller.Outcome outcome = caller.call("accounts");
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("No account is linked yet");
  }

  @Test
  void templatesAreShownWithTheirResourcesAndFindings() {
    server.answers("GET /v1/templates", 200, Documents.TEMPLATES);
    Caller.Outcome outcome = caller.call("templates");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .isEqualTo(
            """
            front-desk 1  (taken when a clone names none)
              tool/main       book_visit_v1
              assistant/main  Front Desk_v1
              note  template-tool.json:7: A value is a secret.
                  It is not copied.
                  LEFT_OUT_SECRET

            broken  cannot be used
              error  template-assistant.json:3: A file does not hold one JSON object.
                  It ends in the middle.
                  TEMPLATE_FILE_INVALID
            """);
    assertThat(Json.parse(caller.call("templates", "--json").out()))
        .isEqualTo(Json.parse(Documents.TEMPLATES));
    server.answers("GET /v1/templates", 200, "{\"default\": null, \"templates\": []}");
    assertThat(caller.call("templates").out()).isEqualTo("The server has no template.\n");
  }
}
