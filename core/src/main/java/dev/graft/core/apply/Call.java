package dev.graft.core.apply;

import dev.graft.core.kind.Kind;
import dev.graft.core.kind.ObjectId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** One request to Vapi on behalf of one account. */
public sealed interface Call {
  Kind kind();

  /** The object with this id. */
  record Get(Kind kind, ObjectId object) implements Call {}

  /**
   * Every object of a kind, whole: all pages, each object once, newest first.
   *
   * @param updatedAfter only those changed later than this, all when null
   * @param createdFrom only those made at or after this, all when null
   */
  record All(Kind kind, @Nullable Instant updatedAfter, @Nullable Instant createdFrom)
      implements Call {}

  /** Sent once: a create is never repeated by whoever carries it out. */
  record Create(Kind kind, ObjectNode body) implements Call {}

  record Update(Kind kind, ObjectId object, ObjectNode body) implements Call {}

  record Delete(Kind kind, ObjectId object) implements Call {}
}
