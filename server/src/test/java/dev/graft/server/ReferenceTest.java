package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The configuration reference says what the code says. */
class ReferenceTest {
  @Test
  void thePageIsWhatTheCodeSays() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    Path repository = Files.exists(here.resolve("graft")) ? here : here.resolve("..").normalize();
    assertThat(Files.readString(repository.resolve("docs/configuration.md")))
        .as("write it anew: ./graft config --reference > docs/configuration.md")
        .isEqualTo(Reference.page());
  }

  @ParameterizedTest
  @EnumSource(Setting.class)
  void eachSettingHasAnExampleAndALineOfItsOwn(Setting setting) {
    assertThat(Reference.example(setting)).isNotBlank();
    assertThat(Reference.page().lines())
        .filteredOn(line -> line.startsWith("| `" + setting.name() + "`"))
        .singleElement()
        .asString()
        .contains("| " + setting.description().replace("|", "\\|"))
        .doesNotContain(setting.isSecret() ? setting.flag() + "`" : "**Secret.**");
  }
}
