package dev.graft.vault;

import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;

/** Keys, vaults and generators that several tests use. */
final class Fixtures {
  private Fixtures() {}

  /** A master key of one repeated byte. */
  static MasterKey masterKey(int number) {
    return MasterKey.of(Secret.copyOf("%02x".formatted(number).repeat(32)));
  }

  static LocalKeyProvider localProvider(int number) {
    return new LocalKeyProvider(masterKey(number), List.of());
  }

  static Vault vault(KeyProvider provider) {
    return new Vault(provider, List.of(), InstantSource.system(), Vault.CacheLimits.USUAL);
  }

  static byte[] counting(int first, int length) {
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (first + i);
    }
    return bytes;
  }

  static byte[] flipped(byte[] bytes, int bit) {
    byte[] changed = bytes.clone();
    changed[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
    return changed;
  }

  static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }

  static String hex(Secret secret) {
    return secret.reveal(SecretAccess.of("comparing in a test"), HexFormat.of()::formatHex);
  }

  /** Printed with every failure, so that it can be run again with the same seed. */
  static long seed() {
    long seed = Long.getLong("graft.seed", System.nanoTime());
    System.out.println("Seed: -Dgraft.seed=" + seed);
    return seed;
  }
}
