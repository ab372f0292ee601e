package dev.graft.server.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class CertificateFilesTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final CertificateFiles.Stamp OLD =
      new CertificateFiles.Stamp("one file", NOW.minusSeconds(60));

  @Test
  void filesThatLookAsTheyDidAreNotReadAgain() {
    assertThat(OLD.mayHideChange(OLD, "a digest", NOW)).isFalse();
  }

  @Test
  void filesThatLookOtherwiseOrAreNewAreRead() {
    var other = new CertificateFiles.Stamp("another file", NOW.minusSeconds(60));
    assertThat(other.mayHideChange(OLD, "a digest", NOW)).isTrue();
    var fresh = new CertificateFiles.Stamp("one file", NOW.minusSeconds(1));
    assertThat(fresh.mayHideChange(fresh, "a digest", NOW)).isTrue();
  }

  /** A change of owner or mode shows neither in time nor in size. */
  @Test
  void filesThatCouldNotBeReadAreTriedUntilTheyCan() {
    assertThat(OLD.mayHideChange(OLD, CertificateFiles.UNREADABLE, NOW)).isTrue();
  }
}
