package dev.graft.server.edge;

import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Addresses that begin with the same bits, for instance {@code 10.0.0.0/8}. */
public record Network(InetAddress address, int bits) {
  private static final Pattern FORM = Pattern.compile("([0-9A-Fa-f.:]{2,45})(?:/(\\d{1,3}))?");

  /** A network that stands in the code. */
  public static Network of(String text) {
    return parsed(text).orElseThrow(() -> new IllegalArgumentException("no network: " + text));
  }

  /** Reads an address or a network; no name, since a name can come to mean something else. */
  public static Optional<Network> parsed(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      return Optional.empty();
    }
    return address(form.group(1))
        .map(address -> {
          int most = address.getAddress().length * 8;
          int bits = form.group(2) == null ? most : Integer.parseInt(form.group(2));
          return new Network(address, bits);
        })
        .filter(network -> network.bits <= network.address.getAddress().length * 8);
  }

  /** The address that a text writes out; IPv4 in IPv6 clothes is IPv4. */
  static Optional<InetAddress> address(String text) {
    String plain =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    try {
      return Optional.of(InetAddress.ofLiteral(plain));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  boolean contains(String text) {
    return address(text).filter(this::contains).isPresent();
  }

  public boolean contains(InetAddress other) {
    byte[] mine = address.getAddress();
    byte[] theirs = other.getAddress();
    if (mine.length != theirs.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      if (((mine[bit / 8] ^ theirs[bit / 8]) >> (7 - bit % 8) & 1) == 1) {
        return false;
      }
    }
    return true;
  }
}
