package dev.graft.server.link;

import dev.graft.store.Accounts;
import dev.graft.store.AuditRecord;
import dev.graft.store.DataKeys;
import dev.graft.store.Database;
import dev.graft.store.Lease;
import dev.graft.store.StoredDataKey;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Destroys data keys, and with them whatever they sealed: in the database, in what the database
 * keeps of deleted rows, and in memory.
 */
public final class Shredding {
  private static final Logger LOG = LoggerFactory.getLogger(Shredding.class);

  private final Database database;
  private final Accounts accounts;
  private final DataKeys dataKeys;
  private final Keys keys;
  private volatile boolean traces;

  public Shredding(Database database, Accounts accounts, DataKeys dataKeys, Keys keys) {
    this.database = database;
    this.accounts = accounts;
    this.dataKeys = dataKeys;
    this.keys = keys;
  }

  /**
   * Erases an account, and nobody can open anything of it from then on. Other nodes may remember
   * its unwrapped data key until its time is up, and have nothing left to open with it.
   *
   * @param act what the audit trail says of it
   * @return false when the lease is lost, and nothing happened
   */
  public boolean shred(Lease lease, Duration leaseTime, AuditRecord act) {
    List<String> ids = dataKeys.ofOwner(lease.accountId()).stream().map(StoredDataKey::id).toList();
    if (!accounts.erase(lease, leaseTime, act)) {
      return false;
    }
    destroyed(ids);
    return true;
  }

  /** Data keys that were deleted: nothing of them stays in memory or in the files. */
  void destroyed(List<String> dataKeyIds) {
    keys.forget(dataKeyIds);
    traces = true;
    scrub();
  }

  /** Does what could not be done at once, because someone was reading. */
  void scrub() {
    if (!traces) {
      return;
    }
    try {
      traces = !database.scrub();
    } catch (RuntimeException e) {
      LOG.warn("deleted rows cannot be cut off the database's log now: {}", e.getMessage());
    }
  }
}
