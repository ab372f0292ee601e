package dev.graft.server.link;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.store.AuditRecord;
import dev.graft.store.DataKeys;
import dev.graft.store.Rewraps;
import dev.graft.store.StoredDataKey;
import dev.graft.vault.VaultException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wraps data keys again, under the newest key of the provider that they have or under another
 * provider's. It touches their rows and no record, while everything else goes on; it may stop
 * anywhere and is taken up by whichever node comes first. A data key that cannot be wrapped again
 * keeps the wrapping it has, is told, and does not stop the rest.
 */
public final class Rewrapping {
  private static final int BATCH = 100;
  private static final int TOGETHER = 8;

  /** A provider that does not answer so often in a row is left alone until the next try. */
  private static final int PATIENCE = 3;

  private static final Logger LOG = LoggerFactory.getLogger(Rewrapping.class);

  private final Keys keys;
  private final DataKeys dataKeys;
  private final Rewraps rewraps;
  private final Acts acts;
  private final InstantSource clock;
  private final Duration pause;
  private final Supplier<String> newId;

  /**
   * Rewraps of these data keys.
   *
   * @param pause how long to wait for a provider that does not answer
   */
  public Rewrapping(
      Keys keys,
      DataKeys dataKeys,
      Rewraps rewraps,
      Acts acts,
      InstantSource clock,
      Duration pause,
      Supplier<String> newId) {
    this.keys = keys;
    this.dataKeys = dataKeys;
    this.rewraps = rewraps;
    this.acts = acts;
    this.clock = clock;
    this.pause = pause;
    this.newId = newId;
  }

  /** What came of asking for a rewrap. */
  public sealed interface Asked {
    /** It is on record, and done in the background. */
    record Accepted(Rewraps.Rewrap rewrap) implements Asked {}

    /**
     * These providers are not what this server was started with.
     *
     * @param why a sentence that says so and what to do
     */
    record Mismatch(String why) implements Asked {}
  }

  /** Asks for every data key to be wrapped under the newest key of the current provider. */
  public Asked rotate() {
    return new Asked.Accepted(ask(null));
  }

  /** Asks for the data keys of one provider to be wrapped by another. */
  public Asked move(String from, String to) {
    if (!to.equals(keys.provider())) {
      return new Asked.Mismatch(
          "Data keys are moved to the current key provider, which is "
              + keys.provider()
              + " and not "
              + to
              + ". Start Graft with "
              + to
              + " as the current one and "
              + from
              + " as an older one, then ask again.");
    }
    if (from.equals(to)) {
      return new Asked.Mismatch(
          "Both are "
              + to
              + ". To wrap data keys under a newer key of the same provider, rotate instead.");
    }
    if (!keys.providers().contains(from)) {
      return new Asked.Mismatch(
          "The key provider "
              + from
              + " is not one that this server was started with ("
              + String.join(", ", keys.providers())
              + "), so its data keys cannot be unwrapped. Start Graft with it as an older one, then"
              + " ask again.");
    }
    return new Asked.Accepted(ask(from));
  }

  private Rewraps.Rewrap ask(@Nullable String from) {
    var asked =
        new Rewraps.Rewrap(
            newId.get(),
            from,
            keys.provider(),
            keys.wrappingKey(),
            Rewraps.State.RUNNING,
            clock.instant(),
            null,
            0,
            null);
    return rewraps.ask(asked, record("data-keys.rewrap-asked", asked, dataKeys.count()));
  }

  private AuditRecord record(String act, Rewraps.Rewrap rewrap, int left) {
    var detail = Json.object();
    detail.put("left", left);
    detail.put("from", rewrap.from());
    detail.put("to", rewrap.provider());
    detail.put("wrappingKey", rewrap.wrappingKey());
    return acts.record(act, null, rewrap.id(), detail);
  }

  /** Does what is asked for and nobody works on, as far as it can be done now. */
  public void round() {
    Optional<Rewraps.Rewrap> running = rewraps.running();
    if (running.isEmpty() || !isOurs(running.get())) {
      return;
    }
    rewraps.take(running.get()).ifPresent(this::pass);
  }

