package dev.graft.core.apply;

import static dev.graft.core.apply.Bench.ASSISTANT;
import static dev.graft.core.apply.Bench.TOOL;
import static dev.graft.core.apply.Bench.files;
import static dev.graft.core.apply.Bench.json;
import static dev.graft.core.apply.Bench.release;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Policy;
import dev.graft.core.plan.Takes;
import dev.graft.core.template.Release;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Repair, replacement, going back and removal: the same walk with something else desired. */
class GoingBackTest {
  private final Bench bench = new Bench();

  static Policy back() {
    return Policy.BY_NAME.on(Policy.Course.BACK);
  }

  static Desired nothing(Release installed) {
    return new Desired(
        new Release(
            installed.template(), installed.declaresVersion(), installed.version(), List.of()),
        back());
  }

  /** A release whose tool is of another type, which Vapi cannot change in place. */
  static Release otherType(String version) {
    Map<String, String> changed = files(version);
    changed.put(
        "template-tool.json",
        """
        {"type":"function","name":"book_visit_v%s",
         "function":{"name":"book_visit_v%s","parameters":{"type":"object"}},
         "server":{"url":"https://example.com/f"}}
        """
            .formatted(version, version));
    return release(changed);
  }

  private List<String> actions(Desired desired) {
    return bench.actions(bench.run(desired));
  }

  private List<Diagnostic> blockers(Desired desired) {
    Reconciler.Result result = bench.run(desired);
    assertThat(result).isInstanceOf(Reconciler.Result.Blocked.class);
    return ((Reconciler.Result.Blocked) result).blockers();
  }

  private static JsonNode at(JsonNode body, String place) {
    JsonNode value = Place.parse(place).in(body);
    return value == null ? Json.object() : value;
  }

  @Test
  void anUpgradeIsUndoneAndTheCustomersEditsAreThereBeforeAndAfter() {
    bench.actions(release("1"));
    bench.vapi.patch(bench.assistant(), json("{\"firstMessage\":\"Own words\",\"own\":1}"));
    JsonNode before = bench.vapi.contents();
    var ledger = bench.ledger();
    Takes ours = new Takes(Takes.Side.OURS, Map.of());
    bench.actions(bench.run(release("2"), Policy.BY_NAME.with(ours)));
    assertThat(at(bench.live(ASSISTANT), "firstMessage").stringValue()).isEqualTo("Hello from 2");

    assertThat(actions(bench.before(2, release("2"))))
        .containsExactly("updated-tool:" + bench.tool(), "updated-assistant:" + bench.assistant());

    assertThat(bench.vapi.contents()).isEqualTo(before);
    assertThat(bench.ledger().at(ASSISTANT).orElseThrow().applied())
        .isEqualTo(ledger.at(ASSISTANT).orElseThrow().applied());
    assertThat(bench.ledger().at(ASSISTANT).orElseThrow().observed())
        .isEqualTo(ledger.at(ASSISTANT).orElseThrow().observed());
    // What the customer had changed still counts as the customer's.
    assertThat(bench.actions(release("1"))).allMatch(action -> action.startsWith("reused-"));
    assertThat(at(bench.live(ASSISTANT), "firstMessage").stringValue()).isEqualTo("Own words");
  }

  @Test
  void whatTheCustomerChangesAfterAnUpgradeOutlivesItsUndoing() {
    bench.actions(release("1"));
    bench.actions(release("2"));
    bench.vapi.patch(bench.assistant(), json("{\"endCallMessage\":\"Bye\"}"));

    actions(bench.before(2, release("2")));

    assertThat(at(bench.live(ASSISTANT), "endCallMessage").stringValue()).isEqualTo("Bye");
    assertThat(at(bench.live(ASSISTANT), "name").stringValue()).isEqualTo("Front Desk_v1");
  }

  @Test
  void aChangeToTheSameFieldSinceThenHasToBeDecided() {
    bench.actions(release("1"));
    bench.actions(release("2"));
    bench.vapi.patch(bench.assistant(), json("{\"firstMessage\":\"Since\"}"));

    Desired before = bench.before(2, release("2"));
    assertThat(blockers(before))
        .singleElement()
        .satisfies(blocker -> assertThat(blocker.where()).isEqualTo("assistant/main#firstMessage"));

    Policy decided =
        before
            .policy()
            .with(new Takes(null, Map.of("assistant/main#firstMessage", Takes.Side.OURS)));
    actions(new Desired(before.release(), decided, before.earlier()));
    assertThat(at(bench.live(ASSISTANT), "firstMessage").stringValue()).isEqualTo("Hello from 1");
  }

