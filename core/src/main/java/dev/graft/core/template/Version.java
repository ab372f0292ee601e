package dev.graft.core.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A version of dot-separated numbers of any size, compared by number with missing parts as 0: 1.0 =
 * 1.0.0 &lt; 1.0.1 &lt; 1.10. Two versions that compare as equal are equal.
 */
public final class Version implements Comparable<Version> {
  /** The version of what declares none: older than every other. */
  public static final Version NONE = new Version("0", List.of());

  private static final Pattern WRITTEN = Pattern.compile("\\d++(?:\\.\\d++)*+");

  private final String text;
  private final List<BigInteger> parts;

  private Version(String text, List<BigInteger> parts) {
    this.text = text;
    this.parts = parts;
  }

  /** Reads {@code 2}, {@code 2.1} or {@code 1.2.3}; nothing when the text is something else. */
  public static Optional<Version> parse(String text) {
    if (!WRITTEN.matcher(text).matches()) {
      return Optional.empty();
    }
    var parts = new ArrayList<BigInteger>();
    for (String part : text.split("\\.", -1)) {
      parts.add(new BigInteger(part));
    }
    while (!parts.isEmpty() && parts.getLast().signum() == 0) {
      parts.removeLast();
    }
    return Optional.of(new Version(text, List.copyOf(parts)));
  }

  public boolean isNewerThan(Version other) {
    return compareTo(other) > 0;
  }

  @Override
  public int compareTo(Version other) {
    for (int i = 0; i < Math.max(parts.size(), other.parts.size()); i++) {
      int order = part(i).compareTo(other.part(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private BigInteger part(int index) {
    return index < parts.size() ? parts.get(index) : BigInteger.ZERO;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Version version && parts.equals(version.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  /** As it was written. */
  @Override
  public String toString() {
    return text;
  }
}
