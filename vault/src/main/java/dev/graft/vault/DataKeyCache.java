package dev.graft.vault;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Unwrapped data keys, each for a limited time and a limited number of uses. However many threads
 * ask for a key that is not here, one of them unwraps it; the others wait and share what it got,
 * its failure too.
 *
 * <p>A key is found by the whole stored row and not by its id alone, so that a row that was
 * tampered with does not profit from the real one having been used before.
 */
final class DataKeyCache {
  private static final Duration BETWEEN_WIPES = Duration.ofSeconds(1);

  private final Function<DataKey, Secret> unwrap;
  private final InstantSource clock;
  private final Vault.CacheLimits limits;

  /** The eldest first, which is the one to go when there are too many. */
  private final LinkedHashMap<DataKey, Entry> entries = new LinkedHashMap<>();

  private final Map<DataKey, CompletableFuture<Void>> unwrapping = new HashMap<>();
  private Instant wiped = Instant.EPOCH;
  private long hits;
  private long misses;

  DataKeyCache(Function<DataKey, Secret> unwrap, InstantSource clock, Vault.CacheLimits limits) {
    this.unwrap = unwrap;
    this.clock = clock;
    this.limits = limits;
  }

  /** A copy for one use, which the caller wipes. What happens in the cache does not reach it. */
  Secret borrow(DataKey dataKey) {
    while (true) {
      var mine = new CompletableFuture<Void>();
      CompletableFuture<Void> ahead;
      synchronized (this) {
        Entry entry = entries.get(dataKey);
        if (entry != null && !entry.isOver(clock.instant(), limits)) {
          hits++;
          return lend(dataKey, entry);
        }
        wipeNowAndThen();
        ahead = unwrapping.putIfAbsent(dataKey, mine);
        misses += ahead == null ? 1 : 0;
      }
      if (ahead == null) {
        return unwrap(dataKey, mine);
      }
      await(ahead);
    }
  }

  synchronized Vault.CacheFigures figures() {
    return new Vault.CacheFigures(entries.size(), hits, misses);
  }

  synchronized void forget(UUID dataKeyId) {
    entries.keySet().stream()
        .filter(dataKey -> dataKey.id().equals(dataKeyId))
        .toList()
        .forEach(this::evict);
    // An unwrap under way finds that it is no longer expected, and its key is not kept.
    unwrapping.keySet().removeIf(dataKey -> dataKey.id().equals(dataKeyId));
  }

  synchronized void wipeExpired() {
    Instant now = clock.instant();
    wiped = now;
    entries.entrySet().stream()
        .filter(entry -> entry.getValue().isOver(now, limits))
        .map(Map.Entry::getKey)
        .toList()
        .forEach(this::evict);
  }

  /** With thousands of keys a look at all of them takes longer than what the caller wants. */
  private void wipeNowAndThen() {
    Instant now = clock.instant();
    if (now.isBefore(wiped) || !now.isBefore(wiped.plus(BETWEEN_WIPES))) {
      wipeExpired();
    }
  }

  private Secret unwrap(DataKey dataKey, CompletableFuture<Void> mine) {
    // The time runs from before the call, however long the provider takes.
    Instant since = clock.instant();
    try {
      Secret lent = keep(dataKey, unwrap.apply(dataKey), since, mine);
      mine.complete(null);
      return lent;
    } catch (Throwable failure) {
      synchronized (this) {
        unwrapping.remove(dataKey, mine);
      }
      mine.completeExceptionally(failure);
      throw failure;
    }
  }

  private synchronized Secret keep(
      DataKey dataKey, Secret key, Instant since, CompletableFuture<Void> mine) {
    if (!unwrapping.remove(dataKey, mine)) {
      return key;
    }
    while (entries.size() >= limits.entries()) {
      evict(entries.firstEntry().getKey());
    }
    var entry = new Entry(key, since);
    entries.put(dataKey, entry);
    return lend(dataKey, entry);
  }

  private Secret lend(DataKey dataKey, Entry entry) {
    Secret copy = entry.key.copy();
    entry.uses++;
    if (entry.uses >= limits.uses()) {
      evict(dataKey);
    }
    return copy;
  }

  private void evict(DataKey dataKey) {
    @Nullable Entry evicted = entries.remove(dataKey);
    if (evicted != null) {
      evicted.key.wipe();
    }
  }

  private static void await(CompletableFuture<Void> ahead) {
    try {
      ahead.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof VaultException refusal) {
        throw new VaultException(refusal.kind(), String.valueOf(refusal.getMessage()), refusal);
      }
      throw e;
    }
  }

  private static final class Entry {
    private final Secret key;
    private final Instant since;
    private int uses;

    Entry(Secret key, Instant since) {
      this.key = key;
      this.since = since;
    }

    /** A clock that was set back must not make a key last longer. */
    boolean isOver(Instant now, Vault.CacheLimits limits) {
      return now.isBefore(since) || !now.isBefore(since.plus(limits.time()));
    }
  }
}
