package dev.graft.server.telemetry;

import dev.graft.server.log.Redaction;
import dev.graft.vapi.Exchange;
import dev.graft.vapi.Trace;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.IdGenerator;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends spans to a collector, when there is one. The ids are those of {@link Trace}, which are in
 * headers and logs whether spans are sent or not; this only tells what happened under them. What is
 * told are words and numbers of Graft's own, and goes through the redaction as a log line does.
 */
public final class Spans implements AutoCloseable {
  private static final int LONGEST = 256;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** The ids that the next span gets, which exist before it does. */
  private static final ScopedValue<Trace> IDS = ScopedValue.newInstance();

  private final @Nullable SdkTracerProvider provider;
  private final @Nullable Tracer tracer;

  private Spans(@Nullable SdkTracerProvider provider) {
    this.provider = provider;
    this.tracer = provider == null ? null : provider.get("dev.graft");
  }

  /** What kind of work a span is. */
  public enum Role {
    SERVER(SpanKind.SERVER),
    INTERNAL(SpanKind.INTERNAL),
    CLIENT(SpanKind.CLIENT);

    private final SpanKind kind;

    Role(SpanKind kind) {
      this.kind = kind;
    }
  }

  /**
   * Something that was done.
   *
   * @param trace where it stands; what was not sampled is not sent
   * @param failure what went wrong, in a word of Graft's own, null for nothing
   */
  public record Done(
      Trace trace,
      Role role,
      String name,
      Instant began,
      Duration took,
      Map<String, String> attributes,
      @Nullable String failure) {
    public Done {
      attributes = Map.copyOf(attributes);
    }
  }

  /**
   * Begins to send.
   *
   * @param collector the base address of an OTLP collector over HTTP; nothing is sent without one
   */
  static Spans to(Optional<URI> collector, String version) {
    if (collector.isEmpty()) {
      return new Spans(null);
    }
    String endpoint = collector.get().toString().replaceFirst("/+$", "") + "/v1/traces";
    var exporter =
        new RemarkedExporter(
            OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint)
                .setTimeout(PATIENCE)
                .setConnectTimeout(PATIENCE)
                .build(),
            String.valueOf(collector.get().getHost()));
    var resource =
        Resource.create(
            Attributes.of(
                AttributeKey.stringKey("service.name"),
                "graft",
                AttributeKey.stringKey("service.version"),
                version));
    return new Spans(
        SdkTracerProvider.builder()
            .setResource(resource)
            .setIdGenerator(new OurIds())
            // Whoever calls says whether its trace is kept; what begins here is.
            .setSampler(Sampler.parentBased(Sampler.alwaysOn()))
            .setSpanLimits(SpanLimits.builder().setMaxAttributeValueLength(LONGEST).build())
            .addSpanProcessor(
                BatchSpanProcessor.builder(exporter)
                    .setScheduleDelay(Duration.ofSeconds(1))
                    .setMaxQueueSize(8_192)
                    .setExporterTimeout(PATIENCE)
                    .build())
            .build());
  }

  /** Tells of something that was done. Never waits, and never fails for it. */
  public void tell(Done done) {
    if (tracer == null || !done.trace().sampled()) {
      return;
    }
    Span span =
        ScopedValue.where(IDS, done.trace())
            .call(() ->
                tracer
                    .spanBuilder(clean(done.name()))
                    .setParent(parent(done.trace()))
                    .setSpanKind(done.role().kind)
                    .setStartTimestamp(done.began())
                    .startSpan());
    done.attributes().forEach((name, value) -> span.setAttribute(name, clean(value)));
    if (done.failure() != null) {
      span.setStatus(StatusCode.ERROR, clean(done.failure()));
    }
    span.end(done.began().plus(done.took()));
  }

  /** Tells of a call to Vapi. */
  void tell(Exchange exchange) {
    if (tracer == null || exchange.trace() == null) {
      return;
    }
    var attributes = new TreeMap<String, String>();
    attributes.put("http.request.method", exchange.method());
    attributes.put("url.template", exchange.route());
    attributes.put("server.address", String.valueOf(exchange.host().url().getHost()));
    if (exchange.status() > 0) {
      attributes.put("http.response.status_code", String.valueOf(exchange.status()));
    }
    tell(
        new Done(
            exchange.trace(),
            Role.CLIENT,
            exchange.method() + " " + exchange.route(),
            exchange.began(),
            exchange.took(),
            attributes,
            exchange.status() == 0 || exchange.status() >= 400 ? exchange.outcome() : null));
  }

  private static String clean(String text) {
    return Redaction.ofThisProcess().clean(text);
  }

  private static Context parent(Trace trace) {
    if (trace.parent() == null) {
      return Context.root();
    }
    return Context.root()
        .with(
            Span.wrap(
                SpanContext.createFromRemoteParent(
                    trace.traceId(),
                    trace.parent(),
                    TraceFlags.getSampled(),
                    TraceState.getDefault())));
  }

  @Override
  public void close() {
    if (provider != null) {
      provider.shutdown().join(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private static final class OurIds implements IdGenerator {
    @Override
    public String generateSpanId() {
      return IDS.get().spanId();
    }

    @Override
    public String generateTraceId() {
      return IDS.get().traceId();
    }
  }
}
