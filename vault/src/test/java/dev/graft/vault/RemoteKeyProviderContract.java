package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * What every key provider that talks to a service promises when the service does not do its part:
 * it says so in bounded time, lets nothing take the service's place, tells no secret, and goes on
 * when the service does.
 */
public interface RemoteKeyProviderContract extends KeyProviderContract {
  /** The time that every call of {@link #hurriedProvider()} has. */
  Duration TIMEOUT = Duration.ofSeconds(1);

  /** Room for a machine that is busy, since only a wait without an end is wrong. */
  Duration SLACK = Duration.ofSeconds(4);

  StubService service();

  /** The provider with little time; {@link #provider()} has plenty, on a busy machine too. */
  KeyProvider hurriedProvider();

  /** A provider for the same key, of a caller whom the service does not know. */
  KeyProvider providerOfAStranger();

  /** What must not stand in any message, the data key aside. */
  List<String> credentials();

  /** The file in the module's test resources that has the documented requests in it. */
  String golden();

  /** A request without what differs from run to run. */
  String rendered(StubService.Call call);

  /** The data key of these tests. */
  static Secret sample() {
    return KeyProviderContract.dataKey();
  }

  private static void assertAway(KeyProvider provider, List<String> secrets, ThrowingCallable act) {
    long from = System.nanoTime();
    assertThatThrownBy(act)
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
              assertThat(e).hasMessageContaining(provider.uri());
              assertNoSecretIn(e, secrets);
            });
    assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(TIMEOUT.plus(SLACK));
  }

  private static void assertNoSecretIn(Throwable thrown, List<String> secrets) {
    for (Throwable e = thrown; e != null; e = e.getCause()) {
      assertThat(e.toString())
          .doesNotContainIgnoringCase(HexFormat.of().formatHex(KeyProviderContract.keyBytes()))
          .doesNotContain(Base64.getEncoder().encodeToString(KeyProviderContract.keyBytes()));
      for (String secret : secrets) {
        assertThat(e.toString()).doesNotContain(secret);
      }
    }
  }

  private void failsAndRecovers(StubService.Fault fault) {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);

    KeyProvider hurried = hurriedProvider();
    service().begin(fault);
    assertAway(hurried, credentials(), () -> hurried.unwrap(wrapped, CONTEXT));
    assertAway(hurried, credentials(), () -> hurried.wrap(KeyProviderContract.dataKey(), CONTEXT));
    service().end();

    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
    assertThat(provider.check()).isEqualTo(wrapped.kekVersion());
  }

  @Test
  default void itBearsAServiceThatAsksForPatience() {
    failsAndRecovers(StubService.Fault.THROTTLED);
  }

  @Test
  default void itDoesNotWaitForASlowServiceForEver() {
    failsAndRecovers(StubService.Fault.SLOW);
  }

  @Test
  default void itBearsAConnectionThatEndsMidReply() {
    failsAndRecovers(StubService.Fault.CUT);
  }

  @Test
  default void itAsksAgainWhenAKeptConnectionWasClosedJustThen() {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);

    int before = service().calls().size();
    service().begin(StubService.Fault.CLOSED_ONCE);
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
    service().begin(StubService.Fault.CLOSED_ONCE);
    provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    assertThat(service().calls())
        .as("each was asked twice")
        .hasSizeGreaterThanOrEqualTo(before + 4);
  }

  @Test
  default void itBearsAProxysPageInPlaceOfAReply() {
    failsAndRecovers(StubService.Fault.GARBAGE);
  }

  @Test
  default void itBearsAReplyWithNothingInIt() {
    failsAndRecovers(StubService.Fault.EMPTY);
  }

  @Test
  default void itBearsAServiceWithAnErrorOfItsOwn() {
    failsAndRecovers(StubService.Fault.BROKEN);
  }

  @Test
  default void itBearsNotBeingBelieved() {
    failsAndRecovers(StubService.Fault.UNAUTHENTICATED);
  }

  @Test
  default void itBearsNotBeingAllowed() {
    failsAndRecovers(StubService.Fault.FORBIDDEN);
  }

  @Test
  default void itBearsAKeyThatIsSwitchedOff() {
    failsAndRecovers(StubService.Fault.DISABLED);
  }

  @Test
  default void itBearsAServiceThatIsNotThere() {
    KeyProvider provider = hurriedProvider();
    var wrapped = provider().wrap(KeyProviderContract.dataKey(), CONTEXT);
    service().close();

    assertAway(provider, credentials(), () -> provider.unwrap(wrapped, CONTEXT));
    assertAway(
        provider, credentials(), () -> provider.wrap(KeyProviderContract.dataKey(), CONTEXT));
  }

  @Test
  default void aCallerWhomTheServiceDoesNotKnowGetsNothing() {
    var wrapped = provider().wrap(KeyProviderContract.dataKey(), CONTEXT);
    KeyProvider stranger = providerOfAStranger();

    assertAway(stranger, credentials(), () -> stranger.unwrap(wrapped, CONTEXT));
    assertAway(
        stranger, credentials(), () -> stranger.wrap(KeyProviderContract.dataKey(), CONTEXT));
  }

  @Test
  default void itAsksAsTheServicesDocumentationSays() throws IOException {
    KeyProvider provider = provider();
    int before = service().calls().size();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    provider.unwrap(wrapped, CONTEXT).wipe();
    rotatedProvider();
    provider.rewrap(wrapped, CONTEXT);

    String asked =
        service().calls().stream()
            .skip(before)
            .map(this::rendered)
            .distinct()
            .collect(Collectors.joining("\n"));
    Path file = Path.of("src/test/resources", golden());
    if (Boolean.getBoolean("graft.golden")) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, asked);
    }
    assertThat(asked).isEqualTo(Files.readString(file));
  }
}
