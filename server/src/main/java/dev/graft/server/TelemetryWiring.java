package dev.graft.server;

import dev.graft.server.audit.Sealing;
import dev.graft.server.backup.BackingUp;
import dev.graft.server.telemetry.Disk;
import dev.graft.server.telemetry.Looked;
import dev.graft.server.telemetry.Metrics;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.store.Counts;
import dev.graft.store.Database;
import dev.graft.store.Schedule;
import dev.graft.vault.Vault;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What is looked at when someone reads the figures. */
@Configuration(proxyBeanMethods = false)
class TelemetryWiring {
  /** Several may read them, and one look at the database is enough for all. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  /** Totals cost a look at every row. */
  private static final Duration TOTALS_FRESH = Duration.ofMinutes(1);

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** That the gauges are there. */
  record Gauges(Metrics metrics) {}

  @Bean
  Disk disk(Settings settings) {
    return new Disk(settings.dataDir(), settings.database().isEmpty());
  }

  @Bean
  Gauges gauges(
      Telemetry telemetry,
      Database database,
      Vault vault,
      Sealing sealing,
      Disk disk,
      BackingUp backingUp,
      Settings settings,
      List<Schedule.Task> tasks,
      InstantSource clock) {
    Metrics metrics = telemetry.metrics();
    counts(metrics, new Counts(database), tasks, clock);
    if (backingUp.isPossible()) {
      gauge(
          metrics,
          "graft.backup.last.timestamp.seconds",
          "When the last backup that Graft made ended well; 0 when none is known.",
          new Looked<>(backingUp::lastAt, FRESH, PATIENCE),
          at -> at.map(Instant::getEpochSecond).map(Long::doubleValue).orElse(0.0));
    }
    pool(metrics, database);
    cache(metrics, vault);
    for (String kind : sealing.sinkKinds()) {
      metrics.gauge(
          "graft.audit.sink.behind.seconds",
          "For how long checkpoints of the audit trail have not reached a sink; 0 when they do.",
          () -> sealing.behind(kind).toSeconds(),
          "sink",
          kind);
    }
    metrics.gauge(
        "graft.audit.chain.ok",
        "0 when the audit chain is not as Graft left it, so that records wait for someone to look.",
        () -> sealing.isBroken() ? 0 : 1);
    metrics.gauge("graft.disk.free.bytes", "Room left where the data folder is.", disk::free);
    metrics.gauge(
        "graft.disk.size.bytes",
        "All the room that there is where the data folder is.",
        disk::size);
    if (settings.edge().certificate().isEmpty()) {
      metrics.certificate(() -> Double.NaN);
    }
    return new Gauges(metrics);
  }

  private static void counts(
      Metrics metrics, Counts counts, List<Schedule.Task> tasks, InstantSource clock) {
    var now = new Looked<>(() -> counts.now(clock.instant()), FRESH, PATIENCE);
    var totals = new Looked<>(counts::totals, TOTALS_FRESH, PATIENCE);
    metrics.gauge(
        "graft.database.up", "1 when the database answered the last look.", () -> up(now));
    gauge(
        metrics,
        "graft.operations.unfinished",
        "Operations that are due and not over.",
        now,
        Counts.Now::unfinished);
    gauge(
        metrics,
        "graft.operations.unfinished.oldest.seconds",
        "For how long the oldest of them is due; 0 when there is none.",
        now,
        seen -> seen.oldest().map(since -> seconds(since, clock)).orElse(0.0));
    metrics.gauge(
        "graft.accounts",
        "Linked accounts, by whether Vapi takes their key.",
        () -> number(totals, Counts.Totals::accounts) - number(now, Counts.Now::revoked),
        "key",
        "active");
    metrics.gauge(
        "graft.accounts",
        "Linked accounts, by whether Vapi takes their key.",
        () -> number(now, Counts.Now::revoked),
        "key",
        "revoked");
    gauge(
        metrics,
        "graft.installations",
        "Installations there are.",
        totals,
        Counts.Totals::installations);
    gauge(
        metrics,
        "graft.installations.drifted",
        "Installations that the last look found changed by the customer.",
        now,
        Counts.Now::drifted);
    gauge(
        metrics,
        "graft.webhook.outbox",
        "Events that a webhook has not got yet.",
        now,
        Counts.Now::deliveriesWaiting);
    gauge(
        metrics,
        "graft.webhook.dead",
        "Events that a webhook will never get unless someone replays them.",
        now,
        Counts.Now::deliveriesDead);
    gauge(
        metrics,
        "graft.audit.waiting",
        "Audit records that have no place in the chain yet.",
        now,
        Counts.Now::auditWaiting);
    for (Schedule.Task task : tasks) {
      metrics.gauge(
          "graft.task.overdue.seconds",
          "For how long a scheduled task is due that no node has begun.",
          () ->
              number(
                  now,
                  seen -> seen.overdue().getOrDefault(task.name(), Duration.ZERO).toMillis() / 1e3),
          "task",
          task.name());
    }
  }

  private static double up(Looked<Counts.Now> now) {
    return now.now().isPresent() ? 1 : 0;
  }

  private static double seconds(Instant since, InstantSource clock) {
    return Math.max(0, Duration.between(since, clock.instant()).toMillis() / 1e3);
  }

  private static <T> void gauge(
      Metrics metrics,
      String name,
      String description,
      Looked<T> looked,
      ToDoubleFunction<T> figure) {
    metrics.gauge(name, description, () -> number(looked, figure));
  }

  private static <T> double number(Looked<T> looked, ToDoubleFunction<T> figure) {
    Optional<T> seen = looked.now();
    return seen.isEmpty() ? Double.NaN : figure.applyAsDouble(seen.get());
  }

  private static void pool(Metrics metrics, Database database) {
    String description = "Connections to the database.";
    metrics.gauge(
        "graft.database.connections",
        description,
        () -> database.pool().active(),
        "state",
        "active");
    metrics.gauge(
        "graft.database.connections", description, () -> database.pool().idle(), "state", "idle");
    metrics.gauge(
        "graft.database.connections.max",
        "The most connections to the database that there may be.",
        () -> database.pool().most());
    metrics.gauge(
        "graft.database.connections.waiting",
        "Threads that wait for a connection to the database.",
        () -> database.pool().waiting());
  }

  private static void cache(Metrics metrics, Vault vault) {
    metrics.gauge(
        "graft.data.keys.cached",
        "Unwrapped data keys that are kept for some minutes.",
        () -> vault.cache().entries());
    String description = "Uses of data keys, by whether the key was unwrapped already.";
    metrics.count("graft.data.key.uses", description, () -> vault.cache().hits(), "cached", "yes");
    metrics.count("graft.data.key.uses", description, () -> vault.cache().misses(), "cached", "no");
  }
}
