package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.apply.Action;
import dev.graft.core.apply.Bench;
import dev.graft.core.apply.Fuse;
import dev.graft.core.apply.GoingBack;
import dev.graft.core.apply.InMemoryVapi;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.Reconciler;
import dev.graft.core.apply.Sighting;
import dev.graft.core.apply.Tempo;
import dev.graft.core.json.Json;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Policy;
import dev.graft.core.template.Release;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Exactly once in effect, with the journal and the ledger in a database: a job is run once to count
 * its effects, then once per effect and side, stopping there for good, and taken over by another
 * holder from what is on record.
 */
interface CrashContract extends StoreContract {
  /** One customer's account with one installation in it. */
  final class Customer {
    final InMemoryVapi vapi = new InMemoryVapi();
    private final Database database;
    private final Database heir;
    private final String account;

    /** By the clock of this Vapi, which says when something was made. */
    private Instant now = Instant.parse("2026-11-01T00:00:00Z");

    Customer(Database database, Database heir, String account) {
      this.database = database;
      this.heir = heir;
      this.account = account;
    }

    /** What is to be done: a release, or the undoing of what was done last. */
    record Job(Release release, boolean undoesLast) {}

    private Operation begin(Job job) {
      now = now.plusSeconds(1);
      var operations = new Operations(database, Duration.ofSeconds(30));
      var request =
          new Operations.Request(
              account,
              job.undoesLast() ? "undo" : "clone",
              job.release(),
              job.release().digest(),
              Json.object(),
              StoreContract.id("op_"),
              StoreContract.id("ins_"),
              "key:test",
              null);
      return StoreContract.yours(operations.begin(request, "a", now)).operation();
    }

    List<String> run(Job job) {
      return run(job, begin(job), new Fuse(-1, false));
    }

    /** Runs an operation that nobody holds, as its first holder or as an heir. */
    List<String> run(Job job, Operation operation, Fuse fuse) {
      var operations = new Operations(heir, Duration.ofSeconds(30));
      operations.endAllLeases();
      Lease lease = operations.takeUp(operation.id(), "b", "node:test", now).orElseThrow().lease();
      var installations = new Installations(heir);
      Installation installation = installations.withId(operation.installationId()).orElseThrow();
      Ledger ledger = installations.ledger(installation.id(), SEAL);
      var tempo =
          new Tempo(
              () -> now,
              pause -> now = now.plus(pause),
              now.plus(Duration.ofMinutes(1)),
              Duration.ofSeconds(10));
      Reconciler.Result result =
          new Reconciler(
                  fuse.wrap(vapi),
                  fuse.wrap(operations.journal(operation, lease, SEAL, "key:test")),
                  tempo)
              .run(
                  new Reconciler.Task(
                      operation.id(),
                      desired(job, operation, ledger, operations),
                      ledger,
                      Sighting.fromJson(installation.sighting()),
                      null,
                      Set.of(),
                      List.of(),
                      null));
      assertThat(result).isInstanceOf(Reconciler.Result.Converged.class);
      var converged = (Reconciler.Result.Converged) result;
      assertThat(operations.stories(operation, SEAL)).noneMatch(Journal.Story::isOpen);
      assertThat(
              operations.finish(
                  lease,
                  operation,
                  Operation.State.SUCCEEDED,
                  Json.object(),
                  new Operations.Convergence(
                      operation.release(), "1", converged.sighting().toJson(), null),
                  null,
                  List.of(),
                  "key:test",
                  now))
          .isTrue();
      return converged.actions().stream().map(Action::toString).toList();
    }

    private static Desired desired(
        Job job, Operation operation, Ledger ledger, Operations operations) {
      if (!job.undoesLast()) {
        return new Desired(job.release(), Policy.BY_NAME);
      }
      Operation last = operations.lastBefore(operation).orElseThrow();
      return GoingBack.before(
          job.release(),
          ledger,
          operations.since(last, operation).stream()
              .flatMap(one -> operations.stories(one, SEAL).stream())
              .toList(),
          Policy.BY_NAME);
    }
  }

  private Customer customer() {
    return new Customer(database(), another(), account(StoreContract.id("user")).id());
  }

  private static Release otherType() {
    Map<String, String> files = Bench.files("2");
    files.put(
        "template-tool.json",
        "{\"type\":\"function\",\"name\":\"book_visit_v2\",\"function\":{\"name\":\"book_visit_v2\"}}");
    return Bench.release(files);
  }

  /** Stops the last of these jobs everywhere; gives the number of effects. */
  private int stopEverywhere(List<Customer.Job> before, Customer.Job job) {
    var counting = new Fuse(-1, false);
    Customer undisturbed = customer();
    before.forEach(undisturbed::run);
    List<String> actions = undisturbed.run(job, undisturbed.begin(job), counting);
    JsonNode expected = undisturbed.vapi.contents();
    for (int at = 0; at < counting.passed(); at++) {
      Customer customer = customer();
      before.forEach(customer::run);
      Operation operation = customer.begin(job);
      @Nullable List<String> undisturbedAfterAll = null;
      try {
        undisturbedAfterAll = customer.run(job, operation, new Fuse(at, false));
      } catch (Fuse.Crash gone) {
        assertThat(customer.run(job, operation, new Fuse(-1, false)))
            .as("stopped at %d", at)
            .isEqualTo(actions);
      }
      assertThat(undisturbedAfterAll).as("it stops at %d", at).isNull();
      assertThat(customer.vapi.contents()).as("stopped at %d", at).isEqualTo(expected);
      assertThat(new Operations(database(), Duration.ofSeconds(30)).withId(operation.id()))
          .hasValueSatisfying(over -> assertThat(over.isOver()).isTrue());
    }
    return counting.passed();
  }

  @Test
  default void aFirstCloneCanStopAnywhere() {
    assertThat(stopEverywhere(List.of(), new Customer.Job(Bench.release("1"), false)))
        .isGreaterThanOrEqualTo(10);
  }

  @Test
  default void anUpgradeWithAReplacementCanStopAnywhere() {
    var first = new Customer.Job(Bench.release("1"), false);
    assertThat(stopEverywhere(List.of(first), new Customer.Job(otherType(), false)))
        .isGreaterThanOrEqualTo(12);
  }

  @Test
  default void goingBackCanStopAnywhere() {
    var first = new Customer.Job(Bench.release("1"), false);
    var second = new Customer.Job(otherType(), false);
    assertThat(stopEverywhere(List.of(first, second), new Customer.Job(otherType(), true)))
        .isGreaterThanOrEqualTo(12);
  }
}
