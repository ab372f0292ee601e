package dev.graft.kms.transit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vault.KeyProvider;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.RemoteKeyProviderContract;
import dev.graft.vault.StubService;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransitKeyProviderTest implements RemoteKeyProviderContract {
  private final TransitStub stub = new TransitStub();
  @TempDir private Path folder;

  @AfterEach
  void closeStub() {
    stub.close();
  }

  private KeyProvider open(Map<String, String> environment) {
    return open(environment, "30s");
  }

  private KeyProvider open(Map<String, String> environment, String timeout) {
    return new TransitFactory()
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

  @Override
  public KeyProvider providerOfAStranger() {
    return open(Map.of("VAULT_TOKEN", "hvs.unknown-token"));
  }

  @Override
  public List<String> credentials() {
    return List.of(TransitStub.TOKEN, "hvs.unknown-token", TransitStub.SECRET_ID);
  }

  @Override
  public String golden() {
    return "golden/transit.txt";
  }

  @Override
  public String rendered(StubService.Call call) {
    return TransitStub.rendered(call);
  }

  @Test
  void anAppRoleLogsInOnceAndAgainWhenItsTokenIsGone() throws IOException {
    Path secretId = Files.writeString(folder.resolve("secret-id"), TransitStub.SECRET_ID + "\n");
    Path roleId = Files.writeString(folder.resolve("role-id"), "graft-role\n");
    KeyProvider provider =
        open(
            Map.of(
                "VAULT_ROLE_ID_FILE",
                roleId.toString(),
                "VAULT_SECRET_ID_FILE",
                secretId.toString()));
    provider.check();
    provider.check();
    assertThat(stub.logins).hasValue(1);

    stub.revokeAllTokens();
    provider.check();
    assertThat(stub.logins).hasValue(2);

    Files.writeString(secretId, "another");
    stub.revokeAllTokens();
    assertThatThrownBy(provider::check)
        .isInstanceOf(VaultException.class)
        .hasMessageContaining("it refuses the login at auth/approle (HTTP 400");
  }

  @Test
  void aPodLogsInWithItsServiceAccount() throws IOException {
    Path jwt = Files.writeString(folder.resolve("token"), TransitStub.JWT);
    KeyProvider provider =
        open(
            Map.of(
                "VAULT_KUBERNETES_ROLE", "graft", "VAULT_KUBERNETES_TOKEN_FILE", jwt.toString()));
    assertThat(provider.check()).isEqualTo("v1");
    assertThat(stub.logins).hasValue(1);
  }

  @Test
  void aTokenInAFileIsRead() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), TransitStub.TOKEN + "\n");
    assertThat(open(Map.of("VAULT_TOKEN_FILE", token.toString())).check()).isEqualTo("v1");
    assertThatThrownBy(() -> open(Map.of("VAULT_TOKEN_FILE", folder + "/none")).check())
        .hasMessageContaining("with credentials for vault-transit cannot be read");
    assertThatThrownBy(() -> open(Map.of("VAULT_TOKEN", TransitStub.TOKEN + "\u201d")).check())
        .isInstanceOf(VaultException.class)
        .hasMessageContaining("a sign that is no ASCII")
        .hasMessageNotContaining(TransitStub.TOKEN);
  }

  @Test
  void aKeyThatWouldNotBindTheContextIsNotUsed() {
    stub.derived = false;
    assertThatThrownBy(() -> provider().check())
        .hasMessageContaining("its key graft is not derived")
        .hasMessageContaining("derived=true");
    stub.derived = true;
    stub.present = false;
    assertThatThrownBy(() -> provider().check())
        .hasMessageContaining("there is no key graft at transit");
    assertThat(stub.calls()).isNotEmpty().allMatch(call -> call.method().equals("GET"));
  }

  @Test
  void anAddressThatCannotBeMeantIsRefused() {
    for (String wrong :
        List.of(
            "vault-transit:",
            "vault-transit:https://host",
            "vault-transit:https://host/",
            "vault-transit:ftp://host/key",
            "vault-transit:https://user@host/key",
            "vault-transit:http://vault.example.com/key",
            "vault-transit:http://127.0.0.1.example.com/key",
            "vault-transit:https://host/../key?x=1",
            "vault-transit:https://host/key?region=eu")) {
      assertThatThrownBy(
              () -> new TransitFactory().open(ProviderUri.parse(wrong), stub.credentials()))
          .as(wrong)
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_PROVIDER));
    }
    assertThatThrownBy(() -> open(Map.of()))
        .hasMessageContaining("there are no credentials for it. Set VAULT_TOKEN");
    assertThatThrownBy(() -> open(Map.of("VAULT_ROLE_ID", "x")))
        .hasMessageContaining("no secret id");
    assertThatThrownBy(() -> open(Map.of("VAULT_TOKEN", "t", "VAULT_CACERT", folder + "/none")))
        .hasMessageContaining("VAULT_CACERT");
  }
}
