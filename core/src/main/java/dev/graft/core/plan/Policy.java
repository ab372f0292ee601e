package dev.graft.core.plan;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import java.util.Map;

/**
 * What a plan may do to objects that Graft did not make.
 *
 * @param adoption whether an older object of the same name is taken over
 * @param chosen objects that a person named for adoption, whatever their version
 */
public record Policy(Adoption adoption, Map<Address, ObjectId> chosen) {
  /** The policy of a plain clone. */
  public static final Policy BY_NAME = new Policy(Adoption.BY_NAME, Map.of());

  public Policy {
    chosen = Map.copyOf(chosen);
  }

  /** What happens to an older object that goes by a resource's name. */
  public enum Adoption {
    /** It is taken over and upgraded. */
    BY_NAME,
    /** The plan stops and says what is there. */
    ASK,
    /** It is left alone, and a new one is made beside it. */
    NEVER
  }
}
