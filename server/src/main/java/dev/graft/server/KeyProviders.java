package dev.graft.server;

import dev.graft.store.Accounts;
import dev.graft.store.Database;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.LocalKeyProvider;
import dev.graft.vault.MasterKey;
import dev.graft.vault.MasterKeyFile;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.Vault;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * The one place that decides which key provider wraps: the local master key, which is part of
 * Graft, or one that comes in a module of its own ({@link ProviderModule}).
 */
public final class KeyProviders {
  private final Settings settings;
  private final BooleanSupplier isFirstStart;

  private KeyProviders(Settings settings, BooleanSupplier isFirstStart) {
    this.settings = settings;
    this.isFirstStart = isFirstStart;
  }

  /** For a server: on an empty database the first start makes the key file. */
  static KeyProviders of(Settings settings, Database database) {
    return new KeyProviders(settings, () -> !new Accounts(database).hasDataKeys());
  }

  /** For what only looks at a provider, and makes no key file. */
  static KeyProviders of(Settings settings) {
    return new KeyProviders(settings, () -> false);
  }

  /**
   * Opens the provider of a module by its address.
   *
   * @param environment where it finds its own credentials
   */
  public static KeyProvider open(String uri, Map<String, String> environment) {
    return ProviderModule.open(ProviderUri.parse(uri), environment);
  }

  /** Opens any provider by its address, the local one included. */
  public KeyProvider open(String uri) {
    return open(ProviderUri.parse(uri));
  }

  KeyProvider open(ProviderUri uri) {
    return uri.scheme().equals(KeySettings.LOCAL.scheme())
        ? local(uri)
        : ProviderModule.open(uri, settings.keys().environment());
  }

  /**
   * The vault over the providers that the settings name. The current one has wrapped and unwrapped
   * once when this returns: a server that cannot seal does not start.
   *
   * @param measured stands before each of them
   */
  Vault vault(UnaryOperator<KeyProvider> measured) {
    KeyProvider current = measured.apply(open(settings.keys().current()));
    var older = new ArrayList<KeyProvider>();
    settings.keys().older().forEach(uri -> older.add(measured.apply(open(uri))));
    current.check();
    return new Vault(current, List.copyOf(older), InstantSource.system(), Vault.CacheLimits.USUAL);
  }

  private KeyProvider local(ProviderUri uri) {
    uri.knowing();
    if (!uri.path().isEmpty()) {
      throw uri.unusable("the local one has nothing behind the colon. Set GRAFT_KMS to local:");
    }
    List<MasterKey> older =
        new ArrayList<>(settings.olderMasterKeys().stream().map(MasterKey::of).toList());
    Optional<MasterKey> given = settings.masterKey().map(MasterKey::of);
    if (given.isPresent()) {
      return new LocalKeyProvider(given.get(), older);
    }
    Path file = settings.dataDir().resolve("master.key");
    older.addAll(MasterKeyFile.readOlder(file));
    return new LocalKeyProvider(masterKeyFile(file), older);
  }

  private MasterKey masterKeyFile(Path file) {
    boolean isCurrent = settings.keys().current().isSameKeyAs(KeySettings.LOCAL);
    // A new key could not open what an old one sealed, so it is only made for an empty database.
    if (!isCurrent || !isFirstStart.getAsBoolean()) {
      return MasterKeyFile.read(file);
    }
    try {
      Files.createDirectories(settings.dataDir());
    } catch (IOException e) {
      throw new VaultException(
          VaultException.Kind.BAD_MASTER_KEY,
          "The data folder " + settings.dataDir() + " cannot be made: " + e.getMessage() + ".",
          e);
    }
    return MasterKeyFile.readOrCreate(file);
  }
}