  @Test
  void theFirstCloneIsUndoneByRemovingWhatItMade() {
    ObjectId own = bench.vapi.create(Kinds.ASSISTANT, json("{\"name\":\"Mine\"}"));
    bench.actions(release("1"));

    assertThat(actions(bench.before(1, release("1"))))
        .extracting(action -> action.substring(0, action.indexOf(':')))
        .containsExactlyInAnyOrder("deleted-assistant", "deleted-tool");

    assertThat(bench.vapi.idsOf(Kinds.ASSISTANT)).containsExactly(own);
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).isEmpty();
    assertThat(bench.ledger().entries()).isEmpty();
  }

  @Test
  void whatWasTakenOverIsGivenBackAsItWas() {
    ObjectId theirs =
        bench.vapi.create(
            Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v1\",\"firstMessage\":\"Theirs\"}"));
    bench.actions(release("2"));
    assertThat(at(bench.vapi.object(theirs), "firstMessage").stringValue())
        .isEqualTo("Hello from 2");

    actions(bench.before(1, release("2")));

    assertThat(bench.vapi.idsOf(Kinds.ASSISTANT)).containsExactly(theirs);
    assertThat(at(bench.vapi.object(theirs), "firstMessage").stringValue()).isEqualTo("Theirs");
    assertThat(at(bench.vapi.object(theirs), "name").stringValue()).isEqualTo("Front Desk_v1");
    assertThat(bench.vapi.object(theirs).path("voice").isMissingNode()).isTrue();
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).isEmpty();
    assertThat(bench.ledger().entries()).isEmpty();
  }

  @Test
  void anEarlierReleaseIsAnUpgradeBackwards() {
    bench.actions(release("1"));
    bench.actions(release("2"));
    bench.vapi.patch(bench.assistant(), json("{\"endCallMessage\":\"Bye\"}"));

    assertThat(actions(new Desired(release("1"), back())))
        .containsExactly("updated-tool:" + bench.tool(), "updated-assistant:" + bench.assistant());

    assertThat(at(bench.live(ASSISTANT), "firstMessage").stringValue()).isEqualTo("Hello from 1");
    assertThat(at(bench.live(ASSISTANT), "endCallMessage").stringValue()).isEqualTo("Bye");
    assertThat(bench.actions(release("1"))).allMatch(action -> action.startsWith("reused-"));
    assertThat(bench.actions(release("2"))).allMatch(action -> action.startsWith("updated-"));
  }

  @Test
  void whatALaterReleaseAddedGoesWithIt() {
    bench.actions(release("1"));
    Map<String, String> more = files("2");
    more.put("template-tool-end.json", "{\"type\":\"endCall\",\"name\":\"end\"}");
    bench.actions(release(more));
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).hasSize(2);

    actions(new Desired(release("1"), back()));

    assertThat(bench.vapi.idsOf(Kinds.TOOL)).hasSize(1);
    assertThat(at(bench.live(ASSISTANT), "model.toolIds")).hasSize(1);
  }

  @Test
  void whatWasDeletedSinceIsMadeAgainAndPointedAt() {
    bench.actions(release("1"));
    bench.vapi.patch(bench.tool(), json("{\"timeoutSeconds\":33}"));
    JsonNode before = bench.vapi.contents();
    ObjectId old = bench.tool();
    bench.actions(otherType("1"));
    assertThat(bench.tool()).isNotEqualTo(old);

    actions(bench.before(2, otherType("1")));

    assertThat(bench.live(TOOL).path("type").stringValue()).isEqualTo("apiRequest");
    assertThat(bench.live(TOOL).path("timeoutSeconds").intValue()).isEqualTo(33);
    assertThat(at(bench.live(ASSISTANT), "model.toolIds[0]").stringValue())
        .isEqualTo(bench.tool().value());
    assertThat(bench.vapi.contents()).hasSameSizeAs(before);
    assertThat(bench.actions(release("1"))).allMatch(action -> action.startsWith("reused-"));
  }

  @Test
  void anotherTypeIsAnotherObjectAndEveryoneOfOursUsesIt() {
    bench.actions(release("1"));
    ObjectId old = bench.tool();

    List<String> actions = bench.actions(otherType("2"));

    assertThat(bench.vapi.idsOf(Kinds.TOOL)).doesNotContain(old).hasSize(1);
    assertThat(actions)
        .containsExactly(
            "created-tool:" + bench.tool(),
            "deleted-tool:" + old,
            "updated-assistant:" + bench.assistant());
    assertThat(at(bench.live(ASSISTANT), "model.toolIds[0]").stringValue())
        .isEqualTo(bench.tool().value());
    assertThat(at(bench.live(ASSISTANT), "model.toolIds")).hasSize(1);
    assertThat(bench.live(TOOL).has("method")).isFalse();
    assertThat(bench.actions(otherType("2"))).allMatch(action -> action.startsWith("reused-"));
  }

  @Test
  void whatIsReplacedStaysWhileTheCustomerUsesItAndGoesLater() {
    bench.actions(release("1"));
    ObjectId old = bench.tool();
    ObjectId theirs =
        bench.vapi.create(
            Kinds.ASSISTANT, json("{\"name\":\"Mine\",\"model\":{\"toolIds\":[\"" + old + "\"]}}"));

    Reconciler.Result result = bench.run(otherType("2"));

    assertThat(((Reconciler.Result.Converged) result).notes())
        .singleElement()
        .satisfies(note -> {
          assertThat(note.code()).isEqualTo("OLD_OBJECT_IN_USE");
          assertThat(note.detail()).contains("'Mine'");
        });
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).hasSize(2).contains(old);

    bench.vapi.patch(theirs, json("{\"model\":{\"toolIds\":[]}}"));
    assertThat(bench.actions(otherType("2"))).contains("deleted-tool:" + old);
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).hasSize(1);
  }

  @Test
  void aRepairWritesAgainWhatTheCustomerChangedAndKeepsWhatTheyAdded() {
    bench.actions(release("1"));
    bench.vapi.patch(
        bench.assistant(), json("{\"firstMessage\":\"Own words\",\"endCallMessage\":\"Bye\"}"));
    assertThat(bench.actions(release("1"))).allMatch(action -> action.startsWith("reused-"));

    actions(new Desired(release("1"), Policy.BY_NAME.on(Policy.Course.REPAIR)));

    assertThat(at(bench.live(ASSISTANT), "firstMessage").stringValue()).isEqualTo("Hello from 1");
    assertThat(at(bench.live(ASSISTANT), "endCallMessage").stringValue()).isEqualTo("Bye");
  }

  @Test
  void removalTakesExactlyWhatGraftMade() {
    ObjectId adopted = bench.vapi.create(Kinds.ASSISTANT, json("{\"name\":\"Front Desk_v1\"}"));
    bench.actions(release("2"));

    actions(nothing(release("2")));

    assertThat(bench.vapi.idsOf(Kinds.ASSISTANT)).containsExactly(adopted);
    assertThat(bench.ledger().entries()).isEmpty();
  }

  @Test
  void whatACustomersPhoneNumberRingsIsNotRemovedUnasked() {
    bench.actions(release("1"));
    bench.vapi.create(
        Kinds.PHONE_NUMBER,
        json("{\"number\":\"+15550100\",\"assistantId\":\"" + bench.assistant() + "\"}"));

    assertThat(blockers(nothing(release("1"))))
        .singleElement()
        .satisfies(blocker -> {
          assertThat(blocker.code()).isEqualTo("OBJECT_IN_USE");
          assertThat(blocker.detail()).contains("phone-number '+15550100'");
        });
    assertThat(bench.vapi.idsOf(Kinds.ASSISTANT)).hasSize(1);

    Desired nothing = nothing(release("1"));
    actions(
        new Desired(
            nothing.release(),
            new Policy(Policy.Adoption.BY_NAME, Map.of(), Takes.NONE, Policy.Course.BACK, true)));
    assertThat(bench.vapi.idsOf(Kinds.ASSISTANT)).isEmpty();
  }

  @Test
  void aDecisionForAFieldThatDoesNotCollideIsAMistake() {
    bench.actions(release("1"));
    Takes takes = new Takes(null, Map.of("assistant/main#firstMessage", Takes.Side.OURS));

    assertThat(blockers(new Desired(release("2"), Policy.BY_NAME.with(takes))))
        .singleElement()
        .satisfies(blocker -> assertThat(blocker.code()).isEqualTo("NO_COLLISION"));
    assertThat(bench.actions(release("1"))).allMatch(action -> action.startsWith("reused-"));
  }
}
