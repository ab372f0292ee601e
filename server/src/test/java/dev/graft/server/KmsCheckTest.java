package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code graft kms check} says; with modules and services it runs in the product's tests. */
class KmsCheckTest {
  @TempDir private Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... arguments) {
    out.reset();
    err.reset();
    environment.putIfAbsent("GRAFT_DATA_DIR", folder.toString());
    environment.putIfAbsent("GRAFT_MASTER_KEY", "a7".repeat(32));
    var all = new ArrayList<>(List.of("kms", "check"));
    all.addAll(List.of(arguments));
    return Main.run(all, environment, printing(out), printing(err));
  }

  private static PrintStream printing(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String refused() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void allStepsOfWhatWorksAreToldWithTheirTimes() {
    assertThat(run()).isZero();
    assertThat(said())
        .startsWith("local:\n")
        .containsPattern("finds its module and settings +\\d+\\.\\d ms\n")
        .containsPattern(
            "wraps a data key +[0-9.]+ ms, then mostly [0-9.]+ ms \\([0-9.]+ to [0-9.]+, 4"
                + " times\\)\n")
        .containsPattern("unwraps it to the same +\\d+\\.\\d ms, then")
        .containsPattern("refuses it for another account +\\d+\\.\\d ms\n")
        .containsPattern("wraps it anew, newest version +\\d+\\.\\d ms\n")
        .containsPattern("It works, and wraps under the key version '[^']+'\\.\n")
        .doesNotContain("a7a7");
    assertThat(refused()).isEmpty();
  }

  @Test
  void programsGetTheSameInJson() {
    assertThat(run("local:", "--json", "--times=2")).isZero();
    var provider = Json.parseObject(said()).at("/providers/0");
    assertThat(provider.at("/address").stringValue()).isEqualTo("local:");
    assertThat(provider.at("/works").booleanValue()).isTrue();
    assertThat(provider.at("/steps")).hasSize(5);
    assertThat(provider.at("/steps/1/step").stringValue()).isEqualTo("wrap");
    assertThat(provider.at("/steps/1/milliseconds")).hasSize(2);
  }

  @Test
  void itMakesNoKeyAndSaysWhatIsMissing() {
    environment.put("GRAFT_MASTER_KEY", "");
    assertThat(run("--times", "1")).isEqualTo(1);
    assertThat(said())
        .containsPattern("finds its module and settings +FAILED\n    There is no master key file")
        .endsWith("A server with this key provider would not do its work.\n");
    assertThat(folder.resolve("master.key")).doesNotExist();
  }

  @Test
  void aModuleThatIsNotThereIsToldAndTheOthersAreTried() {
    environment.put("GRAFT_KMS_OLDER", "nothing-of-the-kind:x");
    assertThat(run()).isEqualTo(1);
    assertThat(said())
        .contains("It works, and wraps")
        .contains("The key provider nothing-of-the-kind is not installed");
  }

  @Test
  void anAddressNeedsNoSettingsOfTheServer() throws IOException {
    Path broken = Files.writeString(folder.resolve("graft.env"), "GRAFT_PORT=none\n");
    assertThat(run("--config", broken.toString())).isEqualTo(1);
    assertThat(refused()).contains("GRAFT_PORT");
    assertThat(run("--config", broken.toString(), "nothing-of-the-kind:x")).isEqualTo(1);
    assertThat(refused()).isEmpty();
    assertThat(said()).contains("is not installed");
  }

  @Test
  void whatIsNotUnderstoodIsSaid() {
    for (String[] wrong :
        new String[][] {
          {"--fast"}, {"--times", "0"}, {"--times"}, {"--times=1001"}, {"aws"}, {"AWS-KMS:alias/a"}
        }) {
      assertThat(run(wrong)).as(String.join(" ", wrong)).isEqualTo(64);
      assertThat(refused()).isNotBlank();
    }
    assertThat(Main.run(List.of("kms", "rotate"), environment, printing(out), printing(err)))
        .isEqualTo(64);
    assertThat(run("--help")).isZero();
    assertThat(said()).contains("Usage: graft kms check [ADDRESS ...]");
  }
}
