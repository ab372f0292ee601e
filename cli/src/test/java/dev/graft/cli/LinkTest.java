package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class LinkTest {
  private static final String KEY = "5a4db0c5-de30-4000-8000-c0ffee000001";
  private static final String LINK = "POST /v1/accounts";

  private final ScriptedServer server =
      ScriptedServer.start().answers(LINK, 201, Documents.ACCOUNT);
  private final Caller caller = Caller.of(server).piping(KEY);

  @AfterEach
  void stop() {
    server.close();
  }

  private JsonNode sent() {
    assertThat(server.asked()).hasSize(1);
    assertThat(server.asked().getFirst().what()).isEqualTo(LINK);
    return Json.parse(server.asked().getFirst().body());
  }

  private static void keepsTheKeyToItself(Caller.Outcome outcome) {
    String base64 = Base64.getEncoder().encodeToString(KEY.getBytes(StandardCharsets.UTF_8));
    assertThat(outcome.printed())
        .doesNotContain(KEY, base64.substring(0, base64.length() - 4), KEY.substring(9));
  }

  @Test
  void theKeyIsSentOnceInTheBodyAndTheNewAccountIsTold() {
    Caller.Outcome outcome = caller.call("link", "user_123");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(sent()).isEqualTo(Json.object().put("userId", "user_123").put("apiKey", KEY));
    assertThat(outcome.out())
        .isEqualTo("Linked user_123 to the new account " + Documents.ACCOUNT_ID + ".\n");
    assertThat(outcome.err()).isEqualTo("Next: graft clone user_123\n");
  }

  @Test
  void anAccountThatWasKnownIsToldApartFromANewOne() {
    server.answers(LINK, 200, Documents.ACCOUNT);
    Caller.Outcome outcome = caller.call("link", "user_123");
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.out())
        .isEqualTo(
            "Linked user_123 to account " + Documents.ACCOUNT_ID + ", which was known already.\n");
  }

  @Test
  void whatStandsAroundTheKeyIsTakenOff() {
    caller.piping(" \t" + KEY + " \r\n\n").call("link", "user_123");
    assertThat(sent().get("apiKey").stringValue()).isEqualTo(KEY);
  }

  @Test
  void aKeyThatComesInPiecesIsReadToItsEnd() {
    var pieces =
        new InputStream() {
          private final InputStream all =
              new ByteArrayInputStream(KEY.getBytes(StandardCharsets.UTF_8));

          @Override
          public int read() throws IOException {
            return all.read();
          }

          @Override
          public int read(byte[] into, int from, int length) throws IOException {
            return all.read(into, from, Math.min(length, 3));
          }
        };
    PrintStream nowhere =
        new PrintStream(PrintStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    int exit =
        Main.run(
            List.of("link", "user_123"),
            Map.of("GRAFT_URL", server.url()),
            pieces,
            nowhere,
            nowhere);
    assertThat(exit).isZero();
    assertThat(sent().get("apiKey").stringValue()).isEqualTo(KEY);
  }

  @Test
  void anyCharacterOfAKeyArrivesAsValidJson() {
    String awkward = "a\"b\\c\\u0041{}\t\u0001,\u007f/é";
    caller.piping(awkward).call("link", "user \"1\"");
    JsonNode sent = sent();
    assertThat(sent.propertyNames()).containsExactly("userId", "apiKey");
    assertThat(sent.get("userId").stringValue()).isEqualTo("user \"1\"");
    assertThat(sent.get("apiKey").stringValue()).startsWith("a\"b\\c\\u0041{}\t\u0001,\u007f/");
    assertThat(server.asked().getFirst().body()).matches("\\p{ASCII}+");
  }

  @Test
  void theRegionAndASealedRecordGoWithTheirOwnMembers() {
    String record = "00".repeat(16) + ":" + "11".repeat(16) + ":2233";
    Caller.Outcome outcome =
        caller.piping(record + "\n").call("link", "user_123", "--region", "eu", "--sealed");
    assertThat(outcome.exit()).isZero();
    assertThat(sent())
        .isEqualTo(
            Json.object()
                .put("userId", "user_123")
                .put("region", "eu")
                .put("sealedApiKey", record));
    assertThat(outcome.printed()).doesNotContain(record, "2233");
  }

  @Test
  void withJsonTheAccountIsPrintedAsTheApiGivesIt() {
    Caller.Outcome outcome = caller.call("link", "user_123", "--json");
    assertThat(Json.parse(outcome.out())).isEqualTo(Json.parse(Documents.ACCOUNT));
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void theKeyIsPrintedInNoOutcome() {
    List<Integer> statuses = List.of(200, 201, 301, 400, 401, 404, 409, 500, 502);
    for (int status : statuses) {
      server.answers(
          LINK,
          status,
          status < 400
              ? Documents.ACCOUNT
              : Documents.problem(status, "INVALID_API_KEY", "Vapi does not accept this."));
      keepsTheKeyToItself(caller.piping(KEY).call("link", "user_123", "--debug"));
      keepsTheKeyToItself(caller.piping(KEY).call("link", "user_123", "--json", "--debug"));
    }
    server.answers(LINK, 200, Map.of("Content-Type", "text/html"), "<html>" + KEY + "</html>");
    keepsTheKeyToItself(caller.piping(KEY).call("link", "user_123", "--debug"));
    server.close();
    Caller.Outcome outcome = caller.piping(KEY).call("link", "user_123", "--debug");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.err()).contains("  at dev.graft.cli.Link.");
    keepsTheKeyToItself(outcome);
  }

  @Test
  void aKeyAsAnArgumentIsRefusedAndNotRepeated() {
    for (List<String> arguments :
        List.of(
            List.of("link", "user_123", KEY),
            List.of("link", "user_123", "--region", "us", KEY, KEY),
            List.of("link", "user_123", "--key", KEY),
            List.of("link", "user_123", "--key=" + KEY),
            List.of("link", "user_123", "--" + KEY),
            List.of("link", "user_123", "-" + KEY),
            List.of("link", "--json", "--debug", "user_123", KEY))) {
      Caller.Outcome outcome = caller.call(arguments.toArray(String[]::new));
      assertThat(outcome.exit()).isEqualTo(64);
      assertThat(outcome.err())
          .contains("The key is never an argument", "make a new one in the Vapi dashboard");
      keepsTheKeyToItself(outcome);
    }
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void noKeyAndMoreThanOneLineAreRefusedAndNothingIsSent() {
    for (String nothing : List.of("", "\n", " \r\n \n")) {
      Caller.Outcome outcome = caller.piping(nothing).call("link", "user_123");
      assertThat(outcome.exit()).isEqualTo(1);
      assertThat(outcome.err()).isEqualTo("Error: No key came in, so nothing was sent.\n");
    }
    for (String two : List.of(KEY + "\nsecond", "first\r" + KEY, "a\n\n" + KEY + "\n")) {
      Caller.Outcome outcome = caller.piping(two).call("link", "user_123");
      assertThat(outcome.exit()).isEqualTo(1);
      assertThat(outcome.err())
          .startsWith("Error: More than one line came in, so nothing was sent");
      keepsTheKeyToItself(outcome);
    }
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void aFileThatIsTooLongToBeAKeyIsNotSentInPart() {
    Caller.Outcome outcome = caller.piping("k".repeat(1_000_000)).call("link", "user_123");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.err()).contains("nothing was sent").doesNotContain("kkk");
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void aMistypedOptionIsNamedBesideTheWarning() {
    Caller.Outcome outcome = caller.call("link", "user_123", "--regoin", "eu");
    assertThat(outcome.exit()).isEqualTo(64);
    assertThat(outcome.err()).contains("There is no option --regoin. Is it --region?");
  }

  @Test
  void whoeverSendsAKeyUnencryptedToAnotherMachineIsWarned() {
    // Without a key nothing is sent, so that no other machine is needed.
    caller.piping("");
    for (String far : List.of("http://192.0.2.1", "http://127.0.0.1.example.com:3000")) {
      assertThat(caller.call("link", "user_123", "--url", far).err())
          .startsWith("Warning: the key goes to " + far + " unencrypted.");
    }
    for (String near :
        List.of(
            "https://192.0.2.1",
            "http://127.0.0.1:3000",
            "http://127.8.8.8",
            "http://localhost:3000",
            "http://LocalHost:3000",
            "http://[::1]:3000")) {
      assertThat(caller.call("link", "user_123", "--url", near).err())
          .as(near)
          .doesNotContain("Warning");
    }
  }

  @Test
  void aUserThatAShellWouldSplitIsQuotedInTheHint() {
    Caller.Outcome outcome = caller.call("link", "it's me & you");
    assertThat(outcome.err()).isEqualTo("Next: graft clone 'it'\\''s me & you'\n");
    assertThat(sent().get("userId").stringValue()).isEqualTo("it's me & you");
  }

  @Test
  void aUserWhoseNameBeginsWithAnAtSignIsNoFile() {
    caller.call("link", "@user");
    assertThat(sent().get("userId").stringValue()).isEqualTo("@user");
  }
}
