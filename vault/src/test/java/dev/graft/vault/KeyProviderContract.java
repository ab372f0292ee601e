package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every key provider promises, whatever it talks to. */
public interface KeyProviderContract {
  Context CONTEXT = new Context("acct-1", "data-key", "6f3f5a52-3a52-4c0e-9d8e-0c6e7a1b2c3d");

  /** A provider that answers. Called once or more in a test, it has the same wrapping key. */
  KeyProvider provider();

  /** The same provider after its wrapping key was rotated. The former version is still there. */
  KeyProvider rotatedProvider();

  /** The rotated provider, when the former version is there no more. */
  KeyProvider providerWithoutTheFormerVersion();

  static byte[] keyBytes() {
    return HexFormat.of()
        .parseHex("5e17a3f09b2c4d6811ee83c7540fb29ad6315c7e08f24b9da01c65b3fe4728d9");
  }

  static Secret dataKey() {
    return Secret.owning(keyBytes());
  }

  private static void assertRefused(
      KeyProvider provider, KeyProvider.Wrapped wrapped, Context context) {
    assertThatThrownBy(() -> provider.unwrap(wrapped, context))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> {
              assertThat(e.mayHelpToTryAgain()).isFalse();
              assertThat(e.toString())
                  .doesNotContainIgnoringCase(HexFormat.of().formatHex(keyBytes()));
            });
  }

  @Test
  default void whatWasWrappedUnwrapsToTheSame() {
    var wrapped = provider().wrap(dataKey(), CONTEXT);

    assertThat(provider().unwrap(wrapped, CONTEXT)).isEqualTo(dataKey());
  }

  @Test
  default void theDataKeyDoesNotShowInItsWrapping() {
    var wrapped = provider().wrap(dataKey(), CONTEXT);

    assertThat(HexFormat.of().formatHex(wrapped.bytes()))
        .doesNotContain(HexFormat.of().formatHex(keyBytes(), 0, 8));
    assertThat(wrapped).isNotEqualTo(provider().wrap(dataKey(), CONTEXT));
  }

  @Test
  default void aSecretPassedInStaysTheCallersAndOneHandedOutIsTheCallers() {
    var provider = provider();
    Secret passedIn = dataKey();
    var wrapped = provider.wrap(passedIn, CONTEXT);

    assertThat(passedIn).isEqualTo(dataKey());
    provider.unwrap(wrapped, CONTEXT).wipe();
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(dataKey());
  }

  @Test
  default void itDoesNotUnwrapInAnotherContext() {
    var wrapped = provider().wrap(dataKey(), CONTEXT);

    for (Context other :
        List.of(
            new Context("acct-2", CONTEXT.purpose(), CONTEXT.recordId()),
            new Context(CONTEXT.accountId(), "data-kez", CONTEXT.recordId()),
            new Context(
                CONTEXT.accountId(), CONTEXT.purpose(), "7f3f5a52-3a52-4c0e-9d8e-0c6e7a1b2c3d"),
            new Context("acct-1data-key", "x", CONTEXT.recordId()))) {
      assertThatThrownBy(() -> provider().unwrap(wrapped, other))
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.TAMPERED));
    }
  }

  @Test
  default void aVersionThatIsNotThereIsSaidToBeAnotherKey() {
    var wrapped = provider().wrap(dataKey(), CONTEXT);

    assertThatThrownBy(() ->
            provider().unwrap(new KeyProvider.Wrapped("no-such-version", wrapped.bytes()), CONTEXT))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.WRONG_KEY));
  }

  @Test
  default void itDoesNotUnwrapWithABitFlippedInAnyOfItsBytes() {
    var provider = provider();
    var wrapped = provider.wrap(dataKey(), CONTEXT);
    var random = new Random(1);

    for (int i = 0; i < wrapped.bytes().length; i++) {
      byte[] changed = wrapped.bytes();
      changed[i] ^= (byte) (1 << random.nextInt(Byte.SIZE));
      assertRefused(provider, new KeyProvider.Wrapped(wrapped.kekVersion(), changed), CONTEXT);
    }
  }

  @Test
  default void itDoesNotUnwrapShortenedOrExtended() {
    var provider = provider();
    var wrapped = provider.wrap(dataKey(), CONTEXT);
    int length = wrapped.bytes().length;

    for (int other : new int[] {0, 1, length / 2, length - 1, length + 1, 2 * length}) {
      byte[] changed = Arrays.copyOf(wrapped.bytes(), other);
      assertRefused(provider, new KeyProvider.Wrapped(wrapped.kekVersion(), changed), CONTEXT);
    }
  }

  @Test
  default void afterARotationTheFormerWrappingStillUnwrapsAndNewOnesNameTheNewVersion() {
    var before = provider().wrap(dataKey(), CONTEXT);
    var rotated = rotatedProvider();
    var after = rotated.wrap(dataKey(), CONTEXT);

    assertThat(rotated.uri()).isEqualTo(provider().uri());
    assertThat(rotated.unwrap(before, CONTEXT)).isEqualTo(dataKey());
    assertThat(rotated.unwrap(after, CONTEXT)).isEqualTo(dataKey());
    assertThat(after.kekVersion()).isNotEqualTo(before.kekVersion());
    assertRefused(rotated, new KeyProvider.Wrapped(after.kekVersion(), before.bytes()), CONTEXT);
  }

  @Test
  default void aRewrapIsTheSameDataKeyUnderTheNewestVersion() {
    var before = provider().wrap(dataKey(), CONTEXT);
    var rotated = rotatedProvider();
    var after = rotated.rewrap(before, CONTEXT);

    assertThat(after.kekVersion()).isEqualTo(rotated.check()).isNotEqualTo(before.kekVersion());
    assertThat(rotated.unwrap(after, CONTEXT)).isEqualTo(dataKey());
    assertThatThrownBy(() ->
            rotated.rewrap(before, new Context("acct-2", CONTEXT.purpose(), CONTEXT.recordId())))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.TAMPERED));
  }

  @Test
  default void aVersionThatWasDestroyedIsSaidToBeAnotherKey() {
    var before = provider().wrap(dataKey(), CONTEXT);
    var bereft = providerWithoutTheFormerVersion();

    assertThatThrownBy(() -> bereft.unwrap(before, CONTEXT))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.WRONG_KEY));
    assertThat(bereft.unwrap(bereft.wrap(dataKey(), CONTEXT), CONTEXT)).isEqualTo(dataKey());
  }

  @Test
  default void onlyADataKeyIsWrapped() {
    for (int length : new int[] {0, 16, 31, 33}) {
      assertThatThrownBy(() -> provider().wrap(Secret.owning(new byte[length]), CONTEXT))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  default void itsCheckNamesTheVersionThatItWrapsUnder() {
    assertThat(provider().check()).isEqualTo(provider().wrap(dataKey(), CONTEXT).kekVersion());
    assertThat(rotatedProvider().check())
        .isEqualTo(rotatedProvider().wrap(dataKey(), CONTEXT).kekVersion());
  }

  @Test
  default void manyThreadsMayUseItAtOnce() throws Exception {
    var provider = provider();
    Callable<Secret> thereAndBack =
        () -> provider.unwrap(provider.wrap(dataKey(), CONTEXT), CONTEXT);

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Secret>> results = threads.invokeAll(Collections.nCopies(200, thereAndBack));
      for (var result : results) {
        assertThat(result.get()).isEqualTo(dataKey());
      }
    }
  }
}
