package dev.graft.server.install;

import dev.graft.core.apply.GoingBack;
import dev.graft.core.json.Digest;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Ledger;
import dev.graft.core.template.Release;
import dev.graft.store.BodySeal;
import dev.graft.store.Operation;
import dev.graft.store.Operations;
import dev.graft.store.Releases;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns what was asked for into what an installation should be, and what it has become then. */
final class Desires {
  private final Operations operations;
  private final Releases releases;

  Desires(Operations operations, Releases releases) {
    this.operations = operations;
    this.releases = releases;
  }

  /**
   * What should be.
   *
   * @param running the operation that is to see to it, null for a plan only
   */
  Desired of(
      Wish wish, Release release, Ledger ledger, BodySeal seal, @Nullable Operation running) {
    return switch (wish.goal()) {
      case Goal.Clone _, Goal.Repair _, Goal.Rollback _, Goal.Recover _ ->
          new Desired(release, wish.policy());
      case Goal.Uninstall _, Goal.Sweep _ ->
          new Desired(
              new Release(
                  release.template(), release.declaresVersion(), release.version(), List.of()),
              wish.policy());
      case Goal.Undo(String id) -> {
        Operation undone = operations.withId(id).orElseThrow();
        var since =
            operations.since(undone, running).stream()
                .flatMap(operation -> operations.stories(operation, seal).stream())
                .toList();
        yield GoingBack.before(release, ledger, since, wish.policy());
      }
    };
  }

  /** The release that an installation has when this is done, nothing when it has none. */
  Optional<Digest> releaseAfter(Wish wish, Operation operation) {
    return switch (wish.goal()) {
      case Goal.Clone _, Goal.Repair _, Goal.Rollback _, Goal.Recover _, Goal.Sweep _ ->
          Optional.of(operation.release());
      case Goal.Uninstall _ -> Optional.empty();
      case Goal.Undo(String id) -> releaseBefore(operations.withId(id).orElseThrow());
    };
  }

  private Optional<Digest> releaseBefore(Operation operation) {
    Optional<Operation> last = operations.lastBefore(operation);
    while (last.isPresent() && last.get().kind().equals(Goal.SWEEP)) {
      last = operations.lastBefore(last.get());
    }
    return last.flatMap(before ->
        switch (Wish.fromJson(before.request()).goal()) {
          case Goal.Uninstall _ -> Optional.<Digest>empty();
          case Goal.Undo(String id) -> releaseBefore(operations.withId(id).orElseThrow());
          case Goal.Clone _, Goal.Repair _, Goal.Rollback _, Goal.Recover _, Goal.Sweep _ ->
              Optional.of(before.release());
        });
  }

  Release release(Digest digest) {
    return releases.withDigest(digest).orElseThrow();
  }
}
