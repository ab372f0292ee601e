package dev.graft.vault;

import java.util.UUID;

/**
 * An account's data key as it is stored: wrapped by a key provider, so that nothing in it is
 * secret. Its id and its account are part of what is wrapped, so a row put together from two does
 * not open.
 *
 * @param providerUri the {@link KeyProvider#uri()} of the provider that wrapped it
 */
public record DataKey(UUID id, String accountId, String providerUri, KeyProvider.Wrapped wrapped) {
  public DataKey {
    if (accountId.isEmpty() || providerUri.isEmpty()) {
      throw new IllegalArgumentException("A data key names its account and its key provider.");
    }
  }

  Context context() {
    return context(id, accountId);
  }

  /** What a provider binds to the wrapped key. */
  static Context context(UUID id, String accountId) {
    return new Context(accountId, "data-key", id.toString());
  }
}
