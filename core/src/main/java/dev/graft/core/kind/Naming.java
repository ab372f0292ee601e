package dev.graft.core.kind;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which objects of an account stand for which resources of a release: the two directions in which
 * references are read and written.
 *
 * @param ids the object that a reference to an address is sent as
 * @param addresses the address that an id is read as; several objects may stand for one address
 * @param gone ids that stood for a resource and no longer exist
 */
public record Naming(
    Map<Address, ObjectId> ids, Map<ObjectId, Address> addresses, Set<ObjectId> gone) {
  public static final Naming NONE = new Naming(Map.of(), Map.of(), Set.of());

  public Naming {
    ids = Map.copyOf(ids);
    addresses = Map.copyOf(addresses);
    gone = Set.copyOf(gone);
  }

  public Optional<ObjectId> idOf(Address address) {
    return Optional.ofNullable(ids.get(address));
  }

  public Optional<Address> addressOf(ObjectId id) {
    return Optional.ofNullable(addresses.get(id));
  }

  /** The same, and this object now stands for this address. */
  public Naming with(Address address, ObjectId id) {
    var moreIds = new HashMap<>(ids);
    moreIds.put(address, id);
    var moreAddresses = new HashMap<>(addresses);
    moreAddresses.put(id, address);
    return new Naming(moreIds, moreAddresses, gone);
  }
}
