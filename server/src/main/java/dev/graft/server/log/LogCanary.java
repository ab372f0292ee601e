package dev.graft.server.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.spi.AppenderAttachable;
import dev.graft.vault.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.slf4j.event.KeyValuePair;

/**
 * A secret of no worth that is sent through every place a line is written by, at every start: as
 * long as it is masked there, those of worth are.
 */
final class LogCanary {
  private LogCanary() {}

  /**
   * Sends it.
   *
   * @throws Logging.Unsafe when it comes out on the other side, or nobody can tell
   */
  static void release(LoggerContext context, Redaction redaction) {
    String canary = UUID.randomUUID().toString();
    try (Secret secret = Secret.copyOf(canary)) {
      redaction.protect(secret);
    }
    int checked = 0;
    for (Logger logger : context.getLoggerList()) {
      for (Iterator<Appender<ILoggingEvent>> all = logger.iteratorForAppenders(); all.hasNext(); ) {
        check(all.next(), logger, canary);
        checked++;
      }
    }
    if (checked == 0) {
      throw new Logging.Unsafe(
          "The log is written nowhere, so that nobody can tell whether secrets are masked in it."
              + " Give the root logger an appender.");
    }
  }

  private static void check(Appender<?> appender, Logger logger, String canary) {
    switch (appender) {
      case OutputStreamAppender<?> writing -> check(writing, logger, canary);
      case AppenderAttachable<?> passing -> {
        for (var all = passing.iteratorForAppenders(); all.hasNext(); ) {
          check(all.next(), logger, canary);
        }
      }
      default ->
          throw new Logging.Unsafe(
              "Nobody can tell whether the appender '"
                  + appender.getName()
                  + "' of the log masks secrets: it is a "
                  + appender.getClass().getSimpleName()
                  + ". Use one that writes to a stream, such as a console or file appender.");
    }
  }

  @SuppressWarnings("unchecked")
  private static void check(OutputStreamAppender<?> appender, Logger logger, String canary) {
    var encoder = ((OutputStreamAppender<ILoggingEvent>) appender).getEncoder();
    String line =
        encoder == null
            ? canary
            : new String(encoder.encode(event(logger, canary)), StandardCharsets.UTF_8);
    if (line.contains(canary) || line.contains(base64(canary)) || !line.contains("***")) {
      throw new Logging.Unsafe(
          "The appender '"
              + appender.getName()
              + "' of the log does not mask secrets: a canary came through. In a configuration of"
              + " your own, use the layout dev.graft.server.log.TextLines, or give the JSON encoder a"
              + " <decorator class=\"net.logstash.logback.mask.MaskingJsonGeneratorDecorator\"> with"
              + " the <valueMasker class=\"dev.graft.server.log.SecretMasker\"/>.");
    }
  }

  /** It sits wherever something of a caller's or of Vapi's could. */
  private static LoggingEvent event(Logger logger, String canary) {
    var cause = new IllegalStateException("cause " + canary);
    var event =
        new LoggingEvent(
            LogCanary.class.getName(),
            logger,
            Level.ERROR,
            "said {} and " + base64(canary) + " " + canary,
            new IllegalStateException("thrown " + canary, cause),
            new Object[] {canary});
    var fields = new HashMap<String, String>();
    fields.put("requestId", canary);
    event.setMDCPropertyMap(fields);
    event.setKeyValuePairs(List.of(new KeyValuePair("value", canary)));
    return event;
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
