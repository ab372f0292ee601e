package dev.graft.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import dev.graft.core.template.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class RecognitionTest {
  private static final Address MAIN = new Address("assistant", "main");
  private static final Instant BEGAN = Instant.parse("2026-11-23T09:00:00Z");
  private static final ObjectNode WANTED =
      Json.parseObject(
          """
          {"name": "Desk", "firstMessage": "Hello",
           "model": {"provider": "openai", "model": "gpt-4o",
             "messages": [{"role": "system", "content": "You help."}]}}
          """);

  private static Actual.Namesake object(String id, Instant createdAt, ObjectNode body) {
    String nonce = "op_" + HexFormat.of().toHexDigits(BEGAN.toEpochMilli(), 12) + "00ff.1";
    ObjectNode marked =
        new Mark("support", MAIN, "1.0.0", nonce).put(Kinds.of(MAIN), body).put("id", id);
    return new Actual.Namesake(
        new ObjectId(id), Version.parse("1.0.0").orElseThrow(), marked, createdAt, true);
  }

  private static Plan plan(Actual.Namesake... there) {
    var release =
        new Release(
            "support",
            true,
            Version.parse("1.0.0").orElseThrow(),
            List.of(new Resource(MAIN, Version.parse("1.0.0").orElseThrow(), WANTED)));
    var policy = new Policy(Policy.Adoption.ASK, Map.of()).on(Policy.Course.RECOVER);
    var actual = new Actual(Map.of(), Map.of(), Map.of(MAIN, List.of(there)), Map.of());
    Planned planned = Planner.plan(new Desired(release, policy), Ledger.EMPTY, actual);
    assertThat(planned).isInstanceOf(Planned.Ready.class);
    return ((Planned.Ready) planned).plan();
  }

  private static Owned entered(Plan plan) {
    assertThat(plan.writes()).isFalse();
    assertThat(plan.steps()).hasSize(1);
    return ((Plan.Step.Adopt) plan.steps().getFirst()).owned();
  }

  private static List<String> codes(Plan plan) {
    return plan.notes().stream().map(Diagnostic::code).toList();
  }

  @Test
  void whatItsOperationMadeCountsAsMade() {
    Plan plan = plan(object("a", BEGAN.plusSeconds(2), WANTED));
    Owned owned = entered(plan);
    assertThat(owned.origin()).isEqualTo(Owned.Origin.MADE);
    assertThat(owned.applied()).isEqualTo(owned.observed());
    assertThat(codes(plan)).isEmpty();
    assertThat(Recognition.isWhole(plan.notes())).isTrue();
  }

  @Test
  void whatIsOlderThanItsMarkWasTakenOver() {
    Plan plan = plan(object("a", BEGAN.minus(Duration.ofDays(9)), WANTED));
    assertThat(entered(plan).origin()).isEqualTo(Owned.Origin.ADOPTED);
    assertThat(codes(plan)).containsExactly("ORIGIN_UNKNOWN");
  }

  @Test
  void ofAnOriginalAndALaterCopyTheOriginalIsTaken() {
    Plan plan =
        plan(
            object("copy", BEGAN.plus(Duration.ofDays(3)), WANTED),
            object("original", BEGAN.plusSeconds(2), WANTED));
    assertThat(entered(plan).object()).isEqualTo(new ObjectId("original"));
  }

  @Test
  void ofTwoThatCouldBeItNoneIsTaken() {
    Plan plan =
        plan(object("a", BEGAN.plusSeconds(2), WANTED), object("b", BEGAN.plusSeconds(3), WANTED));
    assertThat(plan.steps()).isEmpty();
    assertThat(codes(plan)).containsExactly("SEVERAL_CANDIDATES");
    assertThat(Recognition.isWhole(plan.notes())).isFalse();
  }

  /** Additions are nobody's change, differences are the customer's. */
  @Test
  void observedIsTheReleaseWithWhatVapiFillsIn() {
    ObjectNode live =
        Json.parseObject(
            """
            {"name": "Desk", "firstMessage": "Acme!", "backgroundSound": "off",
             "model": {"provider": "openai", "model": "gpt-4o", "emotionRecognitionEnabled": false,
               "messages": [{"role": "system", "content": "You help.", "id": "m1"}]}}
            """);
    Plan plan = plan(object("a", BEGAN.plusSeconds(2), live));
    ObjectNode observed = entered(plan).observed();
    assertThat(observed.get("firstMessage").stringValue()).isEqualTo("Hello");
    assertThat(observed.get("backgroundSound").stringValue()).isEqualTo("off");
    assertThat(observed.at("/model/emotionRecognitionEnabled").booleanValue()).isFalse();
    assertThat(codes(plan)).containsExactly("DIFFERS_FROM_RELEASE", "ADDED_BY_OTHERS");
    assertThat(plan.notes().getFirst().detail()).contains("firstMessage").doesNotContain("model");
  }
}
