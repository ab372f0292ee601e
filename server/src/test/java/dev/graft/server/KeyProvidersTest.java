package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.server.log.Redaction;
import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which key provider a server uses, where its module comes from, and what it says if it cannot. */
class KeyProvidersTest {
  private static final Context CONTEXT = new Context("acct", "data-key", "1");

  @TempDir private Path folder;
  private final String homeBefore = System.getProperty("graft.home", "");
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void homeOfTheLauncher() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    environment.putAll(
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1")));
    System.setProperty("graft.home", folder.toString());
  }

  @AfterEach
  void homeAsBefore() {
    if (homeBefore.isEmpty()) {
      System.clearProperty("graft.home");
    } else {
      System.setProperty("graft.home", homeBefore);
    }
  }

  private String saidByARefusedStart() {
    err.reset();
    int exit =
        Main.run(
            List.of("serve"),
            environment,
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    assertThat(exit).isEqualTo(1);
    String said = err.toString(StandardCharsets.UTF_8);
    assertThat(said).contains("Graft does not start").doesNotContain("Exception");
    return said;
  }

  @Test
  void inProductionALocalKeyMustBeAskedFor() {
    environment.put("GRAFT_PROFILE", "production");
    assertThat(saidByARefusedStart())
        .contains("GRAFT_KMS (default) is not set, and GRAFT_PROFILE is 'production'");
    environment.put("GRAFT_MASTER_KEY", "a".repeat(64));
    assertThat(saidByARefusedStart()).contains("GRAFT_KMS (default) is not set");

    environment.remove("GRAFT_MASTER_KEY");
    assertThat(folder.resolve("data/master.key")).doesNotExist();
    environment.put("GRAFT_KMS", "local:");
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_TRUSTED_PROXIES", "10.0.0.5");
    assertThat(keySettings().current()).isEqualTo(KeySettings.LOCAL);
  }

  private KeySettings keySettings() {
    try {
      return Settings.of(GivenSettings.of(List.of(), environment)).keys();
    } catch (Settings.Unusable e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anAddressThatIsNoneIsTold() {
    for (String wrong : List.of("aws", "AWS-KMS:alias/graft", "aws-kms:alias/a b", ":", "x:y#z")) {
      environment.put("GRAFT_KMS", wrong);
      assertThat(saidByARefusedStart())
          .contains("GRAFT_KMS (environment GRAFT_KMS) is wrong.")
          .contains("'" + wrong + "' is no address of a key provider");
    }
    environment.put("GRAFT_KMS", "local:elsewhere");
    assertThat(saidByARefusedStart()).contains("the local one has nothing behind the colon");
    environment.put("GRAFT_KMS", "local:");
    environment.put("GRAFT_KMS_OLDER", "local:");
    assertThat(saidByARefusedStart()).contains("GRAFT_KMS_OLDER", "names a key provider twice");
  }

  @Test
  void aModuleThatIsNotThereIsTold() {
    environment.put("GRAFT_KMS", "aws-kms:alias/graft");
    assertThat(saidByARefusedStart())
        .contains("The key provider aws-kms is not installed: there is no jar in " + folder)
        .contains("kms/aws");
  }

  @Test
  void aModuleIsLoadedFromItsFolderWithItsOwnLibraries() throws IOException {
    pack("toy", WORKING);
    String password = UUID.randomUUID().toString();
    environment.put("TOY_MOOD", "fine");
    environment.put("TOY_PASSWORD", password);
    environment.put("GRAFT_KMS", "toy:key-1?anything=goes");

    KeyProvider provider = KeyProviders.open("toy:key-1?anything=goes", environment);
    assertThat(provider.uri()).isEqualTo("toy:key-1");
    assertThat(Redaction.ofThisProcess().clean("with " + password)).isEqualTo("with ***");
    // It answers with what it sees: its own Jackson, and neither Graft's server nor Spring.
    assertThat(provider.check())
        .isEqualTo("fine, own library, no server, no framework, loader of its own");
    try (Secret key = Secret.owning(new byte[32])) {
      KeyProvider.Wrapped wrapped = provider.wrap(key, CONTEXT);
      assertThat(provider.unwrap(wrapped, CONTEXT)).isEqualTo(key);
      assertThat(provider.rewrap(wrapped, CONTEXT).kekVersion()).isEqualTo("rewrapped");
    }

    try (RunningServer server = RunningServer.start(environment)) {
      assertThat(server.get("/health/ready").status()).isEqualTo(200);
    }
    assertThat(folder.resolve("data/master.key")).doesNotExist();
  }

  @Test
  void aServiceThatIsAwayAtTheStartIsTold() throws IOException {
    pack("toy", WORKING);
    environment.put("GRAFT_KMS", "toy:key-1");
    environment.put("TOY_MOOD", "away");
    assertThat(saidByARefusedStart())
        .contains("The key provider toy:key-1 does not do its work now: it is away.");
  }

  @Test
  void anOlderProviderMayBeLocalButItsKeyIsNeverMade() throws IOException {
    pack("toy", WORKING);
    environment.put("TOY_MOOD", "fine");
    environment.put("GRAFT_KMS", "toy:key-1");
    environment.put("GRAFT_KMS_OLDER", "local:");
    assertThat(saidByARefusedStart()).contains("There is no master key file");
    assertThat(folder.resolve("data/master.key")).doesNotExist();

    environment.put("GRAFT_MASTER_KEY", "a".repeat(64));
    RunningServer.start(environment).close();
  }

  @Test
  void jarsThatDoNotFitAreTold() throws IOException {
    pack("toy", WORKING.replace("class Toy implements KeyProviderFactory", "class Toy"));
    assertThatThrownBy(() -> KeyProviders.open("toy:key-1", Map.of()))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_PROVIDER))
        .hasMessageContaining("do not fit together");

    Path other = Files.createDirectories(folder.resolve("kms/other"));
    try (var jar = new JarOutputStream(Files.newOutputStream(other.resolve("empty.jar")))) {
      jar.putNextEntry(new ZipEntry("nothing"));
    }
    assertThatThrownBy(() -> KeyProviders.open("other:key-1", Map.of()))
        .hasMessageContaining("hold no provider for other");
  }

  private static final String WORKING =
      """
      package toy;

      import dev.graft.vault.*;
      import java.util.Map;

      public class Toy implements KeyProviderFactory {
        public String scheme() { return "toy"; }

        public java.util.Set<String> credentials() { return java.util.Set.of("TOY_PASSWORD"); }

        public KeyProvider open(ProviderUri uri, Map<String, String> environment) {
          String mood = environment.getOrDefault("TOY_MOOD", "none");
          return new KeyProvider() {
            public String uri() { return uri.identity(); }

            public Wrapped wrap(Secret dataKey, Context context) {
              return new Wrapped("1", dataKey.reveal(SecretAccess.of("a toy"), byte[]::clone));
            }

            public Secret unwrap(Wrapped wrapped, Context context) {
              return Secret.owning(wrapped.bytes());
            }

            public Wrapped rewrap(Wrapped wrapped, Context context) {
              return new Wrapped("rewrapped", wrapped.bytes());
            }

            public String check() {
              if (mood.equals("away")) throw VaultException.unavailable(uri(), "it is away", null);
              org.slf4j.LoggerFactory.getLogger("toy").debug("the log is shared");
              return mood + ", " + new tools.jackson.databind.JsonNode()
                  + (sees("dev.graft.server.Main") ? ", server" : ", no server")
                  + (sees("org.springframework.boot.SpringApplication")
                      ? ", framework" : ", no framework")
                  + (Thread.currentThread().getContextClassLoader() == Toy.class.getClassLoader()
                      ? ", loader of its own" : ", loader of another");
            }
          };
        }

        static boolean sees(String type) {
          try {
            Class.forName(type);
            return true;
          } catch (ClassNotFoundException e) {
            return false;
          }
        }
      }
      """;

  /** Compiles a provider, with a library that bears the name of one that Graft has, into a jar. */
  private void pack(String name, String source) throws IOException {
    Path sources = Files.createDirectories(folder.resolve("source-" + name));
    Path classes = Files.createDirectories(folder.resolve("classes-" + name));
    Files.writeString(sources.resolve("Toy.java"), source);
    Files.writeString(
        sources.resolve("JsonNode.java"),
        """
        package tools.jackson.databind;
        public class JsonNode { public String toString() { return "own library"; } }
        """);
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                sources.resolve("Toy.java").toString(),
                sources.resolve("JsonNode.java").toString());
    assertThat(result).isZero();
    Path services = Files.createDirectories(classes.resolve("META-INF/services"));
    Files.writeString(services.resolve("dev.graft.vault.KeyProviderFactory"), "toy.Toy\n");
    Path jars = Files.createDirectories(folder.resolve("kms/" + name));
    try (var jar = new JarOutputStream(Files.newOutputStream(jars.resolve("toy.jar")));
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        jar.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
        Files.copy(file, jar);
      }
    }
  }
}
