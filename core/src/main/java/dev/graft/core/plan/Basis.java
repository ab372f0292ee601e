package dev.graft.core.plan;

import dev.graft.core.json.Digest;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a plan was made from, as a digest that is worked out when someone asks for it: a clone that
 * applies its own plan at once never does.
 */
public final class Basis {
  private final Supplier<JsonNode> content;
  private @Nullable Digest digest;

  Basis(Supplier<JsonNode> content) {
    this.content = content;
  }

  public synchronized Digest digest() {
    if (digest == null) {
      digest = Digest.of(content.get());
    }
    return digest;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Basis that && digest().equals(that.digest());
  }

  @Override
  public int hashCode() {
    return digest().hashCode();
  }

  @Override
  public String toString() {
    return digest().toString();
  }
}
