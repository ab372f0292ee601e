package dev.graft.server.telemetry;

import dev.graft.core.apply.Journal;
import dev.graft.store.Operation;
import dev.graft.store.Schedule;
import dev.graft.vapi.Exchange;
import dev.graft.vapi.Trace;
import dev.graft.vault.KeyProvider;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** All that this process tells of itself: figures always, spans and errors when someone listens. */
public record Telemetry(Metrics metrics, Spans spans, ErrorReports errors)
    implements AutoCloseable {
  /** A run of a task that found nothing to do is over sooner. */
  private static final Duration WORTH_TELLING = Duration.ofMillis(10);

  private static final Logger LOG = LoggerFactory.getLogger(Telemetry.class);

  /**
   * Begins to measure, and to send what is to be sent.
   *
   * @param environment the profile of this process
   * @param provider the scheme of the key provider that wraps
   */
  public static Telemetry of(
      TelemetrySettings settings, String version, String environment, String provider) {
    var telemetry =
        new Telemetry(
            new Metrics(version, provider),
            Spans.to(settings.collector(), version),
            ErrorReports.to(settings.errors(), version, environment));
    settings
        .collector()
        .ifPresent(to -> LOG.info("traces go to the collector at {}", to.getHost()));
    settings.errors().ifPresent(to -> LOG.info("errors are reported to {}", to.getHost()));
    return telemetry;
  }

  /** Hears of a call to Vapi. */
  public void vapi(Exchange exchange) {
    metrics.vapi(exchange);
    spans.tell(exchange);
  }

  /**
   * A request was answered.
   *
   * @param route the template of its path, or a word for none
   */
  public void request(
      Trace trace, String route, String method, int status, Instant began, Duration took) {
    metrics.request(route, method, status, took);
    // What asks every few seconds whether all is well would be most of what is told.
    if (!route.startsWith("/health") && !route.equals("/metrics")) {
      String word = Metrics.method(method).toUpperCase(Locale.ROOT);
      spans.tell(
          new Spans.Done(
              trace,
              Spans.Role.SERVER,
              word + " " + route,
              began,
              took,
              Map.of(
                  "http.request.method",
                  word,
                  "http.route",
                  route,
                  "http.response.status_code",
                  String.valueOf(status),
                  "graft.request.id",
                  String.valueOf(MDC.get("requestId"))),
              status >= 500 ? String.valueOf(status) : null));
    }
  }

  /** Works on an operation, as a part of the trace of whoever asked for it, if anyone did. */
  public Operation working(Operation operation, Supplier<Operation> work) {
    Trace trace = Trace.CURRENT.isBound() ? Trace.CURRENT.get().child() : Trace.begun();
    Instant began = Instant.now();
    long nanos = System.nanoTime();
    String end = "failed";
    try (var _ = Trace.CURRENT.isBound() ? null : MDC.putCloseable("traceId", trace.traceId())) {
      Operation after = ScopedValue.where(Trace.CURRENT, trace).call(work::get);
      end = after.isOver() ? after.state().name().toLowerCase(Locale.ROOT) : "postponed";
      return after;
    } finally {
      spans.tell(
          new Spans.Done(
              trace,
              Spans.Role.INTERNAL,
              "operation " + operation.kind(),
              began,
              Duration.ofNanos(System.nanoTime() - nanos),
              Map.of(
                  "graft.operation.id", operation.id(),
                  "graft.operation.kind", operation.kind(),
                  "graft.operation.state", end,
                  "graft.account.id", operation.accountId()),
              end.equals("failed") || end.equals("postponed") ? end : null));
    }
  }

  public KeyProvider measured(KeyProvider provider) {
    return new MeasuredKeyProvider(provider, metrics);
  }

  public Journal measured(Journal journal) {
    return new MeasuredJournal(journal, metrics);
  }

  /** A scheduled task that is measured, and each run of which is a trace of its own. */
  public Schedule.Task measured(Schedule.Task task) {
    metrics.expectTask(task.name());
    return new Schedule.Task(task.name(), task.every(), () -> run(task));
  }

  private void run(Schedule.Task task) {
    Trace trace = Trace.begun();
    Instant began = Instant.now();
    long nanos = System.nanoTime();
    boolean failed = true;
    metrics.taskBegins(task.name(), nanos);
    try (var _ = MDC.putCloseable("task", task.name());
        var _ = MDC.putCloseable("traceId", trace.traceId())) {
      ScopedValue.where(Trace.CURRENT, trace).run(task.work());
      failed = false;
    } catch (Throwable e) {
      errors.tell(e, "the scheduled work " + task.name());
      throw e;
    } finally {
      Duration took = Duration.ofNanos(System.nanoTime() - nanos);
      metrics.task(task.name(), failed, took, began.plus(took).toEpochMilli());
      if (failed || took.compareTo(WORTH_TELLING) >= 0) {
        spans.tell(
            new Spans.Done(
                trace,
                Spans.Role.INTERNAL,
                "task " + task.name(),
                began,
                took,
                Map.of("graft.task", task.name()),
                failed ? "failed" : null));
      }
    }
  }

  @Override
  public void close() {
    spans.close();
    errors.close();
    metrics.close();
  }
}
