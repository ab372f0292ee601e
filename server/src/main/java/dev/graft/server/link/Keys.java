package dev.graft.server.link;

import dev.graft.server.access.Acts;
import dev.graft.server.log.Redaction;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.BodySeal;
import dev.graft.store.DataKeys;
import dev.graft.store.KeptValues;
import dev.graft.store.Operations;
import dev.graft.store.Sealed;
import dev.graft.store.SealedRecord;
import dev.graft.store.StoredDataKey;
import dev.graft.vault.Context;
import dev.graft.vault.DataKey;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.OriginalRecord;
import dev.graft.vault.Secret;
import dev.graft.vault.Vault;
import dev.graft.vault.VaultException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Seals what belongs to an account before it is stored, and opens it again: the vault's only user.
 */
public final class Keys {
  private static final String SYSTEM = "system";
  private static final String API_KEY = "vapi-key";
  private static final String BODY = "body";
  private static final String REPLY = "reply";

  /** How often an account is looked up again that gets a new data key just then. */
  private static final int LOOKS = 5;

  private final Vault vault;
  private final Accounts accounts;
  private final DataKeys dataKeys;
  private final InstantSource clock;
  private final Acts acts;
  private final List<Secret> originalMasterKeys;

  /**
   * The keys of these accounts.
   *
   * @param originalMasterKeys what opens records of the product that Graft comes from
   */
  public Keys(
      Vault vault,
      Accounts accounts,
      DataKeys dataKeys,
      InstantSource clock,
      Acts acts,
      List<Secret> originalMasterKeys) {
    this.vault = vault;
    this.accounts = accounts;
    this.dataKeys = dataKeys;
    this.clock = clock;
    this.acts = acts;
    this.originalMasterKeys = List.copyOf(originalMasterKeys);
  }

  /** A data key for an account, to be stored with it. */
  StoredDataKey newDataKey(String accountId) {
    return stored(vault.newDataKey(accountId));
  }

  Sealed seal(String accountId, StoredDataKey dataKey, Secret apiKey) {
    return new Sealed(vault.seal(dataKey(dataKey), apiKeyOf(accountId), apiKey));
  }

  /** Nothing when the account has another data key by now: look it up again. */
  Optional<Sealed> seal(Account account, Secret apiKey) {
    return accounts.dataKey(account.dataKey()).map(dataKey -> seal(account.id(), dataKey, apiKey));
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
    Account known = account;
    for (int i = 0; i < LOOKS; i++) {
      byte[] record = known.apiKey().bytes();
      Optional<StoredDataKey> dataKey = accounts.dataKey(Vault.dataKeyIdOf(record).toString());
      if (dataKey.isPresent()) {
        Secret key = vault.openSecret(dataKey(dataKey.get()), apiKeyOf(known.id()), record);
        Redaction.ofThisProcess().protect(key);
        return key;
      }
      // Sealed anew since the account was read, and the former data key is gone.
      known = accounts.withId(known.id()).orElseThrow(() -> missing(account.id()));
    }
    throw missing(account.id());
  }

  private static VaultException missing(String accountId) {
    return new VaultException(
        VaultException.Kind.WRONG_KEY,
        "The data key of account "
            + accountId
            + " is not there. If the account was not unlinked just now, restore its data key from a"
            + " backup of the database.");
  }

  /**
   * Seals and opens the bodies of an account. What was sealed before the account got a new data key
   * opens, too, for as long as the one is there that sealed it.
   */
  public BodySeal bodies(Account account) {
    return bodies(account, known(account));
  }

  /** An account as it is now, and what seals and opens its bodies. */
  public record Present(Account account, BodySeal bodies) {}

  /**
   * The account as it is now. Its data key is at hand, so that a body can be sealed however soon
   * the account gets another one; whoever keeps the body finds out whether it did.
   */
  public Optional<Present> present(String accountId) {
    for (int i = 0; i < LOOKS; i++) {
      Optional<Account> account = accounts.withId(accountId);
      if (account.isEmpty()) {
        return Optional.empty();
      }
      Map<String, DataKey> known = known(account.get());
      if (known.containsKey(account.get().dataKey())) {
        return Optional.of(new Present(account.get(), bodies(account.get(), known)));
      }
    }
    throw missing(accountId);
  }

  private BodySeal bodies(Account account, Map<String, DataKey> known) {
    return new BodySeal(
        (place, body) ->
            vault.seal(
                known(account.id(), account.dataKey(), known), bodyOf(account.id(), place), body),
        (place, sealed) ->
            vault.open(
                known(account.id(), Vault.dataKeyIdOf(sealed).toString(), known),
                bodyOf(account.id(), place),
                sealed));
  }

  private Map<String, DataKey> known(Account account) {
    Map<String, DataKey> known = new ConcurrentHashMap<>();
    dataKeys.ofOwner(account.id()).forEach(key -> known.put(key.id(), dataKey(key)));
    return known;
  }

  private DataKey known(String accountId, String id, Map<String, DataKey> known) {
    return known.computeIfAbsent(
        id,
        _ ->
            accounts
                .dataKey(id)
                .filter(key -> key.owner().equals(accountId))
                .map(Keys::dataKey)
                .orElseThrow(() -> missing(accountId)));
  }

