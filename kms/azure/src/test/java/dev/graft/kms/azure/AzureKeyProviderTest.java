package dev.graft.kms.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.credential.AccessToken;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.security.keyvault.keys.cryptography.CryptographyClient;
import com.azure.security.keyvault.keys.cryptography.CryptographyClientBuilder;
import com.azure.security.keyvault.keys.cryptography.models.KeyWrapAlgorithm;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderContract;
import dev.graft.vault.OneTimeKey;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.RemoteKeyProviderContract;
import dev.graft.vault.Secret;
import dev.graft.vault.StubService;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

class AzureKeyProviderTest implements RemoteKeyProviderContract {
  private final VaultStub stub = new VaultStub();
  @TempDir private Path folder;

  @AfterEach
  void closeStub() {
    stub.close();
  }

  private KeyProvider open(Map<String, String> environment) {
    return open(environment, "30s");
  }

  private KeyProvider open(Map<String, String> environment, String timeout) {
    return new AzureFactory()
        .open(ProviderUri.parse(stub.address() + "?timeout=" + timeout), environment);
  }

  @Override
  public StubService service() {
    return stub;
  }

  @Override
  public KeyProvider provider() {
    return open(stub.credentials());
  }

  @Override
  public KeyProvider hurriedProvider() {
    return open(stub.credentials(), "1s");
  }

  @Override
  public KeyProvider rotatedProvider() {
    stub.rotateOnce();
    return provider();
  }

  @Override
  public KeyProvider providerWithoutTheFormerVersion() {
    stub.rotateOnce();
    stub.destroyOldVersions();
    return provider();
  }

  private Map<String, String> with(String name, String value) {
    var environment = new HashMap<>(stub.credentials());
    environment.put(name, value);
    return environment;
  }

  @Override
  public KeyProvider providerOfAStranger() {
    return open(with("AZURE_CLIENT_SECRET", "not~the~secret"));
  }

  @Override
  public List<String> credentials() {
    return List.of(
        VaultStub.SECRET, "not~the~secret", VaultStub.FEDERATED, VaultStub.HEADER, "eyJ.");
  }

  @Override
  public String golden() {
    return "golden/azure.txt";
  }

  @Override
  public String rendered(StubService.Call call) {
    return VaultStub.rendered(call);
  }

