package dev.graft.server.edge;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How Graft is reached.
 *
 * @param certificate what it shows when it speaks TLS itself
 * @param proxies where requests may come from that ended TLS before
 * @param origins of pages that may call from a browser
 * @param connections the most that are served at a time
 * @param httpsOnly whether a request that came over plain HTTP is refused
 */
public record EdgeSettings(
    Optional<CertificateFiles> certificate,
    List<Network> proxies,
    Set<String> origins,
    int connections,
    boolean httpsOnly) {
  public EdgeSettings {
    proxies = List.copyOf(proxies);
    origins = Set.copyOf(origins);
  }

  public boolean isProxy(String address) {
    return proxies.stream().anyMatch(network -> network.contains(address));
  }
}
