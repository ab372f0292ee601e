package dev.graft.kms.azure;

import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How Graft shows Azure who it is, under the names that Azure's own programs read. Files are read
 * again at every login, since they are renewed.
 */
sealed interface Login {
  /** An application with a secret of its own. */
  record ClientSecret(URI authority, String tenant, String client, Proof proof) implements Login {}

  /** A workload of Kubernetes, shown by the token that the cluster keeps in a file. */
  record Workload(URI authority, String tenant, String client, Path token) implements Login {}

  /** A virtual machine, which asks the machine's own address for tokens. */
  record Machine(URI host, Optional<String> client) implements Login {}

  /** A container app or app service, which is told where to ask, and a secret to ask with. */
  record Container(URI endpoint, Secret header, Optional<String> client) implements Login {}

  /** A secret that is given, or a file that holds it. */
  record Proof(Optional<Secret> value, Path file) {}

  static Login of(ProviderUri uri, Map<String, String> environment) {
    Optional<String> client = Optional.ofNullable(environment.get("AZURE_CLIENT_ID"));
    String secret = environment.get("AZURE_CLIENT_SECRET");
    String secretFile = environment.get("AZURE_CLIENT_SECRET_FILE");
    if (secret != null || secretFile != null) {
      return new ClientSecret(
          authority(uri, environment),
          required("AZURE_TENANT_ID", uri, environment),
          required("AZURE_CLIENT_ID", uri, environment),
          new Proof(
              Optional.ofNullable(secret).map(text -> Secret.copyOf(text.strip())),
              Path.of(secretFile == null ? "" : secretFile)));
    }
    String federated = environment.get("AZURE_FEDERATED_TOKEN_FILE");
    if (federated != null) {
      return new Workload(
          authority(uri, environment),
          required("AZURE_TENANT_ID", uri, environment),
          required("AZURE_CLIENT_ID", uri, environment),
          Path.of(federated));
    }
    String endpoint = environment.get("IDENTITY_ENDPOINT");
    String header = environment.get("IDENTITY_HEADER");
    if (endpoint != null && header != null) {
      return new Container(
          address(uri, "IDENTITY_ENDPOINT", endpoint), Secret.copyOf(header), client);
    }
    String host =
        environment.getOrDefault("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://169.254.169.254");
    return new Machine(address(uri, "AZURE_POD_IDENTITY_AUTHORITY_HOST", host), client);
  }

  private static URI authority(ProviderUri uri, Map<String, String> environment) {
    String text =
        environment.getOrDefault("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com");
    URI authority = address(uri, "AZURE_AUTHORITY_HOST", text.replaceFirst("/+$", ""));
    if (!authority.getScheme().equals("https")
        && !AzureFactory.isThisMachine(authority.getHost())) {
      throw uri.unusable("AZURE_AUTHORITY_HOST is not https; a secret is sent there");
    }
    return authority;
  }

  private static URI address(ProviderUri uri, String name, String text) {
    try {
      URI address = URI.create(text);
      if (address.getHost() != null
          && ("http".equals(address.getScheme()) || "https".equals(address.getScheme()))) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw uri.unusable(name + " is no http address");
  }

  private static String required(String name, ProviderUri uri, Map<String, String> environment) {
    String value = environment.getOrDefault(name, "");
    if (!value.matches("[0-9A-Za-z.-]+")) {
      throw uri.unusable("there are credentials for it without " + name + ". Set it to its id");
    }
    return value;
  }
}
