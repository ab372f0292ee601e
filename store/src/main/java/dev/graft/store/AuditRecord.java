package dev.graft.store;

import dev.graft.core.json.Json;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who did what to which account, and when. Never a secret in it.
 *
 * @param actor who, as the server names its callers, for instance {@code key:3f9a}
 * @param act what, as {@code thing.done}, for instance {@code account.linked}
 * @param accountId to which account, null when it is about none
 * @param subject what else it is about, for instance the id of an operation
 * @param requestId in answer to which request, null when nobody asked
 */
public record AuditRecord(
    Instant at,
    String actor,
    String act,
    @Nullable String accountId,
    @Nullable String subject,
    @Nullable String requestId,
    ObjectNode detail) {

  /** A customer's key was opened to be used. */
  public static final String KEY_OPENED = "key.opened";

  public AuditRecord {
    detail = detail.deepCopy();
  }

  /** The same act with another detail, for what is known only when it is done. */
  public AuditRecord with(ObjectNode done) {
    return new AuditRecord(at, actor, act, accountId, subject, requestId, done);
  }

  String detailText() {
    return Json.write(detail);
  }
}
