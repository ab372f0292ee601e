package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What every command has in common in how it prints. */
class OutputTest {
  /**
   * What a customer may have written into a name: colours, the other way to begin an escape
   * sequence, a title for the window, line breaks, and characters that hide or turn the others.
   */
  private static final String HOSTILE =
      "\u001b[31mred\u001b[0m\u009b2J\u001b]0;title\u0007\r\nError: forged\n\u2028\u2029\u0085"
          + "\u202Egnp.\u202C\u2066x\u2069\u200B\uFEFF\u00AD\u007f\b\0\uE000\uDB40\uDC41";

  private final ScriptedServer server = ScriptedServer.start();
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  /** The same document with the hostile text in each of its texts. */
  private static JsonNode hostile(JsonNode json) {
    return switch (json) {
      case ObjectNode object -> {
        ObjectNode all = Json.object();
        object.properties().forEach(field -> all.set(field.getKey(), hostile(field.getValue())));
        yield all;
      }
      case ArrayNode array -> {
        ArrayNode all = Json.array();
        array.forEach(element -> all.add(hostile(element)));
        yield all;
      }
      case JsonNode text when text.isString() -> Json.text(text.stringValue() + HOSTILE);
      default -> json;
    };
  }

  private static String hostile(String document) {
    return Json.write(hostile(Json.parse(document)));
  }

  private static void isHarmless(Caller.Outcome outcome) {
    assertThat(outcome.printed().codePoints().filter(c -> c != '\n'))
        .allSatisfy(c -> {
          assertThat(Character.isISOControl(c)).as("U+%04x", c).isFalse();
          assertThat(Character.getType(c))
              .as("U+%04x", c)
              .isNotIn(
                  (int) Character.FORMAT,
                  (int) Character.LINE_SEPARATOR,
                  (int) Character.PARAGRAPH_SEPARATOR,
                  (int) Character.PRIVATE_USE);
        });
    assertThat(outcome.printed().lines()).noneMatch(line -> line.startsWith("Error: forged"));
  }

  /** Everything that the server says is hostile, and so is the user. */
  private List<String[]> linesAgainstAHostileServer() {
    String account = "/v1/accounts/" + Api.encoded(Documents.ACCOUNT_ID + HOSTILE);
    String installation = "/v1/installations/" + Api.encoded(Documents.INSTALLATION_ID + HOSTILE);
    String user = "user" + HOSTILE;
    ObjectNode plan = (ObjectNode) hostile(Json.parse(Documents.PLAN));
    for (JsonNode step : plan.get("steps")) {
      ObjectNode tame = (ObjectNode) step;
      tame.put("action", tame.get("action").stringValue().replace(HOSTILE, ""));
    }
    plan.withObject("/steps/0/body").put(HOSTILE, HOSTILE);
    plan.set("impact", hostile(Json.parseObject(Documents.PLAN_REPLACING).get("impact")));
    plan.withObject("/steps/2/changes/0")
        .put("before", "one\n" + HOSTILE + "\nand so on".repeat(9));
    server
        .answers(
            "GET /v1/accounts?userId=" + Api.encoded(user),
            200,
            hostile(Documents.page(Documents.ACCOUNT)))
        .answers("GET /v1/accounts?limit=1", 200, hostile(Documents.page(Documents.ACCOUNT)))
        .answers("POST /v1/accounts", 201, hostile(Documents.ACCOUNT))
        .answers("POST " + account + "/plans", 201, Json.write(plan))
        .answers("POST " + account + "/installations", 409, hostile(Documents.BLOCKED))
        .answers("POST /v1/plans/1/apply", 200, hostile(Documents.OPERATION))
        .answers("POST /v1/plans/2/apply", 400, hostile(Documents.REFUSED_BY_VAPI))
        .answers(
            "GET " + account + "/installations",
            200,
            hostile("{\"installations\": [" + Documents.INSTALLATION + "]}"))
        .answers(
            "GET " + account + "/operations",
            200,
            hostile("{\"operations\": [" + Documents.FAILED_OPERATION + "]}"))
        .answers("GET /v1/templates", 200, hostile(Documents.TEMPLATES))
        .answers("GET " + installation + "/drift", 200, hostile(Documents.DRIFT))
        .answers("POST " + installation + "/operations", 200, hostile(Documents.OPERATION))
        .answers("POST " + installation + "/plans", 201, Json.write(plan))
        .answers("DELETE " + account + "?clones=keep", 200, hostile(Documents.UNLINKED_AND_LEFT))
        .answers("GET /health", 200, hostile("{\"status\": \"ok\"}"));
    return List.of(
        new String[] {"link", user},
        new String[] {"plan", user},
        new String[] {"clone", user},
        new String[] {"clone", "nobody" + HOSTILE},
        new String[] {"apply", "1"},
        new String[] {"apply", "2"},
        new String[] {"apply", HOSTILE},
        new String[] {"status", user},
        new String[] {"drift", user},
        new String[] {"drift", user, "--template", "none" + HOSTILE},
        new String[] {"repair", user},
        new String[] {"repair", user, "--plan"},
        new String[] {"unlink", user, "--keep"},
        new String[] {"unlink", user, "--keep", "--yes"},
        new String[] {"accounts", "--limit", "1"},
        new String[] {"templates"},
        new String[] {"version", "--server"},
        new String[] {"no" + HOSTILE},
        new String[] {"status", "u", "--no" + HOSTILE});
  }

