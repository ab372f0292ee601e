package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LocalKeyProviderTest implements KeyProviderContract {
  @Override
  public KeyProvider provider() {
    return Fixtures.localProvider(0x11);
  }

  @Override
  public KeyProvider rotatedProvider() {
    return new LocalKeyProvider(Fixtures.masterKey(0x22), List.of(Fixtures.masterKey(0x11)));
  }

  @Override
  public KeyProvider providerWithoutTheFormerVersion() {
    return Fixtures.localProvider(0x22);
  }

  @Test
  void noSingleBitOfAWrappedKeyCanBeFlipped() {
    var wrapped = provider().wrap(Secret.owning(new byte[32]), CONTEXT);
    var provider = provider();

    assertThat(wrapped.bytes()).hasSize(61);
    for (int bit = 0; bit < wrapped.bytes().length * Byte.SIZE; bit++) {
      byte[] changed = Fixtures.flipped(wrapped.bytes(), bit);
      assertThatThrownBy(() ->
              provider.unwrap(new KeyProvider.Wrapped(wrapped.kekVersion(), changed), CONTEXT))
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.TAMPERED));
    }
  }

  @Test
  void anotherMasterKeyIsNamedAndNotTakenForTampering() {
    var wrapped = provider().wrap(Secret.owning(new byte[32]), CONTEXT);
    var stranger = Fixtures.localProvider(0x33);

    assertThatThrownBy(() -> stranger.unwrap(wrapped, CONTEXT))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.WRONG_KEY))
        .hasMessage(
            "This database was sealed with another master key (%s); Graft has %s. Start it with"
                    .formatted(Fixtures.masterKey(0x11).id(), Fixtures.masterKey(0x33).id())
                + " that one, as the current master key or as an older one.");
  }

  @Test
  void anotherMasterKeyUnderTheRightNameDoesNotUnwrap() {
    var wrapped = provider().wrap(Secret.owning(new byte[32]), CONTEXT);
    var stranger = Fixtures.localProvider(0x33);
    var renamed = new KeyProvider.Wrapped(stranger.check(), wrapped.bytes());

    assertThatThrownBy(() -> stranger.unwrap(renamed, CONTEXT))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.TAMPERED));
  }

  @Test
  void theWrappedFormNeverChangesUnnoticed() {
    var provider = new LocalKeyProvider(Vectors.MASTER_KEY, List.of());

    Secret dataKey =
        provider.unwrap(
            new KeyProvider.Wrapped(Vectors.MASTER_KEY_ID, Vectors.WRAPPED_DATA_KEY),
            DataKey.context(Vectors.DATA_KEY_ID, Vectors.CONTEXT.accountId()));

    assertThat(dataKey).isEqualTo(Secret.owning(Vectors.DATA_KEY.clone()));
    assertThat(provider.check()).isEqualTo(Vectors.MASTER_KEY_ID);
  }
}
