package dev.graft.server.log;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;

/** Texts known by their hashes only, and found again wherever one stands in another text. */
final class HashedTexts {
  private final KeyedHash hash;
  private final Map<Integer, OfOneLength> lengths = new ConcurrentHashMap<>();

  /** One of the texts; the small hash says where to look closer. */
  record Entry(int length, int small, KeyedHash.Value whole) {}

  HashedTexts(KeyedHash hash) {
    this.hash = hash;
  }

  Entry add(byte[] text) {
    OfOneLength same =
        lengths.computeIfAbsent(text.length, length -> new OfOneLength(hash.rolling(length)));
    int small = 0;
    for (byte character : text) {
      small = same.rolling.with(small, character & 0xff);
    }
    var entry = new Entry(text.length, small, hash.of(text));
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

  private static final class OfOneLength {
    private static final int BITS = 1 << 14;
    private final KeyedHash.Rolling rolling;
    private final AtomicLongArray perhaps = new AtomicLongArray(BITS / 64);
    private final Map<KeyedHash.Value, Entry> entries = new ConcurrentHashMap<>();

    OfOneLength(KeyedHash.Rolling rolling) {
      this.rolling = rolling;
    }

    void add(Entry entry) {
      entries.put(entry.whole(), entry);
      int bit = entry.small() & (BITS - 1);
      perhaps.updateAndGet(bit >> 6, word -> word | 1L << (bit & 63));
    }

    boolean removeAndIsEmpty(Entry entry) {
      entries.remove(entry.whole());
      return entries.isEmpty();
    }

    void find(String text, int length, KeyedHash hash, BitSet secret) {
      int small = 0;
      for (int end = 0; end < text.length(); end++) {
        if (end >= length) {
          small = rolling.without(small, text.charAt(end - length));
        }
        small = rolling.with(small, text.charAt(end));
        int bit = small & (BITS - 1);
        int start = end - length + 1;
        if (start >= 0
            && (perhaps.get(bit >> 6) >>> (bit & 63) & 1) == 1
            && isKnown(text.substring(start, end + 1), hash)) {
          secret.set(start, end + 1);
        }
      }
    }

    private boolean isKnown(String part, KeyedHash hash) {
      return entries.containsKey(hash.of(part.getBytes(StandardCharsets.UTF_8)));
    }
  }
}
