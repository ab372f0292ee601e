package dev.graft.server.install;

import dev.graft.core.apply.Action;
import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.plan.Outcome;
import dev.graft.core.plan.Policy;
import dev.graft.core.plan.Takes;
import dev.graft.core.template.Release;
import dev.graft.server.access.Acts;
import dev.graft.server.link.Shredding;
import dev.graft.store.Account;
import dev.graft.store.AuditRecord;
import dev.graft.store.Installation;
import dev.graft.store.Installations;
import dev.graft.store.Lease;
import dev.graft.store.Operation;
import dev.graft.store.Operations;
import dev.graft.store.Releases;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets an account go: what Graft made in it stays or goes, as its owner wishes, and its key is
 * destroyed in either case.
 */
public final class Unlinking {
  private static final Logger LOG = LoggerFactory.getLogger(Unlinking.class);

  private final Installing installing;
  private final Installations installations;
  private final Operations operations;
  private final Releases releases;
  private final Shredding shredding;
  private final Acts acts;

  public Unlinking(
      Installing installing,
      Installations installations,
      Operations operations,
      Releases releases,
      Shredding shredding,
      Acts acts) {
    this.installing = installing;
    this.installations = installations;
    this.operations = operations;
    this.releases = releases;
    this.shredding = shredding;
    this.acts = acts;
  }

  /** What came of it. */
  public sealed interface Result {
    /**
     * The key is gone.
     *
     * @param removed what was deleted at Vapi
     * @param left what Graft had made or taken over and is still there
     * @param refused why nothing could be removed, null when all that should be was
     */
    record Unlinked(List<Action> removed, List<Installations.Entry> left, @Nullable Failure refused)
        implements Result {
      public Unlinked {
        removed = List.copyOf(removed);
        left = List.copyOf(left);
      }
    }

    /** Not everything is removed: the key is needed until it is, so it is kept. */
    record Stopped(Operation operation) implements Result {}

    /** Someone else works on the account. */
    record Busy() implements Result {}
  }

  /**
   * Unlinks.
   *
   * @param removes whether what Graft made is removed
   * @param evenIfUsed whether that goes for what the customer uses elsewhere
   */
  public Result unlink(Account account, boolean removes, boolean evenIfUsed) {
    var removed = new ArrayList<Action>();
    var left = new ArrayList<Installations.Entry>();
    Failure refused = null;
    for (Installation installation : installations.ofAccount(account.id())) {
      List<Installations.Entry> entries = installations.entries(installation.id());
      Optional<Digest> digest = operations.releaseOf(installation);
      if (!removes || entries.isEmpty() || digest.isEmpty()) {
        left.addAll(entries);
        continue;
      }
      Optional<Operation> over = uninstall(account, digest.get(), evenIfUsed);
      if (over.isEmpty()) {
        return new Result.Busy();
      }
      Report report = Report.fromJson(over.get().result());
      List<Action> deleted =
          report.actions().stream().filter(action -> action.outcome() == Outcome.DELETED).toList();
      removed.addAll(deleted);
      boolean isDone = over.get().state() == Operation.State.SUCCEEDED;
      if (!isDone && (report.failure() == null || !report.failure().isOfTheKey())) {
        return new Result.Stopped(over.get());
      }
      refused = isDone ? refused : report.failure();
      entries.stream()
          .filter(
              entry -> deleted.stream().noneMatch(action -> action.object().equals(entry.object())))
          .forEach(left::add);
    }
    Optional<Lease> lease = installing.lease(account);
    if (lease.isPresent() && removes && hasMore(account, left)) {
      operations.giveBack(lease.get());
      return new Result.Busy();
    }
    if (lease.isEmpty()
        || !shredding.shred(
            lease.get(),
            operations.leaseTime(),
            unlinked(account, removes, removed.size(), left.size()))) {
      return new Result.Busy();
    }
    LOG.info("account {} is unlinked and its key destroyed; removed: {}", account.id(), removed);
    return new Result.Unlinked(removed, left, refused);
  }

  /** Whether someone installed something again since it was removed here. */
  private boolean hasMore(Account account, List<Installations.Entry> left) {
    return installations.ofAccount(account.id()).stream()
        .flatMap(installation -> installations.entries(installation.id()).stream())
        .anyMatch(entry -> left.stream().noneMatch(known -> known.object().equals(entry.object())));
  }

  private AuditRecord unlinked(Account account, boolean removes, int removed, int left) {
    return acts.record(
        "account.unlinked",
        account.id(),
        null,
        Json.object()
            .put("clones", removes ? "remove" : "keep")
            .put("removed", removed)
            .put("left", left)
            .put("keyDestroyed", true));
  }

  private Optional<Operation> uninstall(Account account, Digest digest, boolean evenIfUsed) {
    Release release = releases.withDigest(digest).orElseThrow();
    var policy =
        new Policy(Policy.Adoption.BY_NAME, Map.of(), Takes.NONE, Policy.Course.BACK, evenIfUsed);
    return installing.run(account, release, digest, Wish.of(new Goal.Uninstall(), policy));
  }
}
