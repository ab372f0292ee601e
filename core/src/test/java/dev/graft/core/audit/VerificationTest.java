package dev.graft.core.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The example of the published format, and what is said about it when it is not as it was. */
class VerificationTest {
  private static final List<String> EXPORT = block("An export:");
  private static final List<String> CHECKPOINT = block("A checkpoint of it:");
  private static final PublicKey KEY =
      Checkpoint.publicKey(block("The public key").getFirst()).orElseThrow();

  private static List<String> block(String heading) {
    try {
      String text = Files.readString(Path.of("../docs/audit-format.md"));
      String after = text.substring(text.indexOf(heading));
      String fenced = after.substring(after.indexOf("```"));
      String body = fenced.substring(fenced.indexOf('\n') + 1);
      return body.substring(0, body.indexOf("```")).lines().toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Verification.Report verified(List<String> export, List<String> checkpoints) {
    return Verification.of(export.iterator(), checkpoints.iterator(), KEY);
  }

  private static List<String> changed(int line, String from, String to) {
    var lines = new ArrayList<>(EXPORT);
    assertThat(lines.get(line)).contains(from);
    lines.set(line, lines.get(line).replace(from, to));
    return lines;
  }

  @Test
  void theExampleOfThePublishedFormatIsSound() {
    Verification.Report report = verified(EXPORT, CHECKPOINT);
    assertThat(report).isEqualTo(new Verification.Report(2, List.of(), List.of()));
  }

  @Test
  void whatIsWrongIsSaidWithThePlace() {
    assertThat(verified(changed(1, "account.linked", "account.unlinked"), CHECKPOINT).faults())
        .containsExactly("Record 2 (line 2) was changed: its hash is not that of its content.");
    assertThat(verified(EXPORT.reversed(), CHECKPOINT).faults())
        .contains(
            "Record 1 is missing before line 1.",
            "Record 1 (line 2) stands where record 3 should: records were moved, repeated or"
                + " added.");
    assertThat(verified(EXPORT.subList(0, 1), CHECKPOINT).faults())
        .containsExactly(
            "The checkpoint of 2026-11-23T05:04:53.902Z (epoch 1, 2 records) is not in the export,"
                + " which ends at record 1: the end is cut off, or the database was restored and"
                + " nobody declared it.");
    assertThat(
            verified(EXPORT, List.of(CHECKPOINT.getFirst().replace("05:04:53.902", "05:04:53.903")))
                .faults())
        .containsExactly(
            "Line 1 of the checkpoints is not signed by the key that was given: it was changed, or"
                + " belongs to another audit trail.");
    assertThat(verified(EXPORT, List.of("nothing")).faults())
        .containsExactly("There is no checkpoint in what was given as checkpoints.");
    assertThat(verified(EXPORT, List.of("a GRAFT-AUDIT-CHECKPOINT 1 cut")).faults())
        .containsExactly("Line 1 of the checkpoints cannot be read as one.");
  }

  @Test
  void whatIsNoRecordIsTold() {
    for (String line :
        List.of(
            "",
            "null",
            "{}",
            EXPORT.getFirst() + "{}",
            EXPORT.getFirst().replace("{\"format\"", "{\"more\":1,\"format\""),
            EXPORT.getFirst().replace("{\"format\"", "{\"seq\":1,\"format\""),
            EXPORT.getFirst().replace("\"format\":1", "\"format\":2"),
            EXPORT.getFirst().replace("\"seq\":1", "\"seq\":1.0"),
            EXPORT.getFirst().replace("\"subject\":null,", ""),
            EXPORT.getFirst().replace("52.798Z", "52.798+00:00"),
            EXPORT.getFirst().replace("\"actor\":\"", "\"actor\":\"\\ud800"))) {
      assertThat(verified(List.of(line, EXPORT.get(1)), CHECKPOINT).faults())
          .as(line)
          .singleElement()
          .asString()
          .startsWith("Line 1 is no record: ");
    }
  }

  @Test
  void withoutCheckpointsItSaysWhatItCannotTell() {
    Verification.Report report = Verification.of(EXPORT.subList(0, 1).iterator(), null, null);
    assertThat(report.isSound()).isTrue();
    assertThat(report.notes()).singleElement().asString().contains("a missing end cannot be found");
    assertThat(Verification.of(EXPORT.iterator(), CHECKPOINT.iterator(), null).notes())
        .singleElement()
        .asString()
        .contains("the signatures of the checkpoints were not checked");
  }

  @Test
  void aTextOfSomeoneElseIsShortAndHasNoKey() {
    assertThat(ForeignText.masked("Invalid Key 5a4db0c5-de30-4000-8000-c0ffee000001. Sorry"))
        .isEqualTo("Invalid Key *** Sorry");
    assertThat(ForeignText.masked("ä ".repeat(300))).hasSize(201).endsWith("…");
  }
}
