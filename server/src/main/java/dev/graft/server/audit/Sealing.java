package dev.graft.server.audit;

import dev.graft.core.audit.ChainedRecord;
import dev.graft.core.audit.Checkpoint;
import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.telemetry.ErrorReports;
import dev.graft.store.AuditChain;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Gives audit records their place in the chain, signs checkpoints, and sends those out. When the
 * chain is not as this node or an outside checkpoint knows it, nothing is added to it until someone
 * has looked: records wait, and are protected by their codes meanwhile.
 */
public final class Sealing implements AutoCloseable {
  private static final int TOGETHER = 200;
  private static final int RECORDS_PER_CHECKPOINT = 1_000;
  private static final Duration TIME_PER_CHECKPOINT = Duration.ofMinutes(1);
  private static final Duration NEXT_LOOK_AT_A_BROKEN_CHAIN = Duration.ofSeconds(5);
  private static final int CHECKPOINTS_TOGETHER = 100;
  private static final Logger LOG = LoggerFactory.getLogger(Sealing.class);

  private final AuditChain chain;
  private final TrailKeys keys;
  private final List<Sink> sinks;
  private final Acts acts;
  private final InstantSource clock;
  private final ErrorReports errors;
  private final Duration every;
  private final Semaphore end = new Semaphore(0);

  /** Read by whoever asks, while a turn may wait for the database. */
  private final Map<Sink, Behind> behind = new ConcurrentHashMap<>();

  private final Map<Sink, Checkpoint> sent = new LinkedHashMap<>();
  private final Thread thread;

  private AuditChain.Head known = new AuditChain.Head(1, 0, ChainedRecord.GENESIS);
  private @Nullable Checkpoint latest;
  private @Nullable Checkpoint farthest;
  private Instant nextLook = Instant.MIN;
  private volatile @Nullable Trouble trouble;

  /**
   * Why records wait.
   *
   * @param isBroken whether the chain is not as it should be, so that someone has to look
   */
  private record Trouble(String sentence, boolean isBroken) {}

  /** Why a sink takes nothing, and since when. */
  private record Behind(String sentence, Instant since) {}

  /** Begins to seal what waits, and goes on as often as said. */
  public Sealing(
      AuditChain chain,
      TrailKeys keys,
      List<Sink> sinks,
      Acts acts,
      InstantSource clock,
      ErrorReports errors,
      Duration every) {
    this.chain = chain;
    this.keys = keys;
    this.sinks = List.copyOf(sinks);
    this.acts = acts;
    this.clock = clock;
    this.errors = errors;
    this.every = every;
    recall();
    turn();
    this.thread = Thread.ofPlatform().daemon().name("audit-sealing").start(this::work);
  }

  /** What is known of the chain from before: from outside it where that is farther. */
  private synchronized void recall() {
    chain.latestCheckpoint().filter(this::isOurs).ifPresent(this::hasBeen);
    latest = farthest;
    for (Sink sink : sinks) {
      try {
        sink.last().ifPresent(this::hasBeen);
      } catch (IOException e) {
        isBehind(sink, e);
      }
    }
    if (farthest != null) {
      known = new AuditChain.Head(farthest.epoch(), farthest.size(), farthest.head());
    }
  }

  private boolean isOurs(Checkpoint checkpoint) {
    return checkpoint.isSignedBy(keys.publicKey());
  }

  private void hasBeen(Checkpoint checkpoint) {
    if (farthest == null || checkpoint.isAfter(farthest)) {
      farthest = checkpoint;
    }
  }

