package dev.graft.vault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

/**
 * Seals and opens records under data keys, and has those wrapped by key providers. It remembers
 * nothing but the unwrapped data keys of the last minutes; when a provider is away, what needs it
 * fails and nothing takes its place. Safe for many threads.
 */
public final class Vault {
  private static final byte[] NO_SALT = {};
  private static final byte[] FINGERPRINT =
      Context.lengthPrefixed("graft fingerprint".getBytes(US_ASCII));

  private final KeyProvider current;
  private final Map<String, KeyProvider> providers = new LinkedHashMap<>();
  private final DataKeyCache dataKeys;

  /**
   * @param current wraps every new data key
   * @param older unwrap the data keys that they wrapped, until those are rewrapped
   */
  public Vault(
      KeyProvider current, List<KeyProvider> older, InstantSource clock, CacheLimits limits) {
    this.current = current;
    this.dataKeys = new DataKeyCache(this::unwrap, clock, limits);
    add(current);
    older.forEach(this::add);
  }

  /** How long, how often and how many unwrapped data keys are kept. */
  public record CacheLimits(Duration time, int uses, int entries) {
    public static final CacheLimits USUAL = new CacheLimits(Duration.ofMinutes(5), 10_000, 1_000);

    public CacheLimits {
      if (!time.isPositive() || uses < 1 || entries < 1) {
        throw new IllegalArgumentException("A limit of the data key cache must be above zero.");
      }
    }
  }

  /** How many unwrapped data keys are kept, and how often one was there or had to be unwrapped. */
  public record CacheFigures(long entries, long hits, long misses) {}

  public CacheFigures cache() {
    return dataKeys.figures();
  }

  /**
   * A new random data key for an account, wrapped by the current provider. The caller stores it.
   */
  public DataKey newDataKey(String accountId) {
    try (Secret key = Secret.owning(Primitives.random(Primitives.KEY_BYTES))) {
      return wrap(UUID.randomUUID(), accountId, key);
    }
  }

  /**
   * The plaintext as a record that opens only with this data key and this context. Sealing it twice
   * gives two different records.
   *
   * @throws IllegalArgumentException if the context names another account than the data key's,
   *     since the record would then outlive its account
   */
  public byte[] seal(DataKey dataKey, Context context, byte[] plaintext) {
    if (!context.accountId().equals(dataKey.accountId())) {
      throw new IllegalArgumentException(
          "A record of account %s is not sealed with the data key of account %s."
              .formatted(context.accountId(), dataKey.accountId()));
    }
    byte[] salt = Primitives.random(Envelope.SALT_BYTES);
    return with(
        dataKey,
        SecretAccess.of("sealing a record"),
        key -> Envelope.seal(dataKey.id(), key, context, salt, plaintext));
  }

  public byte[] seal(DataKey dataKey, Context context, Secret plaintext) {
    return plaintext.reveal(
        SecretAccess.of("being sealed"), bytes -> seal(dataKey, context, bytes));
  }

  /** What was sealed, or a {@link VaultException}; never anything else. */
  public byte[] open(DataKey dataKey, Context context, byte[] record) {
    Envelope envelope = Envelope.parse(record);
    return with(
        dataKey,
        SecretAccess.of("opening a record"),
        key -> envelope.open(dataKey.id(), key, context));
  }

  public Secret openSecret(DataKey dataKey, Context context, byte[] record) {
    return Secret.owning(open(dataKey, context, record));
  }

  /** The data key that a record says it needs, for looking that up. Opening proves it. */
  public static UUID dataKeyIdOf(byte[] record) {
    return Envelope.parse(record).dataKeyId();
  }

  /**
   * The same data key, wrapped by the current provider under its newest key. Records stay as they
   * are. The old row opens as well for as long as its provider keeps the old key.
   */
  public DataKey rewrap(DataKey dataKey) {
    if (dataKey.providerUri().equals(current.uri())) {
      return rewrapInPlace(dataKey);
    }
    try (Secret key = unwrap(dataKey)) {
      return wrap(dataKey.id(), dataKey.accountId(), key);
    }
  }

