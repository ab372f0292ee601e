package dev.graft.kms.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderContract;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real token that fails, hangs, goes and comes back. */
@SuppressWarnings("restricted")
class TokenTroubleTest {
  private static final Context CONTEXT = KeyProviderContract.CONTEXT;
  private static final long TOKEN_NOT_PRESENT = Refused.TOKEN_NOT_PRESENT;
  private static final long SESSION_HANDLE_INVALID = 0xb3;
  private static MeddledLibrary meddled;
  private static SoftHsm hsm;

  private final String token = "t-" + UUID.randomUUID().toString().substring(0, 20);
  @TempDir private Path folder;

  @BeforeAll
  static void library() {
    meddled =
        new MeddledLibrary(
            Cryptoki.load(SoftHsm.file()),
            List.of(
                Cryptoki.GET_SLOT_LIST,
                Cryptoki.OPEN_SESSION,
                Cryptoki.LOGIN,
                Cryptoki.ENCRYPT_INIT,
                Cryptoki.ENCRYPT,
                Cryptoki.DECRYPT,
                Cryptoki.INITIALIZE));
    hsm = new SoftHsm(meddled.library());
  }

  @BeforeEach
  void tokenAndKey() throws Refused {
    hsm.newToken(token);
    hsm.newKey(token, "kek", "01");
  }

  @AfterEach
  void asItIs() {
    meddled.asItIs();
  }

  private KeyProvider open(String options, Map<String, String> environment) {
    return Pkcs11Factory.open(
        ProviderUri.parse("pkcs11:token=" + token + ";object=kek?" + options),
        environment,
        meddled.library());
  }

  private KeyProvider provider() {
    return open("timeout=30s", Map.of("GRAFT_PKCS11_PIN", SoftHsm.PIN));
  }

