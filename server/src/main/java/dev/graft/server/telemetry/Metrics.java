package dev.graft.server.telemetry;

import dev.graft.vapi.Exchange;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The figures of this process, as Prometheus reads them. Labels are words of Graft's own, of which
 * there are few: no id, no name and nothing else of a customer is ever one. What can be counted is
 * there from the start at zero, so that the first time it happens is seen as a change
 * (docs/observing.md lists all of it).
 */
public final class Metrics implements AutoCloseable {
  /** What Prometheus reads. */
  public static final String CONTENT_TYPE = "text/plain;version=0.0.4;charset=utf-8";

  private static final Duration[] TIMES = {
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5)
  };

  private static final Set<String> METHODS =
      Set.of("get", "head", "post", "put", "patch", "delete", "options");

  private static final List<String> KINDS =
      List.of("clone", "repair", "rollback", "undo", "uninstall", "sweep", "recover");
  private static final List<String> OUTCOMES = List.of("succeeded", "blocked", "failed");
  private static final List<String> VERBS =
      List.of("create", "update", "delete", "adopt", "confirm", "forget");
  private static final List<String> LIMITS = List.of("user", "caller", "sign-in");

  /** What calls of a key provider that works come to, and what those of one that does not. */
  private static final List<String> KEY_OUTCOMES =
      List.of("ok", "key-unavailable", "tampered", "wrong-key", "failed");

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics garbage = new JvmGcMetrics();
  private final Map<String, Number> latest = new ConcurrentHashMap<>();

  /** What {@code System.nanoTime} was when the tasks began that run. */
  private final Map<String, Long> running = new ConcurrentHashMap<>();

  /** How a call whose effect was unknown was settled. */
  public enum Settled {
    /** Vapi had acted: its object was found, or is as it was sent. */
    FOUND,
    /** Vapi had not acted, and it was done or left to be done then. */
    NOT_DONE,
    /** Nothing was there when it had to be; someone looks again later. */
    NOT_THERE,
    /** Vapi refused it when it was looked into. */
    REFUSED;

    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** What a request was refused with 503 for the lack of. */
  public enum Missing {
    DATABASE,
    KEYS
  }

  /**
   * Begins at zero.
   *
   * @param version of this program
   * @param provider the scheme of the key provider that wraps, such as {@code aws-kms}
   */
  public Metrics(String version, String provider) {
    new ClassLoaderMetrics().bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    garbage.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    Gauge.builder("graft.build.info", () -> 1)
        .description("Always 1; the label says which version this is.")
        .tag("version", version)
        .strongReference(true)
        .register(registry);
    for (String kind : KINDS) {
      OUTCOMES.forEach(outcome -> operations(kind, outcome));
      postponed(kind);
    }
    for (String verb : VERBS) {
      List.of("done", "refused", "not-done", "not-there").forEach(outcome -> steps(verb, outcome));
    }
    doubts();
    for (Settled settled : Settled.values()) {
      settlements(settled);
    }
    recoveries();
    takeovers();
    LIMITS.forEach(this::limited);
    for (String call : List.of("wrap", "unwrap", "rewrap", "check")) {
      KEY_OUTCOMES.forEach(outcome -> provider(provider, call, outcome));
    }
    for (Missing part : Missing.values()) {
      unavailable(part);
    }
    List.of("delivered", "failed", "gone").forEach(this::deliveries);
  }

  /** A request that was answered; {@code route} is the template of its path, or a word for none. */
  public void request(String route, String method, int status, Duration took) {
    timer(
            "graft.http.request.duration",
            "Requests to Graft, by route, method and status.",
            "route",
            route,
            "method",
            method(method),
            "status",
            String.valueOf(status))
        .record(took);
  }

  /** A method in lower case if it is a known one; a stranger may send any other word. */
  static String method(String method) {
    String known = method.toLowerCase(Locale.ROOT);
    return METHODS.contains(known) ? known : "other";
  }

  /** A request was answered with 503 because a part of Graft's own could not be used. */
  public void missed(Missing part) {
    unavailable(part).increment();
  }

  private Counter unavailable(Missing part) {
    return counter(
        "graft.requests.unavailable",
        "Requests answered with 503 because the database or the keys could not be used.",
        "part",
        part.name().toLowerCase(Locale.ROOT));
  }

  /** An operation that is over, so long after it was asked for. */
  public void operation(String kind, String outcome, Duration took) {
    operations(kind, outcome).record(took);
  }

  private Timer operations(String kind, String outcome) {
    return timer(
        "graft.operation.duration",
        "Operations that are over, from when they were asked for, by kind and outcome.",
        "kind",
        kind,
        "outcome",
        outcome);
  }

  /** An operation could not be finished now, and is left to a later try. */
  public void operationPostponed(String kind) {
    postponed(kind).increment();
  }

  private Counter postponed(String kind) {
    return counter(
        "graft.operations.postponed",
        "Times that an operation was left to a later try, by kind.",
        "kind",
        kind);
  }

  /** A step of an operation is over. */
  public void step(String verb, String outcome) {
    steps(verb, outcome).increment();
  }

  private Counter steps(String verb, String outcome) {
    return counter(
        "graft.steps",
        "Steps of operations, by verb and outcome.",
        "verb",
        verb,
        "outcome",
        outcome);
  }

  /** A call to Vapi got no answer that can be believed, so that its effect is unknown. */
  public void doubt() {
    doubts().increment();
  }

  private Counter doubts() {
    return counter(
        "graft.calls.in.doubt", "Writing calls to Vapi whose effect was unknown at first.");
  }

  /** What such a call turned out to be. */
  public void settled(Settled how) {
    settlements(how).increment();
  }

  private Counter settlements(Settled how) {
    return counter(
        "graft.calls.in.doubt.settled",
        "Calls in doubt that were looked into, by what was found.",
        "how",
        how.word());
  }

  /** A call to Vapi is over. */
  public void vapi(Exchange exchange) {
    timer(
            "graft.vapi.call.duration",
            "Calls to Vapi, by host, route, method and status.",
            "host",
            exchange.host().name(),
            "route",
            exchange.route(),
            "method",
            exchange.method().toLowerCase(Locale.ROOT),
            "status",
            exchange.outcome())
        .record(exchange.took());
  }

  /** An operation that nobody worked on was taken up again. */
  public void recovery() {
    recoveries().increment();
  }

  private Counter recoveries() {
    return counter(
        "graft.recoveries", "Operations that were taken up again without anyone asking.");
  }

  /** An account was taken from a holder that had not given it back when its lease ran out. */
  public void takeover() {
    takeovers().increment();
  }

  private Counter takeovers() {
    return counter(
        "graft.lease.takeovers",
        "Leases that had run out at a holder that did not give them back.");
  }

  /** A scheduled task that this node runs may fail from now on. */
  public void expectTask(String task) {
    tasks(task, "ok");
    tasks(task, "failed");
    gauge(
        "graft.task.last.end.timestamp.seconds",
        "When this node last ended a scheduled task well; absent until then.",
        () -> latest.getOrDefault(task, Double.NaN),
        "task",
        task);
    gauge(
        "graft.task.running.seconds",
        "For how long the run of a scheduled task goes on at this node; 0 between two.",
        () -> running.get(task) instanceof Long began ? (System.nanoTime() - began) / 1e9 : 0,
        "task",
        task);
  }

  /** A scheduled task is begun. */
  void taskBegins(String task, long nanoTime) {
    running.put(task, nanoTime);
  }

  /** A run of a scheduled task is over. */
  public void task(String task, boolean failed, Duration took, long endedAt) {
    running.remove(task);
    tasks(task, failed ? "failed" : "ok").record(took);
    if (!failed) {
      latest.put(task, endedAt / 1000.0);
    }
  }

  private Timer tasks(String task, String outcome) {
    return timer(
        "graft.task.duration",
        "Runs of scheduled tasks on this node, by task and outcome.",
        "task",
        task,
        "outcome",
        outcome);
  }

  /** A key provider was asked for something. */
  public void provider(String provider, String call, String outcome, Duration took) {
    provider(provider, call, outcome).record(took);
  }

  private Timer provider(String provider, String call, String outcome) {
    return timer(
        "graft.key.provider.call.duration",
        "Calls to key providers, by provider, call and outcome.",
        "provider",
        provider,
        "call",
        call,
        "outcome",
        outcome);
  }

  /** A request was refused because its limit was used up. */
  public void rateLimited(String limit) {
    limited(limit).increment();
  }

  private Counter limited(String limit) {
    return counter(
        "graft.rate.limited", "Requests that were refused with 429, by the limit.", "limit", limit);
  }

  /** An event was sent to a webhook. */
  public void delivery(String outcome) {
    deliveries(outcome).increment();
  }

  private Counter deliveries(String outcome) {
    return counter(
        "graft.webhook.deliveries",
        "Tries to deliver an event to a webhook, by outcome.",
        "outcome",
        outcome);
  }

  /** When the server's certificate ends, in seconds since 1970; NaN for a server without one. */
  public void certificate(Supplier<Number> end) {
    gauge(
        "graft.tls.certificate.expires.timestamp.seconds",
        "When the TLS certificate that is shown ends; NaN without one.",
        end);
  }

  /** Something that can be looked at whenever it is asked for; NaN says that nobody knows. */
  public void gauge(
      String name, String description, Supplier<Number> value, String... keysAndValues) {
    Gauge.builder(name, value)
        .description(description)
        .tags(keysAndValues)
        .strongReference(true)
        .register(registry);
  }

  /** Something that only ever grows, and that someone else counts. */
  public void count(
      String name, String description, Supplier<Number> value, String... keysAndValues) {
    // The registry holds what it asks only weakly: were that the supplier, the figure would stand
    // still from the first garbage collection on.
    FunctionCounter.builder(name, this, _ -> value.get().doubleValue())
        .description(description)
        .tags(keysAndValues)
        .register(registry);
  }

  private Counter counter(String name, String description, String... keysAndValues) {
    return Counter.builder(name).description(description).tags(keysAndValues).register(registry);
  }

  private Timer timer(String name, String description, String... keysAndValues) {
    return Timer.builder(name)
        .description(description)
        .tags(keysAndValues)
        .serviceLevelObjectives(TIMES)
        .register(registry);
  }

  /** All of it, in the text that Prometheus reads. */
  public String text() {
    return registry.scrape();
  }

  @Override
  public void close() {
    garbage.close();
    registry.close();
  }
}
