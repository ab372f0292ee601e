package dev.graft.kms.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderContract;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On SoftHSM, through the library as it is. */
class Pkcs11KeyProviderTest implements KeyProviderContract {
  private static final String TOKEN = "graft";
  private static SoftHsm hsm;

  private final String label = "kek-" + UUID.randomUUID();
  @TempDir private Path folder;

  @BeforeAll
  static void token() throws Refused {
    hsm = new SoftHsm(Pkcs11Factory.library(SoftHsm.file()));
    hsm.newToken(TOKEN);
  }

  @BeforeEach
  void key() throws Refused {
    hsm.newKey(TOKEN, label, "01");
  }

  private static KeyProvider open(String uri) {
    return open(uri, Map.of("GRAFT_PKCS11_PIN", SoftHsm.PIN));
  }

  private static KeyProvider open(String uri, Map<String, String> environment) {
    return new Pkcs11Factory().open(ProviderUri.parse(uri), environment);
  }

  private static String uri(String token, String object) {
    return "pkcs11:token="
        + token
        + ";object="
        + object
        + "?timeout=30s&module-path="
        + SoftHsm.file();
  }

  @Override
  public KeyProvider provider() {
    return open(uri(TOKEN, label));
  }

  @Override
  public KeyProvider rotatedProvider() {
    try {
      if (hsm.keys(TOKEN, label) == 1) {
        hsm.newKey(TOKEN, label, "02");
      }
    } catch (Refused e) {
      throw new AssertionError(e);
    }
    return provider();
  }

  @Override
  public KeyProvider providerWithoutTheFormerVersion() {
    KeyProvider rotated = rotatedProvider();
    try {
      hsm.destroyKey(TOKEN, label, "01");
    } catch (Refused e) {
      throw new AssertionError(e);
    }
    return rotated;
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
  void theHighestIdWrapsWhateverTheOrder() throws Refused {
    hsm.newKey(TOKEN, label, "0a00");
    hsm.newKey(TOKEN, label, "ff");
    assertThat(provider().check()).isEqualTo("0a00");
  }

  @Test
  void theJdksOwnPkcs11OpensItAsPlainAesGcm() throws Exception {
    // It reads no token on which two keys have one label, so this one has a token of its own.
    hsm.newToken("jdk");
    hsm.newKey("jdk", label, "01");
    KeyProvider provider = open(uri("jdk", label));
    byte[] bytes = provider.wrap(KeyProviderContract.dataKey(), CONTEXT).bytes();

    Path configuration =
        Files.writeString(
            folder.resolve("sun.cfg"),
            "name=graft\nlibrary=" + SoftHsm.file() + "\nslot=" + hsm.slot("jdk") + "\n");
    Provider jdk = Security.getProvider("SunPKCS11").configure(configuration.toString());
    KeyStore keys = KeyStore.getInstance("PKCS11", jdk);
    keys.load(null, SoftHsm.PIN.toCharArray());
    SecretKey key = (SecretKey) keys.getKey(label, null);
    assertThat(key.getEncoded()).isNull();
    assertThat(opened(jdk, key, bytes, CONTEXT)).isEqualTo(KeyProviderContract.dataKey());
    assertThatThrownBy(() -> opened(jdk, key, bytes, new Context("acct-2", "data-key", "1")))
        .isInstanceOf(AEADBadTagException.class);
  }

  private static Secret opened(Provider jdk, SecretKey key, byte[] bytes, Context context)
      throws Exception {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", jdk);
    cipher.init(
        Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, Arrays.copyOfRange(bytes, 1, 13)));
    cipher.updateAAD(context.canonical());
    return Secret.owning(cipher.doFinal(bytes, 13, bytes.length - 13));
  }

  @Test
  void aKeyThatDoesNotStayInTheTokenIsNotUsed() throws Refused {
    hsm.newKey(TOKEN, label, "02", 32, true);
    assertUnavailable(provider(), "with the id '02' can be taken out of the token");
  }

  @Test
  void aKeyOfAnotherKindIsNotUsed() throws Refused {
    hsm.newKey(TOKEN, label, "02", 16, false);
    assertUnavailable(provider(), "with the id '02' is no AES key of 256 bits");
  }

  @Test
  void twoKeysOfOneIdAreToldApartByNobody() throws Refused {
    hsm.newKey(TOKEN, label, "01");
    assertUnavailable(provider(), "with the id '01' is there twice");
  }

  @Test
  void aKeyWithoutAnIdIsNotUsed() throws Refused {
    hsm.newKey(TOKEN, label + "-none", "");
    assertUnavailable(open(uri(TOKEN, label + "-none")), "has no id");
  }

  @Test
  void whatIsNotThereIsNamedTogetherWithWhatIs() {
    assertUnavailable(
        open(uri("nobodys", label)),
        "there is no such token in any slot of the library; it sees",
        "'graft'");
    assertUnavailable(open(uri(TOKEN, "nothing")), "no secret key with the label 'nothing'");
  }

  @Test
  void aPinMayStandInAFile() throws Exception {
    Path pin = Files.writeString(folder.resolve("pin"), SoftHsm.PIN + "\n");
    assertThat(open(uri(TOKEN, label), Map.of("GRAFT_PKCS11_PIN_FILE", pin.toString())).check())
        .isEqualTo("01");
    assertThat(open(uri(TOKEN, label) + "&pin-source=file:" + pin, Map.of()).check())
        .isEqualTo("01");
    assertUnavailable(
        open(uri(TOKEN, label) + "&pin-source=" + folder + "/none", Map.of()),
        "the file with its PIN",
        "cannot be read");
  }

  @Test
  void aLabelMayHaveAnyCharacterInIt() throws Refused {
    hsm.newKey(TOKEN, "schl\u00fcssel; 1", "01");
    assertThat(open(uri(TOKEN, "schl%C3%BCssel%3B%201")).check()).isEqualTo("01");
  }

  @Test
  void aTokenThatDoesNotMakeNoncesIsNotTakenForOneThatDoes() {
    assertUnavailable(open(uri(TOKEN, label) + "&iv=token"), "it did not make a nonce");
  }

  @Test
  void anAddressThatCannotBeMeantIsRefused() throws Exception {
    Path none = Files.writeString(folder.resolve("none.so"), "no library");
    String library = "module-path=" + SoftHsm.file();
    for (String wrong :
        List.of(
            "pkcs11:?" + library,
            "pkcs11:token=a?" + library,
            "pkcs11:object=a?" + library,
            "pkcs11:token=a;object=?" + library,
            "pkcs11:token=a;object=b;object=c?" + library,
            "pkcs11:token=a;object=b;type=secret-key?" + library,
            "pkcs11:token=a;object=b?pin-value=1&" + library,
            "pkcs11:token=a;object=b?iv=mine&" + library,
            "pkcs11:token=a;object=b",
            "pkcs11:token=a;object=b?module-path=softhsm2.so",
            "pkcs11:token=a;object=b?module-path=" + none)) {
      assertThatThrownBy(() -> open(wrong))
          .as(wrong)
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_PROVIDER));
    }
    assertThatThrownBy(() -> open("pkcs11:token=a;object=b?" + library, Map.of()))
        .hasMessageContaining("there is no PIN for it");
  }
}
