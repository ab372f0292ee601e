package dev.graft.core.plan;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Version;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * The account as Vapi shows it now, as far as it matters to one installation.
 *
 * @param owned the objects of the ledger
 * @param namesakes objects that go by the name of a resource and are not in the ledger
 */
public record Actual(Map<Address, Live> owned, Map<Address, List<Namesake>> namesakes) {
  public Actual {
    owned = Map.copyOf(owned);
    namesakes = Map.copyOf(namesakes);
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
   * @param marked whether it carries Graft's mark for this resource
   */
  public record Namesake(
      ObjectId object, Version version, ObjectNode body, Instant createdAt, boolean marked) {}

  public List<Namesake> namesakesOf(Address address) {
    return namesakes.getOrDefault(address, List.of());
  }
}
