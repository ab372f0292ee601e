package dev.graft.server.access;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.graft.core.json.Json;
import dev.graft.server.signing.SigningKey;
import dev.graft.store.ApiKey;
import dev.graft.store.ApiKeys;
import dev.graft.store.AuditRecord;
import dev.graft.store.StoreException;
import dev.graft.vault.Secret;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Graft's own API keys: makes them, recognises them, rotates and revokes them. Each request asks
 * the database, so that a key that was revoked on one node opens nothing on any other.
 */
public final class KeyRing {
  /** How long the one before stays valid beside its successor unless something else is said. */
  public static final Duration USUAL_OVERLAP = Duration.ofHours(24);

  private static final Logger LOG = LoggerFactory.getLogger(KeyRing.class);
  private static final Duration NOTED_EVERY = Duration.ofMinutes(1);
  private static final String NO_HASH = "0".repeat(64);

  private final ApiKeys keys;
  private final Pepper pepper;
  private final InstantSource clock;

  public KeyRing(ApiKeys keys, Pepper pepper, InstantSource clock) {
    this.keys = keys;
    this.pepper = pepper;
    this.clock = clock;
  }

  /**
   * What a new key shall be.
   *
   * @param userId the only user whose account it may touch; null for all
   * @param expiresAt null for never
   * @param signing null when requests with it need no signature
   */
  public record Wish(
      String label,
      Set<Permission> scopes,
      @Nullable String userId,
      @Nullable Instant expiresAt,
      @Nullable Signing signing) {
    public Wish {
      scopes = Set.copyOf(scopes);
    }
  }

  /** What became of a wish. */
  public sealed interface Result {
    /**
     * There is a new key.
     *
     * @param text the key itself, kept nowhere
     * @param signingSecret with which requests are signed, when it is one that both sides know
     */
    record Made(ApiKey key, Secret text, Optional<Secret> signingSecret) implements Result {}

    /** It would have more scopes than whoever wants it. */
    record TooMuch(Set<Permission> missing) implements Result {}

    record Unknown() implements Result {}

    /** It is revoked or expired, or has a successor already. */
    record Ended(ApiKey key) implements Result {}

    /** The key before it is still valid, and of one line there are two at most. */
    record Overlapping(ApiKey predecessor) implements Result {}
  }

  public Result make(Wish wish) {
    Caller maker = Caller.current();
    Set<Permission> missing = beyond(maker, wish.scopes());
    if (!missing.isEmpty()) {
      return new Result.TooMuch(missing);
    }
    String id = KeyText.newId(clock.millis());
    String text = KeyText.random(id);
    ApiKey key = key(id, text, wish, maker);
    keys.add(key, record("api-key.made", key, key.id()));
    return made(key, text);
  }

  private Result made(ApiKey key, String text) {
    Optional<Secret> signingSecret =
        signing(key) instanceof Signing.Hmac
            ? Optional.of(signingSecret(key.id()))
            : Optional.empty();
    return new Result.Made(key, Secret.copyOf(text), signingSecret);
  }

  private Secret signingSecret(String id) {
    return pepper.derived("a signing secret", id);
  }

  /** How requests with a key have to be signed; null when they need not be. */
  public static @Nullable Signing signing(ApiKey key) {
    String text = key.signing();
    return text == null ? null : Signing.of(text);
  }

  /**
   * Makes a successor for a key, which itself stays valid until then.
   *
   * @param expiresAt when the successor ends, null for never
   * @param signing how requests with the successor are signed, null for as before; never less
   */
  public Result rotate(
      String id, Instant until, @Nullable Instant expiresAt, @Nullable Signing signing) {
    Caller maker = Caller.current();
    Optional<ApiKey> found = keys.withId(id);
    if (found.isEmpty()) {
      return new Result.Unknown();
    }
    ApiKey old = found.get();
    Set<Permission> missing = beyond(maker, scopes(old));
    if (!missing.isEmpty()) {
      return new Result.TooMuch(missing);
    }
    if (!old.isValidAt(clock.instant()) || old.successor() != null) {
      return new Result.Ended(old);
    }
    Optional<ApiKey> before = keys.predecessorOf(id).filter(key -> key.isValidAt(clock.instant()));
    if (before.isPresent()) {
      return new Result.Overlapping(before.get());
    }
    String newId = KeyText.newId(clock.millis());
    String text = KeyText.random(newId);
    var wish =
        new Wish(
            old.label(),
            scopes(old),
            old.userId(),
            expiresAt,
            signing == null ? signing(old) : signing);
    ApiKey successor = key(newId, text, wish, maker);
    Instant end = old.expiresAt();
    Instant overlap = end != null && end.isBefore(until) ? end : until;
    AuditRecord record = record("api-key.rotated", successor, old.id());
    return keys.replace(id, overlap, successor, record)
        ? made(successor, text)
        : new Result.Ended(old);
  }

