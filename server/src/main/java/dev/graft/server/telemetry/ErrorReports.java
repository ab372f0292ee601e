package dev.graft.server.telemetry;

import dev.graft.server.log.Redaction;
import dev.graft.vault.VaultException;
import io.sentry.Hint;
import io.sentry.SentryClient;
import io.sentry.SentryEvent;
import io.sentry.SentryLevel;
import io.sentry.SentryOptions;
import io.sentry.protocol.SentryException;
import io.sentry.protocol.SentryStackFrame;
import io.sentry.protocol.SentryStackTrace;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Tells an error tracker (Sentry, or what speaks as it does) of what went wrong inside Graft, and
 * of nothing else. What is sent is made here, word for word: where it happened in the code, what
 * kind of error it was, and ids by which the rest is found in the log. The message of an error is
 * only sent when Graft wrote all of it, since others quote what they choked on, and key providers
 * what their service said.
 */
public final class ErrorReports implements AutoCloseable {
  private static final Duration AGAIN_AFTER = Duration.ofMinutes(1);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int REMEMBERED = 256;

  /** What the log has of the work in which something went wrong, and a report may have too. */
  private static final List<String> IDS =
      List.of("requestId", "traceId", "operationId", "accountId", "task");

  private final @Nullable SentryClient client;

  /** When the same error may be told again. */
  private final Map<String, Long> told =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
              return size() > REMEMBERED;
            }
          });

  private ErrorReports(@Nullable SentryClient client) {
    this.client = client;
  }

  /** Nobody is told. */
  public static ErrorReports none() {
    return new ErrorReports(null);
  }

  /**
   * Begins to report.
   *
   * @param dsn where, as Sentry names it; nothing is reported without one
   * @param environment the profile of this process
   */
  static ErrorReports to(Optional<URI> dsn, String version, String environment) {
    if (dsn.isEmpty()) {
      return none();
    }
    var options = new SentryOptions();
    options.setDsn(dsn.get().toString());
    options.setRelease("graft@" + version);
    options.setEnvironment(environment);
    options.setSendDefaultPii(false);
    options.setAttachServerName(false);
    options.setAttachThreads(false);
    options.setAttachStacktrace(false);
    options.setSendModules(false);
    options.setSendClientReports(false);
    options.setMaxBreadcrumbs(0);
    options.setEnableUncaughtExceptionHandler(false);
    options.setEnableExternalConfiguration(false);
    options.setBeforeBreadcrumb((_, _) -> null);
    options.setShutdownTimeoutMillis(PATIENCE.toMillis());
    var errors = new ErrorReports(new SentryClient(options));
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
      errors.tell(thrown, "a thread that nobody waits for");
      if (before != null) {
        before.uncaughtException(thread, thrown);
      }
    });
    return errors;
  }

  /** Tells of an error, at most once a minute for the same one. Never waits, and never fails. */
  public void tell(Throwable thrown, String during) {
    if (client == null || !isNews(thrown)) {
      return;
    }
    var event = new SentryEvent();
    event.setLevel(SentryLevel.ERROR);
    event.setExceptions(exceptions(thrown));
    event.setTag("during", clean(during));
    for (String id : IDS) {
      String value = MDC.get(id);
      if (value != null) {
        event.setTag(id, clean(value));
      }
    }
    client.captureEvent(event, null, new Hint());
  }

  private boolean isNews(Throwable thrown) {
    StackTraceElement[] stack = thrown.getStackTrace();
    String what = thrown.getClass().getName() + (stack.length == 0 ? "" : stack[0]);
    long now = System.nanoTime();
    Long before = told.putIfAbsent(what, now);
    if (before == null) {
      return true;
    }
    return now - before > AGAIN_AFTER.toNanos() && told.replace(what, before, now);
  }

  /** The innermost cause first, as the protocol wants it. */
  private static List<SentryException> exceptions(Throwable thrown) {
    var exceptions = new ArrayList<SentryException>();
    Set<Throwable> seen = Collections.newSetFromMap(new java.util.IdentityHashMap<>());
    for (Throwable one = thrown; one != null && seen.add(one); one = one.getCause()) {
      exceptions.addFirst(exception(one));
    }
    return exceptions;
  }

  private static SentryException exception(Throwable thrown) {
    var exception = new SentryException();
    exception.setType(thrown.getClass().getSimpleName());
    exception.setModule(thrown.getClass().getPackageName());
    exception.setValue(said(thrown));
    var frames = new ArrayList<SentryStackFrame>();
    for (StackTraceElement element : thrown.getStackTrace()) {
      var frame = new SentryStackFrame();
      frame.setModule(element.getClassName());
      frame.setFunction(element.getMethodName());
      frame.setFilename(element.getFileName());
      frame.setLineno(element.getLineNumber() > 0 ? element.getLineNumber() : null);
      frame.setInApp(element.getClassName().startsWith("dev.graft."));
      frames.addFirst(frame);
    }
    exception.setStacktrace(new SentryStackTrace(frames));
    return exception;
  }

  private static String said(Throwable thrown) {
    String inTheLog = "(the message is in the log only)";
    if (thrown instanceof VaultException e) {
      // A service may be the one who is quoted.
      return e.kind() + " " + inTheLog;
    }
    boolean isOurs = thrown.getClass().getPackageName().startsWith("dev.graft.");
    return isOurs && thrown.getMessage() != null ? clean(thrown.getMessage()) : inTheLog;
  }

  private static String clean(String text) {
    return Redaction.ofThisProcess().clean(text);
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
  }
}
