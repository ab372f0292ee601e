package dev.graft.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.template.Owner;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class MergeTest {
  private static final Address ASSISTANT = new Address("assistant", "main");
  private static final Merge.Rules PLAIN = new Merge.Rules(ASSISTANT, Map.of(), Takes.NONE, false);

  private static ObjectNode json(String text) {
    return Json.parseObject(text);
  }

  private static Merge.Merged merge(String applied, String observed, String live, String wanted) {
    return Merge.merge(json(applied), json(observed), json(live), json(wanted), PLAIN);
  }

  private static void merges(
      String applied, String observed, String live, String wanted, String result) {
    Merge.Merged merged = merge(applied, observed, live, wanted);
    assertThat(merged.collisions()).isEmpty();
    assertThat(Canonical.same(merged.body(), json(result))).as(merged.body().toString()).isTrue();
  }

  @Test
  void nothingNewKeepsTheirs() {
    merges("{\"a\":1}", "{\"a\":1}", "{\"a\":9,\"b\":2}", "{\"a\":1}", "{\"a\":9,\"b\":2}");
    merges("{\"a\":1}", "{\"a\":1}", "{}", "{\"a\":1}", "{}");
  }

  @Test
  void nothingOfTheirsTakesNew() {
    merges("{\"a\":1}", "{\"a\":1}", "{\"a\":1}", "{\"a\":2,\"b\":3}", "{\"a\":2,\"b\":3}");
    merges("{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":1}", "{\"a\":1}", "{\"a\":1}");
  }

  @Test
  void theSameChangeOnBothSidesIsNoCollision() {
    merges("{\"a\":1}", "{\"a\":1}", "{\"a\":2}", "{\"a\":2.0}", "{\"a\":2}");
    merges("{\"a\":1}", "{\"a\":1}", "{}", "{}", "{}");
  }

  @Test
  void changesInDifferentFieldsOfOneObjectBothStay() {
    merges(
        "{\"m\":{\"t\":1,\"p\":\"x\"}}",
        "{\"m\":{\"t\":1,\"p\":\"x\",\"d\":0}}",
        "{\"m\":{\"t\":5,\"p\":\"x\",\"d\":0}}",
        "{\"m\":{\"t\":1,\"p\":\"y\"}}",
        "{\"m\":{\"t\":5,\"p\":\"y\",\"d\":0}}");
  }

  @Test
  void whatVapiFillsInOrRewritesIsNobodysChange() {
    merges(
        "{\"mode\":\"alias\"}",
        "{\"mode\":\"real\",\"default\":false}",
        "{\"mode\":\"real\",\"default\":false}",
        "{\"mode\":\"alias\"}",
        "{\"mode\":\"real\",\"default\":false}");
    merges(
        "{\"mode\":\"alias\"}",
        "{\"mode\":\"real\",\"default\":false}",
        "{\"mode\":\"real\",\"default\":false}",
        "{\"mode\":\"other\"}",
        "{\"mode\":\"other\",\"default\":false}");
  }

  @Test
  void aTrueCollisionIsToldAndLeavesTheirs() {
    Merge.Merged merged =
        merge("{\"m\":{\"a\":1}}", "{\"m\":{\"a\":1}}", "{\"m\":{\"a\":2}}", "{\"m\":{\"a\":3}}");
    assertThat(merged.body()).isEqualTo(json("{\"m\":{\"a\":2}}"));
    assertThat(merged.collisions())
        .singleElement()
        .satisfies(collision -> {
          assertThat(collision.place()).hasToString("m.a");
          assertThat(collision.base()).isEqualTo(Json.parse("1"));
          assertThat(collision.theirs()).isEqualTo(Json.parse("2"));
          assertThat(collision.ours()).isEqualTo(Json.parse("3"));
        });
    assertThat(merge("{\"a\":1}", "{\"a\":1}", "{}", "{\"a\":3}").collisions()).hasSize(1);
    assertThat(merge("{\"a\":1}", "{\"a\":1}", "{\"a\":2}", "{}").collisions()).hasSize(1);
  }

  @Test
  void anObjectOfAnotherSortIsReplacedWhole() {
    merges(
        "{\"voice\":{\"provider\":\"a\",\"id\":1}}",
        "{\"voice\":{\"provider\":\"a\",\"id\":1,\"onlyOfA\":true}}",
        "{\"voice\":{\"provider\":\"a\",\"id\":1,\"onlyOfA\":true}}",
        "{\"voice\":{\"provider\":\"b\",\"id\":2}}",
        "{\"voice\":{\"provider\":\"b\",\"id\":2}}");
    assertThat(
            merge(
                    "{\"voice\":{\"provider\":\"a\",\"id\":1}}",
                    "{\"voice\":{\"provider\":\"a\",\"id\":1}}",
                    "{\"voice\":{\"provider\":\"c\",\"id\":9}}",
                    "{\"voice\":{\"provider\":\"b\",\"id\":2}}")
                .collisions())
        .hasSize(1);
  }

  @Test
  void listsMergeByWhatTheirElementsAre() {
    merges(
        "{\"l\":[\"a\",\"b\"]}",
        "{\"l\":[\"a\",\"b\"]}",
        "{\"l\":[\"own\",\"a\",\"b\"]}",
        "{\"l\":[\"a\",\"c\"]}",
        "{\"l\":[\"own\",\"a\",\"c\"]}");
    merges(
        "{\"m\":[{\"role\":\"system\",\"content\":\"x\"}]}",
        "{\"m\":[{\"role\":\"system\",\"content\":\"x\"}]}",
        "{\"m\":[{\"role\":\"system\",\"content\":\"x\"},{\"role\":\"user\",\"content\":\"own\"}]}",
        "{\"m\":[{\"role\":\"system\",\"content\":\"y\"}]}",
        "{\"m\":[{\"role\":\"system\",\"content\":\"y\"},{\"role\":\"user\",\"content\":\"own\"}]}");
    assertThat(
            merge("{\"l\":[[1]]}", "{\"l\":[[1]]}", "{\"l\":[[2]]}", "{\"l\":[[3]]}").collisions())
        .hasSize(1);
  }

  @Test
  void theLawsHoldForAnything() {
    long seed = Long.getLong("graft.seed", 20261123L);
    System.out.println("graft.seed=" + seed);
    var random = new Random(seed);
    for (int i = 0; i < 3_000; i++) {
      ObjectNode base = anyObject(random, 3);
      ObjectNode theirs = edited(random, base);
      ObjectNode ours = edited(random, base);
      assertThat(Canonical.same(Merge.merge(base, base, theirs, base, PLAIN).body(), theirs))
          .isTrue();
      assertThat(Merge.merge(base, base, theirs, base, PLAIN).collisions()).isEmpty();
      assertThat(Canonical.same(Merge.merge(base, base, base, ours, PLAIN).body(), ours)).isTrue();
      assertThat(Merge.merge(base, base, theirs, theirs, PLAIN).collisions()).isEmpty();
      assertThat(Canonical.same(Merge.merge(base, base, theirs, theirs, PLAIN).body(), theirs))
          .isTrue();

      Merge.Merged merged = Merge.merge(base, base, theirs, ours, PLAIN);
      if (merged.collisions().isEmpty()) {
        // What was merged is as wanted from then on: merging again changes nothing.
        ObjectNode observed = Merge.observedAfter(base, theirs, merged.body());
        Merge.Merged again = Merge.merge(ours, observed, merged.body(), ours, PLAIN);
        assertThat(again.collisions()).isEmpty();
        assertThat(Canonical.same(again.body(), merged.body())).isTrue();
      }
    }
  }

  static ObjectNode anyObject(Random random, int depth) {
    ObjectNode object = Json.object();
    for (int i = random.nextInt(5); i > 0; i--) {
      object.set("k" + random.nextInt(6), anyValue(random, depth));
    }
    return object;
  }

  private static JsonNode anyValue(Random random, int depth) {
    return switch (random.nextInt(depth > 0 ? 7 : 4)) {
      case 0 -> Json.parse(String.valueOf(random.nextInt(5)));
      case 1 -> Json.text("t" + random.nextInt(4));
      case 2 -> Json.parse(List.of("null", "true", "false", "[]", "{}").get(random.nextInt(5)));
      case 3 -> Json.text("a line\nand another " + random.nextInt(3));
      case 4 -> {
        var array = Json.array();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add("e" + random.nextInt(6));
        }
        yield array;
      }
      default -> anyObject(random, depth - 1);
    };
  }

  static ObjectNode edited(Random random, ObjectNode original) {
    ObjectNode copy = original.deepCopy();
    for (int i = random.nextInt(4); i > 0; i--) {
      String key = "k" + random.nextInt(6);
      switch (random.nextInt(3)) {
        case 0 -> copy.remove(key);
        case 1 -> copy.set(key, anyValue(random, 2));
        default -> {
          if (copy.get(key) instanceof ObjectNode inner) {
            copy.set(key, edited(random, inner));
          }
        }
      }
    }
    return copy;
  }

  private static void mergesUnder(
      Merge.Rules rules, String base, String live, String wanted, String result) {
    Merge.Merged merged = Merge.merge(json(base), json(base), json(live), json(wanted), rules);
    assertThat(merged.collisions()).isEmpty();
    assertThat(Canonical.same(merged.body(), json(result))).as(merged.body().toString()).isTrue();
  }

  @Test
  void aLongTextIsMergedLineByLine() {
    String base = "{\"p\":\"You book visits.\\nBe kind.\\nNever guess.\\nSay goodbye.\"}";
    merges(
        base,
        base,
        "{\"p\":\"You book visits at Miller's.\\nBe kind.\\nNever guess.\\nSay goodbye.\"}",
        "{\"p\":\"You book visits.\\nBe kind.\\nNever guess.\\nSay goodbye.\\nAsk for more.\"}",
        "{\"p\":\"You book visits at Miller's.\\nBe kind.\\nNever guess.\\nSay goodbye.\\nAsk for more.\"}");
    assertThat(
            merge(
                    base,
                    base,
                    base.replace("Be kind", "Be brief"),
                    base.replace("Be kind", "Be warm"))
                .collisions())
        .hasSize(1);
  }

  @Test
  void theEndOfATextIsMergedToo() {
    merges(
        "{\"p\":\"a\\nb\\nc\"}",
        "{\"p\":\"a\\nb\\nc\"}",
        "{\"p\":\"x\\nb\\nc\"}",
        "{\"p\":\"a\\nb\\nc\\n\"}",
        "{\"p\":\"x\\nb\\nc\\n\"}");
    merges(
        "{\"p\":\"a\\nb\\nc\\n\"}",
        "{\"p\":\"a\\nb\\nc\\n\"}",
        "{\"p\":\"x\\nb\\nc\"}",
        "{\"p\":\"a\\nb\\nd\\n\"}",
        "{\"p\":\"x\\nb\\nd\"}");
  }

  @Test
  void aDecisionSettlesACollision() {
    String base = "{\"a\":{\"t\":1},\"b\":1}";
    String theirs = "{\"a\":{\"t\":2},\"b\":2}";
    String ours = "{\"a\":{\"t\":3},\"b\":3}";
    var fields =
        Map.<String, Takes.Take>of(
            "assistant/main#a.t",
            new Takes.Value(Json.parse("7")),
            "assistant/main#b",
            Takes.Side.THEIRS);
    mergesUnder(
        new Merge.Rules(ASSISTANT, Map.of(), new Takes(null, fields), false),
        base,
        theirs,
        ours,
        "{\"a\":{\"t\":7},\"b\":2}");
    mergesUnder(
        new Merge.Rules(ASSISTANT, Map.of(), new Takes(Takes.Side.OURS, fields), false),
        base,
        theirs,
        ours,
        "{\"a\":{\"t\":7},\"b\":2}");
    mergesUnder(
        new Merge.Rules(ASSISTANT, Map.of(), new Takes(Takes.Side.OURS, Map.of()), false),
        base,
        theirs,
        ours,
        ours);
  }

  @Test
  void whatTheVendorOwnsIsAlwaysTheReleases() {
    var vendor =
        new Merge.Rules(ASSISTANT, Map.of(Place.parse("a"), Owner.VENDOR), Takes.NONE, false);
    mergesUnder(
        vendor, "{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":2}", "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":2}");
    mergesUnder(vendor, "{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "{\"a\":3}");
    mergesUnder(
        vendor,
        "{\"a\":{\"x\":1}}",
        "{\"a\":{\"x\":2,\"y\":1}}",
        "{\"a\":{\"x\":1}}",
        "{\"a\":{\"x\":1}}");
  }

  @Test
  void whatVapiMadeOfAVendorsFieldIsNoReasonToWriteItAgain() {
    var vendor =
        new Merge.Rules(ASSISTANT, Map.of(Place.parse("a"), Owner.VENDOR), Takes.NONE, false);
    Merge.Merged merged =
        Merge.merge(
            json("{\"a\":{\"x\":\"one\"}}"),
            json("{\"a\":{\"x\":\"ONE\",\"speed\":1}}"),
            json("{\"a\":{\"x\":\"ONE\",\"speed\":1}}"),
            json("{\"a\":{\"x\":\"one\"}}"),
            vendor);
    assertThat(merged.body()).isEqualTo(json("{\"a\":{\"x\":\"ONE\",\"speed\":1}}"));
  }

  @Test
  void whatTheCustomerOwnsIsSetOnce() {
    var customer =
        new Merge.Rules(ASSISTANT, Map.of(Place.parse("a"), Owner.CUSTOMER), Takes.NONE, false);
    mergesUnder(
        customer,
        "{\"a\":1,\"b\":1}",
        "{\"a\":2,\"b\":1}",
        "{\"a\":3,\"b\":2}",
        "{\"a\":2,\"b\":2}");
    mergesUnder(customer, "{\"a\":1}", "{\"a\":1}", "{\"a\":3}", "{\"a\":1}");
    mergesUnder(customer, "{\"a\":1}", "{}", "{\"a\":3}", "{}");
    mergesUnder(customer, "{}", "{}", "{\"a\":3}", "{\"a\":3}");
  }

  @Test
  void theLongestPlaceSaysWhoseAFieldIs() {
    var mixed =
        new Merge.Rules(
            ASSISTANT,
            Map.of(
                Place.parse("model"),
                Owner.VENDOR,
                Place.parse("model.temperature"),
                Owner.CUSTOMER),
            Takes.NONE,
            false);
    mergesUnder(
        mixed,
        "{\"model\":{\"model\":\"m\",\"temperature\":0.1}}",
        "{\"model\":{\"model\":\"n\",\"temperature\":0.9}}",
        "{\"model\":{\"model\":\"m\",\"temperature\":0.2}}",
        "{\"model\":{\"model\":\"m\",\"temperature\":0.9}}");
  }

  @Test
  void aRepairBringsBackWhatWasWrittenAndLeavesWhatWasAdded() {
    var repair = new Merge.Rules(ASSISTANT, Map.of(), Takes.NONE, true);
    mergesUnder(
        repair,
        "{\"a\":1,\"o\":{\"x\":1},\"gone\":1}",
        "{\"a\":2,\"o\":{\"x\":2,\"y\":1},\"own\":1}",
        "{\"a\":1,\"o\":{\"x\":1},\"gone\":1}",
        "{\"a\":1,\"o\":{\"x\":1,\"y\":1},\"own\":1,\"gone\":1}");
  }

  @Test
  void aRepairDoesNotFightWithVapisRewriting() {
    var repair = new Merge.Rules(ASSISTANT, Map.of(), Takes.NONE, true);
    Merge.Merged merged =
        Merge.merge(
            json("{\"x\":\"one\",\"y\":\"two\"}"),
            json("{\"x\":\"ONE\",\"y\":\"TWO\"}"),
            json("{\"x\":\"ONE\",\"y\":\"three\"}"),
            json("{\"x\":\"one\",\"y\":\"two\"}"),
            repair);
    assertThat(merged.body()).isEqualTo(json("{\"x\":\"ONE\",\"y\":\"TWO\"}"));
  }
}
