package dev.graft.core.template;

import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * One thing that a release declares. Its body is clean and names other resources by address.
 *
 * @param version its own, from its name, or that of the release when the release declares one
 * @param owners whose a field is, with everything below it; the longest place that fits decides
 */
public record Resource(
    Address address, Version version, ObjectNode body, Map<Place, Owner> owners) {
  public Resource {
    owners = Map.copyOf(owners);
  }

  public Resource(Address address, Version version, ObjectNode body) {
    this(address, version, body, Map.of());
  }

  public Kind kind() {
    return Kinds.of(address);
  }
}
