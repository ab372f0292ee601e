package dev.graft.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Dial;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Options;
import dev.graft.sandbox.Quirk;
import dev.graft.sandbox.Sandbox;
import dev.graft.vapi.Host;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What a visit finds out is what the sandbox was set to; and nothing stays behind. */
class LiveVisitTest {
  private static final String KEY = "b6ffe0a2-0000-4000-8000-00000000d0c5";
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int visit(Sandbox sandbox, int budget) {
    return LiveVisit.run(
        List.of(Host.at(sandbox.url())),
        Map.of(LiveVisit.KEY, KEY),
        new LiveVisit.Wish(budget, true, true),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  /** The answers to all questions, in order. */
  private List<String> answers(Options options, int assistants) {
    try (Sandbox sandbox = Sandbox.start(options)) {
      Account account = sandbox.account("Operator", KEY);
      account.seed("assistant", assistants, n -> Json.object().put("name", "Own " + n));
      assertThat(visit(sandbox, 120)).as(said()).isZero();
      assertNothingIsLeft(account, assistants);
    }
    assertThat(said() + printed()).doesNotContain(KEY);
    var json = Json.parseObject(printed());
    assertThat(json.path("calls").asInt(0)).isBetween(40, 120);
    return json.path("answers")
        .valueStream()
        .map(each -> each.path("answer").asString(""))
        .toList();
  }

  private static void assertNothingIsLeft(Account account, int assistants) {
    assertThat(account.objects("assistant")).hasSize(assistants);
    for (String kind : List.of("tool", "squad", "structured-output")) {
      assertThat(account.objects(kind)).as(kind).isEmpty();
    }
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void asTheSandboxUsuallyIs() {
    List<String> answers = answers(Options.standard(), 130);
    assertThat(answers.get(0)).startsWith("100, though");
    assertThat(answers.get(1)).startsWith("at once");
    assertThat(answers.get(2)).startsWith("no:");
    assertThat(answers.get(3)).startsWith("taken: silenceTimeoutSeconds").contains("refused: none");
    assertThat(answers.get(4)).contains("stays as null: firstMessage").contains("refused: none");
    assertThat(answers.get(5)).isEqualTo("yes");
    assertThat(answers.get(6)).startsWith("yes:");
    assertThat(answers.get(7)).startsWith("yes: v1");
    assertThat(answers.get(8)).startsWith("at least 262144");
    assertThat(answers.get(9)).contains("names it: does not;").contains("409 assistant_pinned");
    assertThat(answers.get(10)).startsWith("yes:");
    assertThat(answers.get(11)).startsWith("no 429").endsWith("about limits: none");
  }

  @Test
  void asVapiMayBeInstead() {
    List<String> answers =
        answers(
            Options.standard()
                .with(Dial.PAGE_CAP, 1000)
                .with(Dial.LIST_LAG_MS, 300)
                .with(Quirk.NULL_CLEARS, true)
                .with(Quirk.TOOL_SERVER_LOST, true)
                .with(Quirk.SECRET_KEPT, true)
                .with(Quirk.METADATA_VERSIONED, false)
                .with(Dial.METADATA_LIMIT, 5_000)
                .with(Quirk.SCHEMA_OVERRIDE_REQUIRED, false)
                .with(Dial.RATE_LIMIT, 12)
                .with(Dial.RATE_WINDOW_MS, 400)
                .with(Quirk.RETRY_AFTER, true),
            130);
    assertThat(answers.get(0)).startsWith("more than 100: 130");
    assertThat(answers.get(1)).startsWith("late:");
    assertThat(answers.get(4)).startsWith("clears: firstMessage");
    assertThat(answers.get(5)).isEqualTo("no: it changed server");
    assertThat(answers.get(6)).startsWith("no:");
    assertThat(answers.get(7)).startsWith("no: it is still v1");
    assertThat(answers.get(8)).isEqualTo("4096 bytes were taken, 16384 refused with status 400");
    assertThat(answers.get(10)).startsWith("no:");
    assertThat(answers.get(11))
        .startsWith("429 after")
        .contains("with Retry-After")
        .contains("etry-");
  }

  @Test
  void anOrganisationWithoutVersionsWhereMuchIsRefused() {
    List<String> answers =
        answers(
            Options.standard()
                .with(Quirk.UNPUBLISHED_ACCEPTED, false)
                .with(Quirk.VERSIONS, false)
                .with(Quirk.NULL_REFUSED, true),
            0);
    assertThat(answers.get(3)).contains("taken: none; refused: ").contains("messagePlan");
    assertThat(answers.get(6)).startsWith("not told: the request was answered with status 400");
    assertThat(answers.get(0)).startsWith("not told:").endsWith("has 0 of one");
    assertThat(answers.get(4)).contains("refused: ").doesNotEndWith("refused: none");
    assertThat(answers.get(7)).contains("has no versions");
    assertThat(answers.get(9)).contains("has no versions");
  }

  @Test
  void itNeverMakesMoreCallsThanItMayAndStillTidiesUp() {
    try (Sandbox sandbox = Sandbox.start(Options.standard())) {
      Account account = sandbox.account("Operator", KEY);
      assertThat(visit(sandbox, 40)).as(said()).isZero();
      assertThat(sandbox.requests().entries().size()).isLessThanOrEqualTo(40);
      assertThat(printed()).contains("not asked: the calls that were allowed are used up");
      assertNothingIsLeft(account, 0);
    }
  }

  @Test
  void whatWasMadeWithoutAReplyIsFoundAndWhatAKilledVisitLeftIs() {
    try (Sandbox sandbox = Sandbox.start(Options.standard())) {
      Account account = sandbox.account("Operator", KEY);
      account.put(
          "tool",
          Json.parseObject(
              "{\"type\":\"function\",\"function\":{\"name\":\"graft_doctor_00000000_1\"}}"));
      account.put("assistant", Json.object().put("name", "graft-doctor-00000000-2"));
      sandbox.fault(Fault.on("POST", "/tool").nth(2).after(Effect.close()));
      assertThat(visit(sandbox, 150)).as(said()).isZero();
      assertThat(said()).contains("graft-doctor-00000000-2").contains("Removed.");
      assertNothingIsLeft(account, 0);
    }
  }

  @Test
  void withoutAKeyOrWithAWrongOneItMakesNothing() {
    try (Sandbox sandbox = Sandbox.start(Options.standard())) {
      var silent = new PrintStream(out, true, StandardCharsets.UTF_8);
      var told = new PrintStream(err, true, StandardCharsets.UTF_8);
      var wish = new LiveVisit.Wish(100, false, false);
      List<Host> hosts = List.of(Host.at(sandbox.url()));
      assertThat(LiveVisit.run(hosts, Map.of(), wish, silent, told)).isEqualTo(64);
      assertThat(LiveVisit.run(hosts, Map.of(LiveVisit.KEY, KEY), wish, silent, told)).isEqualTo(1);
      assertThat(said()).contains("status 401").contains("No host of Vapi takes this key");
      assertThat(said() + printed()).doesNotContain(KEY);
    }
  }

  @Test
  void aKeyThatCameWithOtherSignsIsRefusedAndNotShown() {
    List<Host> hosts = List.of(Host.at(URI.create("http://127.0.0.1:1")));
    var wish = new LiveVisit.Wish(100, false, false);
    for (String key :
        List.of("\u201c" + KEY + "\u201d", "\u001b[200~" + KEY, KEY + "\u200b", "a b")) {
      var stream = new PrintStream(err, true, StandardCharsets.UTF_8);
      assertThat(LiveVisit.run(hosts, Map.of(LiveVisit.KEY, key), wish, stream, stream))
          .isEqualTo(64);
    }
    assertThat(said()).contains("no key").doesNotContain(KEY.substring(9));
  }

  @Test
  void whatCouldNotBeTakenAwayOrLookedForIsToldAndNoSuccess() {
    try (Sandbox sandbox = Sandbox.start(Options.standard())) {
      Account account = sandbox.account("Operator", KEY);
      account.put("assistant", Json.object().put("name", "graft-doctor-00000000-2"));
      sandbox.fault(Fault.on("DELETE", "/assistant/*").always().before(Effect.status(500)));
      // After that of the leftovers; the end lists every kind once.
      sandbox.fault(Fault.on("GET", "/squad").nth(2).always().before(Effect.status(503)));
      assertThat(visit(sandbox, 150)).as(said()).isEqualTo(1);
      List<String> left = account.objects("assistant").stream().map(LiveVisitTest::id).toList();
      assertThat(left).hasSizeGreaterThan(2);
      assertThat(said())
          .contains("graft-doctor-00000000-2", "These of them could not be removed")
          .contains(
              "could not be looked whether something called graft-doctor-... is left in: squad")
          .contains(left)
          .doesNotContain("Removed.");
    }
  }

  private static String id(JsonNode object) {
    return object.path("id").asString("");
  }
}
