package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher, as far as it decides something. */
class LauncherTest {
  @TempDir private Path folder;

  @Test
  void aCacheThatDoesNotFitOnlyMakesTheStartSlowerAndIsNotSpokenOf() throws IOException {
    Files.writeString(folder.resolve("cli.aot"), "no cache of any JVM");
    assertThat(version()).isEqualTo("graft 0.1.0");
    Files.write(folder.resolve("cli.aot"), new byte[100_000]);
    assertThat(version()).isEqualTo("graft 0.1.0");
    Files.delete(folder.resolve("cli.aot"));
    assertThat(version()).isEqualTo("graft 0.1.0");
  }

  private String version() {
    try (GraftProcess process =
        GraftProcess.start(Map.of("GRAFT_CACHE", folder.toString()), "version")) {
      assertThat(process.exit()).as(process.output()).isZero();
      return process.output();
    }
  }
}
