package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.store.TestPostgres;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class PostgresApiKeyTest extends ApiKeyContract {
  private final String database = TestPostgres.freshDatabase().toString();

  @Override
  Map<String, String> node() {
    Map<String, String> environment = settings();
    environment.put("GRAFT_DATABASE_URL", database);
    return environment;
  }

  @Test
  void whatOneNodeRevokesOpensNothingOnTheOtherWithinASecond() {
    RunningServer one = server();
    try (RunningServer other = RunningServer.start(node())) {
      ObjectNode made = make(one, ADMIN, "{\"label\":\"both\",\"scopes\":[\"read\"]}");
      String key = text(made, "key");
      assertThat(call(other, key, "GET", "/v1/templates", "").status()).isEqualTo(200);
      call(one, ADMIN, "DELETE", "/v1/api-keys/" + text(made, "id"), "");
      Instant revoked = Instant.now();
      while (call(other, key, "GET", "/v1/templates", "").status() != 401) {
        assertThat(Instant.now()).isBefore(revoked.plus(Duration.ofSeconds(1)));
      }
    }
  }
}
