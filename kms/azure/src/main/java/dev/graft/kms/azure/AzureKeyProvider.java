package dev.graft.kms.azure;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.OneTimeKey;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import dev.graft.vault.VaultException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Wraps a one-time key by RSA in the vault, and the data key under that one together with its
 * context.
 *
 * <p>The version is the whole id of the key's version. Wrapped bytes are a form number, 1, the data
 * key sealed under the one-time key, and the one-time key as the vault wrapped it, which is as long
 * as the vault's key.
 */
final class AzureKeyProvider implements KeyProvider {
  private static final byte FORM = 1;

  private final ProviderUri uri;
  private final VaultApi vault;

  AzureKeyProvider(ProviderUri uri, VaultApi vault) {
    this.uri = uri;
    this.vault = vault;
  }

  @Override
  public String uri() {
    return uri.identity();
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    try (Secret once = OneTimeKey.generate()) {
      byte[] sealed = OneTimeKey.seal(once, context.canonical(), dataKey);
      VaultApi.KeyVersion version = usable(vault.newest());
      byte[] wrapped =
          once.reveal(
              SecretAccess.of("being wrapped by Azure Key Vault"),
              bytes -> vault.wrapped(version.id(), bytes));
      return new Wrapped(
          version.id(),
          ByteBuffer.allocate(1 + sealed.length + wrapped.length)
              .put(FORM)
              .put(sealed)
              .put(wrapped)
              .array());
    }
  }

  private VaultApi.KeyVersion usable(VaultApi.KeyVersion version) {
    if (!version.type().equals("RSA") && !version.type().equals("RSA-HSM")) {
      throw vault.unavailable(
          "its key is of type " + version.type() + ". Make one of type RSA or RSA-HSM");
    }
    if (!version.enabled()) {
      throw vault.unavailable("the newest version of its key is switched off. Enable it");
    }
    return version;
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    String version = wrapped.kekVersion();
    if (!vault.isVersion(version)) {
      throw VaultException.versionNotThere(uri(), version, null);
    }
    byte[] bytes = wrapped.bytes();
    int start = 1 + OneTimeKey.SEALED_BYTES;
    if (bytes.length <= start || bytes[0] != FORM) {
      throw VaultException.doesNotUnwrap(context, null);
    }
    Http.Answer answer = vault.unwrapping(version, Arrays.copyOfRange(bytes, start, bytes.length));
    switch (answer.status()) {
      case 200 -> {}
      case 400 -> throw VaultException.doesNotUnwrap(context, null);
      case 404 -> {
        if (answer.text("error", "code").equals("KeyNotFound")) {
          throw VaultException.versionNotThere(uri(), version, null);
        }
        throw vault.notUnderstood(answer);
      }
      default -> throw vault.refused(answer, "unwrapKey");
    }
    try (Secret once = Secret.owning(vault.value(answer, version))) {
      return OneTimeKey.open(
          once, context.canonical(), Arrays.copyOfRange(bytes, 1, start), context);
    }
  }
}
