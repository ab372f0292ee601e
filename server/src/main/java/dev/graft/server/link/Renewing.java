package dev.graft.server.link;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.AuditRecord;
import dev.graft.store.Lease;
import dev.graft.store.Operations;
import dev.graft.store.Renewals;
import dev.graft.store.Sealed;
import dev.graft.store.SealedColumn;
import dev.graft.store.SealedRecord;
import dev.graft.store.StoreException;
import dev.graft.vault.VaultException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives accounts new data keys: makes one, seals everything of the account with it, and destroys
 * the old one. It holds the account's lease, so that nobody writes meanwhile; it may stop anywhere,
 * and goes on from there, since every record says which data key it needs.
 */
public final class Renewing {
  private static final int PAGE = 100;
  private static final int DUE = 100;
  private static final String UNEXPECTED =
      "Something went wrong inside Graft, which its log tells. It is tried again by itself; if that"
          + " does not help, restore the account's data keys from a backup.";
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
  private static final Logger LOG = LoggerFactory.getLogger(Renewing.class);

  private final Keys keys;
  private final Accounts accounts;
  private final Renewals renewals;
  private final Operations operations;
  private final Shredding shredding;
  private final Acts acts;
  private final InstantSource clock;
  private final String holder;

  /**
   * Renewals of these accounts' data keys.
   *
   * @param holder names this worker among those that take leases
   */
  public Renewing(
      Keys keys,
      Accounts accounts,
      Renewals renewals,
      Operations operations,
      Shredding shredding,
      Acts acts,
      InstantSource clock,
      String holder) {
    this.keys = keys;
    this.accounts = accounts;
    this.renewals = renewals;
    this.operations = operations;
    this.shredding = shredding;
    this.acts = acts;
    this.clock = clock;
    this.holder = holder;
  }

  /** Asks for a new data key for an account. */
  public void ask(Account account) {
    renewals.ask(account.id(), clock.instant(), record("data-key.renewal-asked", account));
  }

  /** Asks for a new data key for every account. */
  public void askAll() {
    renewals.askAll(clock.instant(), record("data-key.renewal-asked", null));
  }

  private AuditRecord record(String act, @Nullable Account account) {
    return acts.record(
        act,
        account == null ? null : account.id(),
        account == null ? null : account.dataKey(),
        Json.object());
  }

  /** Renews what is due and nobody works on; false when nothing was. */
  public boolean round() {
    List<String> due = renewals.due(clock.instant(), DUE);
    due.forEach(this::renew);
    return !due.isEmpty();
  }

  private void renew(String accountId) {
    Optional<Lease> lease = operations.take(accountId, holder);
    if (lease.isEmpty()) {
      return;
    }
    try {
      String fault = renewed(lease.get());
      if (fault != null) {
        postpone(accountId, fault);
      }
    } catch (VaultException | StoreException e) {
      postpone(accountId, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // It must not stand in the way of those behind it.
      LOG.error("account {} cannot get its new data key", accountId, e);
      postpone(accountId, UNEXPECTED);
    } finally {
      operations.giveBack(lease.get());
    }
  }

  private void postpone(String accountId, String fault) {
    LOG.warn("account {} does not get its new data key now: {}", accountId, fault);
    int tries = renewals.of(accountId).map(Renewals.Renewal::tries).orElse(0);
    Duration pause = Duration.ofSeconds(1L << Math.min(tries, 9));
    renewals.postpone(
        accountId,
        fault,
        clock.instant().plus(pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE));
  }

  /** Goes on from wherever an earlier try stopped; gives why it could not be ended, if so. */
  private @Nullable String renewed(Lease lease) {
    Optional<Renewals.Renewal> renewal = renewals.of(lease.accountId());
    Optional<Account> account = accounts.withId(lease.accountId());
    if (renewal.isEmpty() || account.isEmpty()) {
      return null;
    }
    Account known = account.get();
    if (renewal.get().dataKey() == null) {
      if (!renewals.begin(lease, known, keys.newDataKey(known.id()), clock.instant())) {
        return "Someone else changed the account just then.";
      }
      known = accounts.withId(lease.accountId()).orElseThrow();
    }
    Function<SealedRecord, Sealed> sealingAnew = keys.sealingAnew(known);
    String fault = null;
    for (SealedColumn column : SealedColumn.values()) {
      String other = sealedAnew(lease, known, column, sealingAnew);
      fault = other == null ? fault : other;
    }
    if (fault != null) {
      return fault;
    }
    Optional<List<String>> destroyed =
        renewals.finish(lease, known, record("data-key.renewed", known));
    if (destroyed.isEmpty()) {
      return "Someone else took over the account just then.";
    }
    shredding.destroyed(destroyed.get());
    LOG.info("account {} has a new data key; the old one is destroyed", known.id());
    return null;
  }

  /** Everything in a column; what does not open stays, and so does the data key that it needs. */
  private @Nullable String sealedAnew(
      Lease lease,
      Account account,
      SealedColumn column,
      Function<SealedRecord, Sealed> sealingAnew) {
    String fault = null;
    SealedRecord last = null;
    while (true) {
      List<SealedRecord> page = renewals.page(account.id(), column, last, PAGE);
      if (page.isEmpty()) {
        return fault;
      }
      last = page.getLast();
      Map<SealedRecord, Sealed> anew = new HashMap<>();
      for (SealedRecord record : page) {
        try {
          if (!Keys.isCurrent(account, record)) {
            anew.put(record, sealingAnew.apply(record));
          }
        } catch (VaultException e) {
          if (e.mayHelpToTryAgain()) {
            throw e;
          }
          fault = e.getMessage();
        }
      }
      if (!anew.isEmpty() && !renewals.replace(lease, anew)) {
        return "Someone else took over the account just then.";
      }
    }
  }
}
