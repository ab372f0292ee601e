package dev.graft.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class VaultTest {
  private static final Context CONTEXT = new Context("acct-1", "vapi-key", "record-1");
  private static final byte[] PLAINTEXT = "a key that opens doors".getBytes(UTF_8);

  private final WatchedKeyProvider provider = new WatchedKeyProvider(Fixtures.localProvider(0x11));
  private final TestClock clock = new TestClock();
  private final Vault vault = new Vault(provider, List.of(), clock, Vault.CacheLimits.USUAL);

  @Test
  void whatWasSealedOpens() {
    DataKey dataKey = vault.newDataKey("acct-1");

    byte[] record = vault.seal(dataKey, CONTEXT, PLAINTEXT);

    assertThat(vault.open(dataKey, CONTEXT, record)).isEqualTo(PLAINTEXT);
    assertThat(Vault.dataKeyIdOf(record)).isEqualTo(dataKey.id());
    assertThat(vault.open(dataKey, CONTEXT, vault.seal(dataKey, CONTEXT, new byte[0]))).isEmpty();
  }

  @Test
  void aSecretThatWasSealedOpensAsASecret() {
    DataKey dataKey = vault.newDataKey("acct-1");
    Secret key = Secret.copyOf("schlüssel");

    byte[] record = vault.seal(dataKey, CONTEXT, key);

    assertThat(vault.openSecret(dataKey, CONTEXT, record)).isEqualTo(key);
  }

  @Test
  void anotherVaultWithTheSameProviderOpensIt() {
    DataKey dataKey = vault.newDataKey("acct-1");
    byte[] record = vault.seal(dataKey, CONTEXT, PLAINTEXT);

    assertThat(Fixtures.vault(Fixtures.localProvider(0x11)).open(dataKey, CONTEXT, record))
        .isEqualTo(PLAINTEXT);
  }

  @Test
  void whatWasStoredByTheWrittenFormatOpens() {
    var vectors = Fixtures.vault(new LocalKeyProvider(Vectors.MASTER_KEY, List.of()));
    var dataKey =
        new DataKey(
            Vectors.DATA_KEY_ID,
            Vectors.CONTEXT.accountId(),
            "local:",
            new KeyProvider.Wrapped(Vectors.MASTER_KEY_ID, Vectors.WRAPPED_DATA_KEY));

    assertThat(vectors.openSecret(dataKey, Vectors.CONTEXT, Vectors.RECORD))
        .isEqualTo(Secret.copyOf(Vectors.PLAINTEXT));
    assertThat(vectors.fingerprint(dataKey, Secret.copyOf(Vectors.PLAINTEXT)))
        .isEqualTo(Vectors.FINGERPRINT);
  }

  @Test
  void sealingTwiceGivesTwoRecords() {
    DataKey dataKey = vault.newDataKey("acct-1");

    assertThat(vault.seal(dataKey, CONTEXT, PLAINTEXT))
        .isNotEqualTo(vault.seal(dataKey, CONTEXT, PLAINTEXT));
  }

  @Test
  void noSingleBitOfASealedRecordCanBeFlipped() {
    DataKey dataKey = vault.newDataKey("acct-1");
    byte[] record = vault.seal(dataKey, CONTEXT, PLAINTEXT);

    for (int bit = 0; bit < record.length * Byte.SIZE; bit++) {
      byte[] changed = Fixtures.flipped(record, bit);
      assertThatThrownBy(() -> vault.open(dataKey, CONTEXT, changed))
          .isInstanceOf(VaultException.class);
    }
  }

  /** Records and rows mixed at will, as by one who can write to the database. */
  @Test
  void noneOfTenThousandSwapsBetweenAccountsPurposesAndRecordsIsAccepted() {
    long seed = Fixtures.seed();
    var random = new Random(seed);
    Map<String, DataKey> dataKeys = new HashMap<>();
    List<Context> contexts = new ArrayList<>();
    List<byte[]> records = new ArrayList<>();
    for (int account = 0; account < 10; account++) {
      DataKey dataKey = vault.newDataKey("acct-" + account);
      dataKeys.put(dataKey.accountId(), dataKey);
      for (int i = 0; i < 9; i++) {
        contexts.add(new Context("acct-" + account, "purpose-" + i / 3, "record-" + i % 3));
        records.add(vault.seal(dataKey, contexts.getLast(), PLAINTEXT));
      }
    }
    int accepted = 0;
    for (int i = 0; i < 10_000; i++) {
      int from = random.nextInt(records.size());
      int to = (from + 1 + random.nextInt(records.size() - 1)) % records.size();
      DataKey source = dataKeys.get(contexts.get(from).accountId());
      DataKey target = dataKeys.get(contexts.get(to).accountId());
      if (source == null || target == null) {
        throw new AssertionError("seed " + seed);
      }
      DataKey row =
          new DataKey(
              random.nextBoolean() ? source.id() : target.id(),
              random.nextBoolean() ? source.accountId() : target.accountId(),
              source.providerUri(),
              random.nextBoolean() ? source.wrapped() : target.wrapped());
      try {
        vault.open(row, contexts.get(to), records.get(from));
        accepted++;
      } catch (VaultException e) {
        assertThat(e.mayHelpToTryAgain()).as("seed %d", seed).isFalse();
      }
    }
    assertThat(accepted).as("seed %d", seed).isZero();
    for (int i = 0; i < records.size(); i++) {
      DataKey dataKey = dataKeys.get(contexts.get(i).accountId());
      assertThat(dataKey).isNotNull();
      assertThat(vault.open(dataKey, contexts.get(i), records.get(i))).isEqualTo(PLAINTEXT);
    }
  }

  @Test
  void aRowPutTogetherFromTwoDataKeysDoesNotUnwrapThoughBothAreInUse() {
    DataKey mine = vault.newDataKey("acct-1");
    DataKey other = vault.newDataKey("acct-2");
    vault.seal(mine, CONTEXT, PLAINTEXT);
    vault.seal(other, new Context("acct-2", "vapi-key", "record-1"), PLAINTEXT);

    for (DataKey row :
        List.of(
            new DataKey(mine.id(), "acct-1", mine.providerUri(), other.wrapped()),
            new DataKey(other.id(), "acct-1", mine.providerUri(), mine.wrapped()),
            new DataKey(other.id(), "acct-1", mine.providerUri(), other.wrapped()))) {
      assertThat(refusalOf(() -> vault.seal(row, CONTEXT, PLAINTEXT)))
          .isEqualTo(VaultException.Kind.TAMPERED);
    }
  }

  @Test
  void aRecordIsNotSealedWithAnotherAccountsDataKey() {
    DataKey dataKey = vault.newDataKey("acct-2");

    assertThatThrownBy(() -> vault.seal(dataKey, CONTEXT, PLAINTEXT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "A record of account acct-1 is not sealed with the data key of account acct-2.");
  }

  @Test
  void anotherDataKeyOfTheAccountIsNamedInTheRefusal() {
    DataKey first = vault.newDataKey("acct-1");
    DataKey second = vault.newDataKey("acct-1");
    byte[] record = vault.seal(first, CONTEXT, PLAINTEXT);

    assertThatThrownBy(() -> vault.open(second, CONTEXT, record))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.WRONG_KEY))
        .hasMessage(
            "The vapi-key of record record-1 in account acct-1 names data key %s, and was to be"
                    .formatted(first.id())
                + " opened with %s. Restore the record and its account's data key from the same"
                    .formatted(second.id())
                + " backup.");
  }

  @Test
  void garbageIsRefusedWithoutAskingTheProvider() {
    DataKey dataKey = vault.newDataKey("acct-1");
    int calls = provider.calls;

    assertThat(refusalOf(() -> vault.open(dataKey, CONTEXT, new byte[200])))
        .isEqualTo(VaultException.Kind.BAD_FORMAT);
    assertThat(provider.calls).isEqualTo(calls);
  }

  @Test
  void aDataKeyHoldsNothingSecret() {
    DataKey dataKey = vault.newDataKey("acct-1");
    Secret clear = provider.real().unwrap(dataKey.wrapped(), dataKey.context());

    assertThat(HexFormat.of().formatHex(dataKey.wrapped().bytes()))
        .doesNotContain(Fixtures.hex(clear));
    assertThat(dataKey.toString())
        .isEqualTo(
            "DataKey[id=%s, accountId=acct-1, providerUri=local:, wrapped=Wrapped[kekVersion=%s, 61 bytes]]"
                .formatted(dataKey.id(), Fixtures.masterKey(0x11).id()));
  }

  @Test
  void everyDataKeyIsAnother() {
    DataKey first = vault.newDataKey("acct-1");
    DataKey second = vault.newDataKey("acct-1");

    assertThat(first.id()).isNotEqualTo(second.id());
    assertThat(provider.real().unwrap(first.wrapped(), first.context()))
        .isNotEqualTo(provider.real().unwrap(second.wrapped(), second.context()));
  }

  @Test
  void afterARewrapTheRecordsOpenUnderTheNewKeyAloneUnchanged() {
    DataKey before = vault.newDataKey("acct-1");
    byte[] record = vault.seal(before, CONTEXT, PLAINTEXT);
    MasterKey next = Fixtures.masterKey(0x22);
    var rotating = Fixtures.vault(new LocalKeyProvider(next, List.of(Fixtures.masterKey(0x11))));

    DataKey after = rotating.rewrap(before);

    assertThat(after.id()).isEqualTo(before.id());
    assertThat(after.accountId()).isEqualTo(before.accountId());
    assertThat(after.wrapped().kekVersion()).isEqualTo(next.id()).isEqualTo(rotating.check());
    assertThat(rotating.open(before, CONTEXT, record)).isEqualTo(PLAINTEXT);
    var rotated = Fixtures.vault(new LocalKeyProvider(next, List.of()));
    assertThat(rotated.open(after, CONTEXT, record)).isEqualTo(PLAINTEXT);
    assertThat(refusalOf(() -> rotated.open(before, CONTEXT, record)))
        .isEqualTo(VaultException.Kind.WRONG_KEY);
  }

  /** As AWS KMS and Vault do: the data key does not leave them for it. */
  @Test
  void aProviderThatRewrapsByItselfIsLetDoSoAndItsAnswerIsTried() {
    DataKey before = vault.newDataKey("acct-1");
    byte[] record = vault.seal(before, CONTEXT, PLAINTEXT);
    var rotated =
        new RewrappingKeyProvider(
            new LocalKeyProvider(Fixtures.masterKey(0x22), List.of(Fixtures.masterKey(0x11))));
    var rotating = Fixtures.vault(rotated);

    DataKey after = rotating.rewrap(before);

    assertThat(rotated.rewraps).isEqualTo(1);
    assertThat(after.wrapped().kekVersion()).isEqualTo(Fixtures.masterKey(0x22).id());
    assertThat(rotating.open(after, CONTEXT, record)).isEqualTo(PLAINTEXT);
    rotated.broken = true;
    assertThat(refusalOf(() -> rotating.rewrap(before))).isEqualTo(VaultException.Kind.TAMPERED);
  }

  @Test
  void aRewrapMovesADataKeyToAnotherProvider() {
    DataKey before = vault.newDataKey("acct-1");
    byte[] record = vault.seal(before, CONTEXT, PLAINTEXT);
    var elsewhere = new RenamedKeyProvider("elsewhere:", Fixtures.localProvider(0x44));
    var moving = new Vault(elsewhere, List.of(provider), clock, Vault.CacheLimits.USUAL);

    DataKey after = moving.rewrap(before);

    assertThat(after.providerUri()).isEqualTo("elsewhere:");
    assertThat(Fixtures.vault(elsewhere).open(after, CONTEXT, record)).isEqualTo(PLAINTEXT);
    assertThatThrownBy(() -> vault.open(after, CONTEXT, record))
        .hasMessage(
            "Data key %s of account acct-1 was wrapped by the key provider elsewhere:; Graft was"
                    .formatted(after.id())
                + " started with local:. Configure that provider as an older one, then rewrap.");
  }

  @Test
  void aWrappingThatDoesNotReadBackIsNotHandedOut() {
    var forgetful = Fixtures.vault(new ForgetfulKeyProvider());
    DataKey good = vault.newDataKey("acct-1");
    var moving =
        new Vault(new ForgetfulKeyProvider(), List.of(provider), clock, Vault.CacheLimits.USUAL);

    assertThat(refusalOf(() -> forgetful.newDataKey("acct-1")))
        .isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
    assertThat(refusalOf(() -> moving.rewrap(good))).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
  }

  @Test
  void anUnwrappedKeyOfAnotherLengthIsNotUsed() {
    var dataKey =
        new DataKey(
            UUID.randomUUID(),
            "acct-1",
            "forgetful:",
            new KeyProvider.Wrapped("short", new byte[1]));

    assertThat(
            refusalOf(
                () -> Fixtures.vault(new ForgetfulKeyProvider()).seal(dataKey, CONTEXT, PLAINTEXT)))
        .isEqualTo(VaultException.Kind.TAMPERED);
  }

  @Test
  void twoProvidersOfOneNameAreRefused() {
    assertThatThrownBy(() ->
            new Vault(
                provider, List.of(Fixtures.localProvider(0x22)), clock, Vault.CacheLimits.USUAL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two key providers called local:");
  }

  @Test
  void theSameKeyHasTheSameFingerprintWhoeverBringsIt() {
    DataKey system = vault.newDataKey("system");
    String fingerprint = vault.fingerprint(system, Secret.copyOf("key-1"));

    assertThat(fingerprint).matches("[0-9a-f]{64}");
    assertThat(vault.fingerprint(system, Secret.copyOf("key-1"))).isEqualTo(fingerprint);
    assertThat(vault.fingerprint(vault.rewrap(system), Secret.copyOf("key-1")))
        .isEqualTo(fingerprint);
    assertThat(vault.fingerprint(system, Secret.copyOf("key-2"))).isNotEqualTo(fingerprint);
    assertThat(vault.fingerprint(vault.newDataKey("system"), Secret.copyOf("key-1")))
        .isNotEqualTo(fingerprint);
  }

  @Test
  void whenTheProviderIsAwayKeysInUseWorkUntilTheirTimeIsUpAndOthersNotAtAll() {
    DataKey inUse = vault.newDataKey("acct-1");
    DataKey idle = vault.newDataKey("acct-2");
    byte[] record = vault.seal(inUse, CONTEXT, PLAINTEXT);
    provider.away = true;

    assertThat(vault.open(inUse, CONTEXT, record)).isEqualTo(PLAINTEXT);
    assertThat(refusalOf(() -> vault.fingerprint(idle, Secret.copyOf("x"))))
        .isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
    assertThat(refusalOf(() -> vault.newDataKey("acct-3")))
        .isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
    assertThat(refusalOf(() -> vault.rewrap(inUse))).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
    assertThat(refusalOf(vault::check)).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);

    clock.pass(Duration.ofMinutes(5));
    assertThat(refusalOf(() -> vault.open(inUse, CONTEXT, record)))
        .isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);

    provider.away = false;
    assertThat(vault.open(inUse, CONTEXT, record)).isEqualTo(PLAINTEXT);
  }

  @Test
  void anotherProviderIsNeverAskedInPlaceOfOneThatIsAway() {
    DataKey dataKey = vault.newDataKey("acct-1");
    var standby =
        new WatchedKeyProvider(new RenamedKeyProvider("standby:", Fixtures.localProvider(0x11)));
    var both =
        new Vault(provider, List.of(standby), InstantSource.system(), Vault.CacheLimits.USUAL);
    provider.away = true;

    assertThat(refusalOf(() -> both.seal(dataKey, CONTEXT, PLAINTEXT)))
        .isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
    assertThat(standby.calls).isZero();
  }

  @Test
  void aForgottenDataKeyIsUnwrappedAgainOrNotAtAll() {
    DataKey dataKey = vault.newDataKey("acct-1");
    byte[] record = vault.seal(dataKey, CONTEXT, PLAINTEXT);
    provider.away = true;

    vault.forget(dataKey.id());

    assertThat(refusalOf(() -> vault.open(dataKey, CONTEXT, record)))
        .isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
  }

  @Test
  void noRefusalHoldsAKey() {
    DataKey dataKey = vault.newDataKey("acct-1");
    byte[] record = vault.seal(dataKey, CONTEXT, PLAINTEXT);
    String clear = Fixtures.hex(provider.real().unwrap(dataKey.wrapped(), dataKey.context()));

    for (int bit = 0; bit < record.length * Byte.SIZE; bit++) {
      byte[] changed = Fixtures.flipped(record, bit);
      assertThatThrownBy(() -> vault.open(dataKey, CONTEXT, changed))
          .satisfies(e ->
              assertThat(e + String.valueOf(e.getCause()))
                  .doesNotContain("opens doors")
                  .doesNotContain(clear.substring(0, 16)));
    }
  }

  @Test
  void aLimitOfNothingIsRefused() {
    var fiveMinutes = Duration.ofMinutes(5);
    for (Runnable act :
        List.<Runnable>of(
            () -> new Vault.CacheLimits(Duration.ZERO, 1, 1),
            () -> new Vault.CacheLimits(fiveMinutes, 0, 1),
            () -> new Vault.CacheLimits(fiveMinutes, 1, 0))) {
      assertThatThrownBy(act::run).isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static VaultException.Kind refusalOf(Runnable act) {
    try {
      act.run();
    } catch (VaultException e) {
      return e.kind();
    }
    throw new AssertionError("It was not refused.");
  }

  /** The same provider under another name, as if it were another service. */
  private record RenamedKeyProvider(String uri, KeyProvider real) implements KeyProvider {
    @Override
    public Wrapped wrap(Secret dataKey, Context context) {
      return real.wrap(dataKey, context);
    }

    @Override
    public Secret unwrap(Wrapped wrapped, Context context) {
      return real.unwrap(wrapped, context);
    }

    @Override
    public String check() {
      return real.check();
    }
  }

  /** Rewraps by itself, and may answer with what does not unwrap. */
  private static final class RewrappingKeyProvider implements KeyProvider {
    private final KeyProvider real;
    private int rewraps;
    private boolean broken;

    RewrappingKeyProvider(KeyProvider real) {
      this.real = real;
    }

    @Override
    public String uri() {
      return real.uri();
    }

    @Override
    public Wrapped wrap(Secret dataKey, Context context) {
      throw new AssertionError("the service was to do it by itself");
    }

    @Override
    public Secret unwrap(Wrapped wrapped, Context context) {
      return real.unwrap(wrapped, context);
    }

    @Override
    public Wrapped rewrap(Wrapped wrapped, Context context) {
      rewraps++;
      Wrapped anew = real.rewrap(wrapped, context);
      return broken ? new Wrapped(anew.kekVersion(), new byte[61]) : anew;
    }
  }

  /** Breaks the promise: what comes back is not what was given, and may have another length. */
  private static final class ForgetfulKeyProvider implements KeyProvider {
    @Override
    public String uri() {
      return "forgetful:";
    }

    @Override
    public Wrapped wrap(Secret dataKey, Context context) {
      return new Wrapped("1", new byte[32]);
    }

    @Override
    public Secret unwrap(Wrapped wrapped, Context context) {
      return Secret.owning(wrapped.bytes());
    }

    @Override
    public String check() {
      return "1";
    }
  }
}
