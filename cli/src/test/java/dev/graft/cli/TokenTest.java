package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The token of a server: sent to it, and shown to nobody. */
class TokenTest {
  private static final String TOKEN = "graft_0123456789abcdefGHIJ-_.~+/=";
  private static final String TEMPLATES = "GET /v1/templates";

  @TempDir private Path folder;
  private final ScriptedServer server =
      ScriptedServer.start().answers(TEMPLATES, 200, Documents.TEMPLATES);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  private String file(String content) throws IOException {
    return Files.writeString(folder.resolve("token-file"), content).toString();
  }

  private List<String> tokens() {
    return server.asked().stream().map(asked -> asked.authorization().orElse("none")).toList();
  }

  @Test
  void withoutATokenNoneIsSent() {
    caller.call("templates");
    assertThat(caller.with("GRAFT_TOKEN", " ").call("templates").exit()).isZero();
    assertThat(tokens()).containsExactly("none", "none");
  }

  @Test
  void theTokenOfAFileGoesBeforeThatOfTheEnvironment() throws IOException {
    caller.with("GRAFT_TOKEN", "from-the-environment\n").call("templates");
    caller.call("templates", "--token-file", file(TOKEN + "\r\n"));
    assertThat(tokens()).containsExactly("Bearer from-the-environment", "Bearer " + TOKEN);
  }

  @Test
  void theTokenIsPrintedInNoOutcome() {
    caller.with("GRAFT_TOKEN", TOKEN);
    for (int status : List.of(200, 302, 401, 500)) {
      server.answers(
          TEMPLATES,
          status,
          Map.of("WWW-Authenticate", "Bearer"),
          status == 200
              ? Documents.TEMPLATES
              : Documents.problem(status, "UNAUTHORIZED", "The token is not one of Graft's own."));
      for (String form : List.of("--no-color", "--json")) {
        Caller.Outcome outcome = caller.call("templates", "--debug", form);
        assertThat(outcome.printed()).isNotEmpty().doesNotContain(TOKEN, TOKEN.substring(6));
      }
    }
    server.close();
    assertThat(caller.call("templates", "--debug").printed()).doesNotContain(TOKEN);
  }

  @Test
  void aServerThatWantsATokenIsToldApartFromVapisRefusal() {
    String refusal = Documents.problem(401, "UNAUTHORIZED", "No.");
    server.answers(TEMPLATES, 401, Map.of("WWW-Authenticate", "Bearer"), refusal);
    assertThat(caller.call("templates").err()).contains("GRAFT_TOKEN", "--token-file");
    server.answers(TEMPLATES, 401, refusal);
    assertThat(caller.call("templates").err()).doesNotContain("GRAFT_TOKEN");
  }

  @Test
  void aTokenIsNoArgument() {
    for (List<String> line :
        List.of(
            List.of("templates", "--token", TOKEN),
            List.of("templates", "--token=" + TOKEN),
            List.of("--token", TOKEN, "templates"))) {
      Caller.Outcome outcome = caller.call(line.toArray(String[]::new));
      assertThat(outcome.exit()).isEqualTo(64);
      assertThat(outcome.err())
          .startsWith("Error: A token is never an argument")
          .contains("--token-file", "GRAFT_TOKEN")
          .doesNotContain(TOKEN);
    }
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void aFileThatIsNotThereIsNotNamedSinceItMayBeTheToken() {
    for (String mistaken :
        List.of(TOKEN, TOKEN.replace("/", "").repeat(20), folder.toString(), "nul\0" + TOKEN)) {
      Caller.Outcome outcome = caller.call("templates", "--debug", "--token-file", mistaken);
      assertThat(outcome.exit()).isIn(1, 64);
      assertThat(outcome.err())
          .startsWith("Error: ")
          .doesNotContain(TOKEN.substring(6, 20), folder.toString());
    }
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void aFileThatHoldsNoTokenIsToldAndNotQuoted() throws IOException {
    for (String content : List.of("", " \n", "two words-hidden", "tök-hidden", "a-hidden\nb")) {
      Caller.Outcome outcome = caller.call("templates", "--token-file", file(content));
      assertThat(outcome.exit()).isEqualTo(1);
      assertThat(outcome.err()).contains("holds no token").doesNotContain("hidden");
    }
    assertThat(caller.with("GRAFT_TOKEN", "two words").call("templates").err())
        .startsWith("Error: GRAFT_TOKEN holds no token");
    assertThat(server.asked()).isEmpty();
  }
}