  @Test
  void anApplicationLogsInOnceAndAgainWhenItsTokenIsGone() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), VaultStub.SECRET + "\n");
    var environment = new HashMap<>(stub.credentials());
    environment.remove("AZURE_CLIENT_SECRET");
    environment.put("AZURE_CLIENT_SECRET_FILE", secret.toString());
    KeyProvider provider = open(environment);
    provider.check();
    provider.check();
    assertThat(stub.logins).hasValue(1);

    stub.revokeAllTokens();
    provider.check();
    assertThat(stub.logins).hasValue(2);

    Files.writeString(secret, "another");
    stub.revokeAllTokens();
    assertThatThrownBy(provider::check)
        .hasMessageContaining("gives no token (HTTP 401: AADSTS7000215")
        .hasMessageContaining("Check AZURE_TENANT_ID");
  }

  @Test
  void aWorkloadOfKubernetesLogsInByItsFile() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), VaultStub.FEDERATED);
    var environment = new HashMap<>(stub.credentials());
    environment.remove("AZURE_CLIENT_SECRET");
    environment.put("AZURE_FEDERATED_TOKEN_FILE", token.toString());
    open(environment).check();
    assertThat(stub.logins).hasValue(1);

    Files.writeString(token, "another");
    assertThatThrownBy(() -> open(environment).check())
        .hasMessageContaining("Check the federated credential");
    Files.delete(token);
    assertThatThrownBy(() -> open(environment).check())
        .hasMessageContaining("with credentials for it cannot be read");
  }

  @Test
  void aMachineAsksForTheTokenOfItsIdentity() {
    String here = "http://127.0.0.1:" + stub.port();
    KeyProvider provider = open(Map.of("AZURE_POD_IDENTITY_AUTHORITY_HOST", here));
    provider.check();
    provider.check();
    assertThat(stub.logins).hasValue(1);
    open(Map.of("AZURE_POD_IDENTITY_AUTHORITY_HOST", here, "AZURE_CLIENT_ID", VaultStub.CLIENT))
        .check();
    assertThatThrownBy(() ->
            open(Map.of("AZURE_POD_IDENTITY_AUTHORITY_HOST", here, "AZURE_CLIENT_ID", "other"))
                .check())
        .hasMessageContaining("HTTP 400: Identity not found")
        .hasMessageContaining("Assign an identity to this machine");
  }

  @Test
  void anAppAsksWhereItIsTold() {
    String here = "http://127.0.0.1:" + stub.port() + "/msi/token";
    KeyProvider provider =
        open(Map.of("IDENTITY_ENDPOINT", here, "IDENTITY_HEADER", VaultStub.HEADER));
    provider.check();
    provider.check();
    assertThat(stub.logins).hasValue(1);
    assertThatThrownBy(
            () -> open(Map.of("IDENTITY_ENDPOINT", here, "IDENTITY_HEADER", "other")).check())
        .hasMessageContaining("Assign an identity to this app");
  }

  @Test
  void whatIsMissingIsNamed() {
    stub.begin(StubService.Fault.FORBIDDEN);
    assertThatThrownBy(() -> provider().check())
        .hasMessageContaining("Forbidden/ForbiddenByRbac")
        .hasMessageContaining("get, wrapKey and unwrapKey on it, here get");
    stub.end();
    stub.enabled = false;
    assertThatThrownBy(() -> provider().check())
        .hasMessageContaining("the newest version of its key is switched off");
    stub.enabled = true;
    stub.type = "EC";
    assertThatThrownBy(() -> provider().check()).hasMessageContaining("its key is of type EC");
    assertThatThrownBy(() ->
            new AzureFactory()
                .open(ProviderUri.parse(stub.address() + "x"), stub.credentials())
                .check())
        .hasMessageContaining("there is no such key in the vault (HTTP 404, KeyNotFound");
  }

  @Test
  void anAddressThatCannotBeMeantIsRefused() {
    for (String wrong :
        List.of(
            "azure-keyvault:",
            "azure-keyvault:https://graft.vault.azure.net",
            "azure-keyvault:https://graft.vault.azure.net/keys/a/78deebed173b48e48f55abf87ed4cf71",
            "azure-keyvault:https://graft.vault.azure.net/keys/a_b",
            "azure-keyvault:http://graft.vault.azure.net/keys/a",
            "azure-keyvault:https://graft.vault.azure.net:8443/keys/a",
            "azure-keyvault:https://vault.azure.net.example.com/keys/a",
            "azure-keyvault:https://user@graft.vault.azure.net/keys/a",
            "azure-keyvault:https://graft.vault.azure.net/keys/a?tenant=b")) {
      assertThatThrownBy(
              () -> new AzureFactory().open(ProviderUri.parse(wrong), stub.credentials()))
          .as(wrong)
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_PROVIDER));
    }
    for (String right :
        List.of(
            "https://graft.vault.azure.net",
            "https://graft-1.managedhsm.azure.net",
            "https://graft.vault.usgovcloudapi.net",
            "https://graft.vault.azure.cn")) {
      String uri = "azure-keyvault:" + right + "/keys/graft";
      assertThat(new AzureFactory().open(ProviderUri.parse(uri), stub.credentials()).uri())
          .isEqualTo(uri);
    }
    assertThatThrownBy(() -> open(with("AZURE_AUTHORITY_HOST", "http://login.example.com")))
        .hasMessageContaining("AZURE_AUTHORITY_HOST is not https");
    assertThatThrownBy(() -> open(with("AZURE_TENANT_ID", "")))
        .hasMessageContaining("without AZURE_TENANT_ID");
  }

  @Test
  void theVendorsOwnClientOpensWhatWasWrapped() throws Exception {
    KeyProvider.Wrapped wrapped = provider().wrap(KeyProviderContract.dataKey(), CONTEXT);
    byte[] bytes = wrapped.bytes();
    int start = 1 + OneTimeKey.SEALED_BYTES;

    KeyStore keys = selfSigned();
    try (var secured = new VaultStub(stub, tls(keys))) {
      String version = wrapped.kekVersion().substring(wrapped.kekVersion().lastIndexOf('/') + 1);
      CryptographyClient vendors =
          new CryptographyClientBuilder()
              .keyIdentifier("https://localhost:" + secured.port() + "/keys/graft/" + version)
              .credential(request ->
                  Mono.just(
                      new AccessToken(
                          secured.newToken(), OffsetDateTime.now(ZoneOffset.UTC).plusHours(1))))
              .disableChallengeResourceVerification()
              .httpClient(
                  new JdkHttpClientBuilder(HttpClient.newBuilder().sslContext(tls(keys))).build())
              .buildClient();
      byte[] once =
          vendors
              .unwrapKey(
                  KeyWrapAlgorithm.RSA_OAEP_256, Arrays.copyOfRange(bytes, start, bytes.length))
              .getKey();
      try (Secret oneTimeKey = Secret.owning(once)) {
        assertThat(
                OneTimeKey.open(
                    oneTimeKey, CONTEXT.canonical(), Arrays.copyOfRange(bytes, 1, start), CONTEXT))
            .isEqualTo(KeyProviderContract.dataKey());
      }
    }
  }

  private KeyStore selfSigned() throws Exception {
    Path file = folder.resolve("tls.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "stub",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-storepass",
                "changeit",
                "-keystore",
                file.toString())
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, "changeit".toCharArray());
    }
    keys.setCertificateEntry("trusted", keys.getCertificate("stub"));
    return keys;
  }

  private static SSLContext tls(KeyStore keys) throws Exception {
    var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, "changeit".toCharArray());
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keys);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(own.getKeyManagers(), trust.getTrustManagers(), null);
    return tls;
  }
}
