package dev.graft.server.install;

import dev.graft.core.apply.Call;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.Reply;
import dev.graft.core.apply.VapiAccount;
import dev.graft.store.Lease;
import dev.graft.store.Operations;
import dev.graft.store.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lease while it is used: renewed in the background, and checked by this machine's own clock
 * before anything is written to Vapi, which knows nothing of fences. A process that was paused for
 * longer than its lease therefore wakes up and sends nothing.
 */
final class HeldLease implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeldLease.class);

  private final Operations operations;
  private final Lease lease;
  private final Duration leaseTime;
  private final LongSupplier nanoTime;
  private final Future<?> heartbeat;
  private volatile long sureUntil;

  /**
   * Holds a lease that was just acquired.
   *
   * @param acquiredAt {@code nanoTime} before it was asked for
   */
  HeldLease(
      Operations operations,
      Lease lease,
      Duration leaseTime,
      LongSupplier nanoTime,
      long acquiredAt,
      ScheduledExecutorService heartbeats) {
    this.operations = operations;
    this.lease = lease;
    this.leaseTime = leaseTime;
    this.nanoTime = nanoTime;
    this.sureUntil = acquiredAt + margin(leaseTime);
    long beat = Math.max(50, leaseTime.toMillis() / 3);
    this.heartbeat =
        heartbeats.scheduleWithFixedDelay(
            () -> Thread.startVirtualThread(this::renew), beat, beat, TimeUnit.MILLISECONDS);
  }

  /** The lease is not counted on for its last sixth: a call that is begun has to be on its way. */
  private static long margin(Duration leaseTime) {
    return leaseTime.toNanos() / 6 * 5;
  }

  private void renew() {
    long askedAt = nanoTime.getAsLong();
    try {
      if (operations.renew(lease)) {
        sureUntil = askedAt + margin(leaseTime);
      }
    } catch (StoreException e) {
      // Until the database is back the lease is as sure as it was; the next beat asks again.
      LOG.debug("the lease of {} cannot be renewed now: {}", lease.accountId(), e.getMessage());
    }
  }

  Lease lease() {
    return lease;
  }

  /** The account, in which nothing is written once the lease may be gone. */
  VapiAccount guard(VapiAccount account) {
    return calls -> send(account, calls);
  }

  private List<Reply> send(VapiAccount account, List<Call> calls) {
    boolean writes =
        calls.stream().anyMatch(call -> !(call instanceof Call.Get) && !(call instanceof Call.All));
    if (writes) {
      check();
    }
    return account.send(calls);
  }

  /** Before a write goes out, which may be a while after it was given to the account. */
  void check() {
    if (nanoTime.getAsLong() - sureUntil > 0) {
      throw new Journal.LeaseLost();
    }
  }

  @Override
  public void close() {
    heartbeat.cancel(false);
  }
}
