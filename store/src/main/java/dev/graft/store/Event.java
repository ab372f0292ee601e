package dev.graft.store;

import dev.graft.core.json.Json;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Something that happened and that others are told of. It holds ids, never a secret or a body.
 *
 * @param id sorts by time; the same in every delivery
 * @param type for instance {@code account.linked}
 * @param accountId the account it is about, with which it is forgotten; null for none
 */
public record Event(
    String id, String type, @Nullable String accountId, Instant at, ObjectNode data) {
  public Event {
    data = data.deepCopy();
  }

  static Event of(Sql.Row row) {
    return new Event(
        row.text("id"),
        row.text("type"),
        row.textOrNull("account_id"),
        Instant.ofEpochMilli(row.number("at")),
        Json.parseObject(row.text("data")));
  }
}