  /** A node that was started with other settings would wrap under another key than was meant. */
  private boolean isOurs(Rewraps.Rewrap rewrap) {
    try {
      return rewrap.provider().equals(keys.provider())
          && rewrap.wrappingKey().equals(keys.wrappingKey());
    } catch (VaultException e) {
      LOG.warn("rewrap {} waits: {}", rewrap.id(), e.getMessage());
      return false;
    }
  }

  /** Data keys of one batch, and what came of each. */
  private static final class Batch {
    private final Map<StoredDataKey, StoredDataKey> done = new HashMap<>();
    private final Map<String, String> faults = new HashMap<>();
    private @Nullable VaultException away;
  }

  /** Tries every data key that is due once. */
  private void pass(Rewraps.Held held) {
    Rewraps.Rewrap rewrap = held.rewrap();
    Map<String, Integer> silences = new HashMap<>();
    VaultException away = null;
    String after = "";
    try (ExecutorService threads =
        Executors.newFixedThreadPool(TOGETHER, Thread.ofVirtual().factory())) {
      while (true) {
        List<StoredDataKey> due = rewraps.due(rewrap, after, BATCH);
        if (due.isEmpty()) {
          break;
        }
        after = due.getLast().id();
        Batch batch = rewrapped(due, threads, silences);
        if (!rewraps.keep(held, batch.done, batch.faults)) {
          return;
        }
        away = batch.away == null ? away : batch.away;
        if (batch.away != null && !answers()) {
          break;
        }
      }
    }
    if (away != null) {
      LOG.warn("rewrap {} waits: {}", rewrap.id(), away.getMessage());
      rewraps.pause(held, String.valueOf(away.getMessage()), pause);
      return;
    }
    finish(held);
  }

  private void finish(Rewraps.Held held) {
    int left = rewraps.remaining(held.rewrap());
    AuditRecord record = record("data-keys.rewrapped", held.rewrap(), left);
    if (rewraps.finish(held, clock.instant(), record)) {
      LOG.info(
          "rewrap {} is finished; data keys that could not be wrapped again: {}",
          held.rewrap().id(),
          left == 0 ? 0 : dataKeys.countFaults());
    }
  }

  private boolean answers() {
    try {
      keys.wrappingKey();
      return true;
    } catch (VaultException e) {
      return false;
    }
  }

  private Batch rewrapped(
      List<StoredDataKey> due, ExecutorService threads, Map<String, Integer> silences) {
    var batch = new Batch();
    for (int from = 0; from < due.size(); from += TOGETHER) {
      List<StoredDataKey> some =
          due.subList(from, Math.min(due.size(), from + TOGETHER)).stream()
              .filter(key -> silences.getOrDefault(key.provider(), 0) < PATIENCE)
              .toList();
      List<Callable<StoredDataKey>> tasks = new ArrayList<>();
      some.forEach(key -> tasks.add(() -> keys.rewrapped(key)));
      List<Future<StoredDataKey>> outcomes = invoked(threads, tasks);
      for (int i = 0; i < some.size(); i++) {
        StoredDataKey key = some.get(i);
        try {
          batch.done.put(key, outcomes.get(i).get());
          silences.remove(key.provider());
        } catch (ExecutionException e) {
          batch.faults.put(key.id(), fault(key, e));
          if (e.getCause() instanceof VaultException refusal && refusal.mayHelpToTryAgain()) {
            batch.away = refusal;
            silences.merge(key.provider(), 1, Integer::sum);
          }
        } catch (InterruptedException e) {
          throw interrupted(e);
        }
      }
    }
    return batch;
  }

  private static List<Future<StoredDataKey>> invoked(
      ExecutorService threads, List<Callable<StoredDataKey>> tasks) {
    try {
      return threads.invokeAll(tasks);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Whatever it is, the data keys behind this one have nothing to do with it. */
  private static String fault(StoredDataKey key, ExecutionException e) {
    return switch (e.getCause()) {
      case VaultException refusal -> String.valueOf(refusal.getMessage());
      case Error error -> throw error;
      case null, default -> {
        LOG.error("data key {} could not be wrapped again", key.id(), e.getCause());
        yield "Something went wrong inside Graft or the client of the key provider, which Graft's log"
            + " tells. Ask for a rewrap again; if that does not help, restore the data key from a"
            + " backup.";
      }
    };
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("interrupted while wrapping data keys again", e);
  }
}
