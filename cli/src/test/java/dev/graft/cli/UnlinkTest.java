package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UnlinkTest {
  private static final String ACCOUNT = "/v1/accounts/" + Documents.ACCOUNT_ID;
  private static final String KEEP = "DELETE " + ACCOUNT + "?clones=keep";
  private static final String REMOVE = "DELETE " + ACCOUNT + "?clones=remove";

  private final ScriptedServer server =
      ScriptedServer.start()
          .knowsTheUser()
          .answers(
              "GET " + ACCOUNT + "/installations",
              200,
              "{\"installations\": [" + Documents.INSTALLATION + "]}")
          .answers(KEEP, 200, Documents.UNLINKED_AND_LEFT)
          .answers(REMOVE, 200, Documents.UNLINKED)
          .answers(REMOVE + "&evenIfUsed=true", 200, Documents.UNLINKED);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  private void hasOtherUsers() {
    server.answers(
        "GET /v1/accounts?userId=user_123",
        200,
        Documents.page(
            Documents.ACCOUNT.replace(
                "[\"user_123\"]", "[\"user_007\", \"user_123\", \"user_456\"]")));
  }

  @Test
  void whatIsRemovedIsToldByTheAddressesItHad() {
    assertThat(caller.call("unlink", "user_123", "--remove"))
        .isEqualTo(
            new Caller.Outcome(
                0,
                """
                Unlinked user_123 from account acc_01a206ca05a75c05903f106a0505f683.
                The key is destroyed.
                  deleted  assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7
                  deleted  tool/main       7e49a5d5-7ffe-4468-874e-4e48687a762a
                """,
                ""));
  }

  @Test
  void whatIsLeftIsListedWithTheReason() {
    assertThat(caller.call("unlink", "user_123", "--keep"))
        .isEqualTo(
            new Caller.Outcome(
                0,
                """
                Unlinked user_123 from account acc_01a206ca05a75c05903f106a0505f683.
                The key is destroyed.
                Left in the account:
                  tool/main       7e49a5d5-7ffe-4468-874e-4e48687a762a
                  assistant/main  623c4abb-3a9a-4723-8772-b95f77bd7ca7
                Vapi does not accept the key any more.
                """,
                ""));
  }

  @Test
  void whatBecomesOfTheClonesHasToBeSaidBeforeAnythingIsAsked() {
    for (String[] line :
        new String[][] {{"unlink", "user_123"}, {"unlink", "user_123", "--keep", "--remove"}}) {
      assertThat(caller.call(line))
          .isEqualTo(
              new Caller.Outcome(
                  64,
                  "",
                  "Error: graft unlink needs either --keep or --remove. --keep leaves what Graft made"
                      + " in the account, where it goes on working; --remove deletes it. The key is"
                      + " destroyed in either case.\n"));
    }
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void anAccountThatOthersHaveTooIsLetGoOnlyByWhoeverInsists() {
    hasOtherUsers();
    assertThat(caller.call("unlink", "user_123", "--keep"))
        .isEqualTo(
            new Caller.Outcome(
                64,
                "",
                "Error: The account of user_123 is also that of user_007, user_456, who would lose"
                    + " it too. If that is meant, repeat the command with --yes.\n"));
    assertThat(server.asked()).noneMatch(asked -> asked.what().startsWith("DELETE"));
    Caller.Outcome insisted = caller.call("unlink", "user_123", "--keep", "--yes");
    assertThat(insisted.exit()).isZero();
    assertThat(insisted.out()).startsWith("Unlinked user_123");
    assertThat(insisted.err())
        .isEqualTo("Warning: the account is also that of user_007, user_456, who lose it too.\n");
  }

  @Test
  void whoeverInsistsWithoutNeedIsNotTroubled() {
    assertThat(caller.call("unlink", "user_123", "--remove", "--even-if-used", "--yes").err())
        .isEmpty();
    assertThat(server.asked().getLast().what()).isEqualTo(REMOVE + "&evenIfUsed=true");
  }

  @Test
  void whatStopsItIsToldWithWhatToType() {
    server.answers(
        REMOVE,
        409,
        Documents.BLOCKED.replace("ADOPTION_NEEDED", "OBJECT_IN_USE").replace("main#url", "main"));
    Caller.Outcome outcome = caller.call("unlink", "user_123", "--remove");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("  decide     --even-if-used\n");
  }

  @Test
  void withJsonTheAnswerIsPrintedAsTheApiGivesIt() {
    hasOtherUsers();
    Caller.Outcome outcome = caller.call("unlink", "user_123", "--remove", "--yes", "--json");
    assertThat(outcome.exit()).isZero();
    assertThat(Json.parse(outcome.out())).isEqualTo(Json.parse(Documents.UNLINKED));
  }

  @Test
  void aKeyOfWhichNothingIsSaidIsNotCalledDestroyed() {
    server.answers(KEEP, 200, Documents.UNLINKED.replace("true", "false"));
    assertThat(caller.call("unlink", "user_123", "--keep").out())
        .contains("The server does not say that the key is destroyed.")
        .doesNotContain("The key is destroyed.");
  }
}
