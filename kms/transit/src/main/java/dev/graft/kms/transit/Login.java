package dev.graft.kms.transit;

import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** How Graft shows the service who it is. Files are read again at every login: they are renewed. */
sealed interface Login {
  /** A token that someone else made and renews. */
  record Token(Secret token) implements Login {}

  /** A token in a file, such as an agent keeps fresh. */
  record TokenFile(Path file) implements Login {}

  /** A role id and a secret id, for machines. */
  record AppRole(String mount, Source roleId, Source secretId) implements Login {}

  /** The service account of the pod. */
  record Kubernetes(String mount, String role, Path jwt) implements Login {}

  /** A value that is given, or a file that holds it. */
  record Source(Optional<Secret> value, Path file) {
    Secret read() {
      return value.orElseGet(() -> Login.read(file));
    }
  }

  static Login of(ProviderUri uri, Map<String, String> environment) {
    if (environment.containsKey("VAULT_TOKEN")) {
      return new Token(Secret.copyOf(environment.getOrDefault("VAULT_TOKEN", "").strip()));
    }
    if (environment.containsKey("VAULT_TOKEN_FILE")) {
      return new TokenFile(Path.of(environment.getOrDefault("VAULT_TOKEN_FILE", "")));
    }
    if (has("VAULT_ROLE_ID", environment)) {
      if (!has("VAULT_SECRET_ID", environment)) {
        throw uri.unusable(
            "there is a role id and no secret id. Set VAULT_SECRET_ID_FILE to the file that holds"
                + " it");
      }
      return new AppRole(
          environment.getOrDefault("VAULT_APPROLE_MOUNT", "approle"),
          source("VAULT_ROLE_ID", environment),
          source("VAULT_SECRET_ID", environment));
    }
    String role = environment.get("VAULT_KUBERNETES_ROLE");
    if (role != null) {
      return new Kubernetes(
          environment.getOrDefault("VAULT_KUBERNETES_MOUNT", "kubernetes"),
          role,
          Path.of(
              environment.getOrDefault(
                  "VAULT_KUBERNETES_TOKEN_FILE",
                  "/var/run/secrets/kubernetes.io/serviceaccount/token")));
    }
    throw uri.unusable(
        "there are no credentials for it. Set VAULT_TOKEN or VAULT_TOKEN_FILE; or"
            + " VAULT_ROLE_ID_FILE and VAULT_SECRET_ID_FILE; or VAULT_KUBERNETES_ROLE");
  }

  private static boolean has(String name, Map<String, String> environment) {
    return environment.containsKey(name) || environment.containsKey(name + "_FILE");
  }

  private static Source source(String name, Map<String, String> environment) {
    return new Source(
        Optional.ofNullable(environment.get(name)).map(Secret::copyOf),
        Path.of(environment.getOrDefault(name + "_FILE", "")));
  }

  static Secret read(Path file) {
    try {
      return Secret.copyOf(Files.readString(file).strip());
    } catch (IOException e) {
      throw new VaultException(
          VaultException.Kind.KEY_UNAVAILABLE,
          "The file "
              + file
              + " with credentials for vault-transit cannot be read. Make it readable for the user"
              + " that runs Graft.",
          e);
    }
  }
}
