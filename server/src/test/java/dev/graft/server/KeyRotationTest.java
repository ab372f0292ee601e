package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.RequestLog;
import dev.graft.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A customer makes a new key while Graft works with the former one, on either database. */
@ParameterizedClass
@ValueSource(booleans = {false, true})
class KeyRotationTest {
  private final boolean onPostgresql;
  @TempDir private Path folder;
  private final Sandbox sandbox = Sandbox.start();
  private RunningServer server;
  private String first;
  private String second;
  private Account account;

  KeyRotationTest(boolean onPostgresql) {
    this.onPostgresql = onPostgresql;
  }

  @BeforeEach
  void start() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(folder.resolve("data"), templates, sandbox.url());
    server =
        RunningServer.start(onPostgresql ? RunningServer.withPostgres(environment) : environment);
    first = UUID.randomUUID().toString();
    second = UUID.randomUUID().toString();
    account = sandbox.account("A", first);
    assertThat(server.link("u", first).status()).isEqualTo(200);
    account.addKey(second);
    sandbox.requests().clear();
  }

  @AfterEach
  void stop() {
    server.close();
    sandbox.close();
  }

  private void whenTheToolIsMade(Runnable code) {
    sandbox.fault(Fault.on("POST", "/tool").after(Effect.run(code)));
  }

  private List<String> keysOfWrites() {
    return sandbox
        .requests()
        .entries(entry -> !entry.method().equals("GET") && entry.committed())
        .stream()
        .map(RequestLog.Entry::keyHash)
        .toList();
  }

  private void thereIsOnePair() {
    assertThat(account.objects("tool")).hasSize(1);
    assertThat(account.objects("assistant")).hasSize(1);
  }

  @Test
  void whoeverBeganWithTheFormerKeyGoesOnWithIt() {
    whenTheToolIsMade(() -> assertThat(server.link("u", second).status()).isEqualTo(200));
    assertThat(server.clone("u").status()).isEqualTo(200);
    thereIsOnePair();
    assertThat(keysOfWrites()).hasSize(2);
    assertThat(keysOfWrites().get(1)).isEqualTo(keysOfWrites().get(0));

    sandbox.requests().clear();
    account.revoke(first);
    assertThat(server.clone("u").actions())
        .isNotEmpty()
        .allMatch(action -> action.startsWith("reused-"));
  }

  @Test
  void whenTheFormerKeyEndsInTheMiddleTheNewOneTakesOver() {
    whenTheToolIsMade(() -> {
      assertThat(server.link("u", second).status()).isEqualTo(200);
      account.revoke(first);
    });
    RunningServer.Answer cloned = server.clone("u");
    assertThat(cloned.status()).as(cloned.body()).isEqualTo(200);
    thereIsOnePair();
    assertThat(keysOfWrites()).hasSize(2);
    assertThat(keysOfWrites().get(1)).isNotEqualTo(keysOfWrites().get(0));
    assertThat(server.get("/v1/accounts?userId=u").json().at("/accounts/0/key/state").stringValue())
        .isEqualTo("active");
  }

  /** With no other key there is nothing to go on with, and what was made is used again later. */
  @Test
  void whenTheOnlyKeyEndsInTheMiddleTheRestIsDoneWithTheNextOne() {
    whenTheToolIsMade(() -> account.revoke(first));
    RunningServer.Answer cloned = server.clone("u");
    assertThat(cloned.code()).isEqualTo("INSUFFICIENT_PERMISSIONS");
    assertThat(account.objects("assistant")).isEmpty();
    assertThat(server.clone("u").code()).isEqualTo("INSUFFICIENT_PERMISSIONS");
    assertThat(server.get("/v1/accounts?state=revoked").json().get("accounts")).hasSize(1);

    assertThat(server.link("u", second).status()).isEqualTo(200);
    assertThat(server.clone("u").status()).isEqualTo(200);
    thereIsOnePair();
    assertThat(server.get("/v1/accounts?state=revoked").json().get("accounts")).isEmpty();
  }

  /** The key of an account that counts as revoked may work again; a clone finds out. */
  @Test
  void aCloneTriesARevokedKeyAndHealsIt() {
    server.clone("u");
    sandbox.fault(Fault.on("*", "/**").always().before(Effect.status(401)));
    server.clone("u");
    server.clone("u");
    sandbox.clearFaults();
    assertThat(server.get("/v1/accounts?state=revoked").json().get("accounts")).hasSize(1);
    assertThat(server.clone("u").status()).isEqualTo(200);
    assertThat(server.get("/v1/accounts?state=revoked").json().get("accounts")).isEmpty();
  }
}
