package dev.graft.server.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An exporter of spans that says once when they do not arrive, and once when they do again. */
final class RemarkedExporter implements SpanExporter {
  private static final Logger LOG = LoggerFactory.getLogger(RemarkedExporter.class);

  private final SpanExporter exporter;
  private final String collector;
  private final AtomicBoolean isAway = new AtomicBoolean();

  RemarkedExporter(SpanExporter exporter, String collector) {
    this.exporter = exporter;
    this.collector = collector;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode result = exporter.export(spans);
    result.whenComplete(() -> remark(!result.isSuccess()));
    return result;
  }

  private void remark(boolean away) {
    if (isAway.getAndSet(away) == away) {
      return;
    }
    if (away) {
      LOG.warn("traces do not reach the collector at {}, and are dropped meanwhile", collector);
    } else {
      LOG.info("traces reach the collector at {} again", collector);
    }
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
