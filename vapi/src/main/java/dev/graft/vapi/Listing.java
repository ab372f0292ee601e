package dev.graft.vapi;

import dev.graft.core.apply.Call;
import dev.graft.core.apply.Reply;
import dev.graft.core.json.Json;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a list of Vapi's to its end. The lists come newest first and have neither cursor nor total
 * (docs/vapi-facts.md, "Lists"), so each next page begins at the creation time of the oldest object
 * so far, that moment included, and what was seen already is dropped. A list that cannot be read to
 * its end is no list.
 */
final class Listing {
  /** What Vapi may give at most. It may cap pages lower, so a page of this size proves nothing. */
  private static final int ASKED = 1000;

  /** The lowest cap that is known: a page with fewer objects is the last one under any cap. */
  private static final int SURELY_LAST_BELOW = 100;

  /** The caps that are known. A page of objects of one moment that has such a size may be cut. */
  private static final Set<Integer> CAPS = Set.of(100, 1000);

  private static final int MOST_PAGES = 2_000;
  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private final Call.All what;
  private final Function<String, Reply> read;
  private final Map<String, ObjectNode> seen = new LinkedHashMap<>();

  Listing(Call.All what, Function<String, Reply> read) {
    this.what = what;
    this.read = read;
  }

  Reply whole() {
    Instant upTo = null;
    for (int page = 0; page < MOST_PAGES; page++) {
      Reply reply = read.apply(query(upTo));
      if (!(reply instanceof Reply.Ok(JsonNode list))) {
        return reply;
      }
      if (!list.isArray()) {
        return incomplete("Vapi's answer is not a list");
      }
      Instant oldest = take(list);
      boolean stuck = oldest != null && oldest.equals(upTo);
      if (list.size() < SURELY_LAST_BELOW || stuck && !CAPS.contains(list.size())) {
        return complete();
      }
      if (oldest == null) {
        return incomplete("Vapi's list has objects without a creation time");
      }
      if (stuck) {
        return incomplete(
            "more objects of the account were made at the same moment than fit on one page of Vapi's"
                + " list");
      }
      upTo = oldest;
    }
    return incomplete("Vapi's list does not end");
  }

  private String query(@Nullable Instant upTo) {
    var query = new StringBuilder(what.kind().path()).append("?limit=").append(ASKED);
    append(query, "updatedAtGt", what.updatedAfter());
    append(query, "createdAtGe", what.createdFrom());
    append(query, "createdAtLe", upTo);
    return query.toString();
  }

  private static void append(StringBuilder query, String name, @Nullable Instant at) {
    if (at != null) {
      query.append('&').append(name).append('=');
      query.append(HttpVapiAccount.encoded(MILLIS.format(at)));
    }
  }

  /** Takes in a page and gives the creation time of its oldest object, null if there is none. */
  private @Nullable Instant take(JsonNode page) {
    Instant oldest = null;
    for (JsonNode element : page) {
      if (element instanceof ObjectNode object
          && object.get("id") instanceof JsonNode id
          && id.isString()) {
        seen.putIfAbsent(id.stringValue(), object);
        Optional<Instant> made = createdAt(object);
        if (made.isPresent() && (oldest == null || made.get().isBefore(oldest))) {
          oldest = made.get();
        }
      }
    }
    return oldest;
  }

  private static Optional<Instant> createdAt(ObjectNode object) {
    try {
      return object.get("createdAt") instanceof JsonNode at && at.isString()
          ? Optional.of(Instant.parse(at.stringValue()))
          : Optional.empty();
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private Reply complete() {
    var all = Json.array();
    seen.values().forEach(all::add);
    return new Reply.Ok(all);
  }

  private static Reply incomplete(String why) {
    return new Reply.Unknown(Reply.Trouble.BAD_ANSWER, why);
  }
}
