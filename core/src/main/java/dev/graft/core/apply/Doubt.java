package dev.graft.core.apply;

import dev.graft.core.json.Canonical;
import dev.graft.core.kind.CanonicalBody;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.Naming;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Ledger;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Recognises the object that a create with an unclear reply may have made. By our mark where the
 * kind carries one; elsewhere by its name and by holding everything that was sent.
 */
final class Doubt {
  /** How far Vapi's clock and ours may be apart. */
  static final Duration SKEW = Duration.ofMinutes(5);

  /** How late Vapi may still carry out a create that it did not answer. */
  static final Duration LATEST = Duration.ofMinutes(10);

  private Doubt() {}

  /** The call that shows whatever the create may have made. */
  static Call look(Intent intent, Instant intendedAt) {
    return new Call.All(Kinds.of(intent.address()), null, intendedAt.minus(SKEW));
  }

  /** Those of the listed objects that this create made, the oldest first. */
  static List<ObjectNode> madeBy(
      Intent intent, JsonNode listed, Ledger ledger, Set<ObjectId> others) {
    return listed
        .valueStream()
        .filter(ObjectNode.class::isInstance)
        .map(ObjectNode.class::cast)
        .filter(body ->
            idOf(body).filter(id -> !ledger.holds(id) && !others.contains(id)).isPresent()
                && isMadeBy(intent, body))
        .sorted(Comparator.comparing(body -> Survey.instant(body, "createdAt").orElse(Instant.MAX)))
        .toList();
  }

  static Optional<ObjectId> idOf(ObjectNode body) {
    return body.get("id") instanceof JsonNode id && id.isString()
        ? ObjectId.read(id.stringValue())
        : Optional.empty();
  }

  private static boolean isMadeBy(Intent intent, ObjectNode body) {
    if (!(intent.making() instanceof Intent.Making making)) {
      return false;
    }
    Kind kind = Kinds.of(intent.address());
    Optional<Mark> mark = Mark.on(kind, making.sent());
    if (mark.isPresent()) {
      return mark.equals(Mark.on(kind, body));
    }
    return kind.nameOf(making.sent()).equals(kind.nameOf(body))
        && holds(
            CanonicalBody.of(kind, body, Naming.NONE),
            CanonicalBody.of(kind, making.sent(), Naming.NONE));
  }

  /** Whether a value holds everything of another; Vapi adds fields and takes none away. */
  static boolean holds(JsonNode whole, JsonNode part) {
    return switch (part) {
      case ObjectNode fields ->
          whole instanceof ObjectNode object
              && fields.properties().stream()
                  .allMatch(field ->
                      object.get(field.getKey()) instanceof JsonNode value
                          && holds(value, field.getValue()));
      case ArrayNode elements -> {
        if (!(whole instanceof ArrayNode array) || array.size() != elements.size()) {
          yield false;
        }
        for (int i = 0; i < elements.size(); i++) {
          if (!holds(array.get(i), elements.get(i))) {
            yield false;
          }
        }
        yield true;
      }
      default -> Canonical.same(whole, part);
    };
  }
}
