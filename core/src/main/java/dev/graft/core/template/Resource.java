package dev.graft.core.template;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import tools.jackson.databind.node.ObjectNode;

/**
 * One thing that a release declares. Its body is clean and names other resources by address.
 *
 * @param version its own, from its name, or that of the release when the release declares one
 */
public record Resource(Address address, Version version, ObjectNode body) {

  public Kind kind() {
    return Kinds.of(address);
  }
}
