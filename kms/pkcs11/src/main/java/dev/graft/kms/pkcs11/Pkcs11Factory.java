package dev.graft.kms.pkcs11;

import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderFactory;
import dev.graft.vault.ProviderUri;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Opens {@code pkcs11:token=LABEL;object=LABEL?module-path=FILE}, an address as RFC 7512 has it.
 * The PIN stands in no address, since addresses are stored and shown.
 */
public final class Pkcs11Factory implements KeyProviderFactory {
  private static final Set<String> ATTRIBUTES = Set.of("token", "serial", "object");
  private static final Map<Path, Library> LOADED = new ConcurrentHashMap<>();

  @Override
  public String scheme() {
    return "pkcs11";
  }

  @Override
  public Set<String> credentials() {
    return Set.of("GRAFT_PKCS11_PIN");
  }

  @Override
  public KeyProvider open(ProviderUri uri, Map<String, String> environment) {
    return open(uri, environment, library(uri, environment));
  }

  static KeyProvider open(ProviderUri uri, Map<String, String> environment, Library library) {
    uri.knowing("module-path", "pin-source", "iv", "timeout");
    Map<String, String> attributes = attributes(uri);
    Optional<String> token = Optional.ofNullable(attributes.get("token"));
    Optional<String> serial = Optional.ofNullable(attributes.get("serial"));
    String object = attributes.get("object");
    if (object == null || token.isEmpty() && serial.isEmpty()) {
      throw uri.unusable(
          "it must name the token and the key, as in pkcs11:token=graft;object=graft-kek");
    }
    String iv = uri.option("iv").orElse("graft");
    if (!iv.equals("graft") && !iv.equals("token")) {
      throw uri.unusable("its iv must be graft or token, whichever makes the nonces");
    }
    return new Pkcs11KeyProvider(
        uri.identity(),
        new Token(uri.identity(), library, token, serial, Pin.of(uri, environment), uri.timeout()),
        object,
        iv.equals("token"));
  }

  private static Map<String, String> attributes(ProviderUri uri) {
    var attributes = new HashMap<String, String>();
    for (String attribute : uri.path().split(";", -1)) {
      int equals = attribute.indexOf('=');
      String name = equals < 0 ? attribute : attribute.substring(0, equals);
      String value =
          equals < 0 ? "" : ProviderUri.decoded(uri.identity(), attribute.substring(equals + 1));
      if (!ATTRIBUTES.contains(name) || value.isEmpty() || attributes.put(name, value) != null) {
        throw uri.unusable(
            "it must look like pkcs11:token=graft;object=graft-kek, with token, serial and object"
                + " each once at most and no other attribute. The PIN goes into a file"
                + " (GRAFT_PKCS11_PIN_FILE)");
      }
    }
    return attributes;
  }

  private static Library library(ProviderUri uri, Map<String, String> environment) {
    String named =
        uri.option("module-path")
            .or(() -> Optional.ofNullable(environment.get("GRAFT_PKCS11_MODULE")))
            .orElseThrow(() ->
                uri.unusable(
                    "its library is not known. Set GRAFT_PKCS11_MODULE to the .so file of the"
                        + " token's maker, or add ?module-path=/path/to/it.so"));
    Path file = Path.of(named);
    if (!file.isAbsolute() || !Files.isRegularFile(file)) {
      throw uri.unusable(
          "its library " + named + " is no file. Name it with its whole path, from the root on");
    }
    try {
      return library(file);
    } catch (IllegalArgumentException e) {
      throw uri.unusable("its library " + file + " cannot be loaded: " + e.getMessage());
    }
  }

  /** One for the whole process: a library knows nothing of how many use it. */
  static Library library(Path file) {
    return LOADED.computeIfAbsent(file, path -> new Library(Cryptoki.load(path)));
  }
}
