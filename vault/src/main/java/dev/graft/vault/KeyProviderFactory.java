package dev.graft.vault;

import java.util.Map;
import java.util.Set;

/**
 * Opens the key providers of one kind. An optional module names its factory in {@code
 * META-INF/services}, and Graft finds it there once a setting names the scheme.
 */
public interface KeyProviderFactory {
  /** The beginning of the uris that it opens, for instance {@code aws-kms}. */
  String scheme();

  /**
   * The variables whose values are secret credentials, so that Graft masks these wherever they turn
   * up. Files that variables name are not meant.
   */
  Set<String> credentials();

  /**
   * A provider for the key at this address. Nothing is promised about the service being there: that
   * is what {@link KeyProvider#check()} is for.
   *
   * @param environment where the provider's own credentials are, under their usual names
   * @throws VaultException of kind {@code BAD_PROVIDER} if it cannot be opened as it is named or
   *     configured
   */
  KeyProvider open(ProviderUri uri, Map<String, String> environment);
}
