package dev.graft.sandbox;

import static java.util.Comparator.comparing;

import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The objects of one kind in one account, always in the order of a list: newest first. Readers need
 * no lock; writers hold the account's.
 */
final class Shelf {
  private record Place(Instant createdAt, long number) {
    static final Comparator<Place> NEWEST_FIRST =
        comparing(Place::createdAt).thenComparingLong(Place::number).reversed();
  }

  private final Map<String, Stored> byId = new ConcurrentHashMap<>();
  private final ConcurrentSkipListMap<Place, Stored> inOrder =
      new ConcurrentSkipListMap<>(Place.NEWEST_FIRST);

  Optional<Stored> find(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  void put(Stored stored) {
    Stored before = byId.put(stored.id, stored);
    if (before != null && !placeOf(before).equals(placeOf(stored))) {
      inOrder.remove(placeOf(before));
    }
    inOrder.put(placeOf(stored), stored);
  }

  /** Says whether it was there. */
  boolean remove(String id) {
    Stored stored = byId.remove(id);
    if (stored == null) {
      return false;
    }
    inOrder.remove(placeOf(stored));
    return true;
  }

  void clear() {
    byId.clear();
    inOrder.clear();
  }

  int size() {
    return byId.size();
  }

  Collection<Stored> newestFirst() {
    return inOrder.values();
  }

  /** Those created at that time or before, newest first: the next page of a list. */
  Collection<Stored> newestFirst(Instant until) {
    return inOrder.tailMap(new Place(until, Long.MAX_VALUE), true).values();
  }

  private static Place placeOf(Stored stored) {
    return new Place(stored.createdAt, stored.number);
  }
}
