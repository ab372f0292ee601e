package dev.graft.core.apply;

import static dev.graft.core.apply.Bench.files;
import static dev.graft.core.apply.Bench.release;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Policy;
import dev.graft.core.template.Release;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Exactly once in effect: a job is run once to count its effects (every write to the journal and to
 * Vapi), then once per effect and side, stopping there for good, and taken over from what is on
 * record. The account must be as if nothing had happened.
 */
class CrashTest {
  /** Runs the job with a crash at every effect in turn; gives the number of effects. */
  private static int crashEverywhere(Consumer<Bench> before, Release release) {
    return crashEverywhere(
        before, _ -> new Desired(release, Policy.BY_NAME), action -> action.startsWith("reused-"));
  }

  private static int crashEverywhere(
      Consumer<Bench> before, Function<Bench, Desired> desire, Predicate<String> nothingLeft) {
    return crashEverywhere(before, desire, nothingLeft, false)
        + crashEverywhere(before, desire, nothingLeft, true);
  }

  private static int crashEverywhere(
      Consumer<Bench> before,
      Function<Bench, Desired> desire,
      Predicate<String> nothingLeft,
      boolean lastFirst) {
    var undisturbed = new Bench();
    before.accept(undisturbed);
    var counting = new Fuse(-1, lastFirst);
    List<String> actions =
        undisturbed.actions(
            undisturbed.run(desire.apply(undisturbed), counting::wrap, counting::wrap));
    JsonNode expected = undisturbed.vapi.contents();

    for (int at = 0; at < counting.passed(); at++) {
      var bench = new Bench();
      before.accept(bench);
      var fuse = new Fuse(at, lastFirst);
      Desired desired = desire.apply(bench);
      try {
        bench.run(desired, fuse::wrap, fuse::wrap);
        throw new AssertionError("it did not stop at effect " + at);
      } catch (Fuse.Crash expectedCrash) {
        // The process is gone; whoever comes next has the record and the account, nothing else.
      }
      assertThat(bench.actions(bench.resume(desired))).as("stopped at %d", at).isEqualTo(actions);
      assertThat(bench.vapi.contents()).as("stopped at %d", at).isEqualTo(expected);
      assertThat(bench.actions(bench.run(desired))).allMatch(nothingLeft);
    }
    return counting.passed();
  }

  @Test
  void aFirstCloneCanStopAnywhere() {
    assertThat(crashEverywhere(_ -> {}, release("1"))).isGreaterThanOrEqualTo(10);
  }

  @Test
  void anUpgradeCanStopAnywhere() {
    assertThat(crashEverywhere(bench -> bench.actions(release("1")), release("2")))
        .isGreaterThanOrEqualTo(8);
  }

  @Test
  void takingOverWhatIsThereCanStopAnywhere() {
    assertThat(
            crashEverywhere(
                bench -> {
                  bench.actions(release("1"));
                  bench.loseTheDatabase();
                },
                release("2")))
        .isGreaterThanOrEqualTo(8);
  }

  @Test
  void makingADeletedToolAgainCanStopAnywhere() {
    assertThat(
            crashEverywhere(
                bench -> {
                  bench.actions(release("1"));
                  bench.vapi.delete(bench.tool());
                },
                release("1")))
        .isGreaterThanOrEqualTo(10);
  }

  @Test
  void aCircleAndSeveralToolsCanStopAnywhere() {
    Map<String, String> circle = new LinkedHashMap<>();
    circle.put(
        "template.json",
        "{\"version\":\"1\",\"resources\":{\"assistant/a\":\"a.json\",\"tool/x\":\"x.json\","
            + "\"tool/to-a\":\"h.json\"}}");
    circle.put(
        "a.json",
        "{\"name\":\"A\",\"model\":{\"provider\":\"x\",\"toolIds\":[\"to-a\",\"tool/x\"]}}");
    circle.put("x.json", "{\"type\":\"endCall\"}");
    circle.put(
        "h.json",
        "{\"type\":\"handoff\",\"destinations\":[{\"type\":\"assistant\",\"assistantId\":\"a\"}]}");
    assertThat(crashEverywhere(_ -> {}, release(circle))).isGreaterThanOrEqualTo(14);
  }

  @Test
  void anUpgradeToAnotherTypeCanStopAnywhere() {
    assertThat(crashEverywhere(bench -> bench.actions(release("1")), GoingBackTest.otherType("2")))
        .isGreaterThanOrEqualTo(14);
  }

  @Test
  void undoingAnUpgradeToAnotherTypeCanStopAnywhere() {
    assertThat(
            crashEverywhere(
                bench -> {
                  bench.actions(release("1"));
                  bench.actions(GoingBackTest.otherType("2"));
                },
                bench -> bench.before(2, GoingBackTest.otherType("2")),
                action -> action.startsWith("reused-")))
        .isGreaterThanOrEqualTo(14);
  }

  @Test
  void removalCanStopAnywhere() {
    assertThat(
            crashEverywhere(
                bench -> bench.actions(release("1")),
                _ -> GoingBackTest.nothing(release("1")),
                _ -> false))
        .isGreaterThanOrEqualTo(8);
  }

  @Test
  void aSecondCrashInTheSamePlaceChangesNothing() {
    for (int at = 0; at < 10; at++) {
      var bench = new Bench();
      for (int crashes = 0; crashes < 3; crashes++) {
        var fuse = new Fuse(at, false);
        try {
          bench.run(release("1"), fuse::wrap, fuse::wrap);
        } catch (Fuse.Crash expected) {
          bench.actions(bench.resume(release(files("1"))));
        }
      }
      assertThat(bench.actions(release("1"))).allMatch(action -> action.startsWith("reused-"));
      bench.tool();
      bench.assistant();
    }
  }
}
