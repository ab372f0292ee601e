package dev.graft.core.apply;

import static dev.graft.core.apply.Bench.json;
import static dev.graft.core.apply.Bench.release;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Policy;
import dev.graft.core.template.Release;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class DoubtTest {
  private static final Reply LOST = new Reply.Unknown(Reply.Trouble.TIMED_OUT, "no reply in time");

  private final Bench bench = new Bench();
  private int creates;

  /** Loses the reply of the n-th create, after or before Vapi acts. */
  private UnaryOperator<VapiAccount> losing(int nth, boolean afterTheAct) {
    return account ->
        calls -> {
          var replies = new ArrayList<Reply>();
          for (Call call : calls) {
            if (call instanceof Call.Create && creates++ == nth) {
              if (afterTheAct) {
                account.send(List.of(call));
              }
              replies.add(LOST);
            } else {
              replies.addAll(account.send(List.of(call)));
            }
          }
          return replies;
        };
  }

  @Test
  void aCreateWhoseReplyIsLostIsFoundAndNotSentAgain() {
    for (int nth = 0; nth < 2; nth++) {
      var one = new DoubtTest();
      List<String> actions =
          one.bench.actions(one.bench.run(release("1"), one.losing(nth, true), j -> j));
      assertThat(actions)
          .containsExactly(
              "created-tool:" + one.bench.tool(), "created-assistant:" + one.bench.assistant());
      assertThat(one.creates).isEqualTo(2);
    }
  }

  @Test
  void aCreateThatNeverArrivedIsLookedForAndSentAgain() {
    for (int nth = 0; nth < 2; nth++) {
      var one = new DoubtTest();
      List<String> actions =
          one.bench.actions(one.bench.run(release("1"), one.losing(nth, false), j -> j));
      assertThat(actions)
          .containsExactly(
              "created-tool:" + one.bench.tool(), "created-assistant:" + one.bench.assistant());
      assertThat(one.creates).isEqualTo(3);
      assertThat(one.bench.journal().stories())
          .anyMatch(story -> story.entries().getLast() instanceof JournalEntry.NotThere);
    }
  }

  @Test
  void anObjectThatShowsLateIsWaitedFor() {
    var hidden = new int[] {6};
    UnaryOperator<VapiAccount> lagging =
        account ->
            calls -> {
              List<Reply> replies = account.send(calls);
              if (calls.getFirst() instanceof Call.Create) {
                return calls.stream().map(_ -> LOST).toList();
              }
              if (calls.getFirst() instanceof Call.All(var _, var _, var from)
                  && from != null
                  && hidden[0]-- > 0) {
                return List.of(new Reply.Ok(dev.graft.core.json.Json.array()));
              }
              return replies;
            };
    bench.actions(bench.run(release("1"), lagging, j -> j));
    bench.tool();
    bench.assistant();
    assertThat(hidden[0]).isNegative();
  }

  @Test
  void aForeignObjectOfTheSameNameMadeMeanwhileIsNotTakenForOurs() {
    UnaryOperator<VapiAccount> meanwhile =
        account ->
            calls -> {
              if (calls.getFirst() instanceof Call.Create create
                  && create.kind().equals(Kinds.TOOL)) {
                bench.vapi.create(
                    Kinds.TOOL,
                    json(
                        "{\"type\":\"apiRequest\",\"name\":\"book_visit_v1\",\"url\":\"theirs\"}"));
                return List.of(LOST);
              }
              return account.send(calls);
            };
    List<String> actions = bench.actions(bench.run(release("1"), meanwhile, j -> j));
    assertThat(actions.getFirst()).isEqualTo("reused-tool:" + bench.tool());
    assertThat(bench.ledger().at(Bench.TOOL)).isEmpty();
  }

  @Test
  void whileVapiIsAwayTheStepStaysOpenAndIsFinishedLater() {
    UnaryOperator<VapiAccount> away =
        account ->
            calls -> {
              if (calls.getFirst() instanceof Call.Create) {
                account.send(calls);
                return List.of(LOST);
              }
              if (!bench.vapi.writes().isEmpty()) {
                return calls.stream().map(_ -> LOST).toList();
              }
              return account.send(calls);
            };
    Reconciler.Result result = bench.run(release("1"), away, j -> j);
    assertThat(result).isInstanceOf(Reconciler.Result.Unfinished.class);
    assertThat(bench.journal().isClosed()).isFalse();
    assertThat(bench.actions(bench.resume(release("1"))))
        .containsExactly("created-tool:" + bench.tool(), "created-assistant:" + bench.assistant());
  }

  @Test
  void tooManyRequestsIsWaitedForAndNothingIsMadeTwice() {
    var refusals = new int[] {5};
    UnaryOperator<VapiAccount> throttling =
        account ->
            calls -> {
              if (!(calls.getFirst() instanceof Call.Get)
                  && !(calls.getFirst() instanceof Call.All)
                  && refusals[0]-- > 0) {
                return calls.stream().<Reply>map(_ -> new Reply.Throttled(null)).toList();
              }
              return account.send(calls);
            };
    bench.actions(bench.run(release("1"), throttling, j -> j));
    bench.tool();
    bench.assistant();
  }

  @Test
  void anUpdateWhoseReplyIsLostIsRepeated() {
    bench.actions(release("1"));
    var lost = new int[] {3};
    UnaryOperator<VapiAccount> losing =
        account ->
            calls -> {
              List<Reply> replies = account.send(calls);
              return calls.getFirst() instanceof Call.Update && lost[0]-- > 0
                  ? calls.stream().map(_ -> LOST).toList()
                  : replies;
            };
    assertThat(bench.actions(bench.run(release("2"), losing, j -> j)))
        .containsExactly("updated-tool:" + bench.tool(), "updated-assistant:" + bench.assistant());
  }

  /** Vapi acts on the first write of a sort, its reply is lost, and nothing more is sent. */
  private static UnaryOperator<VapiAccount> cutOff(Class<? extends Call> write) {
    var stopping = new boolean[1];
    return account ->
        calls -> {
          if (stopping[0]) {
            return calls.stream()
                .<Reply>map(_ -> new Reply.Throttled(null, Reply.Brake.STOPPING))
                .toList();
          }
          List<Reply> replies = account.send(calls);
          stopping[0] = write.isInstance(calls.getFirst());
          return stopping[0] ? calls.stream().map(_ -> LOST).toList() : replies;
        };
  }

  @Test
  void anUpdateThatCannotBeSentAgainStaysInDoubtAndIsFoundDone() {
    bench.actions(release("1"));

    Reconciler.Result cut = bench.run(release("2"), cutOff(Call.Update.class), j -> j);

    assertThat(cut).isInstanceOf(Reconciler.Result.Unfinished.class);
    assertThat(bench.journal().stories()).allMatch(Journal.Story::isOpen);
    assertThat(bench.actions(bench.resume(release("2"))))
        .containsExactly("updated-tool:" + bench.tool(), "updated-assistant:" + bench.assistant());
  }

  @Test
  void aDeleteThatCannotBeSentAgainStaysInDoubtAndIsFoundDone() {
    bench.actions(release("1"));
    String assistant = "deleted-assistant:" + bench.assistant();
    String tool = "deleted-tool:" + bench.tool();
    var nothing =
        new Desired(
            new Release("front-desk", false, release("1").version(), List.of()),
            Policy.BY_NAME.on(Policy.Course.BACK));

    Reconciler.Result cut = bench.run(nothing, cutOff(Call.Delete.class), j -> j);

    assertThat(cut).isInstanceOf(Reconciler.Result.Unfinished.class);
    assertThat(bench.journal().stories()).allMatch(Journal.Story::isOpen);
    assertThat(bench.actions(bench.resume(nothing))).containsExactlyInAnyOrder(assistant, tool);
  }

  @Test
  void anOperationIsNotOverWhileOneOfItsStepsIsInDoubt() {
    bench.actions(release("1"));
    UnaryOperator<VapiAccount> mixed =
        account ->
            calls ->
                calls.stream()
                    .map(call ->
                        call instanceof Call.Update update
                            ? update.kind().equals(Kinds.ASSISTANT)
                                ? LOST
                                : new Reply.Refused(400, "Bad Request", List.of())
                            : account.send(List.of(call)).getFirst())
                    .toList();
    assertThat(bench.run(release("2"), mixed, j -> j))
        .isInstanceOf(Reconciler.Result.Unfinished.class);
    assertThat(bench.journal().isClosed()).isFalse();
  }

  @Test
  void aWholeHoldsItsPartWhateverElseItHolds() {
    ObjectNode whole =
        json("{\"a\":{\"b\":1.0,\"c\":2},\"l\":[{\"x\":1,\"y\":2}],\"n\":null,\"z\":0}");
    assertThat(Doubt.holds(whole, json("{\"a\":{\"b\":1},\"l\":[{\"x\":1}]}"))).isTrue();
    assertThat(Doubt.holds(whole, json("{\"n\":null}"))).isTrue();
    for (String part :
        List.of(
            "{\"a\":{\"b\":2}}",
            "{\"l\":[]}",
            "{\"q\":null}",
            "{\"a\":1}",
            "{\"l\":[{\"x\":2}]}")) {
      assertThat(Doubt.holds(whole, json(part))).as(part).isFalse();
    }
  }

  /** Runs a first clone in which one create is carried out only after it was sent a second time. */
  private ObjectId lateTwin(Kind kind) {
    var late = new ArrayList<Call>();
    UnaryOperator<VapiAccount> slow =
        account ->
            calls -> {
              if (calls.getFirst() instanceof Call.Create create
                  && create.kind().equals(kind)
                  && late.isEmpty()) {
                late.add(create);
                return List.of(LOST);
              }
              return account.send(calls);
            };
    bench.actions(bench.run(release("1"), slow, j -> j));
    bench.vapi.send(late);
    List<ObjectId> both = bench.vapi.idsOf(kind);
    assertThat(both).hasSize(2);
    return both.stream().filter(id -> !bench.ledger().holds(id)).findFirst().orElseThrow();
  }

  private Reconciler.Result sweep() {
    Release nothing = new Release("front-desk", false, release("1").version(), List.of());
    return bench.run(nothing, Policy.BY_NAME.on(Policy.Course.STAY));
  }

  @Test
  void aTwinThatComesLateIsRemoved() {
    for (Kind kind : Kinds.ALL) {
      var one = new DoubtTest();
      ObjectId twin = one.lateTwin(kind);

      assertThat(one.bench.actions(one.sweep())).containsExactly("deleted-" + kind + ":" + twin);

      assertThat(one.bench.vapi.idsOf(kind)).hasSize(1).doesNotContain(twin);
      assertThat(one.bench.actions(release("1"))).allMatch(action -> action.startsWith("reused-"));
    }
  }

  @Test
  void aTwinThatIsUsedIsReportedAndStays() {
    ObjectId twin = lateTwin(Kinds.TOOL);
    bench.vapi.create(
        Kinds.ASSISTANT, json("{\"name\":\"Mine\",\"model\":{\"toolIds\":[\"" + twin + "\"]}}"));

    Reconciler.Result swept = sweep();

    assertThat(((Reconciler.Result.Converged) swept).notes())
        .anyMatch(note -> note.code().equals("OLD_OBJECT_IN_USE"));
    assertThat(bench.vapi.idsOf(Kinds.TOOL)).contains(twin);
  }

  @Test
  void aCopyThatTheCustomerMadeIsNoTwin() {
    bench.actions(release("1"));
    ObjectNode copy = bench.live(Bench.TOOL).deepCopy();
    copy.remove(List.of("id", "orgId", "createdAt", "updatedAt"));
    ObjectId theirs = bench.vapi.create(Kinds.TOOL, copy);

    bench.actions(sweep());

    assertThat(bench.vapi.idsOf(Kinds.TOOL)).hasSize(2).contains(theirs);
  }
}
