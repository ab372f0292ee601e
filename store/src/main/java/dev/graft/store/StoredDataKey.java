package dev.graft.store;

/**
 * A wrapped data key.
 *
 * @param owner the account that it belongs to, or {@code system}
 * @param provider the key provider that wrapped it
 * @param wrappingKey which of the provider's keys did
 */
public record StoredDataKey(
    String id, String owner, String provider, String wrappingKey, Sealed wrapped) {}
