package dev.graft.core.kind;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What Graft leaves on an object, where its kind can carry it, so that the object is known as ours
 * without our database. The customer can see it, copy it and edit it away, so it is a help in
 * recovery and never a proof by itself.
 *
 * @param template the template's name
 * @param address the resource
 * @param version of the resource, null if it has none
 * @param nonce unique to one intended create: it tells our object from a copy made by hand
 */
public record Mark(String template, Address address, @Nullable String version, String nonce) {
  private static final Pattern WRITTEN =
      Pattern.compile("(\\S{1,64}) (\\S{1,100}) (\\S{1,40}) (\\S{1,64})");
  private static final String NO_VERSION = "-";

  /** Ids of operations begin with the milliseconds at which they were made. */
  private static final Pattern TIMED = Pattern.compile("op_([0-9a-f]{12})[0-9a-f]*\\.\\d+");

  /** The mark on a body, nothing where there is none or it is not ours to read. */
  public static Optional<Mark> on(Kind kind, ObjectNode body) {
    if (kind.mark() instanceof Place place
        && place.in(body) instanceof JsonNode text
        && text.isString()) {
      return parse(text.stringValue());
    }
    return Optional.empty();
  }

  /**
   * The body with this mark on it, beside whatever else its metadata holds. A body whose metadata
   * is something else than an object stays as it is: it is not ours to replace.
   */
  public ObjectNode put(Kind kind, ObjectNode body) {
    var marked = body.deepCopy();
    if (kind.mark() instanceof Place place) {
      JsonNode holder = place.parent().in(marked);
      if (holder == null || holder.isNull()) {
        place.parent().set(marked, Json.object());
      } else if (!holder.isObject()) {
        return marked;
      }
      place.set(marked, Json.text(text()));
    }
    return marked;
  }

  /** When the operation began that wrote this mark, by the clock of the node that began it. */
  public Optional<Instant> writtenAfter() {
    var matcher = TIMED.matcher(nonce);
    return matcher.matches()
        ? Optional.of(Instant.ofEpochMilli(Long.parseLong(matcher.group(1), 16)))
        : Optional.empty();
  }

  /** The body without a mark; metadata that held nothing else goes with it. */
  static ObjectNode strip(Kind kind, ObjectNode body) {
    var bare = body.deepCopy();
    if (kind.mark() instanceof Place place && place.in(bare) != null) {
      place.remove(bare);
      if (place.parent().in(bare) instanceof ObjectNode holder && holder.isEmpty()) {
        place.parent().remove(bare);
      }
    }
    return bare;
  }

  private String text() {
    return template + " " + address + " " + (version == null ? NO_VERSION : version) + " " + nonce;
  }

  private static Optional<Mark> parse(String text) {
    var matcher = WRITTEN.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Address.parse(matcher.group(2))
        .map(address ->
            new Mark(
                matcher.group(1),
                address,
                matcher.group(3).equals(NO_VERSION) ? null : matcher.group(3),
                matcher.group(4)));
  }
}
