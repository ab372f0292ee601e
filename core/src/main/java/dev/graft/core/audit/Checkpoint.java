package dev.graft.core.audit;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far the chain went at a time, signed. Kept where whoever can change the database cannot, it
 * shows when the end of the chain is missing.
 *
 * @param size how many records the chain had
 * @param head the hash of the last of them
 * @param key names the key that signed
 */
public record Checkpoint(
    long epoch, long size, String head, String at, String key, String signature) {
  /** What every checkpoint begins with, in a file of checkpoints or anywhere in a line of a log. */
  public static final String MARKER = "GRAFT-AUDIT-CHECKPOINT";

  private static final String TAG = "graft.audit.checkpoint.1";
  private static final Pattern LINE =
      Pattern.compile(
          MARKER
              + " 1 (\\d{1,18}) (\\d{1,18}) ([0-9a-f]{64})"
              + " (\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z) ([0-9a-f]{16})"
              + " ([A-Za-z0-9+/]{86}==)");

  /** Signs. */
  public static Checkpoint signed(
      long epoch, long size, String head, Instant at, PublicKey publicKey, PrivateKey key) {
    String time = ChainedRecord.time(at);
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(key);
      signature.update(content(epoch, size, head, time));
      return new Checkpoint(
          epoch,
          size,
          head,
          time,
          keyId(publicKey),
          Base64.getEncoder().encodeToString(signature.sign()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  private static byte[] content(long epoch, long size, String head, String at) {
    return LengthPrefixed.of(TAG, String.valueOf(epoch), String.valueOf(size), head, at);
  }

  /** Whether this key signed it. */
  public boolean isSignedBy(PublicKey publicKey) {
    if (!key.equals(keyId(publicKey))) {
      return false;
    }
    try {
      Signature checked = Signature.getInstance("Ed25519");
      checked.initVerify(publicKey);
      checked.update(content(epoch, size, head, at));
      return checked.verify(Base64.getDecoder().decode(signature));
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** The short name of a key. */
  public static String keyId(PublicKey publicKey) {
    return ChainedRecord.sha256(publicKey.getEncoded()).substring(0, 16);
  }

  /** The text by which people and programs pass a public key on. */
  public static String text(PublicKey publicKey) {
    return Base64.getEncoder().encodeToString(publicKey.getEncoded());
  }

  /** Reads the text of a public key; nothing when it is none. */
  public static Optional<PublicKey> publicKey(String text) {
    try {
      var spec = new X509EncodedKeySpec(Base64.getDecoder().decode(text.strip()));
      return Optional.of(KeyFactory.getInstance("Ed25519").generatePublic(spec));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** On one line, in the only form there is: it needs no quotes in whatever it stands in. */
  public String line() {
    return String.join(
        " ", MARKER, "1", String.valueOf(epoch), String.valueOf(size), head, at, key, signature);
  }

  /** The checkpoint in a line, wherever it stands there; nothing when there is none. */
  public static Optional<Checkpoint> in(String line) {
    Matcher matcher = LINE.matcher(line);
    return matcher.find()
        ? Optional.of(
            new Checkpoint(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                matcher.group(3),
                matcher.group(4),
                matcher.group(5),
                matcher.group(6)))
        : Optional.empty();
  }

  /** Whether it is of a later state than the other one. */
  public boolean isAfter(Checkpoint other) {
    return epoch != other.epoch ? epoch > other.epoch : size > other.size;
  }
}
