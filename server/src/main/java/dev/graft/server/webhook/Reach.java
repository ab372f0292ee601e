package dev.graft.server.webhook;

import dev.graft.server.edge.Network;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;

/**
 * Where webhooks may be delivered: to public addresses over HTTPS, and to what the operator allows
 * beside that. Whoever may add a webhook could otherwise have Graft call what only Graft can reach.
 */
public final class Reach {
  private static final int LONGEST = 2048;

  /** Of IPv4, everything that is no address of somebody's in the internet (IANA, RFC 6890). */
  private static final List<Network> NOT_PUBLIC =
      networks(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.31.196.0/24",
          "192.52.193.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "192.175.48.0/24",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/4",
          "240.0.0.0/4",
          // Of IPv6's one public block, what is for documents, tunnels and protocols.
          "2001::/23",
          "2001:db8::/32",
          "2002::/16",
          "3fff::/20");

  /** Of IPv6, the one block from which public addresses come. */
  private static final Network PUBLIC_V6 = Network.of("2000::/3");

  private final Set<String> hosts;
  private final List<Network> networks;
  private final DnsResolver resolver;

  private Reach(Set<String> hosts, List<Network> networks, DnsResolver resolver) {
    this.hosts = Set.copyOf(hosts);
    this.networks = List.copyOf(networks);
    this.resolver = resolver;
  }

  private static List<Network> networks(String... texts) {
    return Arrays.stream(texts).map(Network::of).toList();
  }

  /** Public addresses only. */
  public static final Reach PUBLIC =
      new Reach(Set.of(), List.of(), SystemDefaultDnsResolver.INSTANCE);

  /**
   * Public addresses, and these.
   *
   * @param text hosts, addresses and networks with commas between them
   * @return nothing when one of them is none of these
   */
  public static Optional<Reach> allowing(String text) {
    var hosts = new HashSet<String>();
    var networks = new ArrayList<Network>();
    for (String part : text.split(",", -1)) {
      String one = part.strip().toLowerCase(Locale.ROOT);
      Optional<Network> network = Network.parsed(one);
      if (network.isPresent()) {
        networks.add(network.get());
      } else if (one.matches("[a-z0-9]([a-z0-9.-]*[a-z0-9])?")) {
        hosts.add(one);
      } else if (!one.isEmpty()) {
        return Optional.empty();
      }
    }
    return Optional.of(new Reach(hosts, networks, SystemDefaultDnsResolver.INSTANCE));
  }

  /** As it is, where names have the addresses that someone else says. */
  Reach resolvedBy(DnsResolver other) {
    return new Reach(hosts, networks, other);
  }

  /** Why nothing is delivered to an address. */
  public static final class OutOfReach extends UnknownHostException {
    public OutOfReach(String message) {
      super(message);
    }
  }

  /**
   * The address of a webhook, as far as its text tells.
   *
   * @throws OutOfReach when nothing would be delivered there, with a sentence
   */
  public URI address(String text) throws OutOfReach {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw new OutOfReach("It is not a URL.");
    }
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    if (text.length() > LONGEST
        || url.getHost() == null
        || url.getRawUserInfo() != null
        || url.getRawFragment() != null
        || url.getPort() == 0
        || url.getPort() > 65_535
        || !(scheme.equals("https") || scheme.equals("http"))) {
      throw new OutOfReach(
          "It must be an https URL with a host, without user, password or fragment, of at most "
              + LONGEST
              + " characters.");
    }
    try {
      addresses(url.getHost(), scheme.equals("http"));
    } catch (OutOfReach e) {
      throw e;
    } catch (UnknownHostException e) {
      // A name may come to be known later; each delivery looks again.
      if (scheme.equals("http")) {
        throw plain(url.getHost());
      }
    }
    return url;
  }

  /**
   * The addresses of a host, all of them allowed. Whoever connects must take one of these and not
   * resolve again: a name can have another address by then.
   *
   * @param plain whether it goes there unencrypted
   */
  InetAddress[] addresses(String host, boolean plain) throws UnknownHostException {
    String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    InetAddress[] all = resolver.resolve(name);
    if (all.length == 0) {
      throw new UnknownHostException(name);
    }
    for (InetAddress address : all) {
      if (plain && !address.isLoopbackAddress()) {
        throw plain(host);
      }
      if (!isPublic(address) && !isAllowed(name, address)) {
        throw new OutOfReach(
            host
                + " is "
                + address.getHostAddress()
                + ", which is no public address. The operator allows others with"
                + " GRAFT_WEBHOOK_ALLOW.");
      }
    }
    return all;
  }

  private static OutOfReach plain(String host) {
    return new OutOfReach(
        "http goes to this machine itself only, and "
            + host
            + " is another. Give the address with https.");
  }

  private boolean isAllowed(String host, InetAddress address) {
    return hosts.contains(host.toLowerCase(Locale.ROOT))
        || networks.stream().anyMatch(network -> network.contains(address));
  }

  /** Java turns an IPv4 address that is mapped into IPv6 back into IPv4 before it comes here. */
  static boolean isPublic(InetAddress address) {
    boolean isV6 = address.getAddress().length > 4;
    return (!isV6 || PUBLIC_V6.contains(address))
        && NOT_PUBLIC.stream().noneMatch(network -> network.contains(address));
  }
}