  private static void assertUnavailable(KeyProvider provider, String... said) {
    assertThatThrownBy(provider::check)
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE);
              assertThat(e.getMessage()).contains(said).doesNotContain(SoftHsm.PIN);
            });
  }

  @Test
  void sessionsThatAreLostAreOpenedAndLoggedInAgain() throws Refused {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    int logins = meddled.callsOf(Cryptoki.LOGIN);

    hsm.loseAllSessions(token);
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
    assertThat(meddled.callsOf(Cryptoki.LOGIN)).isEqualTo(logins + 1);
  }

  @Test
  void aLogoutByAnotherPartOfTheProcessIsMadeUpFor() throws Refused {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    hsm.logOut(token);
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
  }

  @Test
  void aLibraryThatWasEndedIsStartedAgain() throws Refused {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    hsm.end();
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
  }

  @Test
  void aHundredCallersBearALossBetweenThem() throws Exception {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var results =
          Collections.nCopies(100, 0).stream()
              .map(any -> threads.submit(() -> provider.unwrap(wrapped, CONTEXT)))
              .toList();
      hsm.loseAllSessions(token);
      for (var result : results) {
        assertThat(result.get()).isEqualTo(KeyProviderContract.dataKey());
      }
    }
  }

  @Test
  void aTokenThatIsTakenOutIsMissedAndFoundAgain() throws IOException {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    // A reader of hardware says so at each session, and shows no slot with a token any more.
    meddled.make(Cryptoki.OPEN_SESSION, (real, arguments) -> TOKEN_NOT_PRESENT);
    meddled.make(Cryptoki.ENCRYPT_INIT, (real, arguments) -> 0x32);
    meddled.make(
        Cryptoki.GET_SLOT_LIST,
        (real, arguments) -> {
          ((MemorySegment) arguments[2]).reinterpret(8).set(JAVA_LONG, 0, 0);
          return 0;
        });
    assertUnavailable(provider, "there is no such token in any slot", "it sees none at all");
    meddled.asItIs();
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
  }

  @Test
  void aTokenThatNeverAnswersIsNotWaitedForForEver() throws Exception {
    KeyProvider provider = provider();
    KeyProvider hurried = open("timeout=300ms", Map.of("GRAFT_PKCS11_PIN", SoftHsm.PIN));
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    var over = new CountDownLatch(1);
    meddled.make(
        Cryptoki.DECRYPT,
        (real, arguments) -> {
          over.await(60, TimeUnit.SECONDS);
          return real.call();
        });
    long from = System.nanoTime();
    // More than there are sessions, so that the last ones do not even get one.
    for (int i = 0; i < 12; i++) {
      assertThatThrownBy(() -> hurried.unwrap(wrapped, CONTEXT))
          .hasMessageContaining("it did not answer within 300 ms");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(Duration.ofSeconds(20));
    over.countDown();
    meddled.asItIs();
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
  }

  @Test
  void aTokenThatFailsIsNotTakenForChangedBytes() {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    for (long code : new long[] {Refused.GENERAL_ERROR, 0x30, 0x32, SESSION_HANDLE_INVALID, 0x54}) {
      meddled.make(Cryptoki.DECRYPT, (real, arguments) -> code);
      assertUnavailable(provider, "it failed, also in a new session (C_Decrypt answered CKR_");
      assertThatThrownBy(() -> provider.unwrap(wrapped, CONTEXT))
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE));
    }
    meddled.asItIs();
    assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
  }

  @Test
  void whatATokenSaysOfChangedBytesIsUnderstood() {
    KeyProvider provider = provider();
    var wrapped = provider.wrap(KeyProviderContract.dataKey(), CONTEXT);
    for (long code : new long[] {0x40, 0x41, 0x42}) {
      meddled.make(Cryptoki.DECRYPT, (real, arguments) -> code);
      assertThatThrownBy(() -> provider.unwrap(wrapped, CONTEXT))
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.TAMPERED));
    }
  }

  @Test
  void aWrongPinIsShownOnceAndNoMore() throws Exception {
    Path pin = Files.writeString(folder.resolve("pin"), "not-it");
    KeyProvider provider = open("pin-source=file:" + pin, Map.of());
    int before = meddled.callsOf(Cryptoki.LOGIN);
    for (int i = 0; i < 5; i++) {
      assertUnavailable(provider, "it does not take the PIN", "CKR_PIN_INCORRECT");
    }
    assertThat(meddled.callsOf(Cryptoki.LOGIN)).isEqualTo(before + 1);

    Files.writeString(pin, SoftHsm.PIN);
    assertThat(provider.check()).isEqualTo("01");
  }

  @Test
  void aWrongPinIsRefusedAlsoWhereSomebodyIsLoggedInAlready() {
    assertThat(provider().check()).isEqualTo("01");
    assertUnavailable(
        open("timeout=30s", Map.of("GRAFT_PKCS11_PIN", "not-it")), "it does not take the PIN");
    assertThat(provider().check()).isEqualTo("01");
  }

  @Test
  void aPinThatIsChangedOnTheTokenIsTakenFromItsFile() throws Exception {
    Path pin = Files.writeString(folder.resolve("pin"), SoftHsm.PIN);
    KeyProvider provider = open("pin-source=file:" + pin, Map.of());
    assertThat(provider.check()).isEqualTo("01");
    hsm.loseAllSessions(token);
    hsm.changePin(token, SoftHsm.PIN, "another-pin");
    Files.writeString(pin, "another-pin");
    assertThat(provider.check()).isEqualTo("01");
    hsm.changePin(token, "another-pin", SoftHsm.PIN);
  }

  @Test
  void aPinThatIsLockedIsTold() {
    meddled.make(Cryptoki.LOGIN, (real, arguments) -> 0xa4);
    assertUnavailable(provider(), "CKR_PIN_LOCKED", "unlock the user's PIN");
  }

  @Test
  void aTokenMayMakeTheNoncesItself() {
    // As those do that are certified for nothing else: it overwrites what stands there.
    byte[] made = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    meddled.make(
        Cryptoki.ENCRYPT_INIT,
        (real, arguments) -> {
          MemorySegment mechanism = ((MemorySegment) arguments[1]).reinterpret(24);
          MemorySegment nonce =
              mechanism.get(ADDRESS, 8).reinterpret(48).get(ADDRESS, 0).reinterpret(12);
          if (!Arrays.equals(nonce.toArray(JAVA_BYTE), new byte[12])) {
            return Refused.MECHANISM_PARAM_INVALID;
          }
          MemorySegment.copy(MemorySegment.ofArray(made), 0, nonce, 0, 12);
          return real.call();
        });
    assertUnavailable(provider(), "needs ?iv=token in the address");

    KeyProvider itself = open("iv=token", Map.of("GRAFT_PKCS11_PIN", SoftHsm.PIN));
    var wrapped = itself.wrap(KeyProviderContract.dataKey(), CONTEXT);
    assertThat(Arrays.copyOfRange(wrapped.bytes(), 1, 13)).isEqualTo(made);
    assertThat(itself.unwrap(wrapped, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
  }

  @Test
  void twoTokensOfOneLabelNeedTheirSerialNumber() throws Refused {
    hsm.newToken(token);
    assertUnavailable(provider(), "there are 2 tokens that fit. Add their serial number");
  }

  @Test
  void aLibraryThatDoesNotStartIsTold() throws Refused {
    KeyProvider provider = provider();
    provider.check();
    hsm.end();
    meddled.make(Cryptoki.INITIALIZE, (real, arguments) -> Refused.GENERAL_ERROR);
    assertUnavailable(provider, "C_Initialize answered CKR_GENERAL_ERROR");
    meddled.asItIs();
    assertThat(provider.check()).isEqualTo("01");
  }
}
