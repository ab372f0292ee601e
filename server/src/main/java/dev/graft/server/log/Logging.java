package dev.graft.server.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.Status;
import java.util.List;
import net.logstash.logback.encoder.LogstashEncoder;
import net.logstash.logback.mask.MaskingJsonGeneratorDecorator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Sets up the log, before anything is logged. Logback finds this class by itself and leaves to it
 * what is written where; a file named with {@code -Dlogback.configurationFile} goes before, and has
 * to pass {@link LogCanary} as everything else.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class Logging extends ContextAwareBase implements Configurator {
  private static final String OWN_FILE = "logback.configurationFile";
  private static final String LINE =
      "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level %msg%where%n%ex";

  /** A reason not to start: the log would not keep secrets. */
  public static final class Unsafe extends RuntimeException {
    Unsafe(String message) {
      super(message);
    }
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (hasOwnFile()) {
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    configure(context, LogSettings.BEFORE_ANY);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /**
   * Logs like this from now on, everything of this process.
   *
   * @throws Unsafe when secrets would not be masked
   */
  public static synchronized void start(LogSettings settings) {
    // Otherwise Spring would put a configuration of its own in place of this one.
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    var context = (LoggerContext) LoggerFactory.getILoggerFactory();
    if (!hasOwnFile()) {
      context.reset();
      context.getStatusManager().clear();
      configure(context, settings);
    }
    if (!SLF4JBridgeHandler.isInstalled()) {
      SLF4JBridgeHandler.removeHandlersForRootLogger();
      SLF4JBridgeHandler.install();
    }
    Logger log = LoggerFactory.getLogger(Logging.class);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, thrown) -> log.error("thread {} ended unexpectedly", thread.getName(), thrown));
    refuseWarnings(context.getStatusManager().getCopyOfStatusList());
    LogCanary.release(context, Redaction.ofThisProcess());
  }

  private static boolean hasOwnFile() {
    return System.getProperty(OWN_FILE) != null;
  }

  private static void refuseWarnings(List<Status> statuses) {
    statuses.stream()
        .filter(status -> status.getEffectiveLevel() >= Status.WARN)
        // A logger tells of what was logged while there was nowhere to write it to yet.
        .filter(status -> !(status.getOrigin() instanceof Logger))
        .findFirst()
        .ifPresent(status -> {
          throw new Unsafe(
              "Logback warns about its configuration, and what it does not understand it leaves out,"
                  + " the masking of secrets perhaps: "
                  + status.getMessage()
                  + ". Correct the file that -Dlogback.configurationFile names, or start without it.");
        });
  }

  private static void configure(LoggerContext context, LogSettings settings) {
    var terminal = new ConsoleAppender<ILoggingEvent>();
    terminal.setContext(context);
    terminal.setName("terminal");
    terminal.setEncoder(settings.json() ? json(context) : text(context));
    terminal.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.addAppender(terminal);
    // Libraries never say more than INFO: at DEBUG they write down the bytes that they send.
    root.setLevel(settings.debug() ? Level.INFO : Level.WARN);
    // Why a start fails is said in a sentence.
    for (String starting :
        List.of(
            "org.springframework.boot.SpringApplication",
            "org.springframework.boot.web.server.servlet.context")) {
      context.getLogger(starting).setLevel(settings.debug() ? Level.INFO : Level.OFF);
    }
    // Whether traces arrive is said once, and not with a stack for every second in which they do
    // not.
    context.getLogger("io.opentelemetry").setLevel(Level.OFF);
    context.getLogger("dev.graft").setLevel(settings.debug() ? Level.DEBUG : Level.INFO);
  }

  private static Encoder<ILoggingEvent> text(LoggerContext context) {
    var lines = new TextLines();
    lines.setContext(context);
    lines.setPattern(LINE);
    lines.start();
    var encoder = new LayoutWrappingEncoder<ILoggingEvent>();
    encoder.setContext(context);
    encoder.setLayout(lines);
    encoder.start();
    return encoder;
  }

  private static Encoder<ILoggingEvent> json(LoggerContext context) {
    var masking = new MaskingJsonGeneratorDecorator();
    masking.addValueMasker(new SecretMasker());
    masking.start();
    var encoder = new LogstashEncoder();
    encoder.setContext(context);
    encoder.addDecorator(masking);
    encoder.getFieldNames().setTimestamp("time");
    encoder.getFieldNames().setLogger("logger");
    encoder.getFieldNames().setThread("thread");
    encoder.getFieldNames().setStackTrace("stackTrace");
    encoder.getFieldNames().setVersion("[ignore]");
    encoder.getFieldNames().setLevelValue("[ignore]");
    encoder.setIncludeTags(false);
    encoder.start();
    return encoder;
  }
}