  /** Ends a key now; nothing when there is none of this id. */
  public Optional<ApiKey> revoke(String id) {
    Optional<ApiKey> key = keys.withId(id);
    key.ifPresent(known -> keys.revoke(id, clock.instant(), record("api-key.revoked", known, id)));
    return key.isEmpty() ? key : keys.withId(id);
  }

  public List<ApiKey> page(String after, int limit) {
    return keys.page(after, limit);
  }

  public boolean isValid(ApiKey key) {
    return key.isValidAt(clock.instant());
  }

  /** Whether a text wants to be one of these keys. */
  public static boolean looksLikeOne(String text) {
    return text.startsWith(KeyText.PREFIX);
  }

  /**
   * Whoever a key belongs to.
   *
   * @param signing with what their requests are signed; nothing when they need not be
   */
  public record Holder(Caller caller, Optional<SigningKey> signing) {}

  /** Whoever this key belongs to. What is refused takes the same way, whatever is wrong with it. */
  public Optional<Holder> holder(String text) {
    Optional<String> id = KeyText.idIn(text);
    if (id.isEmpty()) {
      return Optional.empty();
    }
    Optional<ApiKey> known = keys.withId(id.get());
    byte[] hash = pepper.hash("an API key", text).getBytes(US_ASCII);
    boolean same =
        MessageDigest.isEqual(hash, known.map(ApiKey::hash).orElse(NO_HASH).getBytes(US_ASCII));
    Instant now = clock.instant();
    if (!same || known.isEmpty() || !known.get().isValidAt(now)) {
      return Optional.empty();
    }
    ApiKey key = known.get();
    noteUse(key, now);
    return Optional.of(
        new Holder(
            new Caller(Caller.Kind.KEY, key.id(), scopes(key), key.userId()), signingKey(key)));
  }

  private Optional<SigningKey> signingKey(ApiKey key) {
    return switch (signing(key)) {
      case null -> Optional.empty();
      case Signing.Ed25519(var publicKey) -> Optional.of(publicKey);
      case Signing.Hmac() -> Optional.of(new SigningKey.Hmac(() -> signingSecret(key.id())));
    };
  }

  /** A disk that is full must not keep anyone from reading. */
  private void noteUse(ApiKey key, Instant now) {
    try {
      keys.used(key, now, NOTED_EVERY);
    } catch (StoreException e) {
      LOG.warn("the use of API key {} was not noted: {}", key.id(), e.getMessage());
    }
  }

  private ApiKey key(String id, String text, Wish wish, Caller maker) {
    Signing signing = wish.signing();
    return new ApiKey(
        id,
        wish.label(),
        pepper.hash("an API key", text),
        wish.scopes().stream().map(Permission::word).collect(Collectors.toSet()),
        wish.userId(),
        clock.instant(),
        maker.toString(),
        wish.expiresAt(),
        null,
        null,
        null,
        signing == null ? null : signing.text());
  }

  private static Set<Permission> beyond(Caller maker, Set<Permission> scopes) {
    Set<Permission> missing = EnumSet.noneOf(Permission.class);
    missing.addAll(scopes);
    missing.removeAll(maker.permissions());
    return missing;
  }

  private static Set<Permission> scopes(ApiKey key) {
    return key.scopes().stream()
        .map(word -> Permission.named(word).orElseThrow())
        .collect(Collectors.toSet());
  }

  private AuditRecord record(String act, ApiKey key, String subject) {
    var detail = Json.object();
    detail.put("label", key.label());
    detail.put("scopes", String.join(",", key.scopes().stream().sorted().toList()));
    if (key.signing() != null) {
      detail.put("signing", key.signing());
    }
    if (!key.id().equals(subject)) {
      detail.put("successor", key.id());
    }
    return new AuditRecord(
        clock.instant(),
        Caller.current().toString(),
        act,
        null,
        subject,
        RequestId.current(),
        detail);
  }
}
