package dev.graft.kms.pkcs11;

import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The user's PIN of a token. A file is read again at every login, so that it may change. */
sealed interface Pin {
  /** One that is given. */
  record Value(Secret pin) implements Pin {}

  /** One that stands in a file. */
  record InFile(Path file) implements Pin {}

  static Pin of(ProviderUri uri, Map<String, String> environment) {
    if (uri.option("pin-source").isPresent()) {
      String source = uri.option("pin-source").orElseThrow();
      return new InFile(Path.of(source.startsWith("file:") ? source.substring(5) : source));
    }
    String file = environment.get("GRAFT_PKCS11_PIN_FILE");
    if (file != null) {
      return new InFile(Path.of(file));
    }
    String value = environment.get("GRAFT_PKCS11_PIN");
    if (value != null) {
      return new Value(Secret.copyOf(value.strip()));
    }
    throw uri.unusable(
        "there is no PIN for it. Set GRAFT_PKCS11_PIN_FILE to a file that holds it, or"
            + " GRAFT_PKCS11_PIN, or add ?pin-source=file:/path");
  }

  /** The PIN as it is now. */
  default Secret read(String providerUri) {
    return switch (this) {
      case Value(Secret pin) -> pin;
      case InFile(Path file) -> {
        try {
          yield Secret.copyOf(Files.readString(file).strip());
        } catch (IOException e) {
          throw VaultException.unavailable(
              providerUri,
              "the file with its PIN, "
                  + file
                  + ", cannot be read. Make it readable for the user"
                  + " that runs Graft",
              e);
        }
      }
    };
  }
}
