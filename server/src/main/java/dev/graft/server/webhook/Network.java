package dev.graft.server.webhook;

import java.net.InetAddress;
import java.util.Optional;

/**
 * A block of addresses, as {@code 10.1.0.0/16}.
 *
 * @param bits how many of the first bits of an address decide
 */
record Network(InetAddress first, int bits) {
  static Network of(String text) {
    return parse(text).orElseThrow(() -> new IllegalArgumentException("no network: " + text));
  }

  /** A network or a single address; never a name, so that nothing is resolved. */
  static Optional<Network> parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    try {
      InetAddress first = InetAddress.ofLiteral(address);
      int most = first.getAddress().length * 8;
      String bits = slash < 0 ? String.valueOf(most) : text.substring(slash + 1);
      return bits.matches("\\d{1,3}") && Integer.parseInt(bits) <= most
          ? Optional.of(new Network(first, Integer.parseInt(bits)))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  boolean holds(InetAddress address) {
    byte[] mine = first.getAddress();
    byte[] other = address.getAddress();
    if (mine.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> (bit % 8);
      if ((mine[bit / 8] & mask) != (other[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }
}
