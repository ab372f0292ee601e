package dev.graft.server.log;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A hash under a key that only this process has, and only for as long as it lives. */
final class KeyedHash {
  private static final String ALGORITHM = "HmacSHA256";

  /** Begun with the key; each use takes a copy. */
  private final Mac begun;

  private final long base;

  /** 128 bits of it: enough that nothing else has the same. */
  record Value(long high, long low) {}

  KeyedHash(RandomGenerator random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    try {
      this.begun = Mac.getInstance(ALGORITHM);
      begun.init(new SecretKeySpec(bytes, ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
    this.base = random.nextLong(1 << 20, Rolling.MODULUS - 1);
  }

  Value of(byte[] text) {
    try {
      ByteBuffer whole = ByteBuffer.wrap(((Mac) begun.clone()).doFinal(text));
      return new Value(whole.getLong(), whole.getLong());
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the " + ALGORITHM + " of every JDK can be copied", e);
    }
  }

  /** The small hash that can be moved along a text, for windows of one length. */
  Rolling rolling(int length) {
    return new Rolling(base, length);
  }

  /** A polynomial of the characters; 31 bits, so that it tells next to nothing about a secret. */
  static final class Rolling {
    static final long MODULUS = (1L << 31) - 1;
    private final long base;
    private final long first;

    private Rolling(long base, int length) {
      this.base = base;
      long power = 1;
      for (int i = 1; i < length; i++) {
        power = power * base % MODULUS;
      }
      this.first = power;
    }

    int with(int before, int added) {
      return (int) ((before * base + added) % MODULUS);
    }

    int without(int before, int removed) {
      long rest = (before - removed * first) % MODULUS;
      return (int) (rest < 0 ? rest + MODULUS : rest);
    }
  }
}