  private void work() {
    try {
      while (!end.tryAcquire(every.toMillis(), TimeUnit.MILLISECONDS)) {
        turn();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Seals all that waits now, unless the chain is broken. */
  public synchronized void turn() {
    try {
      if (!clock.instant().isBefore(nextLook)) {
        seal();
        checkpoint(false);
      }
      send();
    } catch (AuditChain.Broken e) {
      nextLook = clock.instant().plus(NEXT_LOOK_AT_A_BROKEN_CHAIN);
      troubled(
          new Trouble(
              e.getMessage()
                  + " Nothing is added to the chain until someone has looked; records wait. After a"
                  + " restore from a backup run 'graft audit restored'.",
              true),
          e);
    } catch (RuntimeException | Error e) {
      // An Error, too: nobody would begin this thread again.
      if (!isBroken()) {
        troubled(new Trouble("Audit records cannot be chained now, and wait.", false), e);
      }
    }
  }

  private void seal() {
    while (chain.isWaiting() || trouble != null) {
      AuditChain.Turn turn = chain.take(known, TOGETHER, clock.instant());
      known = turn.head();
      turn.forged()
          .forEach(id ->
              LOG.error(
                  "the audit record {} was put into the database by someone else than Graft", id));
      if (trouble != null) {
        LOG.info("the audit chain goes on");
        trouble = null;
      }
      if (turn.taken() + turn.forged().size() < TOGETHER) {
        return;
      }
    }
  }

  /** Once for the same trouble, however often it is tried meanwhile. */
  private void troubled(Trouble now, Throwable reason) {
    if (!now.equals(trouble)) {
      if (now.isBroken()) {
        LOG.error("{}", now.sentence());
      } else {
        LOG.warn("{} {}", now.sentence(), reason.getMessage());
        errors.tell(reason, "chaining audit records");
      }
    }
    trouble = now;
  }

  private void checkpoint(boolean now) {
    if (!isDue(now)) {
      return;
    }
    // Another node may have made one meanwhile.
    latest = chain.latestCheckpoint().filter(this::isOurs).orElse(null);
    if (isDue(now)) {
      Checkpoint made = keys.signed(known, clock.instant());
      chain.keep(made);
      latest = made;
    }
  }

  private boolean isDue(boolean now) {
    if (latest == null) {
      return known.size() > 0;
    }
    if (latest.epoch() != known.epoch()) {
      return latest.epoch() < known.epoch();
    }
    long unsigned = known.size() - latest.size();
    Duration age = Duration.between(Instant.parse(latest.at()), clock.instant());
    return unsigned > 0
        && (now || unsigned >= RECORDS_PER_CHECKPOINT || age.compareTo(TIME_PER_CHECKPOINT) >= 0);
  }

  private void send() {
    for (Sink sink : sinks) {
      try {
        List<Checkpoint> next = unsent(sink);
        for (Checkpoint checkpoint : next) {
          sink.add(checkpoint);
          sent.put(sink, checkpoint);
        }
        if (behind.remove(sink) != null) {
          LOG.info("audit checkpoints go to the {} again", sink);
        }
      } catch (IOException e) {
        isBehind(sink, e);
      }
    }
  }

  private List<Checkpoint> unsent(Sink sink) throws IOException {
    Checkpoint last = sent.get(sink);
    if (last == null || behind.containsKey(sink)) {
      last = sink.last().orElse(null);
    }
    if (latest == null || last != null && !latest.isAfter(last)) {
      return List.of();
    }
    return chain.checkpointsAfter(last, CHECKPOINTS_TOGETHER).stream()
        .filter(this::isOurs)
        .toList();
  }

  private void isBehind(Sink sink, IOException e) {
    String sentence = "Audit checkpoints do not reach the " + sink + ": " + e.getMessage() + ".";
    Behind before = behind.get(sink);
    Instant since = before == null ? clock.instant() : before.since();
    behind.put(sink, new Behind(sentence, since));
    if (before == null || !before.sentence().equals(sentence)) {
      LOG.warn("{}", sentence);
    }
  }

  /** {@code ok}, or in sentences for everyone what is not. */
  public String state() {
    if (trouble instanceof Trouble now) {
      return now.sentence();
    }
    String told =
        behind.keySet().stream()
            .map(Sink::kind)
            .distinct()
            .map(kind -> "Audit checkpoints do not reach the " + kind + "; the log says why.")
            .collect(Collectors.joining(" "));
    return told.isEmpty() ? "ok" : told;
  }

  /**
   * Whether the chain is not as it should be, as far as this node knows. That it cannot be reached
   * now says nothing about it.
   */
  public boolean isBroken() {
    return trouble instanceof Trouble now && now.isBroken();
  }

  /** For how long a sink of this kind has not taken what it should. */
  public Duration behind(String kind) {
    Instant now = clock.instant();
    return behind.entrySet().stream()
        .filter(entry -> entry.getKey().kind().equals(kind))
        .map(entry -> Duration.between(entry.getValue().since(), now))
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /** What kinds of sinks there are. */
  public Set<String> sinkKinds() {
    return sinks.stream().map(Sink::kind).collect(Collectors.toSet());
  }

  /** The checkpoint that was signed last, if one was. */
  public synchronized Optional<Checkpoint> latest() {
    return Optional.ofNullable(latest);
  }

  public TrailKeys keys() {
    return keys;
  }

  /**
   * Goes on in a new epoch after a restore from a backup.
   *
   * @param outside the last checkpoint that whoever asks has from elsewhere, null for none
   */
  public synchronized AuditChain.Head restored(@Nullable Checkpoint outside) {
    for (Sink sink : sinks) {
      try {
        sink.last().ifPresent(this::hasBeen);
      } catch (IOException e) {
        isBehind(sink, e);
      }
    }
    if (outside != null) {
      hasBeen(outside);
    }
    Checkpoint lost =
        farthest == null
                || chain.contains(
                    new AuditChain.Head(farthest.epoch(), farthest.size(), farthest.head()))
            ? null
            : farthest;
    ObjectNode detail = Json.object();
    known = chain.restart(acts.record(ChainedRecord.RESTORED, null, null, detail), lost);
    farthest = null;
    nextLook = Instant.MIN;
    trouble = null;
    checkpoint(true);
    turn();
    LOG.warn("the audit chain was begun again: epoch {}", known.epoch());
    return known;
  }

  @Override
  public void close() {
    end.release();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      try {
        acts.add("node.stopped", null, null, Json.object());
        turn();
        if (trouble == null) {
          checkpoint(true);
          send();
        }
      } catch (RuntimeException e) {
        LOG.warn("the end of this node is not in the audit trail: {}", e.getMessage());
      }
    }
  }
}
