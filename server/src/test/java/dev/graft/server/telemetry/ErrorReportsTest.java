package dev.graft.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.server.log.Redaction;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** What an error tracker is told, at one that takes envelopes as Sentry does. */
class ErrorReportsTest {
  private final Tracker tracker = Tracker.start();
  private final ErrorReports errors =
      ErrorReports.to(Optional.of(URI.create(tracker.dsn())), "0.1", "production");

  @AfterEach
  void stop() {
    MDC.clear();
    errors.close();
    tracker.close();
  }

  @Test
  void anErrorIsToldWithWhereItHappenedAndWhereToLook() throws InterruptedException {
    MDC.put("requestId", "req_1");
    errors.tell(
        VaultException.unavailable("transit:x", "it answers 400 (what the service said)", null),
        "POST /api/vapi/clone");
    String envelope = tracker.await(1).getFirst();
    assertThat(envelope)
        .contains(
            "\"value\":\"KEY_UNAVAILABLE (the message is in the log only)\"",
            "\"type\":\"VaultException\"",
            "ErrorReportsTest",
            "\"requestId\":\"req_1\"",
            "\"during\":\"POST /api/vapi/clone\"",
            "\"release\":\"graft@0.1\"",
            "\"environment\":\"production\"")
        .doesNotContain("what the service said")
        .doesNotContain("breadcrumb", "\"user\":{\"", "server_name", "\"request\"", "\"modules\"");
  }

  private static final class Refusal extends RuntimeException {
    Refusal(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A parser quotes the text that it cannot read, and that text is somebody's. */
  @Test
  void whatOthersSayInAnErrorStaysHere() throws InterruptedException {
    String key = UUID.randomUUID().toString();
    try (Secret secret = Secret.copyOf(key)) {
      Redaction.ofThisProcess().protect(secret);
    }
    MDC.put("operationId", key);
    var inner = new IllegalArgumentException("cannot read: customer's text " + key);
    errors.tell(new Refusal("The key " + key + " cannot be stored.", inner), "with " + key);
    String envelope = tracker.await(1).getFirst();
    assertThat(envelope)
        .contains("The key *** cannot be stored.", "IllegalArgumentException", "in the log only");
    assertThat(tracker.all()).doesNotContain(key, "customer's text");
  }

  @Test
  void theSameErrorIsNotToldAgainAtOnce() throws InterruptedException {
    for (int i = 0; i < 50; i++) {
      errors.tell(new IllegalStateException("again"), "a task");
    }
    errors.tell(new IllegalArgumentException("another"), "a task");
    tracker.await(2);
    Thread.sleep(Duration.ofMillis(300));
    assertThat(tracker.envelopes()).hasSize(2);
  }

  @Test
  void withoutATrackerNothingIsSent() {
    try (ErrorReports none = ErrorReports.to(Optional.empty(), "0.1", "production")) {
      none.tell(new IllegalStateException("x"), "a task");
    }
    assertThat(tracker.envelopes()).isEmpty();
  }
}
