package dev.graft.server.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key of the hashes by which API keys are recognised. It is sealed in the database and the same
 * on every node: whoever reads the database alone can neither try guesses nor put a key of his own
 * there.
 */
public final class Pepper {
  private static final String HMAC = "HmacSHA256";

  private final Secret secret;

  /** Takes the secret over for as long as the process lives. */
  public Pepper(Secret secret) {
    this.secret = secret;
  }

  /** A keyed hash of a text as 64 hex digits, another one for each purpose. */
  String hash(String purpose, String text) {
    return HexFormat.of().formatHex(mac(purpose, text));
  }

  /** As {@link #hash}, for what nobody may know: 32 bytes that nobody can tell from random ones. */
  Secret derived(String purpose, String text) {
    return Secret.owning(mac(purpose, text));
  }

  private byte[] mac(String purpose, String text) {
    byte[] name = purpose.getBytes(UTF_8);
    byte[] message = text.getBytes(UTF_8);
    return secret.reveal(
        SecretAccess.of("the hash of " + purpose),
        key -> {
          try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(name.length).array());
            mac.update(name);
            return mac.doFinal(message);
          } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + HMAC, e);
          }
        });
  }
}
