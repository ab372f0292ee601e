package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The verifier in another language, for many exports at once. */
final class SecondVerifier {
  private static final Path SCRIPT = Path.of("../core/src/test/python/verify_audit.py");

  private final Path folder;
  private final List<String> cases = new ArrayList<>();
  private final Map<List<String>, Path> files = new HashMap<>();

  SecondVerifier(Path folder) {
    this.folder = folder;
  }

  void add(List<String> export, List<String> checkpoints, String key) {
    cases.add(file(export) + "\t" + file(checkpoints) + "\t" + key);
  }

  private Path file(List<String> lines) {
    return files.computeIfAbsent(
        lines,
        _ -> {
          try {
            return Files.write(folder.resolve("file" + files.size()), lines);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** For each that was added, in order, whether nothing is wrong with it. */
  List<Boolean> areSound() {
    try {
      Path list = Files.write(folder.resolve("cases"), cases);
      Process process =
          new ProcessBuilder("python3", SCRIPT.toString(), "--each", list.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
      List<String> verdicts = said.lines().toList();
      assertThat(verdicts).hasSize(cases.size()).allMatch(v -> v.matches("sound|faulty"));
      return verdicts.stream().map(verdict -> verdict.equals("sound")).toList();
    } catch (IOException e) {
      throw new AssertionError(
          "The second verifier of the audit trail could not run. It needs python3 on the path and"
              + " nothing else; on Debian: apt-get install python3",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
