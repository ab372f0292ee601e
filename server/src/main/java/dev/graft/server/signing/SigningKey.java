package dev.graft.server.signing;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * With what the signatures of a caller are verified. The algorithm belongs to the key: what a
 * message says of it is only compared.
 */
public sealed interface SigningKey {
  /** Its name as RFC 9421 registers it. */
  String algorithm();

  /** Whether a signature over these bytes was made with it. */
  boolean made(byte[] signature, byte[] base);

  /** A public key; the private one never leaves the caller. */
  record Ed25519(PublicKey key) implements SigningKey {
    /** The name of the algorithm. */
    public static final String NAME = "ed25519";

    private static final byte[] HEAD = HexFormat.of().parseHex("302a300506032b6570032100");
    private static final int LENGTH = 32;
    private static final Pattern ARMOUR = Pattern.compile("-----(?:BEGIN|END) PUBLIC KEY-----|\\s");

    /** A public key as PEM, as the base64 of that, or as the base64 of its 32 bytes. */
    public static Optional<Ed25519> read(String text) {
      try {
        byte[] bytes = Base64.getDecoder().decode(ARMOUR.matcher(text).replaceAll(""));
        byte[] raw =
            bytes.length == HEAD.length + LENGTH
                    && Arrays.equals(HEAD, Arrays.copyOf(bytes, HEAD.length))
                ? Arrays.copyOfRange(bytes, HEAD.length, bytes.length)
                : bytes;
        return raw.length == LENGTH ? Optional.of(of(raw)) : Optional.empty();
      } catch (IllegalArgumentException | InvalidKeySpecException e) {
        return Optional.empty();
      }
    }

    private static Ed25519 of(byte[] raw) throws InvalidKeySpecException {
      byte[] encoded = Arrays.copyOf(HEAD, HEAD.length + LENGTH);
      System.arraycopy(raw, 0, encoded, HEAD.length, LENGTH);
      try {
        PublicKey key =
            KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
        // Whether the bytes are a point at all is found out only when something is verified.
        java.security.Signature.getInstance("Ed25519").initVerify(key);
        return new Ed25519(key);
      } catch (InvalidKeySpecException e) {
        throw e;
      } catch (java.security.InvalidKeyException e) {
        throw new InvalidKeySpecException(e);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every JDK has Ed25519", e);
      }
    }

    /** The base64 of its 32 bytes. */
    public String text() {
      byte[] encoded = key.getEncoded();
      return Base64.getEncoder()
          .encodeToString(Arrays.copyOfRange(encoded, HEAD.length, encoded.length));
    }

    @Override
    public String algorithm() {
      return NAME;
    }

    @Override
    public boolean made(byte[] signature, byte[] base) {
      try {
        var verifier = java.security.Signature.getInstance("Ed25519");
        verifier.initVerify(key);
        verifier.update(base);
        return verifier.verify(signature);
      } catch (SignatureException e) {
        return false;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("a key that was read before", e);
      }
    }
  }

  /**
   * A secret that both sides know.
   *
   * @param secret gives it anew each time, for whoever asks to close
   */
  record Hmac(Supplier<Secret> secret) implements SigningKey {
    /** The name of the algorithm. */
    public static final String NAME = "hmac-sha256";

    private static final String MAC = "HmacSHA256";

    @Override
    public String algorithm() {
      return NAME;
    }

    @Override
    public boolean made(byte[] signature, byte[] base) {
      try (Secret key = secret.get()) {
        return key.reveal(
            SecretAccess.of("verifying the signature of a request"),
            bytes -> MessageDigest.isEqual(mac(bytes, base), signature));
      }
    }

    private static byte[] mac(byte[] key, byte[] base) {
      try {
        Mac mac = Mac.getInstance(MAC);
        mac.init(new SecretKeySpec(key, MAC));
        return mac.doFinal(base);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every JDK has " + MAC, e);
      }
    }
  }
}
