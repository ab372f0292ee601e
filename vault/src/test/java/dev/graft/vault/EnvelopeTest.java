package dev.graft.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
  private static final UUID ID = Vectors.DATA_KEY_ID;
  private static final byte[] KEY = Vectors.DATA_KEY;
  private static final byte[] SALT = Vectors.SALT;
  private static final Context CONTEXT = Vectors.CONTEXT;
  private static final byte[] PLAINTEXT = Vectors.PLAINTEXT.getBytes(UTF_8);

  @Test
  void aRecordMadeElsewhereFromTheWrittenFormatOpens() {
    assertThat(Envelope.parse(Vectors.RECORD).open(ID, KEY, CONTEXT)).isEqualTo(PLAINTEXT);
  }

  @Test
  void theFormatNeverChangesUnnoticed() {
    assertThat(Envelope.seal(ID, KEY, CONTEXT, SALT, PLAINTEXT)).isEqualTo(Vectors.RECORD);
  }

  @Test
  void aSecondOpenerWrittenFromTheFormatOpensAnyRecord() throws Exception {
    long seed = Fixtures.seed();
    var random = new Random(seed);
    for (int length = 0; length < 300; length++) {
      byte[] plaintext = bytes(random, length);
      byte[] key = bytes(random, 32);
      var id = new UUID(random.nextLong(), random.nextLong());
      var context = new Context("a" + random.nextInt(), "p" + random.nextInt(), "é" + length);

      byte[] record = Envelope.seal(id, key, context, bytes(random, 32), plaintext);

      assertThat(openedFromScratch(record, id, key, context))
          .as("seed %d", seed)
          .isEqualTo(plaintext);
      assertThat(Envelope.parse(record).open(id, key, context)).isEqualTo(plaintext);
      assertThat(record).hasSize(102 + length);
    }
  }

  @Test
  void noSingleBitCanBeFlipped() {
    byte[] record = Vectors.RECORD;
    var refusals = new EnumMap<VaultException.Kind, Integer>(VaultException.Kind.class);
    for (int bit = 0; bit < record.length * Byte.SIZE; bit++) {
      refusals.merge(refusalOf(Fixtures.flipped(record, bit)), 1, Integer::sum);
    }
    assertThat(refusals)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                VaultException.Kind.BAD_FORMAT,
                6 * Byte.SIZE,
                VaultException.Kind.WRONG_KEY,
                16 * Byte.SIZE,
                VaultException.Kind.TAMPERED,
                (record.length - 22) * Byte.SIZE));
  }

  @Test
  void noByteCanBeCutOffOrAdded() {
    for (int length = 0; length < Vectors.RECORD.length; length++) {
      assertThat(refusalOf(Arrays.copyOf(Vectors.RECORD, length)))
          .as("cut to %d", length)
          .isEqualTo(length < 102 ? VaultException.Kind.BAD_FORMAT : VaultException.Kind.TAMPERED);
    }
    for (int more = 1; more <= 64; more++) {
      assertThat(refusalOf(Arrays.copyOf(Vectors.RECORD, Vectors.RECORD.length + more)))
          .isEqualTo(VaultException.Kind.TAMPERED);
    }
    assertThat(refusalOf(Rfc5869.joined(new byte[1], Vectors.RECORD)))
        .isEqualTo(VaultException.Kind.BAD_FORMAT);
  }

  /** The data key is the same throughout, so that nothing but the cryptography can notice. */
  @Test
  void noneOfTenThousandMovesToAnotherContextIsAccepted() {
    long seed = Fixtures.seed();
    var random = new Random(seed);
    int accepted = 0;
    for (int i = 0; i < 10_000; i++) {
      Context from = context(random);
      Context to = context(random);
      while (to.equals(from)) {
        to = context(random);
      }
      byte[] record = Envelope.seal(ID, KEY, from, bytes(random, 32), PLAINTEXT);
      try {
        Envelope.parse(record).open(ID, KEY, to);
        accepted++;
      } catch (VaultException e) {
        assertThat(e.kind()).as("seed %d", seed).isEqualTo(VaultException.Kind.TAMPERED);
      }
    }
    assertThat(accepted).as("seed %d", seed).isZero();
  }

  @Test
  void anyPartOfARecordFromAnotherRecordIsRefused() {
    byte[] other = Envelope.seal(ID, KEY, CONTEXT, Fixtures.counting(0x01, 32), PLAINTEXT);

    for (int[] part :
        new int[][] {{22, 54}, {54, 86}, {86, other.length}, {22, 86}, {54, other.length}}) {
      byte[] mixed = Vectors.RECORD.clone();
      System.arraycopy(other, part[0], mixed, part[0], part[1] - part[0]);
      assertThat(refusalOf(mixed)).isEqualTo(VaultException.Kind.TAMPERED);
    }
  }

  @Test
  void aChangedRecordAndAnotherContextCannotBeToldApart() {
    byte[] changed = Fixtures.flipped(Vectors.RECORD, 8 * Vectors.RECORD.length - 1);
    byte[] moved =
        Envelope.seal(ID, KEY, new Context("acct-2", "vapi-key", "record-1"), SALT, PLAINTEXT);
    byte[] otherKey = Envelope.seal(ID, new byte[32], CONTEXT, SALT, PLAINTEXT);

    String expected =
        "The vapi-key of record record-1 in account acct-Zürich does not open: it was changed, or"
            + " it was sealed for another account, purpose or record. It is not used. Restore it"
            + " from a backup, or enter the key again.";
    for (byte[] record : new byte[][] {changed, moved, otherKey}) {
      assertThatThrownBy(() -> Envelope.parse(record).open(ID, KEY, CONTEXT))
          .isInstanceOf(VaultException.class)
          .hasMessage(expected)
          .hasNoCause();
    }
  }

  @Test
  void aRecordOfALaterFormatIsNamedAsSuch() {
    byte[] later = Vectors.RECORD.clone();
    later[4] = 2;

    assertThatThrownBy(() -> Envelope.parse(later))
        .hasMessageStartingWith(
            "A sealed record has format 2 and suite 1; this Graft knows format 1 and suite 1.");
  }

  /**
   * Two keys, one ciphertext and one tag that GCM takes for genuine under both: what is possible
   * for one who knows both keys. With the commitment it opens under one of them at most.
   */
  @Test
  void aCiphertextMadeToOpenUnderTwoKeysOpensUnderOneAtMost() throws Exception {
    byte[] otherKey = Fixtures.counting(0x55, 32);
    byte[] binding = binding(ID, CONTEXT);
    byte[] first = Rfc5869.hkdf(KEY, SALT, binding, 64);
    byte[] second = Rfc5869.hkdf(otherKey, SALT, binding, 64);
    byte[] forged =
        TwoKeyCiphertext.forge(
            Arrays.copyOf(first, 32), Arrays.copyOf(second, 32), new byte[12], binding);

    // The attack is real: plain GCM accepts the same bytes under either key.
    assertThat(gcm(Arrays.copyOf(first, 32), binding, forged))
        .isNotEqualTo(gcm(Arrays.copyOf(second, 32), binding, forged));

    byte[] header = Arrays.copyOf(Vectors.RECORD, 22);
    byte[] committedToFirst =
        Rfc5869.joined(header, SALT, Arrays.copyOfRange(first, 32, 64), forged);
    byte[] committedToSecond =
        Rfc5869.joined(header, SALT, Arrays.copyOfRange(second, 32, 64), forged);
    assertThat(Envelope.parse(committedToFirst).open(ID, KEY, CONTEXT)).hasSize(32);
    assertThat(Envelope.parse(committedToSecond).open(ID, otherKey, CONTEXT)).hasSize(32);
    assertRefused(committedToFirst, otherKey);
    assertRefused(committedToSecond, KEY);
  }

  private static void assertRefused(byte[] record, byte[] key) {
    assertThatThrownBy(() -> Envelope.parse(record).open(ID, key, CONTEXT))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.TAMPERED));
  }

  private static VaultException.Kind refusalOf(byte[] record) {
    try {
      Envelope.parse(record).open(ID, KEY, CONTEXT);
    } catch (VaultException e) {
      return e.kind();
    }
    throw new AssertionError("A changed record was opened: " + Arrays.toString(record));
  }

  private static Context context(Random random) {
    return new Context(
        "acct-" + random.nextInt(20), "purpose-" + random.nextInt(3), "r" + random.nextInt(20));
  }

  private static byte[] openedFromScratch(byte[] record, UUID id, byte[] key, Context context)
      throws Exception {
    byte[] binding = binding(id, context);
    byte[] derived = Rfc5869.hkdf(key, Arrays.copyOfRange(record, 22, 54), binding, 64);
    assertThat(Arrays.copyOfRange(derived, 32, 64)).isEqualTo(Arrays.copyOfRange(record, 54, 86));
    return gcm(Arrays.copyOf(derived, 32), binding, Arrays.copyOfRange(record, 86, record.length));
  }

  private static byte[] binding(UUID id, Context context) {
    var binding = ByteBuffer.allocate(1_000);
    binding.putInt(22).put("GRFT".getBytes(UTF_8)).put((byte) 1).put((byte) 1);
    binding.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    for (String part : new String[] {context.accountId(), context.purpose(), context.recordId()}) {
      binding.putInt(part.getBytes(UTF_8).length).put(part.getBytes(UTF_8));
    }
    return Arrays.copyOf(binding.array(), binding.position());
  }

  private static byte[] gcm(byte[] key, byte[] associated, byte[] ciphertextAndTag)
      throws Exception {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        new SecretKeySpec(key, "AES"),
        new GCMParameterSpec(128, new byte[12]));
    cipher.updateAAD(associated);
    return cipher.doFinal(ciphertextAndTag);
  }

  private static byte[] bytes(Random random, int length) {
    var bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
