package dev.graft.server.install;

import dev.graft.core.apply.Action;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.Lost;
import dev.graft.core.apply.Marks;
import dev.graft.core.apply.Pointers;
import dev.graft.core.apply.Reconciler;
import dev.graft.core.apply.Reply;
import dev.graft.core.apply.Sighting;
import dev.graft.core.apply.Survey;
import dev.graft.core.apply.Tempo;
import dev.graft.core.apply.VapiAccount;
import dev.graft.core.json.Digest;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Actual;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Drift;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Plan;
import dev.graft.core.plan.Planned;
import dev.graft.core.plan.Planner;
import dev.graft.core.plan.Pointer;
import dev.graft.core.plan.Policy;
import dev.graft.core.plan.Recognition;
import dev.graft.core.template.Release;
import dev.graft.core.template.Version;
import dev.graft.server.access.Caller;
import dev.graft.server.access.RequestId;
import dev.graft.server.event.Events;
import dev.graft.server.link.KeyCheck;
import dev.graft.server.link.Keys;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.BodySeal;
import dev.graft.store.Event;
import dev.graft.store.Installation;
import dev.graft.store.Installations;
import dev.graft.store.Lease;
import dev.graft.store.Operation;
import dev.graft.store.Operations;
import dev.graft.store.Releases;
import dev.graft.vapi.Circuit;
import dev.graft.vapi.Host;
import dev.graft.vapi.HttpVapiAccount;
import dev.graft.vapi.Manner;
import dev.graft.vapi.Pace;
import dev.graft.vapi.Paces;
import dev.graft.vapi.VapiHttp;
import dev.graft.vault.Secret;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Brings installations to where they should be, one writer per account. Whoever asks for what is
 * already being done waits for it and gets the same answer; what a dead process left unfinished
 * comes before anything new.
 */
public final class Installing implements AutoCloseable {
  /** For so long after a create that was looked for in vain its object is looked for again. */
  private static final Duration SWEPT_FOR = Duration.ofHours(1);

  /** How many settling times after such an operation it is looked again. */
  private static final int SWEEP_AFTER = 6;

  private static final Duration FIRST_POLL = Duration.ofMillis(5);
  private static final Duration LONGEST_POLL = Duration.ofMillis(250);
  private static final Duration CUT_OFF = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
  private static final Logger LOG = LoggerFactory.getLogger(Installing.class);