  /** Whether something is sealed with the data key that its account has. */
  static boolean isCurrent(Account account, SealedRecord record) {
    return Vault.dataKeyIdOf(record.sealed().bytes()).toString().equals(account.dataKey());
  }

  /** Opens what is sealed with any data key of the account, and seals it with the one it has. */
  Function<SealedRecord, Sealed> sealingAnew(Account account) {
    Map<String, DataKey> known = known(account);
    DataKey current = known(account.id(), account.dataKey(), known);
    return record -> {
      byte[] sealed = record.sealed().bytes();
      Context context =
          record.column().holdsBodies()
              ? bodyOf(account.id(), record.place())
              : apiKeyOf(record.place());
      DataKey old = known(account.id(), Vault.dataKeyIdOf(sealed).toString(), known);
      try (Secret clear = vault.openSecret(old, context, sealed)) {
        return new Sealed(vault.seal(current, context, clear));
      }
    };
  }

  /** The same data key, wrapped by the current key of the current provider. */
  StoredDataKey rewrapped(StoredDataKey dataKey) {
    return stored(vault.rewrap(dataKey(dataKey)));
  }

  /** Wipes what is in memory of data keys that are no more. */
  public void forget(List<String> dataKeyIds) {
    dataKeyIds.forEach(id -> vault.forget(UUID.fromString(id)));
  }

  /** Wipes the unwrapped data keys whose time is up. */
  void wipeExpired() {
    vault.wipeExpired();
  }

  /** The uri of the provider that wraps new data keys. */
  public String provider() {
    return vault.provider();
  }

  /** The uris of the providers that unwrap, the current one among them. */
  public List<String> providers() {
    return vault.providers();
  }

  /** The version of the key that wraps new data keys. Asks the provider. */
  public String wrappingKey() {
    return vault.check();
  }

  /** Seals what belongs to no account. */
  public Sealed sealSystem(String purpose, String record, Secret secret) {
    return new Sealed(vault.seal(systemKey(), new Context(SYSTEM, purpose, record), secret));
  }

  /** What was sealed so; whoever takes it wipes it. */
  public Secret openSystem(String purpose, String record, Sealed sealed) {
    Secret secret =
        vault.openSecret(systemKey(), new Context(SYSTEM, purpose, record), sealed.bytes());
    Redaction.ofThisProcess().protect(secret);
    return secret;
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
   * The same for the same words, and nothing can be told from it, not even by who can guess them.
   *
   * @param purpose keeps marks for one thing apart from those for another
   */
  public String mark(String purpose, String... words) {
    var bytes = new ByteArrayOutputStream();
    // No key begins like this, so that no mark is the fingerprint of one.
    bytes.write(0);
    append(bytes, purpose);
    for (String word : words) {
      append(bytes, word);
    }
    try (Secret message = Secret.owning(bytes.toByteArray())) {
      return fingerprint(message);
    }
  }

  private static void append(ByteArrayOutputStream bytes, String word) {
    byte[] utf8 = word.getBytes(StandardCharsets.UTF_8);
    bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(utf8.length).array());
    bytes.writeBytes(utf8);
  }

  /** Seals and opens what requests were answered. */
  public BodySeal replies() {
    DataKey dataKey = systemKey();
    return new BodySeal(
        (place, reply) -> vault.seal(dataKey, new Context(SYSTEM, REPLY, place), reply),
        (place, sealed) -> vault.open(dataKey, new Context(SYSTEM, REPLY, place), sealed));
  }

  /**
   * Opens a record of the product that Graft comes from; nothing when no master key is set.
   *
   * @throws VaultException when none of the master keys opens it
   */
  public Optional<Secret> openOriginal(String record) {
    VaultException refusal = null;
    for (Secret masterKey : originalMasterKeys) {
      try {
        Secret opened = OriginalRecord.open(record, masterKey);
        Redaction.ofThisProcess().protect(opened);
        return Optional.of(opened);
      } catch (VaultException e) {
        refusal = refusal == null ? e : refusal;
      }
    }
    if (refusal != null) {
      throw refusal;
    }
    return Optional.empty();
  }

  /** Proves that the key provider works, and opens what was sealed before. */
  public void check() {
    vault.check();
    try (Secret nothing = Secret.copyOf("nothing")) {
      fingerprint(nothing);
    }
  }

  /**
   * Proves that no data key is wrapped by a provider or a key that is not at hand, by trying one of
   * each.
   *
   * @throws VaultException when there is one, or a provider does not answer
   */
  public void checkWrappings() {
    for (StoredDataKey sample : dataKeys.samples()) {
      try {
        vault.unwrapOnce(dataKey(sample));
      } catch (VaultException e) {
        // A row that was damaged is its account's trouble, and not everyone's.
        if (e.kind() != VaultException.Kind.TAMPERED) {
          throw e;
        }
      }
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

  /** Read each time, since it may have been wrapped again meanwhile. */
  private DataKey systemKey() {
    return dataKey(
        accounts
            .systemDataKey(SYSTEM)
            .orElseGet(
                () -> accounts.systemDataKey(stored(vault.newDataKey(SYSTEM)), clock.instant())));
  }

  private static Context bodyOf(String accountId, String place) {
    return new Context(accountId, BODY, place);
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
