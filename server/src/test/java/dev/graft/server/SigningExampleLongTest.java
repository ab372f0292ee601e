package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The examples of docs/requests.md, run as they stand. They need openssl, curl and Node. */
class SigningExampleLongTest {
  private static final Path PAGE = Path.of("../docs/requests.md");

  @TempDir private Path folder;

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("(?s)```" + language + "\n(.*?)```")
        .matcher(Files.readString(PAGE))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  private String run(Map<String, String> environment, String... command) throws Exception {
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  @Test
  void bothExamplesSignWhatIsServed() throws Exception {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    String keys = blocks("sh").getFirst();
    run(Map.of(), "sh", "-eu", "-c", keys.substring(0, keys.indexOf("graft api-key")));
    try (Sandbox sandbox = Sandbox.start()) {
      sandbox.account("A", "key-a");
      Map<String, String> settings =
          RunningServer.environment(folder.resolve("data"), templates, sandbox.url());
      settings.put("GRAFT_AUTH", "token");
      settings.put("GRAFT_ADMIN_TOKEN", ApiKeyContract.ADMIN);
      try (RunningServer server = RunningServer.start(settings)) {
        ObjectNode wish = Json.object().put("label", "example");
        wish.putArray("scopes").add("read").add("link");
        wish.putObject("signing")
            .put("algorithm", "ed25519")
            .put("publicKey", Files.readString(folder.resolve("graft-signing.pub.pem")));
        ObjectNode key = ApiKeyContract.make(server, ApiKeyContract.ADMIN, Json.write(wish));
        Map<String, String> environment =
            Map.of(
                "GRAFT_URL", server.url().toString(),
                "GRAFT_TOKEN", key.required("key").stringValue(),
                "VAPI_KEY", "key-a");
        assertThat(run(environment, "sh", "-eu", "-c", blocks("sh").getLast())).endsWith("201\n");
        Files.writeString(folder.resolve("example.mjs"), blocks("js").getFirst());
        assertThat(run(environment, "node", "example.mjs")).startsWith("200 ").contains("user_123");
      }
    }
  }
}
