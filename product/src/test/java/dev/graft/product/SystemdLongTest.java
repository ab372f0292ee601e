package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** systemd's own judgement of the unit. It reads the file, and nothing is started. */
class SystemdLongTest {
  @TempDir private Path folder;

  @Test
  void systemdUnderstandsTheUnitAndFindsItShutIn() throws Exception {
    // The program that it names has to be there.
    String unit =
        Files.readString(GraftProcess.home().resolve("ops/systemd/graft.service"))
            .replace("/opt/graft/bin/graft", GraftProcess.home().resolve("graft").toString());
    Path file = Files.writeString(folder.resolve("graft.service"), unit);
    assertThat(said("verify", file.toString())).isEmpty();
    Matcher exposure =
        Pattern.compile("Overall exposure level for graft.service: ([0-9.]+)")
            .matcher(said("security", "--offline=true", file.toString()));
    assertThat(exposure.find()).isTrue();
    assertThat(Double.parseDouble(exposure.group(1))).isLessThan(2);
  }

  private static String said(String... arguments) throws Exception {
    var command = new java.util.ArrayList<String>();
    command.add("systemd-analyze");
    command.addAll(java.util.List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
