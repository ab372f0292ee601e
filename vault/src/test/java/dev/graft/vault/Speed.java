package dev.graft.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.function.IntSupplier;

/**
 * Measures sealing and opening on one thread, the data key being unwrapped already.
 *
 * <pre>
 * mvn -q -pl vault test-compile
 * java -cp vault/target/classes:vault/target/test-classes dev.graft.vault.Speed
 * </pre>
 */
final class Speed {
  private static final int ROUNDS = 200_000;

  private Speed() {}

  public static void main(String[] arguments) {
    Vault vault = Fixtures.vault(Fixtures.localProvider(0x11));
    DataKey dataKey = vault.newDataKey("acct-1");
    var context = new Context("acct-1", "vapi-key", "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0");
    byte[] plaintext = "x".repeat(100).getBytes(UTF_8);
    byte[] record = vault.seal(dataKey, context, plaintext);
    for (int i = 0; i < 4; i++) {
      report("seal", () -> vault.seal(dataKey, context, plaintext).length);
      report("open", () -> vault.open(dataKey, context, record).length);
    }
  }

  private static void report(String what, IntSupplier work) {
    long start = System.nanoTime();
    long bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
      bytes += work.getAsInt();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf("%s: %,.0f per second (%,d bytes)%n", what, ROUNDS / seconds, bytes);
  }
}
