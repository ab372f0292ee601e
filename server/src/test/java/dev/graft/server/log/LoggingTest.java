package dev.graft.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.status.Status;
import dev.graft.core.json.Json;
import dev.graft.vault.Secret;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import tools.jackson.databind.node.ObjectNode;

/** The real appenders, in both forms and at their chattiest. */
class LoggingTest {
  private final PrintStream terminal = System.out;
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  @AfterEach
  void asBefore() {
    System.setOut(terminal);
    MDC.clear();
    Logging.start(LogSettings.BEFORE_ANY);
  }

  private String logged(LogSettings settings, Runnable saying) {
    System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
    Logging.start(settings);
    written.reset();
    saying.run();
    return written.toString(StandardCharsets.UTF_8);
  }

  /** Says a secret wherever one can be said. */
  private static void say(String secret) {
    var cause = new IllegalArgumentException("deep: " + secret);
    var thrown = new IllegalStateException("top: " + secret, cause);
    thrown.addSuppressed(new IllegalStateException("beside: " + secret));
    MDC.put("accountId", secret);
    LoggerFactory.getLogger("dev.graft.x")
        .atDebug()
        .addKeyValue("answer", secret)
        .setCause(thrown)
        .log("message {} and " + secret, secret);
    java.util.logging.Logger.getLogger("other").warning("from a library: " + secret);
    LoggerFactory.getLogger("dev.graft.x").info("first\r\n2026-01-01 INFO forged\u001b[2J");
  }

  @Test
  void aSecretIsInNoLineOfEitherForm() {
    for (boolean json : new boolean[] {true, false}) {
      String secret = UUID.randomUUID().toString();
      Redaction.ofThisProcess().protect(Secret.copyOf(secret));
      String log = logged(new LogSettings(json, true), () -> say(secret));
      assertThat(log).doesNotContain(secret).contains("message *** and ***", "deep: ***");
      assertThat(log).contains("top: ***", "beside: ***", "from a library: ***");
      assertThat(log.lines().filter(line -> line.startsWith("2026-01-01"))).isEmpty();
      assertThat(log).doesNotContain("\u001b");
    }
  }

  @Test
  void aLineInJsonHasItsFields() {
    String line =
        logged(
            new LogSettings(true, false),
            () -> {
              MDC.put("requestId", "req_1");
              MDC.put("traceId", "0af7");
              LoggerFactory.getLogger("dev.graft.x").info("done");
            });
    ObjectNode json = Json.parseObject(line);
    assertThat(json.get("message").stringValue()).isEqualTo("done");
    assertThat(json.get("level").stringValue()).isEqualTo("INFO");
    assertThat(json.get("logger").stringValue()).isEqualTo("dev.graft.x");
    assertThat(json.get("requestId").stringValue()).isEqualTo("req_1");
    assertThat(json.get("traceId").stringValue()).isEqualTo("0af7");
    assertThat(json.get("time").stringValue()).startsWith("20");
  }

  @Test
  void aLineForPeopleSaysWhatItIsAbout() {
    String line =
        logged(
            new LogSettings(false, false),
            () -> {
              MDC.put("requestId", "req_1");
              LoggerFactory.getLogger("dev.graft.x").info("done");
            });
    assertThat(line).containsPattern("^\\S+ INFO  done \\[req_1]\n$");
  }

  @Test
  void librariesDoNotWriteDownWhatTheySend() {
    logged(new LogSettings(true, true), () -> {});
    for (String library : new String[] {"org.apache.hc.client5.http.wire", "org.apache.coyote"}) {
      assertThat(LoggerFactory.getLogger(library).isDebugEnabled()).as(library).isFalse();
    }
  }

  /** A configuration of an operator's own, with what is wanted inside its appender. */
  private static LoggerContext own(String inside, String kind) {
    var context = new LoggerContext();
    var joran = new JoranConfigurator();
    joran.setContext(context);
    String xml =
        """
        <configuration><appender name="own" class="%s">%s</appender>
        <root level="WARN"><appender-ref ref="own"/></root></configuration>
        """
            .formatted(kind, inside);
    assertThatCode(
            () -> joran.doConfigure(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8))))
        .doesNotThrowAnyException();
    context.getLogger("x").setLevel(Level.WARN);
    return context;
  }

  @Test
  void aConfigurationThatDoesNotMaskIsFoundOut() {
    String console = "ch.qos.logback.core.ConsoleAppender";
    String json = "<encoder class=\"net.logstash.logback.encoder.LogstashEncoder\">%s</encoder>";
    String decorator =
        "<%1$s class=\"net.logstash.logback.mask.MaskingJsonGeneratorDecorator\"><valueMasker"
            + " class=\"dev.graft.server.log.SecretMasker\"/></%1$s>";
    var redaction = Redaction.ofThisProcess();

    LogCanary.release(own(json.formatted(decorator.formatted("decorator")), console), redaction);
    LogCanary.release(
        own(
            "<encoder class=\"ch.qos.logback.core.encoder.LayoutWrappingEncoder\"><layout"
                + " class=\"dev.graft.server.log.TextLines\"><pattern>%msg%n%ex</pattern></layout></encoder>",
            console),
        redaction);

    for (String unsafe :
        new String[] {
          json.formatted(""),
          // The name it had before version 9: ignored with a warning, and nothing is masked.
          json.formatted(decorator.formatted("jsonGeneratorDecorator")),
          "<encoder><pattern>%msg%n</pattern></encoder>"
        }) {
      assertThatThrownBy(() -> LogCanary.release(own(unsafe, console), redaction))
          .as(unsafe)
          .isInstanceOf(Logging.Unsafe.class)
          .hasMessageContaining("does not mask secrets");
    }
    assertThatThrownBy(
            () -> LogCanary.release(own("", "ch.qos.logback.core.read.ListAppender"), redaction))
        .isInstanceOf(Logging.Unsafe.class)
        .hasMessageContaining("Nobody can tell");
    assertThatThrownBy(() -> LogCanary.release(new LoggerContext(), redaction))
        .isInstanceOf(Logging.Unsafe.class);

    LoggerContext old = own(json.formatted(decorator.formatted("jsonGeneratorDecorator")), console);
    assertThat(
            old.getStatusManager().getCopyOfStatusList().stream()
                .anyMatch(status -> status.getEffectiveLevel() >= Status.WARN))
        .isTrue();
  }
}
