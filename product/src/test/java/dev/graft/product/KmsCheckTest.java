package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.kms.azure.VaultStub;
import dev.graft.kms.pkcs11.SoftHsm;
import dev.graft.kms.transit.TransitStub;
import dev.graft.vault.StubService;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code graft kms check} as an operator runs it, without a server. */
class KmsCheckTest {
  private static final Map<String, String> NOTHING = Map.of();

  @TempDir private Path folder;

  private String checked(int exit, Map<String, String> environment, String... arguments) {
    var all = new String[arguments.length + 2];
    all[0] = "kms";
    all[1] = "check";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    try (GraftProcess check = GraftProcess.start(environment, all)) {
      assertThat(check.exit()).as(check.output()).isEqualTo(exit);
      assertThat(check.output()).doesNotContain("Exception").doesNotContain("\tat ");
      environment.forEach((name, value) -> {
        if (name.matches(".*(TOKEN|SECRET|PIN|MASTER_KEY)")) {
          assertThat(check.output()).doesNotContain(value);
        }
      });
      // Its lines are as long as fits, and what they say is one sentence.
      return check.output().replaceAll("\\s+", " ");
    }
  }

  private static void assertWorks(String said, String version) {
    assertThat(said)
        .containsPattern("wraps a data key [0-9.]+ ms, then mostly")
        .containsPattern("unwraps it to the same [0-9.]+ ms, then mostly")
        .containsPattern("refuses it for another account [0-9.]+ ms")
        .containsPattern("wraps it anew, newest version [0-9.]+ ms")
        .containsPattern("It works, and wraps under the key version '" + version + "'");
  }

  @Test
  void aLocalKeyIsTriedWithTheSettingsOfTheServer() {
    var environment =
        Map.of("GRAFT_DATA_DIR", folder.toString(), "GRAFT_MASTER_KEY", "3c".repeat(32));
    assertWorks(checked(0, environment), "[^']+");
  }

  @Test
  void aTokenIsTriedAndAWrongPinAndAMissingKeyAreTold() {
    var environment = SoftHsm.tokenWithKey("graft", "kek");
    assertWorks(checked(0, environment, "pkcs11:token=graft;object=kek"), "01");
    assertThat(checked(1, environment, "pkcs11:token=graft;object=none"))
        .containsPattern("wraps a data key FAILED")
        .contains("there is no secret key with the label 'none'")
        .contains("This step needs: the user's PIN")
        .contains("A server with this key provider would not do its work.");
    var wrong = new HashMap<>(environment);
    wrong.put("GRAFT_PKCS11_PIN", "no-such-pin");
    assertThat(checked(1, wrong, "pkcs11:token=graft;object=kek"))
        .contains("it does not take the PIN");
  }

  @Test
  void transitIsTriedAndWhatIsNotAllowedIsTold() {
    try (var transit = new TransitStub()) {
      assertWorks(checked(0, transit.credentials(), transit.address()), "v1");
      transit.begin(StubService.Fault.FORBIDDEN);
      assertThat(checked(1, transit.credentials(), transit.address()))
          .containsPattern("wraps a data key FAILED")
          .contains("This step needs: read on transit/keys/KEY and update on transit/encrypt/KEY.");
    }
  }

  @Test
  void googleIsTriedAndTheCommandEndsThoughItsLibraryHasThreads() throws IOException {
    try (var google = new dev.graft.kms.google.KmsStub()) {
      assertWorks(
          checked(0, google.credentials(folder.resolve("account.json")), google.address()),
          "projects/p/[^']+/cryptoKeyVersions/1");
    }
  }

  @Test
  void azureIsTriedAndWhatIsNotAllowedIsTold() {
    try (var azure = new VaultStub()) {
      assertWorks(
          checked(0, azure.credentials(), azure.address()),
          "http://127.0.0.1:\\d+/keys/graft/[0-9a-f]{32}");
      azure.begin(StubService.Fault.FORBIDDEN);
      assertThat(checked(1, azure.credentials(), azure.address()))
          .contains("This step needs: get and wrapKey on the key.");
    }
  }

  @Test
  void helpAndMistakesNeedNoKeyProvider() {
    assertThat(checked(0, NOTHING, "--help")).contains("Usage: graft kms check [ADDRESS ...]");
    assertThat(checked(64, NOTHING, "aws")).contains("'aws' is no address of a key provider");
  }
}
