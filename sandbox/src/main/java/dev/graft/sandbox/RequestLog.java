package dev.graft.sandbox;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The requests that came to the two base URLs, without those to the page and the control API. The
 * last ten thousand are kept in full, as long as their bodies fit into 64 MB; the counts never end.
 */
public final class RequestLog {
  private static final int MOST = 10_000;
  private static final long MOST_BYTES = 64L << 20;

  /**
   * One request.
   *
   * @param number counts up from 1
   * @param path with the query
   * @param keyHash the start of the key's SHA-256; empty without a key
   * @param account the account's name; null if the key opened none
   * @param bodyDigest SHA-256 of the request's body
   * @param status what it was answered; 0 while it is open, and if it never got an answer
   * @param committed whether it was a write, and succeeded as far as the account is concerned
   * @param struckBy the effects of the faults that struck it
   */
  public record Entry(
      long number,
      Instant at,
      String method,
      String path,
      String collection,
      String keyHash,
      @Nullable String account,
      Body body,
      String bodyDigest,
      int status,
      long bytesSent,
      Duration took,
      boolean committed,
      List<String> struckBy) {

    Entry answered(int with, long bytes, Duration after, boolean change, List<String> faults) {
      return new Entry(
          number,
          at,
          method,
          path,
          collection,
          keyHash,
          account,
          body,
          bodyDigest,
          with,
          bytes,
          after,
          change,
          faults);
    }
  }

  /** How many requests of one sort one account made, and how many of them did something. */
  public record Count(
      @Nullable String account, String method, String collection, long requests, long commits) {

    private Count plus(int request, int commit) {
      return new Count(account, method, collection, requests + request, commits + commit);
    }
  }

  private record Sort(@Nullable String account, String method, String collection) {
    static Sort of(Entry entry) {
      return new Sort(entry.account(), entry.method(), entry.collection());
    }
  }

  private final Deque<Long> order = new ArrayDeque<>();
  private final Map<Long, Entry> entries = new ConcurrentHashMap<>();
  private final ConcurrentMap<Sort, Count> counts = new ConcurrentHashMap<>();
  private long last;
  private long bytes;

  RequestLog() {}

  /** Those still kept, oldest first. */
  public synchronized List<Entry> entries() {
    var kept = new ArrayList<Entry>(order.size());
    for (Long number : order) {
      kept.add(entryAt(number));
    }
    return kept;
  }

  public List<Entry> entries(Predicate<Entry> wanted) {
    return entries().stream().filter(wanted).toList();
  }

  /** The last few, newest first. */
  synchronized List<Entry> latest(int few) {
    var latest = new ArrayList<Entry>(few);
    for (var numbers = order.descendingIterator(); numbers.hasNext() && latest.size() < few; ) {
      latest.add(entryAt(numbers.next()));
    }
    return latest;
  }

  private Entry entryAt(Long number) {
    return Objects.requireNonNull(entries.get(number));
  }

  /** All counts since the start or the last reset, sorted. */
  public List<Count> counts() {
    Comparator<Count> byAccount = Comparator.comparing(count -> "" + count.account());
    return counts.values().stream()
        .sorted(byAccount.thenComparing(Count::collection).thenComparing(Count::method))
        .toList();
  }

  /** How often that method was used on that kind, by all accounts; ids do not count as a kind. */
  public long count(String method, String collection) {
    return counts.values().stream()
        .filter(each -> each.method().equals(method) && each.collection().equals(collection))
        .mapToLong(Count::requests)
        .sum();
  }

  /** The same, by one account. */
  public long count(Account account, String method, String collection) {
    Count count = counts.get(new Sort(account.name(), method, collection));
    return count == null ? 0 : count.requests();
  }

  synchronized long last() {
    return last;
  }

  synchronized Entry arrived(Call call, String keyHash, @Nullable String account, Instant at) {
    last++;
    var entry =
        new Entry(
            last,
            at,
            call.method(),
            call.target(),
            call.collection(),
            keyHash,
            account,
            call.body(),
            call.body().digest(),
            0,
            0,
            Duration.ZERO,
            false,
            List.of());
    order.add(last);
    entries.put(last, entry);
    bytes += call.body().size();
    while (order.size() > MOST || bytes > MOST_BYTES) {
      Entry dropped = entries.remove(order.removeFirst());
      bytes -= dropped == null ? 0 : dropped.body().size();
    }
    counted(entry, 1, 0);
    return entry;
  }

  void answered(Entry entry) {
    entries.replace(entry.number(), entry);
    if (entry.committed()) {
      counted(entry, 0, 1);
    }
  }

  private void counted(Entry entry, int request, int commit) {
    counts.compute(
        Sort.of(entry),
        (sort, before) ->
            (before == null
                    ? new Count(sort.account(), sort.method(), sort.collection(), 0, 0)
                    : before)
                .plus(request, commit));
  }

  /** Starts over: nothing kept, nothing counted. */
  public synchronized void clear() {
    order.clear();
    entries.clear();
    counts.clear();
    bytes = 0;
  }
}
