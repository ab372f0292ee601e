package dev.graft.core.kind;

import java.util.Optional;

/** The id that Vapi gave to an object. Opaque: it is only ever compared and sent back. */
public record ObjectId(String value) implements Comparable<ObjectId> {
  private static final int LONGEST = 200;

  public ObjectId {
    if (value.isBlank() || value.length() > LONGEST) {
      throw new IllegalArgumentException("an object id is 1 to 200 characters");
    }
  }

  /** The id that a text is, nothing when it cannot be one. */
  public static Optional<ObjectId> read(String text) {
    return text.isBlank() || text.length() > LONGEST
        ? Optional.empty()
        : Optional.of(new ObjectId(text));
  }

  @Override
  public int compareTo(ObjectId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
