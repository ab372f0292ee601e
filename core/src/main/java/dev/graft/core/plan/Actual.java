package dev.graft.core.plan;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Version;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * The account as Vapi shows it now, as far as it matters to one installation.
 *
 * @param owned the objects of the ledger
 * @param retired objects of the ledger that are to go
 * @param namesakes objects that go by the name of a resource and are not in the ledger
 * @param pointers what points at objects of ours and is not ours, as far as that was looked for
 */
public record Actual(
    Map<Address, Live> owned,
    Map<ObjectId, Live> retired,
    Map<Address, List<Namesake>> namesakes,
    Map<ObjectId, List<Pointer>> pointers) {
  public Actual {
    owned = Map.copyOf(owned);
    retired = Map.copyOf(retired);
    namesakes = Map.copyOf(namesakes);
    pointers = Map.copyOf(pointers);
  }

  /** The same, after it was looked for what points at what. */
  public Actual with(Map<ObjectId, List<Pointer>> found) {
    return new Actual(owned, retired, namesakes, found);
  }

  /** The object as Vapi shows it, if it was seen. */
  Optional<ObjectNode> bodyOf(Address address, ObjectId object) {
    for (Namesake namesake : namesakesOf(address)) {
      if (namesake.object().equals(object)) {
        return Optional.of(namesake.body());
      }
    }
    Live live = retired.getOrDefault(object, owned.get(address));
    return live instanceof Live.Present(ObjectNode body) ? Optional.of(body) : Optional.empty();
  }

  List<Pointer> pointersAt(ObjectId object) {
    return pointers.getOrDefault(object, List.of());
  }

  /** An object of the ledger as it is now. */
  public sealed interface Live {
    record Present(ObjectNode body) implements Live {}

    /** Vapi said that it does not exist; absence from a list never counts. */
    record Gone() implements Live {}
  }

  /**
   * An object that goes by the name of a resource, and that Graft did not make or does not
   * remember.
   *
   * @param marked whether it carries Graft's mark for this resource, or cannot carry any and one
   *     that does points at it
   */
  public record Namesake(
      ObjectId object, Version version, ObjectNode body, Instant createdAt, boolean marked) {}

  public List<Namesake> namesakesOf(Address address) {
    return namesakes.getOrDefault(address, List.of());
  }
}
