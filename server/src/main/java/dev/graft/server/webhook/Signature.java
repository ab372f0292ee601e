package dev.graft.server.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What a delivery is signed with, as Standard Webhooks has it: HMAC-SHA256, version 1. */
final class Signature {
  private static final String ALGORITHM = "HmacSHA256";
  private static final String PREFIX = "whsec_";
  private static final int BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Signature() {}

  static Secret newSecret() {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return Secret.owning(bytes);
  }

  /** A secret as its receiver configures it; for whoever asked for it, this once. */
  static String shown(Secret secret) {
    return secret.reveal(
        SecretAccess.of("showing a new webhook secret to whoever made it"),
        bytes -> PREFIX + Base64.getEncoder().encodeToString(bytes));
  }

  /** The value of the header {@code webhook-signature}: one signature for each secret. */
  static String of(List<Secret> secrets, String id, Instant at, byte[] body) {
    return secrets.stream()
        .map(secret -> "v1," + one(secret, id + "." + at.getEpochSecond() + ".", body))
        .collect(Collectors.joining(" "));
  }

  private static String one(Secret secret, String head, byte[] body) {
    return secret.reveal(
        SecretAccess.of("signing a delivery"),
        bytes -> {
          try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(bytes, ALGORITHM));
            mac.update(head.getBytes(UTF_8));
            return Base64.getEncoder().encodeToString(mac.doFinal(body));
          } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA256", e);
          }
        });
  }
}
