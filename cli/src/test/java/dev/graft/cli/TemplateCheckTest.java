package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code graft template check}, which asks no server. */
class TemplateCheckTest {
  private static final Path REPOSITORY = repository();

  @TempDir private Path folder;
  private final Caller caller = new Caller().with("GRAFT_URL", "http://127.0.0.1:1");

  private static Path repository() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("graft")) ? here : here.resolve("..").normalize();
  }

  private void write(String file, String content) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.resolve("..").normalize());
    Files.writeString(path, content);
  }

  private void writeBroken(String name) throws IOException {
    write(name + "/template-assistant.json", "{\n  \"name\": \"A\",\n}");
    write(name + "/template-tool.json", "{}");
  }

  private void writeGood(String name) throws IOException {
    write(
        name + "/template-assistant.json",
        "{\"name\": \"Greeter_v1\", \"firstMessage\": \"Hello\"}");
  }

  @Test
  void theTemplatesOfThisRepositoryAreGood() {
    Caller.Outcome outcome =
        caller.call("template", "check", REPOSITORY.resolve("templates").toString());
    assertThat(outcome.exit()).as(outcome.printed()).isZero();
    assertThat(outcome.out())
        .containsPattern("front-desk [0-9.]+: good, 2 resources")
        .containsPattern("support-line [0-9.]+: good, 4 resources")
        .doesNotContain("error", "warning");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void everyFindingIsToldWithItsFileAndTheWorstFirst() throws IOException {
    writeBroken("all/broken");
    writeGood("all/good");
    write("all/good/notes.json", "{}");
    Path all = folder.resolve("all");
    Caller.Outcome outcome = caller.call("template", "check", all.toString());
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out())
        .contains(
            all + "/broken/template-assistant.json:3: error: ",
            all + "/broken/template-tool.json: error: ",
            "[TEMPLATE_FILE_INVALID]",
            "\nbroken: cannot be used, 2 errors\n",
            "\ngood 1: good, 1 resource, 1 warning\n");
    assertThat(outcome.out().lastIndexOf(": error: "))
        .isLessThan(outcome.out().indexOf(": warning: "));
  }

  @Test
  void warningsAloneAreNoFailure() throws IOException {
    writeGood("good");
    write("good/notes.json", "{}");
    Caller.Outcome outcome = caller.call("template", "check", folder.toString());
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.out()).contains(": warning: ", "good 1: good, 1 resource, 1 warning\n");
  }

  @Test
  void aFolderThatIsItselfATemplateIsChecked() throws IOException {
    writeGood("good");
    assertThat(caller.call("template", "check", folder.resolve("good").toString()).out())
        .isEqualTo("good 1: good, 1 resource\n");
  }

  @Test
  void asJsonTheFindingsHaveTheFormOfTheApi() throws IOException {
    writeBroken("broken");
    Caller.Outcome outcome = caller.call("template", "check", "--json", folder.toString());
    assertThat(outcome.exit()).isEqualTo(1);
    JsonNode template = Json.parse(outcome.out()).get("templates").get(0);
    assertThat(template.propertyNames())
        .containsExactly("name", "version", "digest", "resources", "findings");
    assertThat(template.get("findings"))
        .allSatisfy(finding -> {
          assertThat(finding.propertyNames())
              .containsExactly("severity", "code", "summary", "detail", "where");
          assertThat(finding.get("severity").stringValue()).isEqualTo("ERROR");
        });
    assertThat(template.get("digest").isNull()).isTrue();
  }

  @Test
  void aFolderThatIsMissingOrEmptyOrAFileIsTold() throws IOException {
    write("file", "");
    for (String name : new String[] {"missing", "file", ""}) {
      Caller.Outcome outcome = caller.call("template", "check", folder.resolve(name).toString());
      assertThat(outcome.exit()).isEqualTo(1);
      assertThat(outcome.err()).startsWith("Error: ").contains(folder.toString());
      assertThat(outcome.err().lines()).hasSize(1);
    }
  }

  @Test
  void withoutAFolderThoseOfGraftsOwnAreMeant() {
    Caller.Outcome outcome =
        caller.with("GRAFT_HOME", REPOSITORY.toString()).call("template", "check");
    assertThat(outcome.exit()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("front-desk ");
  }
}
