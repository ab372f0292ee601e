package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.kms.azure.VaultStub;
import dev.graft.kms.pkcs11.SoftHsm;
import dev.graft.kms.transit.TransitStub;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The archive as someone uses it who has just unpacked it, on a machine without a JDK: nothing is
 * in the environment but where the tools of the system are.
 */
class ArchiveLongTest {
  private static final Path HOME = GraftProcess.home();
  private static final String NAME = "graft-0.1.0-linux-x64.tar.gz";

  @TempDir private static Path place;
  @TempDir private Path folder;

  @BeforeAll
  static void pack() throws Exception {
    assertThat(run(Map.of("GRAFT_NO_BUILD", "1"), HOME.resolve("scripts/archive").toString()))
        .contains("Packing");
    unpack(place);
  }

  private static void unpack(Path where) throws Exception {
    run(
        Map.of(),
        "tar",
        "-xzf",
        HOME.resolve("target").resolve(NAME).toString(),
        "-C",
        where.toString());
  }

  private static Path unpacked() {
    return place.resolve("graft-0.1.0");
  }

  private static String run(Map<String, String> environment, String... command) throws Exception {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  private GraftProcess graft(Map<String, String> environment, String... arguments) {
    var command = new ArrayList<String>();
    command.add(unpacked().resolve("bin/graft").toString());
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/bin:/bin");
    builder.environment().putAll(environment);
    return GraftProcess.of(builder);
  }

  private String said(Map<String, String> environment, String... arguments) {
    try (GraftProcess process = graft(environment, arguments)) {
      process.type("");
      assertThat(process.exit()).as(process.output()).isZero();
      return process.output();
    }
  }

  @Test
  void itShowsAllOfItWithNothingInstalled() {
    assertThat(said(Map.of(), "version")).isEqualTo("graft 0.1.0");
    assertThat(said(Map.of(), "demo", "--once", "--port", "0"))
        .contains("created-tool:", "reused-tool:", "updated-tool:");
  }

  @Test
  void itServesAndClones() throws IOException {
    try (GraftProcess sandbox = graft(Map.of(), "sandbox", "--port", "0");
        GraftProcess server =
            graft(
                Map.of(
                    "GRAFT_PORT",
                    "0",
                    "GRAFT_AUTH",
                    "none",
                    "GRAFT_DATA_DIR",
                    folder.resolve("data").toString(),
                    "GRAFT_VAPI_BASE_URL",
                    sandbox.url().toString()),
                "serve")) {
      assertThat(Http.link(server.url(), "u", "sandbox-archive").status()).isEqualTo(200);
      assertThat(Http.clone(server.url(), "u").status()).isEqualTo(200);
      assertThat(Http.get(server.url(), "/health/ready").status()).isEqualTo(200);
    }
  }

  @Test
  void theCachesFitWhereverItIsUnpacked() throws Exception {
    for (String program : List.of("server", "cli", "sandbox")) {
      var command = new ArrayList<String>();
      command.add(unpacked().resolve("runtime/bin/java").toString());
      if (program.equals("cli")) {
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
      } else if (program.equals("server")) {
        command.add("--enable-native-access=ALL-UNNAMED");
      }
      command.addAll(
          List.of(
              "-XX:AOTMode=on",
              "-XX:AOTCache=" + unpacked().resolve("cache/" + program + ".aot"),
              "-jar",
              unpacked().resolve("programs/graft-" + program + "-0.1.0.jar").toString(),
              program.equals("server") ? "config" : "--help"));
      // With this mode a cache that does not fit ends the JVM.
      assertThat(run(Map.of(), command.toArray(String[]::new))).isNotEmpty();
    }
  }

  @Test
  void eachKeyProviderWorksInTheRuntimeOfTheArchive() throws IOException {
    try (var transit = new TransitStub()) {
      assertThat(said(transit.credentials(), "kms", "check", transit.address()))
          .contains("It works");
    }
    try (var azure = new VaultStub()) {
      assertThat(said(azure.credentials(), "kms", "check", azure.address())).contains("It works");
    }
    try (var aws = new dev.graft.kms.aws.KmsStub()) {
      assertThat(said(aws.credentials(), "kms", "check", aws.address())).contains("It works");
    }
    try (var google = new dev.graft.kms.google.KmsStub()) {
      assertThat(
              said(
                  google.credentials(folder.resolve("google.json")),
                  "kms",
                  "check",
                  google.address()))
          .contains("It works");
    }
    Map<String, String> token = SoftHsm.tokenWithKey("archive", "kek");
    assertThat(said(token, "kms", "check", "pkcs11:token=archive;object=kek")).contains("It works");
  }

  @Test
  void theRuntimeHasEveryModuleThatAnythingInItNames() throws Exception {
    var modules = new TreeSet<String>();
    run(Map.of(), unpacked().resolve("runtime/bin/java").toString(), "--list-modules")
        .lines()
        .forEach(line -> modules.add(line.replaceFirst("@.*", "")));
    // Javassist can attach to another JVM and debug it. Nobody here does.
    modules.addAll(List.of("jdk.attach", "jdk.jdi"));
    for (String libraries :
        List.of("programs", "kms/aws", "kms/azure", "kms/google", "kms/pkcs11", "kms/transit")) {
      var command = new ArrayList<String>();
      command.addAll(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "jdeps").toString(),
              "--print-module-deps",
              "--ignore-missing-deps",
              "--multi-release",
              "25",
              "--class-path",
              unpacked().resolve("programs/lib") + "/*:" + unpacked().resolve(libraries) + "/*"));
      try (Stream<Path> jars = Files.walk(unpacked().resolve(libraries))) {
        jars.filter(jar -> jar.toString().endsWith(".jar"))
            .forEach(jar -> command.add(jar.toString()));
      }
      String named = run(Map.of(), command.toArray(String[]::new)).lines().toList().getLast();
      assertThat(modules).as(libraries).containsAll(List.of(named.strip().split(",", -1)));
    }
  }

  @Test
  void everyLibraryIsListedWithItsLicence() throws IOException {
    String page = Files.readString(unpacked().resolve("legal/third-parties.md"));
    assertThat(unpacked().resolve("LICENSE")).exists();
    assertThat(unpacked().resolve("runtime/legal/java.base/LICENSE")).exists();
    List<String> listed =
        page.lines()
            .filter(line -> line.startsWith("| ") && line.contains(":"))
            .map(line -> line.split("\\s*\\|\\s*", -1))
            .map(cells -> cells[1].replaceFirst(".*:", "") + "-" + cells[2])
            .toList();
    assertThat(listed).hasSizeGreaterThan(100);
    for (String folder : List.of("programs/lib", "kms")) {
      try (Stream<Path> files = Files.walk(unpacked().resolve(folder))) {
        files
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".jar") && !name.startsWith("graft-"))
            .forEach(name -> assertThat(listed).as(name).anyMatch(name::startsWith));
      }
    }
    assertThat(page.lines().filter(line -> line.startsWith("| ") && line.contains(" |  | ")))
        .isEmpty();
  }

  @Test
  void withoutItsCachesItIsTheSameEachTime() throws Exception {
    Map<String, String> once = packedWithoutCaches();
    assertThat(packedWithoutCaches()).isEqualTo(once).hasSizeGreaterThan(200);
  }

  private Map<String, String> packedWithoutCaches() throws Exception {
    // Elsewhere, so that the archive with its caches stays where people look for it.
    run(
        Map.of("GRAFT_NO_BUILD", "1", "GRAFT_ARCHIVE_FOLDER", folder.resolve("packed").toString()),
        HOME.resolve("scripts/archive").toString(),
        "--no-aot");
    var digests = new TreeMap<String, String>();
    Path root = folder.resolve("packed/archive/graft-0.1.0");
    try (Stream<Path> files = Files.walk(root)) {
      files
          .filter(Files::isRegularFile)
          .forEach(file -> digests.put(root.relativize(file).toString(), digest(file)));
    }
    digests.put(NAME, digest(folder.resolve("packed").resolve(NAME)));
    return digests;
  }

  private static String digest(Path file) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
