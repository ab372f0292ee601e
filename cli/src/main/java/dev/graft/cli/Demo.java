package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code graft demo}: what a stranger runs first. It starts a sandbox and a server, goes through
 * link, clone and upgrade with them, and looks itself whether each did what it should.
 */
final class Demo {
  private static final String USUAL_PORT = "3000";
  private static final String USER = "user_123";
  private static final String CUSTOMER = "Demo customer";

  /** Made up for the sandbox; it opens nothing else. */
  private static final String DEMO_KEY = "5a4db0c5-de30-4000-8000-c0ffee000001";

  private static final String GOODBYE = "Bye-bye, and have a lovely day!";

  private final Stage stage;
  private final Path templates;
  private final String port;
  private final Output out;
  private final Steps steps;

  private Demo(Stage stage, Path templates, String port, Output out) {
    this.stage = stage;
    this.templates = templates;
    this.port = port;
    this.out = out;
    this.steps = new Steps(out);
  }

  static int run(Given given, Terminal terminal) {
    Path home =
        given
            .variable("GRAFT_HOME")
            .map(Path::of)
            .orElseThrow(() ->
                Refusal.usage(
                    "graft demo is started by the launcher: use ./graft demo in Graft's folder."));
    String port = given.option("--port").orElse(USUAL_PORT);
    requireFree(port);
    try (Stage stage = Stage.in(home, given.environment(), terminal.out())) {
      try {
        new Demo(stage, home.resolve("templates"), port, terminal.out()).show(given.has("--once"));
      } catch (Refusal e) {
        stage.yieldToShutdown();
        throw e;
      }
      if (!given.has("--once")) {
        throw stage.awaitEnd();
      }
      return Exit.DONE;
    }
  }

  private static void requireFree(String port) {
    if (!port.matches("\\d{1,5}") || Integer.parseInt(port) > 65_535) {
      throw Refusal.usage("--port needs the number of a port, from 0 to 65535.");
    }
    try (var _ = new ServerSocket(Integer.parseInt(port), 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return;
    } catch (BindException e) {
      throw Refusal.failed(
          "Port "
              + port
              + " is in use by another program, or not allowed. Choose another one, for instance:"
              + " ./graft demo --port "
              + (port.equals("3100") ? "3200" : "3100"));
    } catch (IOException e) {
      throw Refusal.failed("Port " + port + " cannot be tried.", e);
    }
  }

  private void show(boolean once) {
    out.print(
        Line.prose(
            0,
            "Everything of this demo runs on this machine, in memory and in a temporary folder: a"
                + " sandbox that behaves like Vapi, and Graft. No Vapi account is needed, and"
                + " nothing is left behind."));
    URI sandboxUrl = steps.step("Start a sandbox of Vapi", this::startSandbox);
    say("It listens on " + sandboxUrl);
    DemoTemplate template = DemoTemplate.copy(templates, stage.folder().resolve("templates"));
    URI graftUrl = steps.step("Start Graft", () -> startServer(sandboxUrl));
    say("It listens on " + graftUrl);
    story(Api.of(graftUrl), Api.of(sandboxUrl), template);
    epilogue(graftUrl, sandboxUrl);
    if (!once) {
      out.print(Line.EMPTY);
      out.print(Line.of("Press Ctrl-C to stop.", Style.BOLD));
    }
  }

  private URI startSandbox() {
    return stage
        .start(
            "The sandbox",
            Map.of(),
            List.of(
                "sandbox",
                "--port",
                "0",
                "--account",
                CUSTOMER + "=" + DEMO_KEY,
                "--stop-with-stdin"))
        .url();
  }

  private URI startServer(URI sandbox) {
    Child server =
        stage.start(
            "Graft",
            Map.of(
                "GRAFT_AUTH",
                "none",
                "GRAFT_HOST",
                "127.0.0.1",
                "GRAFT_VAPI_BASE_URL",
                sandbox.toString(),
                "GRAFT_STOP_WITH_STDIN",
                "1",
                "GRAFT_DATA_DIR",
                stage.folder().resolve("data").toString(),
                "GRAFT_TEMPLATES",
                stage.folder().resolve("templates").toString()),
            List.of("serve", "--port", port));
    URI url = server.url();
    stage.awaitReady(server, url);
    return url;
  }

  private void story(Api graft, Api sandbox, DemoTemplate template) {
    ObjectNode linked =
        steps.step(
            "Link " + USER + ": POST /api/vapi/link",
            () ->
                graft
                    .post(
                        "/api/vapi/link", Json.object().put("userId", USER).put("apiKey", DEMO_KEY))
                    .body());
    show(linked);
    say("Graft tried the key at the sandbox and keeps it sealed.");

    show(steps.step("Plan a clone, without doing it", () -> plan(graft)));

    ObjectNode cloned = steps.step("Clone: POST /api/vapi/clone", () -> cloneOnce(graft));
    show(cloned);

    ObjectNode again = steps.step("Clone again: the same request", () -> cloneOnce(graft));
    show(again);
    requireSame(cloned, again, "reused-");
    say("The same ids: nothing was made twice.");

    String assistant = cloned.path("assistantId").asString("");
    String tool = cloned.path("toolId").asString("");
    String before = object(sandbox, "assistant", assistant).path("endCallMessage").asString("");
    steps.step(
        "The customer changes the assistant in Vapi",
        () ->
            sandbox.patch(
                path("assistant", assistant), Json.object().put("endCallMessage", GOODBYE)));
    out.print(Line.of("    endCallMessage:"));
    out.print(TextDiff.removed(before).indented(6));
    out.print(TextDiff.added(GOODBYE).indented(6));

    steps.step(
        "The team publishes a new version of the template",
        () -> {
          template.publishNext();
          return template;
        });
    say("A new line in the prompt, and a new address for the tool.");

    show(steps.step("Plan the upgrade", () -> plan(graft)));

    ObjectNode upgraded =
        steps.step("Clone: the same request a third time", () -> cloneOnce(graft));
    show(upgraded);
    requireSame(cloned, upgraded, "updated-");
    JsonNode now = object(sandbox, "assistant", assistant);
    require(
        now.path("endCallMessage").asString("").equals(GOODBYE),
        "what the customer changed should still be there");
    JsonNode prompt = DemoTemplate.PROMPT.in(now);
    require(
        prompt != null && prompt.asString("").endsWith(DemoTemplate.NEW_LINE),
        "the assistant should have the new prompt");
    require(
        object(sandbox, "tool", tool).path("url").asString("").equals(DemoTemplate.NEW_URL),
        "the tool should have the new address");
    say("Both were updated in place, under the ids they had.");
    say("What the customer changed is still there: \"" + GOODBYE + "\"");
  }

  private static ObjectNode cloneOnce(Api graft) {
    return graft.post("/api/vapi/clone", Json.object().put("userId", USER)).body();
  }

  private static List<Line> plan(Api graft) {
    LinkedAccount account = LinkedAccount.of(USER, graft);
    ObjectNode plan = graft.post(account.path("plans"), Json.object()).body();
    return new PlanPage(plan, Output.USUAL_WIDTH - 4).lines(USER);
  }

  private static String path(String kind, String id) {
    return "/_sandbox/accounts/" + Api.encoded(CUSTOMER) + "/objects/" + kind + "/" + id;
  }

  private static ObjectNode object(Api sandbox, String kind, String id) {
    return sandbox.get(path(kind, id));
  }

  private static void requireSame(ObjectNode first, ObjectNode later, String done) {
    require(
        first.path("assistantId").equals(later.path("assistantId"))
            && first.path("toolId").equals(later.path("toolId")),
        "the ids should be the same as before");
    require(
        later.path("actions").valueStream().allMatch(a -> a.asString("").startsWith(done)),
        "every action should start with " + done);
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw Refusal.failed("The demo did not go as it should: " + what + ".");
    }
  }

