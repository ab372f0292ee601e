package dev.graft.server.access;

import dev.graft.core.json.Json;
import dev.graft.store.AuditRecord;
import dev.graft.store.AuditTrail;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What callers do, as the audit trail says it: whoever the present thread works for is the actor.
 */
public final class Acts {
  private final AuditTrail trail;
  private final InstantSource clock;

  public Acts(AuditTrail trail, InstantSource clock) {
    this.trail = trail;
    this.clock = clock;
  }

  /**
   * The record of an act, for whoever writes it in the transaction of that act.
   *
   * @param act what, as {@code thing.done}
   * @param accountId to which account, null when it is about none
   * @param subject the id of what else it is about, null for nothing
   * @param detail ids, counts and choices; never a body, never a secret
   */
  public AuditRecord record(
      String act, @Nullable String accountId, @Nullable String subject, ObjectNode detail) {
    return new AuditRecord(
        clock.instant(),
        Caller.current().toString(),
        act,
        accountId,
        subject,
        RequestId.current(),
        detail);
  }

  /**
   * Writes down an act that is in no transaction of the database, and returns when it is durable.
   */
  public void add(
      String act, @Nullable String accountId, @Nullable String subject, ObjectNode detail) {
    trail.add(record(act, accountId, subject, detail));
  }

  /**
   * Writes down that a customer's key is about to be opened. Without this it is not.
   *
   * @param purpose what for, in a word
   * @param subject the id of what it is for, null for nothing
   */
  public void keyOpened(String accountId, String purpose, @Nullable String subject) {
    add(AuditRecord.KEY_OPENED, accountId, subject, Json.object().put("purpose", purpose));
  }
}
