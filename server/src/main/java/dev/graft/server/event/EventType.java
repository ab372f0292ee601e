package dev.graft.server.event;

import java.util.Arrays;
import java.util.Optional;

/** What others can be told of. */
public enum EventType {
  /** A user was linked to an account, or gave it another key. */
  ACCOUNT_LINKED("account.linked"),
  /** Vapi refuses an account's key. */
  ACCOUNT_REVOKED("account.revoked"),
  /** A clone, repair, rollback or uninstall is done. */
  OPERATION_SUCCEEDED("operation.succeeded"),
  /** One is not done and will not be by itself. */
  OPERATION_FAILED("operation.failed"),
  /** The customer and the release changed the same field. */
  COLLISION_FOUND("collision.found"),
  /** The customer changed what Graft had written. */
  DRIFT_FOUND("drift.found"),
  /** The template has another release than an installation. */
  UPDATE_AVAILABLE("update.available"),
  /** A webhook is disabled, since it could not be reached for long. */
  WEBHOOK_DISABLED("webhook.disabled"),
  /** Someone tries a webhook. */
  WEBHOOK_TEST("webhook.test");

  private final String text;

  EventType(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  public static Optional<EventType> of(String text) {
    return Arrays.stream(values()).filter(type -> type.text.equals(text)).findFirst();
  }
}
