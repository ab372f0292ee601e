package dev.graft.core.apply;

import static dev.graft.core.apply.Bench.ASSISTANT;
import static dev.graft.core.apply.Bench.TOOL;
import static dev.graft.core.apply.Bench.files;
import static dev.graft.core.apply.Bench.json;
import static dev.graft.core.apply.Bench.release;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.Diagnostic;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Policy;
import dev.graft.core.template.Release;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class ReconcilerTest {
  private final Bench bench = new Bench();

  @Test
  void aFirstCloneMakesOneToolAndOneAssistantThatUsesIt() {
    List<String> actions = bench.actions(release("1"));
    assertThat(actions)
        .containsExactly("created-tool:" + bench.tool(), "created-assistant:" + bench.assistant());
    assertThat(bench.live(ASSISTANT).get("model").get("toolIds"))
        .isEqualTo(dev.graft.core.json.Json.array().add(bench.tool().value()));
    assertThat(Mark.on(Kinds.ASSISTANT, bench.live(ASSISTANT)).orElseThrow())
        .isEqualTo(new Mark("front-desk", ASSISTANT, "1", "op_1.1"));
    assertThat(bench.vapi.calls()).hasSize(4);
  }

  @Test
  void aRepeatWritesNothingAndAsksFourThings() {
    bench.actions(release("1"));
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release("1")))
        .containsExactly("reused-tool:" + bench.tool(), "reused-assistant:" + bench.assistant());
    assertThat(bench.vapi.writes()).isEmpty();
    assertThat(bench.vapi.calls()).hasSize(4);
  }

  @Test
  void aNewerReleaseIsUpgradedInPlace() {
    bench.actions(release("1"));
    ObjectId tool = bench.tool();
    ObjectId assistant = bench.assistant();
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release("2")))
        .containsExactly("updated-tool:" + tool, "updated-assistant:" + assistant);
    assertThat(bench.vapi.calls()).hasSize(6);
    assertThat(bench.live(ASSISTANT).get("name").stringValue()).isEqualTo("Front Desk_v2");
    assertThat(bench.live(TOOL).get("url").stringValue()).isEqualTo("https://example.com/2");
    assertThat(bench.actions(release("2")))
        .containsExactly("reused-tool:" + tool, "reused-assistant:" + assistant);
  }

  @Test
  void anOlderReleaseIsSkipped() {
    bench.actions(release("10"));
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release("9")))
        .containsExactly(
            "skipped-tool-newer-exists:" + bench.tool(),
            "skipped-assistant-newer-exists:" + bench.assistant());
    assertThat(bench.vapi.writes()).isEmpty();
  }

  @Test
  void changedContentUnderTheSameVersionIsAnUpdateAndNeverASilentReuse() {
    bench.actions(release("1"));
    Map<String, String> changed = files("1");
    changed.computeIfPresent("template-tool.json", (_, t) -> t.replace("POST", "PUT"));
    assertThat(bench.actions(release(changed)))
        .containsExactly("updated-tool:" + bench.tool(), "reused-assistant:" + bench.assistant());
  }

  @Test
  void aNewerCopyThatAppearsAfterAFirstCloneIsLeftAlone() {
    bench.actions(release("1"));
    ObjectId newer =
        bench.vapi.create(
            Kinds.TOOL,
            json("{\"type\":\"apiRequest\",\"name\":\"book_visit_v10\",\"url\":\"u\"}"));
    ObjectId other = bench.vapi.create(Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v9.1\"}"));
    bench.vapi.forgetCalls();
    for (int i = 0; i < 3; i++) {
      assertThat(bench.actions(release("9")))
          .containsExactly(
              "skipped-tool-newer-exists:" + newer, "skipped-assistant-newer-exists:" + other);
    }
    assertThat(bench.vapi.writes()).isEmpty();

    bench.vapi.delete(newer);
    bench.vapi.patch(other, json("{\"name\":\"Something else\"}"));
    assertThat(bench.actions(release("1")))
        .containsExactly(
            "reused-tool:" + bench.idOf(TOOL), "reused-assistant:" + bench.idOf(ASSISTANT));
  }

  @Test
  void theSameVersionThatIsThereAlreadyIsReusedAndNeverChanged() {
    ObjectId tool =
        bench.vapi.create(
            Kinds.TOOL,
            json("{\"type\":\"apiRequest\",\"name\":\"book_visit_v1\",\"url\":\"own\"}"));
    assertThat(bench.actions(release("1")))
        .containsExactly("reused-tool:" + tool, "created-assistant:" + bench.assistant());
    assertThat(bench.ledger().at(TOOL)).isEmpty();
    assertThat(bench.live(ASSISTANT).get("model").get("toolIds").get(0).stringValue())
        .isEqualTo(tool.value());
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release("1")))
        .containsExactly("reused-tool:" + tool, "reused-assistant:" + bench.assistant());
    assertThat(bench.vapi.writes()).isEmpty();
  }

  @Test
  void anOlderOneThatIsThereAlreadyIsTakenOverAndUpgraded() {
    ObjectId tool =
        bench.vapi.create(
            Kinds.TOOL,
            json("{\"type\":\"apiRequest\",\"name\":\"book_visit_v1\",\"url\":\"o\",\"own\":1}"));
    ObjectId assistant =
        bench.vapi.create(
            Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v1\",\"endCallMessage\":\"Bye\"}"));
    assertThat(bench.actions(release("2")))
        .containsExactly(
            "adopted-tool:" + tool,
            "updated-tool:" + tool,
            "adopted-assistant:" + assistant,
            "updated-assistant:" + assistant);
    assertThat(bench.live(TOOL).get("own").intValue()).isEqualTo(1);
    assertThat(bench.live(ASSISTANT).get("endCallMessage").stringValue()).isEqualTo("Bye");
    assertThat(bench.live(ASSISTANT).get("model").get("toolIds").get(0).stringValue())
        .isEqualTo(tool.value());
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).hasSize(1);
  }

  @Test
  void aToolOfAnotherTypeIsNoNamesake() {
    bench.vapi.create(Kinds.TOOL, json("{\"type\":\"function\",\"name\":\"book_visit_v1\"}"));
    assertThat(bench.actions(release("1")).getFirst()).startsWith("created-tool:");
  }

  @Test
  void severalOlderOnesAreNotGuessedAt() {
    bench.vapi.create(Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v1\"}"));
    ObjectId second = bench.vapi.create(Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v1.0\"}"));
    bench.vapi.forgetCalls();
    assertThat(blockers(bench.run(release("2")))).containsExactly("ADOPTION_AMBIGUOUS");
    assertThat(bench.vapi.writes()).isEmpty();
    var chosen = new Policy(Policy.Adoption.BY_NAME, Map.of(ASSISTANT, second));
    assertThat(bench.actions(bench.run(release("2"), chosen)))
        .contains("adopted-assistant:" + second, "updated-assistant:" + second);
  }

  @Test
  void adoptionHappensOnlyAsFarAsThePolicyGoes() {
    bench.vapi.create(Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v1\"}"));
    assertThat(blockers(bench.run(release("2"), new Policy(Policy.Adoption.ASK, Map.of()))))
        .containsExactly("ADOPTION_NEEDED");
    assertThat(bench.actions(bench.run(release("2"), new Policy(Policy.Adoption.NEVER, Map.of()))))
        .allMatch(action -> action.startsWith("created-"));
    assertThat(bench.vapi.idsOf(Kinds.ASSISTANT)).hasSize(2);
  }

  @Test
  void anAssistantThatIsCurrentButDoesNotUseTheToolIsRepointed() {
    ObjectId assistant =
        bench.vapi.create(
            Kinds.ASSISTANT,
            json(
                "{\"name\":\"Front Desk_v1\",\"firstMessage\":\"own\","
                    + "\"model\":{\"provider\":\"openai\",\"toolIds\":[\"other\"]}}"));
    assertThat(bench.actions(release("1")))
        .containsExactly(
            "created-tool:" + bench.tool(),
            "adopted-assistant:" + assistant,
            "updated-assistant:" + assistant);
    ObjectNode live = bench.vapi.object(assistant);
    assertThat(live.get("model").get("toolIds"))
        .isEqualTo(dev.graft.core.json.Json.array().add("other").add(bench.tool().value()));
    assertThat(live.get("firstMessage").stringValue()).isEqualTo("own");
  }

  @Test
  void aToolThatWasDeletedIsMadeAgainAndTheAssistantRepointed() {
    bench.actions(release("1"));
    ObjectId gone = bench.tool();
    bench.vapi.delete(gone);
    assertThat(bench.actions(release("1")))
        .containsExactly("created-tool:" + bench.tool(), "updated-assistant:" + bench.assistant());
    assertThat(bench.live(ASSISTANT).get("model").get("toolIds"))
        .isEqualTo(dev.graft.core.json.Json.array().add(bench.tool().value()));
    assertThat(bench.tool()).isNotEqualTo(gone);
  }

  @Test
  void aToolThatTheCustomerTookOffTheAssistantIsPutBackBesideTheirOwn() {
    bench.actions(release("1"));
    bench.vapi.patch(
        bench.assistant(),
        json("{\"model\":{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"toolIds\":[\"own\"]}}"));
    assertThat(bench.actions(release("1"))).contains("updated-assistant:" + bench.assistant());
    assertThat(bench.live(ASSISTANT).get("model").get("toolIds"))
        .isEqualTo(dev.graft.core.json.Json.array().add("own").add(bench.tool().value()));
  }

  @Test
  void whatTheCustomerChangedSurvivesRepeatsAndUpgrades() {
    bench.actions(release("1"));
    bench.vapi.patch(
        bench.assistant(),
        json("{\"endCallMessage\":\"Bye\",\"voice\":{\"provider\":\"11labs\",\"voiceId\":\"x\"}}"));
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release("1"))).contains("reused-assistant:" + bench.assistant());
    assertThat(bench.vapi.writes()).isEmpty();
    for (String version : List.of("2", "3")) {
      assertThat(bench.actions(release(version)))
          .contains("updated-assistant:" + bench.assistant());
      ObjectNode live = bench.live(ASSISTANT);
      assertThat(live.get("endCallMessage").stringValue()).isEqualTo("Bye");
      assertThat(live.get("voice").get("provider").stringValue()).isEqualTo("11labs");
      assertThat(live.get("firstMessage").stringValue()).isEqualTo("Hello from " + version);
    }
  }

  @Test
  void aFieldThatBothChangedBlocksAlsoAfterUpgradesInBetween() {
    bench.actions(release("1"));
    bench.vapi.patch(
        bench.assistant(), json("{\"voice\":{\"provider\":\"vapi\",\"voiceId\":\"Customer\"}}"));
    bench.actions(release("2"));
    Map<String, String> files = files("3");
    files.computeIfPresent("template-assistant.json", (_, a) -> a.replace("Elliot", "Vendor"));
    ObjectNode before = bench.live(ASSISTANT).deepCopy();
    Reconciler.Result result = bench.run(release(files));
    assertThat(blockers(result)).containsExactly("COLLISION");
    assertThat(((Reconciler.Result.Blocked) result).blockers().getFirst().detail())
        .contains("voice.voiceId", "Elliot", "Customer", "Vendor");
    assertThat(bench.live(ASSISTANT)).isEqualTo(before);
  }

  @Test
  void theCustomersOwnNameForTheAssistantIsKept() {
    bench.actions(release("1"));
    bench.vapi.patch(bench.assistant(), json("{\"name\":\"Our receptionist\"}"));
    assertThat(bench.actions(release("2"))).contains("updated-assistant:" + bench.assistant());
    assertThat(bench.live(ASSISTANT).get("name").stringValue()).isEqualTo("Our receptionist");
    assertThat(bench.actions(release("1")))
        .contains("skipped-assistant-newer-exists:" + bench.assistant());
  }

  @Test
  void withoutItsDatabaseGraftFindsWhatItMade() {
    bench.actions(release("1"));
    bench.loseTheDatabase();
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release("1")))
        .containsExactly("reused-tool:" + bench.tool(), "reused-assistant:" + bench.assistant());
    assertThat(bench.vapi.writes()).isEmpty();
  }

  @Test
  void withADeclaredVersionNamesMeanNothingAndTheMarkDoes() {
    Map<String, String> declared = new LinkedHashMap<>(files("1"));
    declared.put("template.json", "{\"version\":\"1.0\"}");
    ObjectId foreign = bench.vapi.create(Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v1\"}"));
    assertThat(bench.actions(release(declared))).allMatch(action -> action.startsWith("created-"));
    ObjectId ours = bench.idOf(ASSISTANT);
    declared.put("template.json", "{\"version\":\"1.1\"}");
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release(declared)))
        .as("the same content under a higher version needs no write")
        .containsExactly("reused-tool:" + bench.idOf(TOOL), "reused-assistant:" + ours);
    assertThat(bench.vapi.writes()).isEmpty();
    assertThat(bench.ledger().at(ASSISTANT).orElseThrow().version()).hasToString("1.1");
    assertThat(bench.vapi.object(foreign).has("metadata")).isFalse();

    bench.loseTheDatabase();
    assertThat(bench.actions(release(declared)))
        .contains("adopted-assistant:" + ours)
        .noneMatch(action -> action.equals("created-assistant:" + ours));
  }

  @Test
  void aCircleIsMadeOpenAndThenClosed() {
    Map<String, String> circle = new LinkedHashMap<>();
    circle.put(
        "template.json",
        "{\"version\":\"1\",\"resources\":{"
            + "\"assistant/a\":\"a.json\",\"assistant/b\":\"b.json\",\"tool/to-b\":\"h.json\"}}");
    circle.put("a.json", "{\"name\":\"A\",\"model\":{\"provider\":\"x\",\"toolIds\":[\"to-b\"]}}");
    circle.put("b.json", "{\"name\":\"B\",\"model\":{\"provider\":\"x\",\"toolIds\":[\"to-b\"]}}");
    circle.put(
        "h.json",
        "{\"type\":\"handoff\",\"function\":{\"name\":\"to_b\"},\"destinations\":["
            + "{\"type\":\"assistant\",\"assistantId\":\"b\",\"description\":\"d\"}]}");
    List<String> actions = bench.actions(release(circle));
    assertThat(actions).hasSize(3).allMatch(action -> action.startsWith("created-"));
    assertThat(bench.vapi.writes()).hasSize(4);
    ObjectId b = bench.idOf(new dev.graft.core.kind.Address("assistant", "b"));
    assertThat(bench.vapi.object(bench.tool()).get("destinations").get(0).get("assistantId"))
        .isEqualTo(dev.graft.core.json.Json.text(b.value()));
    bench.vapi.forgetCalls();
    assertThat(bench.actions(release(circle))).allMatch(action -> action.startsWith("reused-"));
    assertThat(bench.vapi.writes()).isEmpty();
  }

  @Test
  void anObjectThatVanishesBetweenReadAndWriteIsPlannedAnew() {
    bench.actions(release("1"));
    Release next = release("2");
    bench.actions(
        bench.run(
            next,
            account ->
                calls -> {
                  if (calls.stream().anyMatch(call -> call instanceof Call.Update)
                      && bench.vapi.idsOf(Kinds.TOOL).contains(bench.idOf(TOOL))) {
                    bench.vapi.delete(bench.idOf(TOOL));
                  }
                  return account.send(calls);
                },
            journal -> journal));
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).hasSize(1);
    assertThat(bench.live(TOOL).get("name").stringValue()).isEqualTo("book_visit_v2");
    assertThat(bench.live(ASSISTANT).get("model").get("toolIds"))
        .isEqualTo(dev.graft.core.json.Json.array().add(bench.tool().value()));
  }

  @Test
  void anotherOrganisationIsNeverWrittenTo() {
    bench.vapi.create(Kinds.TOOL, json("{\"type\":\"endCall\"}")).value();
    bench.vapi.object(bench.tool()).put("orgId", "someone else");
    bench.vapi.forgetCalls();
    assertThat(bench.run(release("1"))).isInstanceOf(Reconciler.Result.OtherOrg.class);
    assertThat(bench.vapi.writes()).isEmpty();
  }

  @Test
  void whatVapiDoesNotShowIsNeverTakenForMissing() {
    for (Reply reply :
        List.of(
            new Reply.Unknown(Reply.Trouble.TIMED_OUT, "slow"),
            new Reply.Throttled(null),
            new Reply.Refused(401, "Unauthorized", List.of("no")))) {
      Reconciler.Result result =
          bench.run(
              release("1"),
              account -> calls -> calls.stream().map(_ -> reply).toList(),
              journal -> journal);
      assertThat(result)
          .isInstanceOfAny(Reconciler.Result.Unfinished.class, Reconciler.Result.Refused.class);
    }
    assertThat(bench.vapi.writes()).isEmpty();
  }

  private static List<String> blockers(Reconciler.Result result) {
    assertThat(result).isInstanceOf(Reconciler.Result.Blocked.class);
    return ((Reconciler.Result.Blocked) result).blockers().stream().map(Diagnostic::code).toList();
  }
}
