package dev.graft.core.plan;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.Naming;
import dev.graft.core.kind.ObjectId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/** What is ours in one installation: address to object. What does not stand here is not ours. */
public record Ledger(SequencedMap<Address, Owned> entries) {
  public static final Ledger EMPTY = new Ledger(new LinkedHashMap<>());

  public Ledger {
    entries = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(entries));
  }

  public Optional<Owned> at(Address address) {
    return Optional.ofNullable(entries.get(address));
  }

  public boolean holds(ObjectId object) {
    return entries.values().stream()
        .anyMatch(owned -> owned.object().equals(object) || owned.retired().contains(object));
  }

  /** Which objects stand for which addresses, as far as the ledger knows. */
  public Naming naming() {
    Naming naming = Naming.NONE;
    for (var entry : entries.entrySet()) {
      naming = naming.with(entry.getKey(), entry.getValue().object());
    }
    return naming;
  }

  public Ledger with(Address address, Owned owned) {
    var more = new LinkedHashMap<>(entries);
    more.put(address, owned);
    return new Ledger(more);
  }

  public Ledger without(Address address) {
    var fewer = new LinkedHashMap<>(entries);
    fewer.remove(address);
    return new Ledger(fewer);
  }
}
