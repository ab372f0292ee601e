package dev.graft.core.template;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.References;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * The order in which resources are written: what is referred to comes before what refers. In a
 * circle the first one met comes last, and otherwise things stay in the order given, kind by kind.
 */
final class Order {
  private Order() {}

  static List<Address> of(SequencedMap<Address, ObjectNode> bodies) {
    var ordered = new ArrayList<Address>();
    var met = new HashSet<Address>();
    for (var kind : Kinds.ALL) {
      for (Address address : bodies.keySet()) {
        if (address.kind().equals(kind.name())) {
          visit(address, bodies, met, ordered);
        }
      }
    }
    return ordered;
  }

  private static void visit(
      Address address,
      SequencedMap<Address, ObjectNode> bodies,
      Set<Address> met,
      List<Address> ordered) {
    ObjectNode body = bodies.get(address);
    if (body == null || !met.add(address)) {
      return;
    }
    for (Address target : References.addresses(Kinds.of(address), body)) {
      visit(target, bodies, met, ordered);
    }
    ordered.add(address);
  }
}
