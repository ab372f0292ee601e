package dev.graft.vault;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HKDF-SHA256 written from the RFC with nothing but HMAC, to judge the one that the vault uses. */
final class Rfc5869 {
  private Rfc5869() {}

  static byte[] hkdf(byte[] inputKey, byte[] salt, byte[] info, int length)
      throws GeneralSecurityException {
    byte[] extracted = hmac(salt.length == 0 ? new byte[32] : salt, inputKey);
    var expanded = new byte[0];
    var block = new byte[0];
    for (byte counter = 1; expanded.length < length; counter++) {
      block = hmac(extracted, joined(block, info, new byte[] {counter}));
      expanded = joined(expanded, block);
    }
    return Arrays.copyOf(expanded, length);
  }

  static byte[] joined(byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    ByteBuffer joined = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      joined.put(part);
    }
    return joined.array();
  }

  private static byte[] hmac(byte[] key, byte[] message) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(message);
  }
}
