package dev.graft.core.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Owned;
import dev.graft.core.plan.Policy;
import dev.graft.core.plan.Takes;
import dev.graft.core.template.Release;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What holds for every template, every account and every edit of a customer's. */
class LawsTest {
  private static final List<String> FIELDS =
      List.of("firstMessage", "endCallMessage", "voicemailMessage", "x", "y", "z");

  private static Map<String, String> template(Random random, int version) {
    var assistant = Json.object();
    assistant.put("name", "Front Desk_v" + version);
    var model = assistant.putObject("model");
    model.put("provider", "openai").put("temperature", random.nextInt(3));
    fields(random, assistant);
    var tool = Json.object();
    tool.put("type", "function").putObject("function").put("name", "book_v" + version);
    fields(random, tool);
    var files = new LinkedHashMap<String, String>();
    files.put("template-assistant.json", Json.write(assistant));
    files.put("template-tool.json", Json.write(tool));
    if (random.nextBoolean()) {
      files.put(
          "template-tool-bye.json", "{\"type\":\"endCall\",\"name\":\"bye_v" + version + "\"}");
    }
    return files;
  }

  private static void fields(Random random, ObjectNode body) {
    for (String field : FIELDS) {
      switch (random.nextInt(4)) {
        case 0 -> body.put(field, random.nextInt(4));
        case 1 -> body.put(field, "text " + random.nextInt(3));
        case 2 -> body.putObject(field).put("deep", random.nextInt(3)).put("er", "x");
        default -> {}
      }
    }
  }

  /** Edits of a customer's to objects of ours and of their own. */
  private static void customerEdits(Random random, Bench bench) {
    for (Kind kind : Kinds.ALL) {
      for (ObjectId object : bench.vapi.idsOf(kind)) {
        if (random.nextInt(3) == 0) {
          ObjectNode edit = Json.object();
          edit.put(FIELDS.get(random.nextInt(FIELDS.size())), "customer's " + random.nextInt(3));
          bench.vapi.patch(object, edit);
        }
      }
    }
    if (random.nextInt(4) == 0) {
      bench.vapi.create(Kinds.ASSISTANT, Json.object().put("name", "Own"));
    }
  }

  @Test
  void aConvergedAccountNeedsNothingAndForeignObjectsAreNeverTouched() {
    long seed = Long.getLong("graft.seed", 7L);
    System.out.println("graft.seed=" + seed);
    var random = new Random(seed);
    int collisions = 0;
    for (int i = 0; i < 400; i++) {
      var bench = new Bench();
      ObjectId foreignTool =
          bench.vapi.create(
              Kinds.TOOL, Json.parseObject("{\"type\":\"function\",\"name\":\"own\"}"));
      ObjectId foreignAssistant =
          bench.vapi.create(Kinds.ASSISTANT, Json.object().put("name", "Reception"));
      ObjectNode toolBefore = bench.vapi.object(foreignTool).deepCopy();
      for (int version = 1; version <= 4; version++) {
        Release release = Bench.release(template(random, version));
        bench.vapi.forgetCalls();
        Set<ObjectId> owned = new HashSet<>();
        bench.ledger().entries().values().forEach(one -> owned.add(one.object()));
        Reconciler.Result result = bench.run(release);
        for (Call call : bench.vapi.writes()) {
          switch (call) {
            case Call.Update(var _, var object, var _) -> assertThat(owned).contains(object);
            case Call.Delete _ -> throw new AssertionError("nothing is deleted in a clone");
            default -> {}
          }
        }
        if (result instanceof Reconciler.Result.Blocked) {
          assertThat(bench.vapi.writes()).isEmpty();
          collisions++;
          break;
        }
        bench.vapi.forgetCalls();
        assertThat(bench.actions(release)).allMatch(action -> action.startsWith("reused-"));
        assertThat(bench.vapi.writes()).isEmpty();
        customerEdits(random, bench);
        Map<ObjectId, JsonNode> edited = bodies(bench);
        assertThat(bench.actions(release)).allMatch(action -> action.startsWith("reused-"));
        assertThat(bodies(bench)).isEqualTo(edited);
      }
      if (Canonical.same(toolBefore, bench.vapi.object(foreignTool))) {
        assertThat(bench.vapi.object(foreignAssistant).has("metadata")).isFalse();
      }
    }
    assertThat(collisions).as("the generator makes collisions too").isPositive();
  }

  @Test
  void anUpgradeThatIsUndoneHasNotBeen() {
    long seed = Long.getLong("graft.seed", 11L);
    System.out.println("graft.seed=" + seed);
    var random = new Random(seed);
    Policy ours = Policy.BY_NAME.with(new Takes(Takes.Side.OURS, Map.of()));
    for (int i = 0; i < 300; i++) {
      var bench = new Bench();
      Release first = Bench.release(template(random, 1));
      bench.actions(first);
      customerEdits(random, bench);
      JsonNode before = bench.vapi.contents();
      Ledger ledger = bench.ledger();

      Release second = Bench.release(template(random, 2));
      bench.actions(bench.run(second, ours));
      bench.actions(bench.run(bench.before(2, second)));

      assertThat(bench.vapi.contents()).as("seed %d, round %d", seed, i).isEqualTo(before);
      assertThat(bench.ledger().entries().keySet()).isEqualTo(ledger.entries().keySet());
      // What was the customer's is the customer's again: the next upgrade treats it as such.
      assertThat(bench.actions(first)).allMatch(action -> action.startsWith("reused-"));
      assertThat(bench.vapi.contents()).isEqualTo(before);
    }
  }

  @Test
  void whatIsRemovedWasMadeByGraft() {
    long seed = Long.getLong("graft.seed", 13L);
    System.out.println("graft.seed=" + seed);
    var random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      var bench = new Bench();
      Set<ObjectId> foreign = new HashSet<>();
      for (String name : List.of("Front Desk_v1", "Own", "Front Desk")) {
        if (random.nextBoolean()) {
          foreign.add(bench.vapi.create(Kinds.ASSISTANT, Json.object().put("name", name)));
        }
      }
      Release release = Bench.release(template(random, 2));
      if (bench.run(release) instanceof Reconciler.Result.Converged) {
        customerEdits(random, bench);
        Set<ObjectId> there = bodies(bench).keySet();
        Set<ObjectId> made = new HashSet<>();
        bench.ledger().entries().values().stream()
            .filter(owned -> owned.origin() == Owned.Origin.MADE)
            .forEach(owned -> made.add(owned.object()));

        bench.actions(bench.run(GoingBackTest.nothing(release)));

        Set<ObjectId> left = bodies(bench).keySet();
        assertThat(left).containsAll(foreign).doesNotContainAnyElementsOf(made);
        assertThat(left).hasSize(there.size() - made.size());
      }
    }
  }

  private static Map<ObjectId, JsonNode> bodies(Bench bench) {
    var bodies = new LinkedHashMap<ObjectId, JsonNode>();
    for (Kind kind : Kinds.ALL) {
      bench.vapi.idsOf(kind).forEach(id -> bodies.put(id, bench.vapi.object(id).deepCopy()));
    }
    return bodies;
  }
}
