package dev.graft.server;

import dev.graft.server.access.OidcSettings;
import dev.graft.server.access.Role;
import dev.graft.vault.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings for people who come with tokens of an issuer: all that it takes, or nothing.
 */
final class OidcReader {
  private static final List<Setting> ALL =
      List.of(
          Setting.GRAFT_OIDC_ISSUER,
          Setting.GRAFT_OIDC_AUDIENCE,
          Setting.GRAFT_OIDC_ALGORITHMS,
          Setting.GRAFT_OIDC_ROLES_CLAIM,
          Setting.GRAFT_OIDC_ROLES,
          Setting.GRAFT_OIDC_CLIENT_ID,
          Setting.GRAFT_OIDC_CLIENT_SECRET);

  private final GivenSettings given;
  private final BiConsumer<Setting, String> fault;

  private OidcReader(GivenSettings given, BiConsumer<Setting, String> fault) {
    this.given = given;
    this.fault = fault;
  }

  static Optional<OidcSettings> read(
      GivenSettings given, Optional<URI> publicUrl, BiConsumer<Setting, String> fault) {
    boolean wanted =
        ALL.stream().anyMatch(setting -> !given.value(setting).origin().equals("default"));
    return wanted ? new OidcReader(given, fault).settings(publicUrl) : Optional.empty();
  }

  private Optional<OidcSettings> settings(Optional<URI> publicUrl) {
    URI issuer = address(given.text(Setting.GRAFT_OIDC_ISSUER));
    String audience = given.text(Setting.GRAFT_OIDC_AUDIENCE);
    if (issuer == null || issuer.getRawQuery() != null || !OidcSettings.isSafe(issuer)) {
      fault.accept(
          Setting.GRAFT_OIDC_ISSUER,
          "must be the https address that the issuer's tokens name as 'iss' (http on this machine"
              + " only). Without it no token can be believed.");
    }
    if (audience.isBlank()) {
      fault.accept(
          Setting.GRAFT_OIDC_AUDIENCE,
          "is not set. Without it any token of the issuer would do, whoever it was made for: set it"
              + " to what the tokens for Graft have as 'aud'.");
    }
    Set<String> algorithms = algorithms();
    Map<String, Role> roles = roles();
    Optional<OidcSettings.Client> client = client(publicUrl);
    return issuer == null
        ? Optional.empty()
        : Optional.of(
            new OidcSettings(
                issuer,
                audience,
                algorithms,
                given.text(Setting.GRAFT_OIDC_ROLES_CLAIM),
                roles,
                client));
  }

  private Set<String> algorithms() {
    Set<String> algorithms = new LinkedHashSet<>();
    words(Setting.GRAFT_OIDC_ALGORITHMS).forEach(algorithms::add);
    if (algorithms.isEmpty() || !OidcSettings.ALGORITHMS.containsAll(algorithms)) {
      fault.accept(
          Setting.GRAFT_OIDC_ALGORITHMS,
          "must be one or more of "
              + String.join(", ", OidcSettings.ALGORITHMS)
              + ", separated by commas.");
    }
    return algorithms;
  }

  private Map<String, Role> roles() {
    Map<String, Role> roles = new HashMap<>();
    if (given.text(Setting.GRAFT_OIDC_ROLES).isBlank()) {
      for (Role role : Role.values()) {
        roles.put("graft-" + role.word(), role);
      }
    }
    words(Setting.GRAFT_OIDC_ROLES)
        .forEach(pair -> {
          int equals = pair.lastIndexOf('=');
          Optional<Role> role =
              equals < 1 ? Optional.empty() : Role.named(pair.substring(equals + 1).strip());
          if (role.isPresent()) {
            roles.put(pair.substring(0, equals), role.get());
          } else {
            fault.accept(
                Setting.GRAFT_OIDC_ROLES,
                "must be pairs such as graft-admin=admin, separated by commas: a value of the claim, and"
                    + " admin, operator, developer or tenant.");
          }
        });
    return roles;
  }

  private Optional<OidcSettings.Client> client(Optional<URI> publicUrl) {
    String id = given.text(Setting.GRAFT_OIDC_CLIENT_ID);
    String secret = given.text(Setting.GRAFT_OIDC_CLIENT_SECRET);
    if (id.isBlank()) {
      if (!secret.isBlank()) {
        fault.accept(Setting.GRAFT_OIDC_CLIENT_SECRET, "is set, and GRAFT_OIDC_CLIENT_ID is not.");
      }
      return Optional.empty();
    }
    if (publicUrl.isEmpty()) {
      fault.accept(
          Setting.GRAFT_OIDC_CLIENT_ID,
          "is set, and GRAFT_PUBLIC_URL is not. The issuer sends people back there, to its path"
              + " /login/back, so both must know it.");
    }
    return Optional.of(
        new OidcSettings.Client(
            id, secret.isBlank() ? Optional.empty() : Optional.of(Secret.copyOf(secret))));
  }

  private Stream<String> words(Setting setting) {
    return Stream.of(given.text(setting).split(",", -1))
        .map(String::strip)
        .filter(word -> !word.isEmpty());
  }

  static @Nullable URI address(String text) {
    try {
      return text.isBlank() ? null : new URI(text);
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
