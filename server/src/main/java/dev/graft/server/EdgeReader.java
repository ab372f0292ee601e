package dev.graft.server;

import dev.graft.server.edge.CertificateFiles;
import dev.graft.server.edge.EdgeSettings;
import dev.graft.server.edge.Network;
import dev.graft.vault.Secret;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads how Graft is reached, and says what of it cannot be. */
final class EdgeReader {
  private final GivenSettings given;
  private final List<String> faults;
  private final Settings.Profile profile;

  EdgeReader(GivenSettings given, List<String> faults, Settings.Profile profile) {
    this.given = given;
    this.faults = faults;
    this.profile = profile;
  }

  EdgeSettings settings() {
    Optional<CertificateFiles> certificate = certificate();
    List<Network> proxies = proxies();
    boolean production = profile == Settings.Profile.PRODUCTION;
    if (production && certificate.isEmpty() && proxies.isEmpty()) {
      fault(
          Setting.GRAFT_PROFILE,
          "is 'production', and requests with customers' keys would come in unencrypted. Set"
              + " GRAFT_TLS_CERTIFICATE and GRAFT_TLS_KEY (or GRAFT_TLS_KEYSTORE), or, where a proxy"
              + " ends TLS, its address as GRAFT_TRUSTED_PROXIES.");
    }
    return new EdgeSettings(certificate, proxies, origins(), connections(), production);
  }

  private void fault(Setting setting, String what) {
    faults.add(setting + " (" + given.value(setting).origin() + ") " + what);
  }

  private Optional<Path> file(Setting setting) {
    String text = given.text(setting);
    if (text.isBlank()) {
      return Optional.empty();
    }
    Path file = Path.of(text).toAbsolutePath().normalize();
    if (!Files.isReadable(file)) {
      fault(setting, "names a file that is not there or cannot be read: " + file + ".");
    }
    return Optional.of(file);
  }

  private Optional<CertificateFiles> certificate() {
    Optional<Path> certificate = file(Setting.GRAFT_TLS_CERTIFICATE);
    Optional<Path> key = file(Setting.GRAFT_TLS_KEY);
    Optional<Path> store = file(Setting.GRAFT_TLS_KEYSTORE);
    Optional<Secret> password = password();
    if (store.isPresent() && (certificate.isPresent() || key.isPresent())) {
      fault(
          Setting.GRAFT_TLS_KEYSTORE,
          "is set beside GRAFT_TLS_CERTIFICATE or GRAFT_TLS_KEY. Take one or the other.");
    } else if (certificate.isPresent() != key.isPresent()) {
      fault(
          certificate.isPresent() ? Setting.GRAFT_TLS_CERTIFICATE : Setting.GRAFT_TLS_KEY,
          "needs the other of GRAFT_TLS_CERTIFICATE and GRAFT_TLS_KEY.");
    }
    if (store.isPresent()) {
      return Optional.of(new CertificateFiles.Pkcs12(store.get(), password));
    }
    return certificate.isPresent() && key.isPresent()
        ? Optional.of(new CertificateFiles.Pem(certificate.get(), key.get(), password))
        : Optional.empty();
  }

  private Optional<Secret> password() {
    String direct = given.text(Setting.GRAFT_TLS_PASSWORD);
    Optional<Path> file = file(Setting.GRAFT_TLS_PASSWORD_FILE);
    if (file.isEmpty()) {
      return direct.isEmpty() ? Optional.empty() : Optional.of(Secret.copyOf(direct));
    }
    try {
      return Optional.of(Secret.copyOf(Files.readString(file.get()).strip()));
    } catch (MalformedInputException e) {
      fault(
          Setting.GRAFT_TLS_PASSWORD_FILE,
          "names a file that is no text in UTF-8: "
              + file.get()
              + ". Write the password there as UTF-8.");
    } catch (IOException e) {
      fault(
          Setting.GRAFT_TLS_PASSWORD_FILE,
          "names what cannot be read as a file: "
              + file.get()
              + ". Give a file that the user who runs Graft may read.");
    }
    return Optional.empty();
  }

  private static List<String> parts(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(part -> !part.isEmpty())
        .toList();
  }

  private List<Network> proxies() {
    var networks = new ArrayList<Network>();
    for (String part : parts(given.text(Setting.GRAFT_TRUSTED_PROXIES))) {
      Network.parsed(part)
          .ifPresentOrElse(
              networks::add,
              () ->
                  fault(
                      Setting.GRAFT_TRUSTED_PROXIES,
                      "must be addresses or networks such as 10.0.0.5 or 10.1.0.0/16, separated by"
                          + " commas, and no names; '"
                          + part
                          + "' is neither."));
    }
    return networks;
  }

  private Set<String> origins() {
    var origins = new LinkedHashSet<String>();
    for (String part : parts(given.text(Setting.GRAFT_CORS_ORIGINS))) {
      if (part.matches("https?://[a-z0-9.-]+(:\\d{1,5})?|https?://\\[[0-9a-f:]+\\](:\\d{1,5})?")) {
        origins.add(part);
      } else {
        fault(
            Setting.GRAFT_CORS_ORIGINS,
            "must be whole origins in lower case, such as https://app.example.com, without a path and"
                + " without '*'; '"
                + part
                + "' is none.");
      }
    }
    return origins;
  }

  private int connections() {
    String text = given.text(Setting.GRAFT_MAX_CONNECTIONS);
    if (text.matches("\\d{1,6}") && Integer.parseInt(text) >= 8) {
      return Integer.parseInt(text);
    }
    fault(Setting.GRAFT_MAX_CONNECTIONS, "must be a number of at least 8.");
    return 8;
  }
}
