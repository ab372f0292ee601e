package dev.graft.server.log;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;

/** Texts known by their hashes only, and found again wherever one stands in another text. */
final class HashedTexts {
  private final KeyedHash hash;
  private final Map<Integer, OfOneLength> lengths = new ConcurrentHashMap<>();

  /** One of the texts, so many chars long; the small hash says where to look closer. */
  record Entry(int length, int small, KeyedHash.Value whole) {}

  HashedTexts(KeyedHash hash) {
    this.hash = hash;
  }

  /** Adds one, given as UTF-8. */
  Entry add(byte[] text) {
    CharBuffer characters = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(text));
    OfOneLength same =
        lengths.computeIfAbsent(
            characters.length(), length -> new OfOneLength(hash.rolling(length)));
    int small = 0;
    for (int i = 0; i < characters.length(); i++) {
      small = same.rolling.with(small, characters.charAt(i));
    }
    var entry = new Entry(characters.length(), small, hash.of(text));
    Arrays.fill(characters.array(), '\0');
    same.add(entry);
    return entry;
  }

  void remove(Entry entry) {
    lengths.computeIfPresent(
        entry.length(), (_, same) -> same.removeAndIsEmpty(entry) ? null : same);
  }

  /** The text with the mask in place of every known text. */
  String mask(String text, String mask) {
    var secret = new BitSet();
    lengths.forEach((length, same) -> {
      if (text.length() >= length) {
        same.find(text, length, hash, secret);
      }
    });
    if (secret.isEmpty()) {
      return text;
    }
    var masked = new StringBuilder(text.length());
    int from = 0;
    for (int at = secret.nextSetBit(0); at >= 0; at = secret.nextSetBit(from)) {
      masked.append(text, from, at).append(mask);
      from = secret.nextClearBit(at);
    }
    return masked.append(text, from, text.length()).toString();
  }

  /** Texts of one length. One thread at a time adds and removes, while any number look. */
  private static final class OfOneLength {
    private static final int LEAST_BITS = 1 << 10;

    /** Of the windows of a text, about one in so many is looked at closer for nothing. */
    private static final int BITS_FOR_EACH = 32;

    private static final int FEW = 64;

    private final KeyedHash.Rolling rolling;
    private final Map<KeyedHash.Value, Known> known = new ConcurrentHashMap<>();
    private volatile AtomicLongArray perhaps = new AtomicLongArray(LEAST_BITS / Long.SIZE);
    private int gone;

    /** A text, and how often it was added: two secrets can have a form in common. */
    private record Known(int small, int times) {}

    OfOneLength(KeyedHash.Rolling rolling) {
      this.rolling = rolling;
    }

    void add(Entry entry) {
      known.merge(
          entry.whole(),
          new Known(entry.small(), 1),
          (before, _) -> new Known(before.small(), before.times() + 1));
      if ((long) known.size() * BITS_FOR_EACH > (long) perhaps.length() * Long.SIZE) {
        perhaps = filter();
      } else {
        set(perhaps, entry.small());
      }
    }

    boolean removeAndIsEmpty(Entry entry) {
      Known left =
          known.computeIfPresent(
              entry.whole(),
              (_, before) ->
                  before.times() == 1 ? null : new Known(before.small(), before.times() - 1));
      gone += left == null ? 1 : 0;
      // Bits cannot be taken back one by one, since another text may have the same.
      if (gone > Math.max(FEW, known.size())) {
        perhaps = filter();
      }
      return known.isEmpty();
    }

    private AtomicLongArray filter() {
      int bits = LEAST_BITS;
      while (bits < (long) known.size() * BITS_FOR_EACH) {
        bits *= 2;
      }
      // Twice what is needed, so that it is not made again with each text.
      var filter = new AtomicLongArray(2 * bits / Long.SIZE);
      known.values().forEach(text -> set(filter, text.small()));
      gone = 0;
      return filter;
    }

    private static void set(AtomicLongArray filter, int small) {
      int bit = bit(filter, small);
      filter.updateAndGet(bit / Long.SIZE, word -> word | 1L << bit);
    }

    private static boolean isSet(AtomicLongArray filter, int small) {
      int bit = bit(filter, small);
      return (filter.get(bit / Long.SIZE) >>> bit & 1) == 1;
    }

    /** The sizes are powers of two. */
    private static int bit(AtomicLongArray filter, int small) {
      return small & filter.length() * Long.SIZE - 1;
    }

    void find(String text, int length, KeyedHash hash, BitSet secret) {
      AtomicLongArray filter = perhaps;
      int small = 0;
      for (int end = 0; end < text.length(); end++) {
        if (end >= length) {
          small = rolling.without(small, text.charAt(end - length));
        }
        small = rolling.with(small, text.charAt(end));
        int start = end - length + 1;
        if (start >= 0 && isSet(filter, small) && isKnown(text.substring(start, end + 1), hash)) {
          secret.set(start, end + 1);
        }
      }
    }

    private boolean isKnown(String part, KeyedHash hash) {
      return known.containsKey(hash.of(part.getBytes(StandardCharsets.UTF_8)));
    }
  }
}
