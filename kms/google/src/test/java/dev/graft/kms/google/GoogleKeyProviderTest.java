package dev.graft.kms.google;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vault.KeyProvider;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.RemoteKeyProviderContract;
import dev.graft.vault.StubService;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoogleKeyProviderTest implements RemoteKeyProviderContract {
  private final KmsStub stub = new KmsStub();
  @TempDir private Path folder;

  @AfterEach
  void closeStub() {
    stub.close();
  }

  private KeyProvider open(KeyPair account, String timeout) {
    try {
      Path file = Files.writeString(folder.resolve("credentials.json"), stub.accountFile(account));
      return new GoogleFactory()
          .open(
              ProviderUri.parse(stub.address() + "&timeout=" + timeout),
              Map.of("GOOGLE_APPLICATION_CREDENTIALS", file.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public StubService service() {
    return stub;
  }

  @Override
  public KeyProvider provider() {
    return open(KmsStub.ACCOUNT, "30s");
  }

  @Override
  public KeyProvider hurriedProvider() {
    return open(KmsStub.ACCOUNT, "1s");
  }

  @Override
  public KeyProvider rotatedProvider() {
    stub.rotateOnce();
    return provider();
  }

  @Override
  public KeyProvider providerWithoutTheFormerVersion() {
    stub.rotateOnce();
    stub.destroyFormer();
    return provider();
  }

  @Override
  public KeyProvider providerOfAStranger() {
    return open(KmsStub.STRANGER, "1s");
  }

  @Override
  public List<String> credentials() {
    return List.of(
        Base64.getEncoder().encodeToString(KmsStub.ACCOUNT.getPrivate().getEncoded()).substring(99),
        "ya29.made");
  }

  @Override
  public String golden() {
    return "golden/google.txt";
  }

  @Override
  public String rendered(StubService.Call call) {
    return KmsStub.rendered(call);
  }

  @Test
  void aRotationWhileItRunsIsNoticedByTheNextWrap() {
    KeyProvider provider = provider();
    assertThat(provider.check()).isEqualTo(KmsStub.KEY + "/cryptoKeyVersions/1");
    stub.rotateOnce();
    assertThat(provider.check()).isEqualTo(KmsStub.KEY + "/cryptoKeyVersions/2");
  }

  @Test
  void aDataKeySpoiltOnTheWayIsNotUsed() {
    var wrapped = provider().wrap(RemoteKeyProviderContract.sample(), CONTEXT);
    stub.spoilsReplies = true;
    assertThatThrownBy(() -> provider().unwrap(wrapped, CONTEXT))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE))
        .hasMessageContaining("spoilt on the way");
  }

  @Test
  void anAddressOrCredentialsThatCannotBeMeantAreRefused() {
    for (String wrong :
        List.of(
            "gcp-kms:",
            "gcp-kms:kek",
            "gcp-kms:" + KmsStub.KEY + "/cryptoKeyVersions/1",
            "gcp-kms:" + KmsStub.KEY + "?region=eu",
            "gcp-kms:" + KmsStub.KEY)) {
      assertThatThrownBy(() ->
              new GoogleFactory()
                  .open(
                      ProviderUri.parse(wrong),
                      Map.of("GOOGLE_APPLICATION_CREDENTIALS", folder + "/none.json")))
          .as(wrong)
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_PROVIDER));
    }
  }
}
