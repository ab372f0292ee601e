package dev.graft.vault;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The known attack on GCM's lack of key commitment: two blocks of ciphertext and a tag that are
 * genuine under two keys. GHASH is a polynomial in each key's hash key, so with the first block
 * free the second is what makes the two tags equal.
 */
final class TwoKeyCiphertext {
  /** x^128 + x^7 + x^2 + x + 1. */
  private static final BigInteger MODULUS =
      BigInteger.ONE.shiftLeft(128).add(BigInteger.valueOf(0x87));

  private TwoKeyCiphertext() {}

  static byte[] forge(byte[] first, byte[] second, byte[] nonce, byte[] associated)
      throws GeneralSecurityException {
    byte[] free = new byte[16];
    Arrays.fill(free, (byte) 0x5a);
    BigInteger h1 = hashKey(first);
    BigInteger h2 = hashKey(second);
    BigInteger difference =
        tag(first, nonce, associated, free, BigInteger.ZERO)
            .xor(tag(second, nonce, associated, free, BigInteger.ZERO));
    BigInteger block = times(difference, inverse(times(h1, h1).xor(times(h2, h2))));
    BigInteger tag = tag(first, nonce, associated, free, block);
    return Rfc5869.joined(free, bytes(block), bytes(tag));
  }

  private static BigInteger tag(
      byte[] key, byte[] nonce, byte[] associated, byte[] block1, BigInteger block2)
      throws GeneralSecurityException {
    BigInteger h = hashKey(key);
    BigInteger sum = BigInteger.ZERO;
    byte[] padded = Arrays.copyOf(associated, (associated.length + 15) / 16 * 16);
    for (int at = 0; at < padded.length; at += 16) {
      sum = times(sum.xor(number(Arrays.copyOfRange(padded, at, at + 16))), h);
    }
    sum = times(sum.xor(number(block1)), h);
    sum = times(sum.xor(block2), h);
    byte[] lengths =
        ByteBuffer.allocate(16).putLong(8L * associated.length).putLong(8L * 32).array();
    sum = times(sum.xor(number(lengths)), h);
    return sum.xor(number(aes(key, Rfc5869.joined(nonce, new byte[] {0, 0, 0, 1}))));
  }

  private static BigInteger hashKey(byte[] key) throws GeneralSecurityException {
    return number(aes(key, new byte[16]));
  }

  /** One block of plain AES, which CBC with a zero vector and no padding is. */
  private static byte[] aes(byte[] key, byte[] block) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
    return cipher.doFinal(block);
  }

  private static BigInteger times(BigInteger a, BigInteger b) {
    BigInteger product = BigInteger.ZERO;
    for (int i = 0; i < 128; i++) {
      if (b.testBit(i)) {
        product = product.xor(a.shiftLeft(i));
      }
    }
    for (int i = 255; i >= 128; i--) {
      if (product.testBit(i)) {
        product = product.xor(MODULUS.shiftLeft(i - 128));
      }
    }
    return product;
  }

  /** a to the power of 2^128 - 2. */
  private static BigInteger inverse(BigInteger a) {
    BigInteger result = BigInteger.ONE;
    BigInteger power = a;
    for (int i = 1; i < 128; i++) {
      power = times(power, power);
      result = times(result, power);
    }
    return result;
  }

  /** GCM counts bits from the other end: the first bit of a block is the coefficient of x^0. */
  private static BigInteger number(byte[] block) {
    BigInteger number = BigInteger.ZERO;
    for (int i = 0; i < 128; i++) {
      if ((block[i / 8] >> (7 - i % 8) & 1) == 1) {
        number = number.setBit(i);
      }
    }
    return number;
  }

  private static byte[] bytes(BigInteger number) {
    var block = new byte[16];
    for (int i = 0; i < 128; i++) {
      if (number.testBit(i)) {
        block[i / 8] |= (byte) (1 << (7 - i % 8));
      }
    }
    return block;
  }
}
