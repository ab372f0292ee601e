package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.server.signing.Signer;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class SqliteSigningTest extends SigningContract {
  @Override
  List<Map<String, String>> settings() {
    return List.of(common());
  }

  private static int status(RunningServer server, ObjectNode key, KeyPair pair, String signedFor) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.url().resolve("/v1/templates"))
            .header("Authorization", "Bearer " + key.required("key").stringValue())
            .header("X-Forwarded-Proto", "https");
    Signer.with(pair, key.required("id").stringValue())
        .headers("GET", signedFor + "/v1/templates", Map.of(), Instant.now().getEpochSecond())
        .forEach(request::header);
    return server.send(request.GET()).status();
  }

  private static ObjectNode key(RunningServer server, KeyPair pair) {
    ObjectNode wish = Json.object().put("label", "signs");
    wish.putArray("scopes").add("read");
    wish.putObject("signing").put("algorithm", "ed25519").put("publicKey", Signer.pem(pair));
    return ApiKeyContract.make(server, ApiKeyContract.ADMIN, Json.write(wish));
  }

  /** A proxy ends TLS: what it says of the scheme counts, and the name that callers know. */
  @Test
  void behindAProxyTheSignatureIsForTheAddressThatCallersKnow(@TempDir Path folder) {
    Map<String, String> environment = common();
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    KeyPair pair = Signer.pair();
    try (RunningServer server = RunningServer.start(environment)) {
      ObjectNode key = key(server, pair);
      String here = server.url().getRawAuthority();
      // The proxy passes the Host on, and says that TLS was spoken with it.
      assertThat(signedWhole(server, key, pair, "https://" + here)).isEqualTo(200);
      assertThat(signedWhole(server, key, pair, "http://" + here)).isEqualTo(401);
    }
    environment.put("GRAFT_PUBLIC_URL", "https://graft.example.com");
    try (RunningServer server = RunningServer.start(environment)) {
      ObjectNode key = key(server, pair);
      assertThat(status(server, key, pair, "https://graft.example.com")).isEqualTo(200);
      assertThat(signedWhole(server, key, pair, "https://graft.example.com")).isEqualTo(200);
      assertThat(status(server, key, pair, server.url().toString())).isEqualTo(401);
      assertThat(signedWhole(server, key, pair, "http://graft.example.com")).isEqualTo(401);
    }
  }

  private static int signedWhole(
      RunningServer server, ObjectNode key, KeyPair pair, String signedFor) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.url().resolve("/v1/templates"))
            .header("Authorization", "Bearer " + key.required("key").stringValue())
            .header("X-Forwarded-Proto", "https");
    Signer.with(pair, key.required("id").stringValue())
        .covering("@method", "@target-uri")
        .headers("GET", signedFor + "/v1/templates", Map.of(), Instant.now().getEpochSecond())
        .forEach(request::header);
    return server.send(request.GET()).status();
  }
}
