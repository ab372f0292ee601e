package dev.graft.server.access;

import dev.graft.vapi.Host;
import dev.graft.vault.Secret;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which tokens of people are accepted. All of it is there, or no token is accepted at all.
 *
 * @param issuer exactly as its tokens name it
 * @param audience what a token must be for
 * @param algorithms with which a token may be signed, none of them with a shared secret
 * @param rolesClaim where a token says what a person is; a path with dots, if no claim has this
 *     name
 * @param roles what the values there stand for
 * @param client for the login with a browser; nothing where there is none
 */
public record OidcSettings(
    URI issuer,
    String audience,
    Set<String> algorithms,
    String rolesClaim,
    Map<String, Role> roles,
    Optional<Client> client) {

  /** The algorithms that there are to choose from: those with a key pair. */
  public static final List<String> ALGORITHMS =
      List.of(
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA");

  /**
   * Graft as the issuer knows it.
   *
   * @param secret nothing for a public client
   */
  public record Client(String id, Optional<Secret> secret) {}

  public OidcSettings {
    algorithms = Set.copyOf(algorithms);
    roles = Map.copyOf(roles);
  }

  /** Whether what is sent there, or fetched from there, cannot be read or changed on the way. */
  public static boolean isSafe(URI url) {
    boolean here = Host.isLoopback(String.valueOf(url.getHost()));
    return url.getHost() != null
        && url.getRawUserInfo() == null
        && url.getRawFragment() == null
        && ("https".equals(url.getScheme()) || here && "http".equals(url.getScheme()));
  }
}
