package dev.graft.server.audit;

import dev.graft.core.audit.Checkpoint;
import dev.graft.server.link.Keys;
import dev.graft.store.AuditChain;
import dev.graft.store.KeptValues;
import dev.graft.store.Sealed;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys of the audit trail: a secret by which Graft knows its own records, and the pair that
 * signs checkpoints. They are made at the first start and kept sealed by the vault; a process opens
 * them once, so that acts can be recorded while the key provider is away.
 */
public final class TrailKeys {
  private static final String NAME = "audit keys";
  private static final int MAC_BYTES = 32;
  private static final int PUBLIC_BYTES = 44;

  /** Begun with the key; each use takes a copy. */
  private final Mac begun;

  private final PublicKey publicKey;
  private final PrivateKey privateKey;

  private TrailKeys(Mac begun, PublicKey publicKey, PrivateKey privateKey) {
    this.begun = begun;
    this.publicKey = publicKey;
    this.privateKey = privateKey;
  }

  /** Opens the keys, which are made if there are none. */
  public static TrailKeys open(Keys keys, KeptValues kept) {
    String sealed = kept.get(NAME).orElseGet(() -> made(keys, kept));
    byte[] all = keys.openOwn(NAME, new Sealed(Base64.getDecoder().decode(sealed)));
    try {
      var factory = KeyFactory.getInstance("Ed25519");
      Mac begun = Mac.getInstance("HmacSHA256");
      begun.init(new SecretKeySpec(all, 0, MAC_BYTES, "HmacSHA256"));
      return new TrailKeys(
          begun,
          factory.generatePublic(
              new X509EncodedKeySpec(Arrays.copyOfRange(all, MAC_BYTES, MAC_BYTES + PUBLIC_BYTES))),
          factory.generatePrivate(
              new PKCS8EncodedKeySpec(
                  Arrays.copyOfRange(all, MAC_BYTES + PUBLIC_BYTES, all.length))));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the keys of the audit trail are no keys", e);
    } finally {
      Arrays.fill(all, (byte) 0);
    }
  }

  private static String made(Keys keys, KeptValues kept) {
    try {
      KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
      var mac = new byte[MAC_BYTES];
      new SecureRandom().nextBytes(mac);
      byte[] publicKey = pair.getPublic().getEncoded();
      byte[] privateKey = pair.getPrivate().getEncoded();
      byte[] all =
          ByteBuffer.allocate(MAC_BYTES + publicKey.length + privateKey.length)
              .put(mac)
              .put(publicKey)
              .put(privateKey)
              .array();
      // Another node may have been quicker.
      kept.putIfAbsent(NAME, Base64.getEncoder().encodeToString(keys.sealOwn(NAME, all).bytes()));
      Arrays.fill(all, (byte) 0);
      Arrays.fill(mac, (byte) 0);
      Arrays.fill(privateKey, (byte) 0);
      return kept.get(NAME).orElseThrow();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  /** The code that only whoever has the key can make. */
  public byte[] mac(byte[] content) {
    try {
      return ((Mac) begun.clone()).doFinal(content);
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the HmacSHA256 of every JDK can be copied", e);
    }
  }

  public PublicKey publicKey() {
    return publicKey;
  }

  Checkpoint signed(AuditChain.Head head, Instant at) {
    return Checkpoint.signed(head.epoch(), head.size(), head.hash(), at, publicKey, privateKey);
  }
}