  /** The service may be able to do this by itself; that it did it well is proven here. */
  private DataKey rewrapInPlace(DataKey dataKey) {
    var rewrapped =
        new DataKey(
            dataKey.id(),
            dataKey.accountId(),
            current.uri(),
            current.rewrap(dataKey.wrapped(), dataKey.context()));
    // Bound to this data key it unwraps to no other one; if it did not unwrap, the account were
    // lost.
    unwrapOnce(rewrapped);
    return rewrapped;
  }

  /**
   * The same 64 hexadecimal digits for the same secret, by which it is recognised without being
   * stored. Only with the system's data key can a guess be tried.
   */
  public String fingerprint(DataKey systemKey, Secret secret) {
    return with(
        systemKey,
        SecretAccess.of("taking a fingerprint"),
        key -> {
          byte[] derived = Primitives.hkdf(key, NO_SALT, FINGERPRINT, Primitives.KEY_BYTES);
          try {
            return secret.reveal(
                SecretAccess.of("having its fingerprint taken"),
                bytes -> HexFormat.of().formatHex(Primitives.hmac(derived, bytes)));
          } finally {
            Primitives.wipe(derived);
          }
        });
  }

  /**
   * Proves that a data key unwraps now, whatever is remembered of it, and keeps nothing of it.
   *
   * @throws VaultException when it does not
   */
  public void unwrapOnce(DataKey dataKey) {
    unwrap(dataKey).wipe();
  }

  /** The uri of the provider that wraps new data keys. */
  public String provider() {
    return current.uri();
  }

  /** The uris of the providers that unwrap, the current one first. */
  public List<String> providers() {
    return List.copyOf(providers.keySet());
  }

  /** Wipes an unwrapped data key now, as when its account is deleted. */
  public void forget(UUID dataKeyId) {
    dataKeys.forget(dataKeyId);
  }

  /**
   * Wipes the unwrapped data keys whose time is up. Unwrapping another one does so too; call this
   * now and then, so that an idle vault keeps none.
   */
  public void wipeExpired() {
    dataKeys.wipeExpired();
  }

  /**
   * Proves that the current provider wraps and unwraps now.
   *
   * @return the version of its key: data keys under another one, or of another provider, are due a
   *     {@link #rewrap}
   */
  public String check() {
    return current.check();
  }

  private <T> T with(DataKey dataKey, SecretAccess access, Function<byte[], T> work) {
    try (Secret key = dataKeys.borrow(dataKey)) {
      return key.reveal(access, work);
    }
  }

  /** Reads back what was wrapped, as a row that cannot be unwrapped would lose a whole account. */
  private DataKey wrap(UUID id, String accountId, Secret key) {
    var context = DataKey.context(id, accountId);
    var wrapped = new DataKey(id, accountId, current.uri(), current.wrap(key, context));
    try (Secret back = unwrap(wrapped)) {
      if (!back.equals(key)) {
        throw new VaultException(
            VaultException.Kind.KEY_UNAVAILABLE,
            "The key provider %s wrapped a data key and unwrapped it to another one. Nothing was"
                    .formatted(current.uri())
                + " changed. Check the provider before trying again.");
      }
      return wrapped;
    }
  }

  private Secret unwrap(DataKey dataKey) {
    KeyProvider provider = providers.get(dataKey.providerUri());
    if (provider == null) {
      throw new VaultException(
          VaultException.Kind.WRONG_KEY,
          "Data key %s of account %s was wrapped by the key provider %s; Graft was started with %s."
                  .formatted(
                      dataKey.id(),
                      dataKey.accountId(),
                      dataKey.providerUri(),
                      String.join(", ", providers.keySet()))
              + " Configure that provider as an older one, then rewrap.");
    }
    Secret key = provider.unwrap(dataKey.wrapped(), dataKey.context());
    if (key.length() != Primitives.KEY_BYTES) {
      key.wipe();
      throw new VaultException(
          VaultException.Kind.TAMPERED,
          "The key provider %s unwrapped data key %s to something that is no data key. It is not"
                  .formatted(dataKey.providerUri(), dataKey.id())
              + " used. Restore the data key from a backup.");
    }
    return key;
  }

  private void add(KeyProvider provider) {
    if (providers.put(provider.uri(), provider) != null) {
      throw new IllegalArgumentException(
          "There are two key providers called " + provider.uri() + "; each needs its own uri.");
    }
  }
}
