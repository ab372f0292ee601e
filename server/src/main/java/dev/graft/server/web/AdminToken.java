package dev.graft.server.web;

import dev.graft.store.KeptValues;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The token that opens Graft's own API. Only its hash is known here; it is 256 random bits, so that
 * a plain hash is enough.
 */
public final class AdminToken {
  private static final String KEPT_AS = "admin token sha-256";
  private static final String PREFIX = "graft_admin_";

  private final byte[] hash;

  private AdminToken(byte[] hash) {
    this.hash = hash;
  }

  /**
   * The token that is set, else the one that was made at the first start, else a new one.
   *
   * @param showOnce told a new token, and never again
   */
  public static AdminToken of(Optional<Secret> set, KeptValues kept, Consumer<String> showOnce) {
    if (set.isPresent()) {
      return new AdminToken(
          set.get().reveal(SecretAccess.of("the hash of the admin token"), AdminToken::sha256));
    }
    Optional<String> known = kept.get(KEPT_AS);
    if (known.isEmpty()) {
      byte[] random = new byte[32];
      new SecureRandom().nextBytes(random);
      String token = PREFIX + HexFormat.of().formatHex(random);
      String hash = HexFormat.of().formatHex(sha256(token.getBytes(StandardCharsets.UTF_8)));
      if (kept.putIfAbsent(KEPT_AS, hash)) {
        showOnce.accept(token);
      }
      known = kept.get(KEPT_AS);
    }
    return new AdminToken(HexFormat.of().parseHex(known.orElseThrow()));
  }

  /** Whether this is the token; takes the same time for every wrong one. */
  boolean matches(String token) {
    return MessageDigest.isEqual(hash, sha256(token.getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