  private void show(ObjectNode answer) {
    // Ids are long: what the usual layout puts on one line would not fit.
    String json = Json.writePretty(answer).replace("[ ", "[\n    ").replace(" ]", "\n  ]");
    json.replace("\", \"", "\",\n    \"").lines().forEach(line -> out.print("    " + line));
  }

  private void show(List<Line> page) {
    page.forEach(line -> out.print(line.indented(4)));
  }

  private void say(String text) {
    out.print(Line.prose(4, text));
  }

  private void epilogue(URI graft, URI sandbox) {
    out.print(Line.EMPTY);
    out.print(Line.of("All of it went as it should. Look around:", Style.BOLD));
    out.print("  what is in the accounts   " + sandbox + "/");
    out.print("  Graft, for programs       " + graft);
    out.print("  and how it is called      " + graft + "/docs");
    out.print("  for people                ./graft status " + USER + " --url " + graft);
    out.print(Line.EMPTY);
    out.print(Line.of("Try it yourself, with another user and another account:", Style.BOLD));
    request(graft + "/api/vapi/link", "{\"userId\":\"user_456\",\"apiKey\":\"sandbox-acme\"}");
    answer("{\"ok\":true,\"message\":\"API key validated and stored successfully\"}");
    request(graft + "/api/vapi/clone", "{\"userId\":\"user_456\"}");
    answer("{\"assistantId\":\"...\",\"toolId\":\"...\",");
    answer(" \"actions\":[\"created-tool:...\",\"created-assistant:...\"]}");
  }

  private void request(String url, String body) {
    out.print(Line.EMPTY);
    out.print("  curl -s " + url + " \\");
    out.print("    -H 'Content-Type: application/json' \\");
    out.print("    -d '" + body + "'");
  }

  private void answer(String text) {
    out.print(Line.of("    " + text, Style.DIM));
  }
}