  @Test
  void nothingThatAServerSaysCanSteerATerminal() {
    for (String[] line : linesAgainstAHostileServer()) {
      Caller.Outcome outcome = caller.piping("key").call(line);
      assertThat(outcome.printed()).isNotEmpty();
      isHarmless(outcome);
    }
  }

  @Test
  void jsonIsHarmlessTooAndStillMeansTheSame() {
    for (String[] line : linesAgainstAHostileServer()) {
      var withJson = new ArrayList<>(List.of(line));
      withJson.addFirst("--json");
      Caller.Outcome outcome = caller.piping("key").call(withJson.toArray(String[]::new));
      isHarmless(outcome);
      if (!outcome.out().isEmpty()) {
        assertThat(Json.write(Json.parse(outcome.out()))).contains(escaped(HOSTILE));
      }
    }
    assertThat(Json.parse(caller.call("templates", "--json").out()))
        .isEqualTo(hostile(Json.parse(Documents.TEMPLATES)));
    assertThat(Json.parse(caller.call("apply", "2", "--json").err()))
        .isEqualTo(hostile(Json.parse(Documents.REFUSED_BY_VAPI)));
  }

  private static String escaped(String text) {
    String quoted = Json.write(Json.text(text));
    return quoted.substring(1, quoted.length() - 1);
  }

  @Test
  void whatRealNamesNeedIsLeftAsItIs() {
    String name = "Zahnärztin Ÿ 歯医者 עברית \u200d👩\u200d⚕️ — “Hello”";
    server.answers(
        "GET /v1/templates",
        200,
        "{\"templates\": [{\"name\": \"" + name + "\", \"digest\": \"d\", \"version\": \"1\"}]}");
    assertThat(caller.call("templates").out()).isEqualTo(name + " 1\n");
    assertThat(caller.call("templates", "--json").out()).contains(name);
  }

  @Test
  void coloursAreForTerminalsAlone() {
    server.answers("GET /v1/templates", 200, Documents.TEMPLATES);
    assertThat(caller.callAtTerminal(80, "templates").out())
        .contains("\u001b[1mfront-desk\u001b[0m", "\u001b[31merror\u001b[0m");
    assertThat(caller.callAtTerminal(80, "templates", "extra").err()).startsWith("\u001b[31mError");
    for (Caller.Outcome outcome :
        List.of(
            caller.call("templates"),
            caller.call("templates", "extra"),
            caller.callAtTerminal(80, "templates", "--no-color"),
            caller.callAtTerminal(80, "--no-color", "templates"),
            caller.callAtTerminal(80, "templates", "--no-color", "extra"),
            caller.callAtTerminal(80, "templates", "--json"))) {
      assertThat(outcome.printed()).isNotEmpty().doesNotContain("\u001b");
    }
  }

  @Test
  void noColorAndADumbTerminalAreRespected() {
    assertThat(Terminal.mayColour(Map.of("TERM", "xterm"))).isTrue();
    assertThat(Terminal.mayColour(Map.of("NO_COLOR", ""))).isTrue();
    assertThat(Terminal.mayColour(Map.of("NO_COLOR", "1", "TERM", "xterm"))).isFalse();
    assertThat(Terminal.mayColour(Map.of("TERM", "dumb"))).isFalse();
  }

  @Test
  void sentencesAreWrappedForPeopleAndNotForPrograms() {
    server.answers("POST /v1/plans/p/apply", 409, Documents.BLOCKED);
    String wide = caller.call("apply", "p").err();
    String narrow = caller.callAtTerminal(40, "apply", "p", "--no-color").err();
    // An id is one word, which is never broken.
    assertThat(narrow.lines())
        .filteredOn(line -> !line.matches(".*[0-9a-f]{32}"))
        .hasSizeGreaterThan(9)
        .allMatch(line -> line.length() <= 40);
    assertThat(narrow.replaceAll("\\s+", " ")).isEqualTo(wide.replaceAll("\\s+", " "));
    assertThat(narrow.lines().count()).isGreaterThan(wide.lines().count());
  }

  @Test
  void aClosedOutputIsAFailure() {
    server
        .answers("GET /v1/templates", 200, Documents.TEMPLATES)
        .answers(
            "GET /v1/accounts?limit=200",
            200,
            "{\"accounts\": [" + Documents.ACCOUNT + "], \"next\": \"x\"}");
    for (String line :
        List.of(
            "templates",
            "templates --json",
            "key generate",
            "version",
            "completion bash",
            "--help",
            "accounts",
            "accounts --json")) {
      var said = new ByteArrayOutputStream();
      int exit =
          Main.run(
              List.of(line.split(" ")),
              Map.of("GRAFT_URL", server.url()),
              InputStream.nullInputStream(),
              new PrintStream(closed(), false, StandardCharsets.UTF_8),
              new PrintStream(said, false, StandardCharsets.UTF_8));
      assertThat(exit).as(line).isEqualTo(1);
      assertThat(said.toString(StandardCharsets.UTF_8))
          .isEqualTo(
              "Not everything could be written: the output was closed, or its disk is full.\n");
    }
    // Who listens no more is not read to.
    assertThat(server.asked()).filteredOn(one -> one.what().contains("/accounts")).hasSize(2);
  }

  private static OutputStream closed() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException("Broken pipe");
      }
    };
  }
}
