package dev.graft.core.plan;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import java.util.Map;

/**
 * How an installation is brought to what is desired.
 *
 * @param adoption whether an older object of the same name is taken over
 * @param chosen objects that a person named for adoption, whatever their version
 * @param takes what a person decided about collisions
 * @param course where it goes
 * @param evenIfUsed whether an object goes although something of the customer's points at it
 */
public record Policy(
    Adoption adoption,
    Map<Address, ObjectId> chosen,
    Takes takes,
    Course course,
    boolean evenIfUsed) {
  /** The policy of a plain clone. */
  public static final Policy BY_NAME = new Policy(Adoption.BY_NAME, Map.of());

  public Policy {
    chosen = Map.copyOf(chosen);
  }

  public Policy(Adoption adoption, Map<Address, ObjectId> chosen) {
    this(adoption, chosen, Takes.NONE, Course.FORWARD, false);
  }

  /** The same when some of it is done: decisions are heeded where they still matter. */
  public Policy afterTheFirstStep() {
    return with(takes.whereTheyMatter());
  }

  public Policy with(Takes others) {
    return new Policy(adoption, chosen, others, course, evenIfUsed);
  }

  public Policy on(Course other) {
    return new Policy(adoption, chosen, takes, other, evenIfUsed);
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

  /** The direction of the walk. */
  public enum Course {
    /** To the same release or a newer one. What is newer in the account stays. */
    FORWARD,
    /** The same, and what the customer changed in what Graft had written is written again. */
    REPAIR,
    /** To what was before, or to nothing: what is not desired any more is removed. */
    BACK,
    /** Nowhere: only what was retired goes. */
    STAY,
    /**
     * Nowhere: what is ours in the account and in no ledger is entered there. With {@link
     * Adoption#BY_NAME} that goes for what cannot be proven to be as a known release has it, too.
     */
    RECOVER
  }
}
