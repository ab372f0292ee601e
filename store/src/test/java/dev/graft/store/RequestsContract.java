package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.store.KeptReplies.Turn;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the store promises of requests, on either database and by any node. */
interface RequestsContract {
  Database database();

  /** A second handle on the same data. */
  Database another();

  Duration LEASE = Duration.ofMillis(300);
  Duration DAY = Duration.ofDays(1);
  Sealed REPLY = new Sealed(new byte[] {1, 2, 3});
  int TOGETHER = 40;
  int QUOTA = 10;

  private static KeptReplies replies(Database database) {
    return new KeptReplies(database, LEASE, DAY);
  }

  /** Does the same many times at once, through both handles. */
  private <T> List<T> together(Function<Database, T> work) throws InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<T>> calls =
          IntStream.range(0, TOGETHER)
              .<Callable<T>>mapToObj(i -> () -> work.apply(i % 2 == 0 ? database() : another()))
              .toList();
      return threads.invokeAll(calls).stream().map(Future::resultNow).toList();
    }
  }

  @Test
  default void ofManyThatComeTogetherOneGetsTheTurn() throws InterruptedException {
    String id = StoreContract.id("reply_");
    List<Turn> turns = together(database -> replies(database).take(id, "print", "me"));
    assertThat(turns).filteredOn(Turn.Yours.class::isInstance).hasSize(1);
    assertThat(turns).filteredOn(Turn.Running.class::isInstance).hasSize(TOGETHER - 1);
  }

  @Test
  default void whatWasAnsweredIsAnsweredAgainToTheSameRequestOnly() {
    String id = StoreContract.id("reply_");
    replies(database()).take(id, "print", "me");
    assertThat(replies(another()).take(id, "other", "you")).isEqualTo(new Turn.OtherRequest());
    replies(database()).keep(id, "me", REPLY);
    assertThat(replies(another()).take(id, "print", "you")).isEqualTo(new Turn.Answered(REPLY));
    assertThat(replies(another()).take(id, "other", "you")).isEqualTo(new Turn.OtherRequest());
  }

  @Test
  default void aHolderThatDiedIsSucceededBySomeoneAndCannotAnswerAnyMore()
      throws InterruptedException {
    String id = StoreContract.id("reply_");
    replies(database()).take(id, "print", "dead");
    Thread.sleep(LEASE.plusMillis(100));
    assertThat(replies(another()).take(id, "other", "you")).isEqualTo(new Turn.OtherRequest());
    assertThat(together(database -> replies(database).take(id, "print", "next")))
        .filteredOn(Turn.Yours.class::isInstance)
        .hasSize(1);
    assertThat(replies(database()).renew(id, "dead")).isFalse();
    replies(database()).keep(id, "dead", new Sealed(new byte[] {9}));
    replies(database()).giveBack(id, "dead");
    replies(database()).keep(id, "next", REPLY);
    assertThat(replies(database()).take(id, "print", "you")).isEqualTo(new Turn.Answered(REPLY));
  }

  @Test
  default void aHolderThatSpeaksKeepsItsTurn() throws InterruptedException {
    String id = StoreContract.id("reply_");
    replies(database()).take(id, "print", "me");
    for (int i = 0; i < 4; i++) {
      Thread.sleep(LEASE.dividedBy(3));
      assertThat(replies(database()).renew(id, "me")).isTrue();
    }
    assertThat(replies(another()).take(id, "print", "you")).isInstanceOf(Turn.Running.class);
  }

  @Test
  default void aTurnGivenBackIsThereForAnyRequest() {
    String id = StoreContract.id("reply_");
    replies(database()).take(id, "print", "me");
    replies(database()).giveBack(id, "me");
    assertThat(replies(database()).take(id, "other", "you")).isEqualTo(new Turn.Yours());
    replies(database()).keep(id, "you", REPLY);
    replies(database()).giveBack(id, "you");
    assertThat(replies(database()).take(id, "other", "me")).isEqualTo(new Turn.Answered(REPLY));
  }

  @Test
  default void aReplyIsForgottenWhenItsTimeIsUp() throws InterruptedException {
    var brief = new KeptReplies(database(), LEASE, Duration.ofMillis(50));
    String id = StoreContract.id("reply_");
    String swept = StoreContract.id("reply_");
    for (String one : List.of(id, swept)) {
      brief.take(one, "print", "me");
      brief.keep(one, "me", REPLY);
    }
    Thread.sleep(100);
    assertThat(brief.take(id, "other", "you")).isEqualTo(new Turn.Yours());
    replies(database()).keep(id, "you", REPLY);
    brief.sweep();
    assertThat(count("kept_reply", swept)).isZero();
    assertThat(count("kept_reply", id)).isEqualTo(1);
  }

  private int count(String table, String id) {
    return database()
        .read(sql -> sql.count("SELECT COUNT(*) AS n FROM " + table + " WHERE id = ?", id));
  }

  @Test
  default void onAProcessThatIsAloneEveryTurnEndsAtItsStart() {
    String id = StoreContract.id("reply_");
    var patient = new KeptReplies(database(), DAY, DAY);
    patient.take(id, "print", "dead");
    assertThat(patient.take(id, "print", "me")).isInstanceOf(Turn.Running.class);
    patient.endAllTurns();
    assertThat(patient.take(id, "print", "me")).isEqualTo(new Turn.Yours());
  }

  /** Takes one from each, of a quota counted in the state's only byte. */
  private static boolean takeOne(Database database, Duration full, String... ids) {
    return new Allowances(database)
        .take(
            new TreeSet<>(List.of(ids)),
            stock -> {
              Map<String, Allowances.Left> left = new HashMap<>();
              Instant fullAt = stock.now().plus(full);
              for (String id : ids) {
                byte[] state = stock.states().get(id);
                int used = state == null ? 0 : state[0];
                if (used == QUOTA) {
                  return new Allowances.Ruling<>(Map.of(), false);
                }
                left.put(
                    id, new Allowances.Left(new Sealed(new byte[] {(byte) (used + 1)}), fullAt));
              }
              return new Allowances.Ruling<>(left, true);
            });
  }

  @Test
  default void ofManyThatTakeTogetherAsManyGetSomethingAsThereIs() throws InterruptedException {
    String id = StoreContract.id("who_");
    assertThat(together(database -> takeOne(database, DAY, id)))
        .filteredOn(taken -> taken)
        .hasSize(QUOTA);
    assertThat(new Allowances(another()).look(new TreeSet<>(List.of(id))).states().get(id))
        .containsExactly(QUOTA);
  }

  @Test
  default void fromSeveralIsTakenTogetherOrNotAtAll() throws InterruptedException {
    String few = StoreContract.id("who_");
    String many = StoreContract.id("who_");
    together(database -> takeOne(database, DAY, few, many));
    together(database -> takeOne(database, DAY, many, few));
    assertThat(new Allowances(database()).look(new TreeSet<>(List.of(many))).states().get(many))
        .containsExactly(QUOTA);
  }

  @Test
  default void anAllowanceIsWholeAgainAfterItsTime() throws InterruptedException {
    String id = StoreContract.id("who_");
    for (int i = 0; i < QUOTA; i++) {
      assertThat(takeOne(database(), Duration.ofMillis(400), id)).isTrue();
    }
    assertThat(takeOne(database(), Duration.ofMillis(400), id)).isFalse();
    Thread.sleep(500);
    assertThat(takeOne(database(), Duration.ofMillis(1), id)).isTrue();
    Thread.sleep(20);
    new Allowances(another()).sweep();
    assertThat(count("allowance", id)).isZero();
  }

  @Test
  default void aNonceIsTakenOnce() throws InterruptedException {
    String id = StoreContract.id("nonce_");
    assertThat(together(database -> new SeenNonces(database).take(id, DAY)))
        .filteredOn(taken -> taken)
        .hasSize(1);
    new SeenNonces(database()).sweep();
    assertThat(new SeenNonces(another()).take(id, DAY)).isFalse();
    String brief = StoreContract.id("nonce_");
    assertThat(new SeenNonces(database()).take(brief, Duration.ofMillis(1))).isTrue();
    Thread.sleep(20);
    new SeenNonces(database()).sweep();
    assertThat(new SeenNonces(another()).take(brief, DAY)).isTrue();
  }
}