  private final VapiHttp http;
  private final Paces paces;
  private final List<Host> hosts;
  private final Accounts accounts;
  private final Installations installations;
  private final Operations operations;
  private final Desires desires;
  private final Keys keys;
  private final InstantSource clock;
  private final Times times;
  private final Ids ids;
  private final KeyCheck keyCheck;
  private final Events events;
  private final Telemetry telemetry;
  private final Map<Lease, Operation> held = new ConcurrentHashMap<>();
  private final ScheduledExecutorService heartbeats =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("lease-heartbeats").factory());

  /** How long things may take. */
  public record Times(Duration call, Duration request, Duration settling, Duration lease) {}

  /**
   * Where new ids come from.
   *
   * @param holder names this process among those that share the database
   */
  public record Ids(String holder, Supplier<String> operation, Supplier<String> installation) {}

  public Installing(
      VapiHttp http,
      Paces paces,
      List<Host> hosts,
      Accounts accounts,
      Installations installations,
      Operations operations,
      Releases releases,
      Keys keys,
      InstantSource clock,
      Times times,
      Ids ids,
      KeyCheck keyCheck,
      Events events,
      Telemetry telemetry) {
    this.http = http;
    this.paces = paces;
    this.hosts = List.copyOf(hosts);
    this.accounts = accounts;
    this.installations = installations;
    this.operations = operations;
    this.desires = new Desires(operations, releases);
    this.keys = keys;
    this.clock = clock;
    this.times = times;
    this.ids = ids;
    this.keyCheck = keyCheck;
    this.events = events;
    this.telemetry = telemetry;
  }

  /**
   * Brings a template's installation in an account to what is wished, and waits for that.
   *
   * @param release the one that the wish is about
   * @return the operation, which runs on in the background if it is not over; nothing when another
   *     operation held the account all the time
   */
  public Optional<Operation> run(Account account, Release release, Digest digest, Wish wish) {
    Instant deadline = clock.instant().plus(times.request());
    var asked =
        new Operations.Request(
            account.id(),
            wish.goal().kind(),
            release,
            digest,
            wish.toJson(),
            ids.operation().get(),
            ids.installation().get(),
            Caller.current().toString(),
            RequestId.current());
    Duration poll = FIRST_POLL;
    String awaited = null;
    while (true) {
      if (awaited != null) {
        Optional<Operation> over = operations.withId(awaited).filter(Operation::isOver);
        if (over.isPresent()) {
          return over;
        }
      }
      long asking = System.nanoTime();
      switch (operations.begin(asked, ids.holder(), clock.instant())) {
        case Operations.Claim.Yours claim -> {
          Operation after = work(claim, asking, deadline);
          if (!claim.isOlder() || isSame(after, asked) || !after.isOver()) {
            return Optional.of(after);
          }
        }
        case Operations.Claim.Busy(var running) -> {
          awaited = running != null && isSame(running, asked) ? running.id() : null;
          if (clock.instant().plus(poll).isAfter(deadline) || !http.pause(poll)) {
            return Optional.empty();
          }
          poll =
              poll.multipliedBy(2).compareTo(LONGEST_POLL) < 0
                  ? poll.multipliedBy(2)
                  : LONGEST_POLL;
        }
      }
    }
  }

  /** The lease of an account for work that is no operation; nothing when it stays with others. */
  Optional<Lease> lease(Account account) {
    Instant deadline = clock.instant().plus(times.request());
    while (true) {
      Optional<Lease> lease = operations.take(account.id(), ids.holder());
      if (lease.isPresent()
          || clock.instant().plus(LONGEST_POLL).isAfter(deadline)
          || !http.pause(LONGEST_POLL)) {
        return lease;
      }
    }
  }

  private static boolean isSame(Operation operation, Operations.Request asked) {
    return operation.kind().equals(asked.kind())
        && operation.template().equals(asked.release().template())
        && operation.release().equals(asked.digest())
        && operation.request().equals(asked.request());
  }

  /** Works on an operation that nobody works on, if nobody does and it is not over. */
  void takeUp(String operationId) {
    long asking = System.nanoTime();
    Optional<Operations.Claim.Yours> claim =
        operations.takeUp(operationId, ids.holder(), Caller.current().toString(), clock.instant());
    claim.ifPresent(mine -> {
      LOG.info("operation {} is taken up again", operationId);
      telemetry.metrics().recovery();
      work(mine, asking, clock.instant().plus(times.request()));
    });
  }

  private Operation work(Operations.Claim.Yours claim, long acquiredAt, Instant deadline) {
    if (claim.lease().isTakenOver()) {
      telemetry.metrics().takeover();
    }
    return telemetry.working(claim.operation(), () -> worked(claim, acquiredAt, deadline));
  }

  private Operation worked(Operations.Claim.Yours claim, long acquiredAt, Instant deadline) {
    Operation operation = claim.operation();
    held.put(claim.lease(), operation);
    if (claim.lease().pacing() instanceof Lease.Pacing(var ready, var since, var perSecond)) {
      paces.of(operation.accountId()).goOnFrom(new Pace.State(ready, since, perSecond));
    }
    try (var _ = MDC.putCloseable("operationId", operation.id());
        var _ = MDC.putCloseable("accountId", operation.accountId());
        var lease =
            new HeldLease(
                operations,
                claim.lease(),
                times.lease(),
                System::nanoTime,
                acquiredAt,
                heartbeats)) {
      try {
        conclude(operation, lease, reconcile(claim, lease, deadline));
      } catch (Journal.LeaseLost e) {
        LOG.warn("operation {} was taken over by another node", operation.id());
      } catch (RuntimeException e) {
        // The database or the vault is away, or there is a bug: in each case the work is not lost.
        giveBackAfter(e, operation, lease);
        throw e;
      }
    } finally {
      held.remove(claim.lease());
    }
    return operations.withId(operation.id()).orElseThrow();
  }

  private void giveBackAfter(RuntimeException cause, Operation operation, HeldLease lease) {
    telemetry.metrics().operationPostponed(operation.kind());
    try {
      operations.postpone(
          lease.lease(), operation, clock.instant().plus(pauseAfter(operation)), null);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private Reconciler.Result reconcile(
      Operations.Claim.Yours claim, HeldLease lease, Instant deadline) {
    Operation operation = claim.operation();
    Account account = accounts.withId(operation.accountId()).orElseThrow();
    Release release = desires.release(operation.release());
    Installation installation = installations.withId(operation.installationId()).orElseThrow();
    BodySeal seal = keys.bodies(account);
    Wish wish = Wish.fromJson(operation.request());
    Ledger ledger = installations.ledger(installation.id(), seal);
    Secret key = keys.apiKey(account, claim);
    try (CurrentKey vapi =
        connected(account, key, operation.kind(), operation.id(), deadline, lease::check)) {
      Reconciler.Result result =
          new Reconciler(
                  lease.guard(vapi),
                  telemetry.measured(
                      operations.journal(
                          operation, lease.lease(), seal, Caller.current().toString())),
                  new Tempo(clock, http::pause, deadline, times.settling()))
              .run(
                  new Reconciler.Task(
                      operation.id(),
                      desires.of(wish, release, ledger, seal, operation),
                      ledger,
                      Sighting.fromJson(installation.sighting()),
                      account.orgId(),
                      installations.objectsOfOthers(account.id(), installation.id()),
                      lost(operation, seal),
                      wish.basis()));
      if (result instanceof Reconciler.Result.Refused(var _, var reply, var _)) {
        keyCheck.heard(vapi.account(), reply);
      }
      return result;
    }
  }

  private CurrentKey connected(
      Account account,
      Secret key,
      String purpose,
      @Nullable String about,
      Instant deadline,
      Runnable beforeWrite) {
    Manner manner =
        Manner.of(account.id(), paces, Caller.current().equals(Caller.NODE), beforeWrite);
    return new CurrentKey(
        account,
        key,
        accounts,
        relinked -> keys.apiKey(relinked, purpose, about),
        (present, itsKey) ->
            new HttpVapiAccount(
                http, hostOf(present), itsKey, times.call(), deadline, clock, manner));
  }

  private List<Lost> lost(Operation operation, BodySeal seal) {
    return operations
        .withLost(operation.installationId(), clock.instant().minus(SWEPT_FOR))
        .stream()
        .filter(other -> !other.id().equals(operation.id()))
        .flatMap(other -> Lost.among(operations.stories(other, seal)).stream())
        .toList();
  }

  /** Vapi's hosts, at which the accounts are. */
  List<Host> hosts() {
    return hosts;
  }

  private Host hostOf(Account account) {
    return Host.named(account.host(), hosts).orElse(hosts.getFirst());
  }

  private void conclude(Operation operation, HeldLease lease, Reconciler.Result result) {
    switch (result) {
      case Reconciler.Result.Converged(var actions, var sighting, var orgId, var notes) -> {
        Wish wish = Wish.fromJson(operation.request());
        Optional<Digest> release = desires.releaseAfter(wish, operation);
        finish(
            operation,
            lease,
            Operation.State.SUCCEEDED,
            new Report(actions, notes, null),
            wish.goal() instanceof Goal.Sweep
                    || wish.goal() instanceof Goal.Recover && !Recognition.isWhole(notes)
                ? null
                : new Operations.Convergence(
                    release.orElse(null),
                    release
                        .map(digest -> desires.release(digest).version().toString())
                        .orElse(null),
                    sighting.toJson(),
                    orgId));
      }
      case Reconciler.Result.Blocked(var blockers) ->
          finish(
              operation,
              lease,
              Operation.State.BLOCKED,
              new Report(List.of(), blockers, null),
              null);
      case Reconciler.Result.Refused(var address, var reply, var done) ->
          finish(
              operation,
              lease,
              Operation.State.FAILED,
              new Report(
                  done,
                  List.of(),
                  Failure.refused(address == null ? null : address.toString(), reply)),
              null);
      case Reconciler.Result.OtherBasis() ->
          finish(
              operation,
              lease,
              Operation.State.FAILED,
              new Report(
                  List.of(),
                  List.of(),
                  Failure.of(
                      409,
                      "PLAN_OUTDATED",
                      "The account or the template changed since this plan was made, so nothing was"
                          + " done. Make a new plan, look at it, and apply that one.")),
              null);
      case Reconciler.Result.OtherOrg(var expected, var found) ->
          finish(
              operation,
              lease,
              Operation.State.FAILED,
              new Report(
                  List.of(),
                  List.of(),
                  Failure.of(
                      409,
                      "ACCOUNT_MISMATCH",
                      "The linked key opens the Vapi organisation "
                          + found
                          + ", and this account is known as "
                          + expected
                          + ". Nothing was changed. Link a key of the right organisation.")),
              null);
      case Reconciler.Result.Unfinished(var reply, var done) -> {
        telemetry.metrics().operationPostponed(operation.kind());
        operations.postpone(
            lease.lease(),
            operation,
            clock.instant().plus(pauseAfter(operation, reply)),
            new Report(done, List.of(), Failure.unfinished(reply)).toJson());
      }
    }
  }

  private void finish(
      Operation operation,
      HeldLease lease,
      Operation.State state,
      Report report,
      Operations.@Nullable Convergence convergence) {
    boolean finished =
        operations.finish(
            lease.lease(),
            operation,
            state,
            report.toJson(),
            convergence,
            sweepAfter(operation),
            told(operation, state, report),
            Caller.current().toString(),
            clock.instant());
    if (!finished) {
      throw new Journal.LeaseLost();
    }
    telemetry
        .metrics()
        .operation(
            operation.kind(),
            state.name().toLowerCase(Locale.ROOT),
            Duration.between(operation.createdAt(), clock.instant()));
    LOG.info(
        "operation {} of account {} {}: {}",
        operation.id(),
        operation.accountId(),
        state.name().toLowerCase(Locale.ROOT),
        report.actions());
  }

  /** What others are told; of a sweep nothing, which nobody asked for. */
  private List<Event> told(Operation operation, Operation.State state, Report report) {
    if (operation.kind().equals(Goal.SWEEP)) {
      return List.of();
    }
    Instant now = clock.instant();
    List<String> users = accounts.usersOf(operation.accountId());
    if (state == Operation.State.SUCCEEDED) {
      List<String> actions = report.actions().stream().map(Action::toString).toList();
      return List.of(events.succeeded(operation, users, actions, now));
    }
    var told = new ArrayList<Event>();
    told.add(events.failed(operation, users, state, report.code(), now));
    List<String> collisions = report.collisions();
    if (!collisions.isEmpty()) {
      told.add(events.collided(operation, users, collisions, now));
    }
    return told;
  }

  /** A create that was looked for in vain may still come late: someone has to look again. */
  private Operations.@Nullable Later sweepAfter(Operation operation) {
    boolean lost =
        operations.withLost(operation.installationId(), operation.createdAt()).stream()
            .anyMatch(other -> other.id().equals(operation.id()));
    return lost
        ? new Operations.Later(
            ids.operation().get(),
            Goal.SWEEP,
            Wish.of(new Goal.Sweep(), Policy.BY_NAME).toJson(),
            clock.instant().plus(times.settling().multipliedBy(SWEEP_AFTER)))
        : null;
  }

  /** The pause before an operation that did not get through is tried again: it doubles. */
  private static Duration pauseAfter(Operation operation) {
    Duration pause = Duration.ofSeconds(1L << Math.min(operation.tries(), 9));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }

  /** The same after a reply that says when it may help to try again. */
  private Duration pauseAfter(Operation operation, Reply reply) {
    if (!(reply instanceof Reply.Throttled(var retryAfter, var brake))) {
      Host host = accounts.withId(operation.accountId()).map(this::hostOf).orElse(hosts.getFirst());
      return http.circuit(host).seen().state() == Circuit.State.CLOSED
          ? pauseAfter(operation)
          : shortly(Duration.ofSeconds(1));
    }
    Duration said = retryAfter == null ? Duration.ZERO : retryAfter;
    return switch (brake) {
      // Another node goes on at once.
      case STOPPING -> Duration.ZERO;
      // None of its own tries failed; and not all that wait go on in the same moment.
      case CIRCUIT, PACE, CONNECTIONS -> shortly(said);
      case VAPI -> said.compareTo(pauseAfter(operation)) > 0 ? said : pauseAfter(operation);
    };
  }

  private static Duration shortly(Duration after) {
    return after.plusMillis(ThreadLocalRandom.current().nextLong(5_000));
  }

  /** What came of looking without doing anything. */
  public sealed interface Preview {
    /**
     * A plan, or why there is none.
     *
     * @param pointers what of the customer's points at our objects
     */
    record Made(Planned planned, Map<ObjectId, List<Pointer>> pointers) implements Preview {}

    /** How the objects differ from what was applied. */
    record Compared(Drift drift) implements Preview {}

    /** Vapi did not show the account. */
    record Unseen(Failure failure) implements Preview {}
  }

  /** Plans what is wished for a template's installation, and changes nothing anywhere. */
  public Preview plan(Account account, Release release, Wish wish) {
    return looking(
        account,
        release.template(),
        "plan",
        view -> {
          Sighting sighting =
              view.installation()
                  .map(found -> Sighting.fromJson(found.sighting()))
                  .orElse(Sighting.NOTHING);
          Desired desired = desires.of(wish, release, view.ledger(), keys.bodies(account), null);
          var others =
              installations.objectsOfOthers(
                  account.id(), view.installation().map(Installation::id).orElse(""));
          return switch (Survey.look(
              view.vapi(), desired.release(), view.ledger(), sighting, others)) {
            case Survey.Result.Unseen(var reply) -> new Preview.Unseen(unseen(reply));
            case Survey.Result.Seen(var actual, var _, var _) ->
                planned(view.vapi(), desired, view.ledger(), actual);
          };
        });
  }

  /** A plan that writes is shown together with whom it concerns. */
  private static Preview planned(VapiAccount vapi, Desired desired, Ledger ledger, Actual actual) {
    Planned planned = Planner.plan(desired, ledger, actual);
    if (!(planned instanceof Planned.Ready(Plan plan)) || plan.touched().isEmpty()) {
      return new Preview.Made(planned, Map.of());
    }
    Pointers.Found found = Pointers.look(vapi, ledger);
    if (found.unseen() != null) {
      return new Preview.Unseen(unseen(found.unseen()));
    }
    return new Preview.Made(
        Planner.plan(desired, ledger, actual.with(found.pointers())), found.pointers());
  }

  /**
   * Compares an installation with what was applied.
   *
   * @param latest the release that the template has now, null when it has none
   */
  public Preview drift(Account account, Installation installation, @Nullable Release latest) {
    return looking(
        account,
        installation.template(),
        "drift",
        view -> {
          Release none = new Release(installation.template(), false, Version.NONE, List.of());
          return switch (Survey.look(
              view.vapi(), none, view.ledger(), Sighting.NOTHING, Set.of())) {
            case Survey.Result.Unseen(var reply) -> new Preview.Unseen(unseen(reply));
            case Survey.Result.Seen(var actual, var _, var _) ->
                new Preview.Compared(Drift.of(view.ledger(), actual, latest));
          };
        });
  }

  /** Which templates left marks in an account. */
  public Marks.Found marks(Account account) {
    Instant deadline = clock.instant().plus(times.request());
    Secret key = keys.apiKey(account, "recover", null);
    try (CurrentKey vapi =
        connected(account, key, "recover", null, deadline, Installing::nothingIsWritten)) {
      return Marks.look(vapi);
    }
  }

  /** An account for someone who looks and writes nothing. */
  private record View(VapiAccount vapi, Optional<Installation> installation, Ledger ledger) {}

  private Preview looking(
      Account account, String template, String purpose, Function<View, Preview> look) {
    Optional<Installation> installation = installations.of(account.id(), template);
    Ledger ledger =
        installation
            .map(found -> installations.ledger(found.id(), keys.bodies(account)))
            .orElse(Ledger.EMPTY);
    String about = installation.map(Installation::id).orElse(null);
    Secret key = keys.apiKey(account, purpose, about);
    Instant deadline = clock.instant().plus(times.request());
    try (CurrentKey vapi =
        connected(account, key, purpose, about, deadline, Installing::nothingIsWritten)) {
      return look.apply(new View(vapi, installation, ledger));
    }
  }

  private static void nothingIsWritten() {
    throw new IllegalStateException("whoever only looks writes");
  }

  static Failure unseen(Reply reply) {
    return reply instanceof Reply.Refused refused
        ? Failure.refused(null, refused)
        : Failure.unread(reply);
  }

  /**
   * How much that has time is worth beginning at a host now: one thing is enough to see if it is
   * back.
   */
  int worthBeginning(Host host, int free) {
    return switch (http.circuit(host).seen().state()) {
      case CLOSED -> free;
      case HALF_OPEN -> Math.min(1, free);
      case OPEN -> 0;
    };
  }

  /** Whether nothing that has time is worth beginning in an account now. */
  boolean isAway(Account account) {
    return worthBeginning(hostOf(account), 1) == 0;
  }

  /** The same of every account. */
  boolean isAllAway() {
    return hosts.stream().allMatch(host -> worthBeginning(host, 1) == 0);
  }

  /** How many operations this node works on. */
  public int running() {
    return held.size();
  }

  /**
   * Ends what still runs: nothing more is sent to Vapi, so that each operation comes to its next
   * line in the journal and gives its account back. Those that do not get there in time are cut
   * off; what they sent and did not hear of is looked for by whoever goes on.
   */
  public void handBack(Duration within) {
    http.stopSending();
    if (!isIdleWithin(within)) {
      http.cutOff();
    }
    if (!isIdleWithin(CUT_OFF)) {
      held.forEach((lease, operation) -> {
        LOG.warn("operation {} is cut off by the stop of this node", operation.id());
        operations.postpone(lease, operation, clock.instant(), null);
      });
    }
  }

  private boolean isIdleWithin(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    try {
      while (!held.isEmpty() && System.nanoTime() - end < 0) {
        Thread.sleep(20);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return held.isEmpty();
  }

  @Override
  public void close() {
    heartbeats.shutdownNow();
  }
}
