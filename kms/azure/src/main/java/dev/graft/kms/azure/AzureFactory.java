package dev.graft.kms.azure;

import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderFactory;
import dev.graft.vault.ProviderUri;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens {@code azure-keyvault:https://name.vault.azure.net/keys/key}. */
public final class AzureFactory implements KeyProviderFactory {
  private static final Pattern PATH =
      Pattern.compile("(https?://[^/@]+)/keys/([0-9A-Za-z-]{1,127})");

  /** The vaults of each of Azure's clouds. A token goes nowhere else. */
  private static final Pattern HOST =
      Pattern.compile(
          "[0-9A-Za-z-]+\\.((?:vault|managedhsm)\\.(?:azure\\.net|azure\\.cn|usgovcloudapi\\.net))");

  @Override
  public String scheme() {
    return "azure-keyvault";
  }

  @Override
  public Set<String> credentials() {
    return Set.of("AZURE_CLIENT_SECRET", "IDENTITY_HEADER");
  }

  @Override
  public KeyProvider open(ProviderUri uri, Map<String, String> environment) {
    uri.knowing("timeout");
    Matcher matcher = PATH.matcher(uri.path());
    if (!matcher.matches()) {
      throw uri.unusable(
          "it must look like azure-keyvault:https://name.vault.azure.net/keys/graft, without a"
              + " version, since a rotation makes a new one");
    }
    URI vault = URI.create(matcher.group(1));
    var http = new Http(uri);
    return new AzureKeyProvider(
        uri,
        new VaultApi(
            uri.identity(),
            http,
            uri.path(),
            new Tokens(uri.identity(), http, Login.of(uri, environment), resource(uri, vault))));
  }

  /** For what a token is asked for: the vaults of a cloud together. */
  private static String resource(ProviderUri uri, URI vault) {
    String host = vault.getHost() == null ? "" : vault.getHost();
    if (isThisMachine(host)) {
      return "https://vault.azure.net";
    }
    Matcher known = HOST.matcher(host);
    if (!known.matches() || vault.getPort() != -1 || !vault.getScheme().equals("https")) {
      throw uri.unusable(
          "its host is no vault of Azure's. It is https and ends in vault.azure.net,"
              + " managedhsm.azure.net, or the same of another of Azure's clouds");
    }
    return "https://" + known.group(1);
  }

  static boolean isThisMachine(String host) {
    return host.equals("127.0.0.1") || host.equals("localhost");
  }
}
