package dev.graft.store;

import dev.graft.core.apply.Intent;
import dev.graft.core.apply.Journal;
import dev.graft.core.apply.JournalEntry;
import dev.graft.core.audit.ForeignText;
import dev.graft.core.json.Json;
import dev.graft.core.kind.ObjectId;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What operations do, in the words of the audit trail. The actor is who began the operation;
 * whoever else did the work, as the node does after a crash, stands in the detail.
 */
final class OperationActs {
  private OperationActs() {}

  static List<AuditRecord> begun(Operation operation, Instant now) {
    ObjectNode detail = detail(operation).put("release", operation.release().hex());
    return List.of(
        record(operation, "operation.begun", operation.id(), now, operation.actor(), detail),
        keyOpened(operation, operation.actor(), now));
  }

  static List<AuditRecord> takenUp(
      Operation operation, String actor, @Nullable String requestId, Instant now) {
    ObjectNode detail = detail(operation);
    if (requestId != null) {
      detail.put("request", requestId);
    }
    return List.of(
        record(operation, "operation.taken-up", operation.id(), now, actor, detail),
        keyOpened(operation, actor, now));
  }

  private static AuditRecord keyOpened(Operation operation, String actor, Instant now) {
    return record(
        operation,
        AuditRecord.KEY_OPENED,
        operation.id(),
        now,
        actor,
        Json.object().put("purpose", "operation"));
  }

  static AuditRecord finished(
      Operation operation, Operation.State state, String actor, Instant now) {
    return record(
        operation, "operation." + state.text(), operation.id(), now, actor, detail(operation));
  }

  /** What an entry of the journal says that was done to an object, or may have been. */
  static Optional<AuditRecord> of(Journal.Written written, Operation operation, String actor) {
    Intent intent = written.intent();
    JournalEntry entry = written.entry();
    String act = act(intent.verb(), entry);
    if (act == null) {
      return Optional.empty();
    }
    ObjectId object =
        entry instanceof JournalEntry.Done(var _, ObjectId done) ? done : intent.object();
    ObjectNode detail =
        Json.object()
            .put("operation", operation.id())
            .put("template", operation.template())
            .put("kind", intent.address().kind())
            .put("address", intent.address().toString())
            .put("verb", intent.verb().name().toLowerCase(Locale.ROOT));
    switch (entry) {
      case JournalEntry.Refused(var _, String reason) ->
          detail.put("said", ForeignText.masked(reason));
      case JournalEntry.InDoubt(var _, String cause) ->
          detail.put("cause", ForeignText.masked(cause));
      default -> {}
    }
    return Optional.of(
        record(operation, act, object == null ? null : object.value(), entry.at(), actor, detail));
  }

  private static @Nullable String act(Intent.Verb verb, JournalEntry entry) {
    boolean isAtVapi =
        verb == Intent.Verb.CREATE || verb == Intent.Verb.UPDATE || verb == Intent.Verb.DELETE;
    return switch (entry) {
      // A delete cannot be looked at afterwards, so that it is on record before it is sent.
      case JournalEntry.Intended _ -> verb == Intent.Verb.DELETE ? "object.deleting" : null;
      case JournalEntry.Done _ ->
          switch (verb) {
            case CREATE -> "object.created";
            case UPDATE -> "object.updated";
            case DELETE -> "object.deleted";
            case ADOPT -> "object.adopted";
            case FORGET -> "object.forgotten";
            case CONFIRM -> null;
          };
      case JournalEntry.Refused _ -> isAtVapi ? "object.refused" : null;
      case JournalEntry.InDoubt _ -> isAtVapi ? "object.in-doubt" : null;
      case JournalEntry.NotDone _ -> null;
      case JournalEntry.NotThere _ -> "object.not-there";
    };
  }

  private static ObjectNode detail(Operation operation) {
    return Json.object()
        .put("kind", operation.kind())
        .put("template", operation.template())
        .put("installation", operation.installationId());
  }

  private static AuditRecord record(
      Operation operation,
      String act,
      @Nullable String subject,
      Instant at,
      String actor,
      ObjectNode detail) {
    if (!actor.equals(operation.actor())) {
      detail.put("by", actor);
    }
    return new AuditRecord(
        at, operation.actor(), act, operation.accountId(), subject, operation.requestId(), detail);
  }
}
