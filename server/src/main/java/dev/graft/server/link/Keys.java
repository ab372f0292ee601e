package dev.graft.server.link;

import dev.graft.server.access.Acts;
import dev.graft.server.log.Redaction;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.BodySeal;
import dev.graft.store.KeptValues;
import dev.graft.store.Operations;
import dev.graft.store.Sealed;
import dev.graft.store.StoredDataKey;
import dev.graft.vault.Context;
import dev.graft.vault.DataKey;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.OriginalRecord;
import dev.graft.vault.Secret;
import dev.graft.vault.Vault;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Seals what belongs to an account before it is stored, and opens it again: the vault's only user.
 */
public final class Keys {
  private static final String SYSTEM = "system";
  private static final String API_KEY = "vapi-key";
  private static final String BODY = "body";

  private final Vault vault;
  private final Accounts accounts;
  private final InstantSource clock;
  private final Acts acts;
  private final @Nullable Secret originalMasterKey;
  private volatile @Nullable DataKey system;

  /**
   * The keys of these accounts.
   *
   * @param originalMasterKey what opens records of the product that Graft comes from, if it is set
   */
  public Keys(
      Vault vault,
      Accounts accounts,
      InstantSource clock,
      Acts acts,
      @Nullable Secret originalMasterKey) {
    this.vault = vault;
    this.accounts = accounts;
    this.clock = clock;
    this.acts = acts;
    this.originalMasterKey = originalMasterKey;
  }

  /** A data key for a new account, to be stored with it. */
  StoredDataKey newDataKey(String accountId) {
    return stored(vault.newDataKey(accountId));
  }

  Sealed seal(String accountId, StoredDataKey dataKey, Secret apiKey) {
    return new Sealed(vault.seal(dataKey(dataKey), apiKeyOf(accountId), apiKey));
  }

  Sealed seal(Account account, Secret apiKey) {
    return seal(account.id(), dataKeyOf(account), apiKey);
  }

  /**
   * The account's key in clear, after that is on record; whoever takes it wipes it.
   *
   * @param purpose what for, in a word, for the audit trail
   * @param subject the id of what it is for, null for nothing
   */
  public Secret apiKey(Account account, String purpose, @Nullable String subject) {
    acts.keyOpened(account.id(), purpose, subject);
    return opened(account);
  }

  /** The key of the account that was claimed. That it is opened went on record with the claim. */
  public Secret apiKey(Account account, Operations.Claim.Yours claim) {
    if (!claim.lease().accountId().equals(account.id())) {
      throw new IllegalArgumentException("the claim is on another account");
    }
    return opened(account);
  }

  private Secret opened(Account account) {
    Secret key =
        vault.openSecret(
            dataKey(dataKeyOf(account)), apiKeyOf(account.id()), account.apiKey().bytes());
    Redaction.ofThisProcess().protect(key);
    return key;
  }

  /** Seals and opens the bodies of an account. */
  public BodySeal bodies(Account account) {
    DataKey dataKey = dataKey(dataKeyOf(account));
    return new BodySeal(
        (place, body) -> vault.seal(dataKey, new Context(account.id(), BODY, place), body),
        (place, sealed) -> vault.open(dataKey, new Context(account.id(), BODY, place), sealed));
  }

  /** Seals what belongs to no account. */
  public Sealed sealSystem(String purpose, String record, Secret secret) {
    return new Sealed(vault.seal(systemKey(), new Context(SYSTEM, purpose, record), secret));
  }

  /** What was sealed so; whoever takes it wipes it. */
  public Secret openSystem(String purpose, String record, Sealed sealed) {
    return vault.openSecret(systemKey(), new Context(SYSTEM, purpose, record), sealed.bytes());
  }

  /** The same for the same key, and nothing else can be told from it. */
  String fingerprint(Secret apiKey) {
    return vault.fingerprint(systemKey(), apiKey);
  }

  /**
   * A random secret that belongs to no account, the same for every node: made by whoever needs it
   * first, and kept sealed.
   */
  public Secret systemSecret(String name, KeptValues kept) {
    var context = new Context(SYSTEM, name, name);
    String keptAs = name + ", sealed";
    if (kept.get(keptAs).isEmpty()) {
      byte[] random = new byte[32];
      new SecureRandom().nextBytes(random);
      try (Secret proposed = Secret.owning(random)) {
        byte[] sealed = vault.seal(systemKey(), context, proposed);
        kept.putIfAbsent(keptAs, HexFormat.of().formatHex(sealed));
      }
    }
    byte[] sealed = HexFormat.of().parseHex(kept.get(keptAs).orElseThrow());
    return vault.openSecret(systemKey(), context, sealed);
  }

  /**
   * Opens a record of the product that Graft comes from; nothing when its master key is not set.
   */
  public Optional<Secret> openOriginal(String record) {
    Optional<Secret> opened =
        Optional.ofNullable(originalMasterKey).map(key -> OriginalRecord.open(record, key));
    opened.ifPresent(Redaction.ofThisProcess()::protect);
    return opened;
  }

  /** Proves that the key provider works, and opens what was sealed before. */
  public void check() {
    vault.check();
    try (Secret nothing = Secret.copyOf("nothing")) {
      fingerprint(nothing);
    }
  }

  /** Seals a secret of Graft's own, which belongs to no account. */
  public Sealed sealOwn(String purpose, byte[] secret) {
    return new Sealed(vault.seal(systemKey(), own(purpose), secret));
  }

  /** Opens a secret of Graft's own; whoever takes it wipes it. */
  public byte[] openOwn(String purpose, Sealed sealed) {
    DataKey dataKey =
        accounts
            .dataKey(Vault.dataKeyIdOf(sealed.bytes()).toString())
            .map(Keys::dataKey)
            .orElseThrow(() -> new IllegalStateException("the data key of Graft is missing"));
    return vault.open(dataKey, own(purpose), sealed.bytes());
  }

  private static Context own(String purpose) {
    return new Context(SYSTEM, purpose, purpose);
  }

  private DataKey systemKey() {
    DataKey known = system;
    if (known == null) {
      known = dataKey(accounts.systemDataKey(stored(vault.newDataKey(SYSTEM)), clock.instant()));
      system = known;
    }
    return known;
  }

  private StoredDataKey dataKeyOf(Account account) {
    return accounts
        .dataKey(account.dataKey())
        .orElseThrow(
            () -> new IllegalStateException("the data key of " + account.id() + " is missing"));
  }

  private static Context apiKeyOf(String accountId) {
    return new Context(accountId, API_KEY, accountId);
  }

  private static StoredDataKey stored(DataKey key) {
    return new StoredDataKey(
        key.id().toString(),
        key.accountId(),
        key.providerUri(),
        key.wrapped().kekVersion(),
        new Sealed(key.wrapped().bytes()));
  }

  private static DataKey dataKey(StoredDataKey stored) {
    return new DataKey(
        UUID.fromString(stored.id()),
        stored.owner(),
        stored.provider(),
        new KeyProvider.Wrapped(stored.wrappingKey(), stored.wrapped().bytes()));
  }
}
