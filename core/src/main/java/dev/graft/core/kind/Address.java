package dev.graft.core.kind;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The stable name of a resource across releases, accounts and renames: {@code kind/key}, for
 * instance {@code tool/book-visit}.
 */
public record Address(String kind, String key) implements Comparable<Address> {
  private static final Pattern WRITTEN =
      Pattern.compile("([a-z][a-z-]{0,30})/([a-z0-9][a-z0-9-]{0,62})");

  public Address {
    if (!WRITTEN.matcher(kind + "/" + key).matches()) {
      throw new IllegalArgumentException("not an address: " + kind + "/" + key);
    }
  }

  /** Reads the written form, or nothing when the text is not one. */
  public static Optional<Address> parse(String text) {
    var matcher = WRITTEN.matcher(text);
    return matcher.matches()
        ? Optional.of(new Address(matcher.group(1), matcher.group(2)))
        : Optional.empty();
  }

  @Override
  public int compareTo(Address other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return kind + "/" + key;
  }
}
