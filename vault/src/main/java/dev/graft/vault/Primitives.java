package dev.graft.vault;

import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Random bytes, HKDF-SHA256, HMAC-SHA256 and AES-256-GCM as the JDK has them: all that the vault
 * builds on.
 */
final class Primitives {
  static final int KEY_BYTES = 32;
  static final int TAG_BYTES = 16;

  private static final SecureRandom RANDOM = new SecureRandom();

  /** Found once: to look through all providers takes longer than most of what is asked of them. */
  private static final Provider FOR_HMAC;

  private static final Provider FOR_GCM;

  static {
    try {
      FOR_HMAC = Mac.getInstance("HmacSHA256").getProvider();
      FOR_GCM = Cipher.getInstance("AES/GCM/NoPadding").getProvider();
    } catch (GeneralSecurityException e) {
      throw unsupported(e);
    }
  }

  private Primitives() {}

  static byte[] random(int length) {
    var bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  static byte[] hkdf(byte[] inputKey, byte[] salt, byte[] info, int length) {
    try {
      var parameters =
          HKDFParameterSpec.ofExtract().addIKM(inputKey).addSalt(salt).thenExpand(info, length);
      return KDF.getInstance("HKDF-SHA256").deriveData(parameters);
    } catch (GeneralSecurityException e) {
      throw unsupported(e);
    }
  }

  static byte[] hmac(byte[] key, byte[] message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256", FOR_HMAC);
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw unsupported(e);
    }
  }

  /** The ciphertext with its tag behind it. */
  static byte[] encrypt(byte[] key, byte[] nonce, byte[] associated, byte[] plaintext) {
    try {
      return gcm(Cipher.ENCRYPT_MODE, key, nonce, associated).doFinal(plaintext);
    } catch (GeneralSecurityException e) {
      throw unsupported(e);
    }
  }

  /** The plaintext, of which nothing is given out unless the tag is right. */
  static byte[] decrypt(byte[] key, byte[] nonce, byte[] associated, byte[] ciphertextAndTag)
      throws AEADBadTagException {
    try {
      return gcm(Cipher.DECRYPT_MODE, key, nonce, associated).doFinal(ciphertextAndTag);
    } catch (AEADBadTagException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw unsupported(e);
    }
  }

  static void wipe(byte[] bytes) {
    Arrays.fill(bytes, (byte) 0);
  }

  private static Cipher gcm(int mode, byte[] key, byte[] nonce, byte[] associated)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", FOR_GCM);
    var parameters = new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce);
    cipher.init(mode, new SecretKeySpec(key, "AES"), parameters);
    cipher.updateAAD(associated);
    return cipher;
  }

  private static IllegalStateException unsupported(GeneralSecurityException cause) {
    return new IllegalStateException("This Java runtime lacks what the vault needs.", cause);
  }
}
