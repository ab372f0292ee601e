package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.kms.azure.VaultStub;
import dev.graft.kms.transit.TransitStub;
import dev.graft.server.KeyProviders;
import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.Secret;
import dev.graft.vault.StubService;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Graft as it is packaged, with each key provider that keeps its key elsewhere: the launcher's
 * server loads the module from its folder, and opens nothing without the service.
 */
class KeyServicesTest {
  static final List<String> MODULES = List.of("transit", "aws", "google", "azure");

  /** How many of them a whole Graft is started with. */
  private static final int SERVED = Boolean.getBoolean("graft.long") ? MODULES.size() : 1;

  @TempDir private Path folder;

  /** A service with the settings that lead to it. */
  private record Service(String name, StubService stub, String address, Map<String, String> shown) {
    long asked(String operation) {
      return stub.calls().stream()
          .filter(call -> (call.uri() + call.header("x-amz-target")).matches(operation))
          .count();
    }

    /** The address without what is only about the way there. */
    String identity() {
      return address().replaceFirst("\\?.*", "");
    }

    List<String> secrets() {
      return shown().entrySet().stream()
          .filter(each -> each.getKey().contains("TOKEN") || each.getKey().contains("SECRET"))
          .map(Map.Entry::getValue)
          .toList();
    }
  }

  /** One of each, until closed. */
  private record Services(List<Service> all) implements AutoCloseable {
    Services(Path folder) throws IOException {
      this(started(folder));
    }

    private static List<Service> started(Path folder) throws IOException {
      var transit = new TransitStub();
      var aws = new dev.graft.kms.aws.KmsStub();
      var google = new dev.graft.kms.google.KmsStub();
      var azure = new VaultStub();
      return List.of(
          new Service("transit", transit, transit.address(), transit.credentials()),
          new Service("aws", aws, aws.address(), aws.credentials()),
          new Service(
              "google",
              google,
              google.address(),
              google.credentials(folder.resolve("account.json"))),
          new Service("azure", azure, azure.address(), azure.credentials()));
    }

    @Override
    public void close() {
      all.forEach(service -> service.stub().close());
    }
  }

  private Map<String, String> environment(Service service, URI vapi) {
    var environment = new HashMap<>(service.shown());
    environment.put("GRAFT_KMS", service.address());
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_AUTH", "none");
    environment.put("GRAFT_DATA_DIR", folder.resolve(service.name()).toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    return environment;
  }

  @Test
  void eachIsLoadedFromTheFolderThatTheBuildLeaves() throws Exception {
    String homeBefore = System.getProperty("graft.home", "");
    System.setProperty("graft.home", GraftProcess.home().toString());
    try (Services services = new Services(folder);
        Secret dataKey = Secret.copyOf("thirty-two bytes, as a data key.")) {
      assertThat(services.all()).extracting(Service::name).isEqualTo(MODULES);
      var context = new Context("acct", "data-key", "1");
      for (Service service : services.all()) {
        KeyProvider provider = KeyProviders.open(service.address(), service.shown());
        KeyProvider.Wrapped wrapped = provider.wrap(dataKey, context);
        assertThat(provider.unwrap(wrapped, context)).isEqualTo(dataKey);
        assertThat(provider.check()).isEqualTo(wrapped.kekVersion());
        assertThat(service.asked("(?i).*(decrypt|/unwrapkey).*"))
            .as(service.name())
            .isGreaterThanOrEqualTo(2);
      }
    } finally {
      if (homeBefore.isEmpty()) {
        System.clearProperty("graft.home");
      } else {
        System.setProperty("graft.home", homeBefore);
      }
    }
  }

  @Test
  void aWholeGraftSealsThereAndOpensNothingWithoutIt() throws Exception {
    try (Services services = new Services(folder);
        GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      for (Service service : services.all().subList(0, SERVED)) {
        Map<String, String> environment = environment(service, sandbox.url());
        linksAndClones(service, environment);
        opensNothingWithoutItsService(service, environment);
      }
    }
  }

  private void linksAndClones(Service service, Map<String, String> environment) throws IOException {
    try (GraftProcess graft = GraftProcess.start(environment, "serve")) {
      Http.Answer linked = Http.link(graft.url(), "u", "sandbox-" + service.name());
      assertThat(linked.status()).as(service.name() + linked.body()).isEqualTo(200);
      Http.Answer cloned = Http.clone(graft.url(), "u");
      assertThat(cloned.status()).as(service.name() + cloned.body()).isEqualTo(200);
      assertThat(graft.output()).doesNotContain(service.secrets());
    }
    // Once to see at the start that it works, and once for the account's data key.
    assertThat(service.asked("(?i).*(encrypt|/wrapkey).*"))
        .as(service.name())
        .isGreaterThanOrEqualTo(2);
    assertThat(service.asked("(?i).*(decrypt|/unwrapkey).*")).as(service.name()).isPositive();
    assertThat(folder.resolve(service.name()).resolve("master.key")).doesNotExist();
  }

  /** Another process opens what the first one sealed; and none does when the service is gone. */
  private static void opensNothingWithoutItsService(
      Service service, Map<String, String> environment) throws IOException {
    long before = service.asked("(?i).*(decrypt|/unwrapkey).*");
    try (GraftProcess graft = GraftProcess.start(environment, "serve")) {
      assertThat(Http.clone(graft.url(), "u").status()).isEqualTo(200);
      assertThat(service.asked("(?i).*(decrypt|/unwrapkey).*")).isGreaterThan(before + 1);
    }
    service.stub().close();
    try (GraftProcess graft = GraftProcess.start(environment, "serve")) {
      assertThat(graft.exit()).isEqualTo(1);
      assertThat(graft.output())
          .contains("Graft does not start", service.identity(), "does not do its work now")
          .doesNotContain("Exception")
          .doesNotContain(service.secrets());
    }
  }
}
