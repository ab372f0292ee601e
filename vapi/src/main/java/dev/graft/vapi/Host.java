package dev.graft.vapi;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One of Vapi's servers. A key belongs to one region and is unknown in the other
 * (docs/vapi-facts.md, "Regions").
 *
 * @param name as it is kept with an account: {@code us}, {@code eu}, or {@code custom} for an
 *     address of the operator's own
 */
public record Host(String name, URI url) {
  public static final Host US = new Host("us", URI.create("https://api.vapi.ai"));
  public static final Host EU = new Host("eu", URI.create("https://api.eu.vapi.ai"));
  private static final String CUSTOM = "custom";
  private static final Pattern LOOPBACK =
      Pattern.compile("(?i)localhost|::1|\\[::1]|127(\\.\\d{1,3}){3}");

  public Host {
    if (!isSafe(url)) {
      throw new IllegalArgumentException("not a safe address for a customer's key: " + url);
    }
  }

  /** The servers that are asked, when nothing else is set. */
  public static List<Host> vapis() {
    return List.of(US, EU);
  }

  /** An address that stands for Vapi, such as a sandbox. */
  public static Host at(URI url) {
    return new Host(CUSTOM, url);
  }

  /** The one of these that an account was linked at. */
  public static Optional<Host> named(String name, List<Host> hosts) {
    return hosts.stream().filter(host -> host.name().equals(name)).findFirst();
  }

  /** Whether a key may be sent there: encrypted, or not leaving this machine. */
  public static boolean isSafe(URI url) {
    String host = url.getHost();
    return host != null
        && url.getRawUserInfo() == null
        && url.getRawQuery() == null
        && url.getRawFragment() == null
        && ("https".equalsIgnoreCase(url.getScheme())
            || "http".equalsIgnoreCase(url.getScheme()) && isLoopback(host));
  }

  /** Whether only programs on this machine can be reached, or reach anything, under a name. */
  public static boolean isLoopback(String host) {
    return LOOPBACK.matcher(host).matches();
  }

  String urlOf(String pathAndQuery) {
    if (!pathAndQuery.startsWith("/")) {
      // It would go on with the name of the host.
      throw new IllegalArgumentException("not a path: " + pathAndQuery);
    }
    String base = url.toString();
    return (base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + pathAndQuery;
  }
}
