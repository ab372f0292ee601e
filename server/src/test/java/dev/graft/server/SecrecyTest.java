package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Sandbox;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecrecyTest {
  @TempDir private Path folder;

  @Test
  void aKeyIsNowhereButSealed() {
    String key = UUID.randomUUID().toString();
    String toolSecret = "customers-own-" + UUID.randomUUID();
    var said = new ByteArrayOutputStream();
    PrintStream terminal = System.out;
    System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
    var answers = new ArrayList<String>();
    Path data = folder.resolve("data");
    try (var sandbox = Sandbox.start()) {
      Path templates = folder.resolve("templates");
      RunningServer.writeTemplate(templates, "front-desk", "1");
      Account account = sandbox.account("A", key);
      try (var server =
          RunningServer.start(RunningServer.environment(data, templates, sandbox.url()))) {
        answers.add(server.link("u", key).body());
        answers.add(server.link("u", key + "wrong").body());
        answers.add(server.clone("u").body());
        String tool = account.objects("tool").getFirst().get("id").stringValue();
        account.patch(
            "tool",
            tool,
            Json.parseObject(
                "{\"server\":{\"url\":\"https://example.com\",\"headers\":{\"X-Api-Key\":\""
                    + toolSecret
                    + "\"}}}"));
        RunningServer.writeTemplate(templates, "front-desk", "2");
        String id =
            server
                .get("/v1/accounts?userId=u")
                .json()
                .get("accounts")
                .get(0)
                .get("id")
                .stringValue();
        answers.add(server.post("/v1/accounts/" + id + "/plans", "{}").body());
        // Vapi itself repeats the key in what it answers.
        sandbox.fault(
            Fault.on("PATCH", "/tool/*")
                .before(
                    Effect.json(
                        400,
                        Json.parseObject(
                            "{\"message\":\"Invalid Key " + key + "\",\"statusCode\":400}"))));
        answers.add(server.clone("u").body());
        sandbox.clearFaults();
        sandbox.fault(Fault.on("PATCH", "/tool/*").after(Effect.close()));
        answers.add(server.clone("u").body());
        account.revoke(key);
        answers.add(server.clone("u").body());
        for (String path :
            new String[] {
              "/v1/accounts",
              "/v1/accounts/" + id,
              "/v1/accounts/" + id + "/installations",
              "/v1/accounts/" + id + "/operations",
              "/health/ready"
            }) {
          answers.add(server.get(path).body());
        }
        // While it runs, the write-ahead log is there too.
        assertThat(Canary.findIn(data, key)).isEmpty();
        assertThat(Canary.findIn(data, toolSecret)).isEmpty();
      }
      assertThat(Canary.findIn(data, key)).isEmpty();
    } finally {
      System.setOut(terminal);
    }
    for (String answer : answers) {
      assertThat(Canary.holds(answer.getBytes(StandardCharsets.UTF_8), Canary.formsOf(key)))
          .as(answer)
          .isFalse();
    }
    assertThat(answers.get(3)).doesNotContain(toolSecret);
    assertThat(answers.get(4)).contains("Invalid Key ***");
    assertThat(Canary.holds(said.toByteArray(), Canary.formsOf(key))).isFalse();
  }

  @Test
  void theSearchFindsWhatIsThere() {
    String secret = UUID.randomUUID().toString();
    for (byte[] form : Canary.formsOf(secret)) {
      byte[] around = new byte[form.length + 20];
      System.arraycopy(form, 0, around, 11, form.length);
      assertThat(Canary.holds(around, Canary.formsOf(secret))).isTrue();
    }
    assertThat(Canary.holds(new byte[100], Canary.formsOf(secret))).isFalse();
  }
}
