package dev.graft.kms.transit;

import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderFactory;
import dev.graft.vault.ProviderUri;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens {@code vault-transit:https://host:8200/[mount/]key}. */
public final class TransitFactory implements KeyProviderFactory {
  private static final Pattern PATH =
      Pattern.compile("(https?://[^/@]+)/(?:((?:[\\w.-]+/)*[\\w.-]+)/)?([\\w.-]+)");

  @Override
  public String scheme() {
    return "vault-transit";
  }

  @Override
  public Set<String> credentials() {
    return Set.of("VAULT_TOKEN", "VAULT_SECRET_ID");
  }

  @Override
  public KeyProvider open(ProviderUri uri, Map<String, String> environment) {
    uri.knowing("timeout");
    Matcher matcher = PATH.matcher(uri.path());
    if (!matcher.matches()) {
      throw uri.unusable(
          "it must look like vault-transit:https://host:8200/key, or with a mount of its own like"
              + " vault-transit:https://host:8200/team/transit/key");
    }
    URI address = URI.create(matcher.group(1));
    if (address.getHost() == null) {
      throw uri.unusable("its address names no host");
    }
    if (address.getScheme().equals("http") && !isLoopback(address.getHost())) {
      throw uri.unusable("http is taken on this machine only; data keys are sent there. Use https");
    }
    String mount = matcher.group(2) == null ? "transit" : matcher.group(2);
    return new TransitKeyProvider(
        uri.identity(),
        mount,
        matcher.group(3),
        new TransitClient(uri, address, Login.of(uri, environment), environment));
  }

  private static boolean isLoopback(String host) {
    // In full: a name may begin like an address.
    return host.equals("localhost") || host.equals("[::1]") || host.matches("127(\\.\\d{1,3}){3}");
  }
}
