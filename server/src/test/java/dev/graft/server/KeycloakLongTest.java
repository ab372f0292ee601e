package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.node.ObjectNode;

/**
 * A real Keycloak, from Maven, set up as docs/access.md says: its tokens, and a person who types a
 * password into its page in a real Chromium.
 */
class KeycloakLongTest {
  private static final Path DISTRIBUTIONS = Path.of("target", "keycloak");
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String SECRET = "a-secret-of-the-console";

  @TempDir private static Path folder;
  private static Process keycloak;
  private static String base = "";
  private static RunningServer server;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    int port = freePort();
    int graft = freePort();
    Path home;
    try (var found = Files.list(DISTRIBUTIONS)) {
      home = found.filter(Files::isDirectory).findFirst().orElseThrow().toAbsolutePath();
    }
    // What a run before this one left there knows another address of Graft.
    FileSystemUtils.deleteRecursively(home.resolve("data"));
    Path imports = Files.createDirectories(home.resolve("data").resolve("import"));
    Files.writeString(
        imports.resolve("graft.json"),
        REALM
            .replace("SIGN_IN_BACK", "http://127.0.0.1:" + graft + "/login/back")
            .replace("CLIENT_SECRET", SECRET));
    Path script = home.resolve("bin").resolve("kc.sh");
    var builder =
        new ProcessBuilder(
            "bash",
            script.toString(),
            "start-dev",
            "--import-realm",
            "--http-host=127.0.0.1",
            "--http-port=" + port);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("JAVA_OPTS_KC_HEAP", "-Xms64m -Xmx640m");
    builder.environment().put("KC_BOOTSTRAP_ADMIN_USERNAME", "root");
    builder.environment().put("KC_BOOTSTRAP_ADMIN_PASSWORD", "root-password");
    keycloak =
        builder
            .redirectErrorStream(true)
            .redirectOutput(Path.of("target", "keycloak.log").toFile())
            .start();
    base = "http://127.0.0.1:" + port;
    await(URI.create(base + "/realms/graft/.well-known/openid-configuration"));

    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve("data"), templates, URI.create("http://127.0.0.1:1"));
    environment.put("GRAFT_PORT", String.valueOf(graft));
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_PUBLIC_URL", "http://127.0.0.1:" + graft);
    environment.put("GRAFT_OIDC_ISSUER", base + "/realms/graft");
    environment.put("GRAFT_OIDC_AUDIENCE", "graft-api");
    environment.put("GRAFT_OIDC_ROLES_CLAIM", "realm_access.roles");
    environment.put("GRAFT_OIDC_CLIENT_ID", "graft-console");
    environment.put("GRAFT_OIDC_CLIENT_SECRET", SECRET);
    server = RunningServer.start(environment);
  }

  @AfterAll
  static void stop() throws InterruptedException {
    server.close();
    keycloak.descendants().forEach(ProcessHandle::destroy);
    keycloak.destroy();
    keycloak.waitFor(30, TimeUnit.SECONDS);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void await(URI url) throws InterruptedException {
    Instant end = Instant.now().plusSeconds(480);
    while (true) {
      try {
        HttpRequest request = HttpRequest.newBuilder(url).GET().build();
        if (CLIENT.send(request, BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // Not there yet.
      }
      assertThat(keycloak.isAlive()).as("Keycloak lives; see target/keycloak.log").isTrue();
      assertThat(Instant.now()).as("Keycloak starts in time").isBefore(end);
      TimeUnit.MILLISECONDS.sleep(500);
    }
  }

  private static ObjectNode tokens(String realm, Map<String, String> form)
      throws IOException, InterruptedException {
    String body =
        form.entrySet().stream()
            .map(field ->
                field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpResponse<String> answer =
        CLIENT.send(
            HttpRequest.newBuilder(
                    URI.create(base + "/realms/" + realm + "/protocol/openid-connect/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.parseObject(answer.body());
  }

  private static ObjectNode ofAda(String client) throws IOException, InterruptedException {
    return tokens(
        "graft",
        Map.of(
            "grant_type", "password",
            "client_id", client,
            "client_secret", SECRET,
            "username", "ada",
            "password", "engine",
            "scope", "openid"));
  }

  private static int status(String token, String path) {
    return server
        .send(
            HttpRequest.newBuilder(server.url().resolve(path))
                .header("Authorization", "Bearer " + token))
        .status();
  }

  @Test
  void itsTokensOpenWhatTheRoleSaysAndNothingElseOfItOpensAnything()
      throws IOException, InterruptedException {
    ObjectNode good = ofAda("graft-console");
    String access = good.required("access_token").stringValue();
    assertThat(status(access, "/v1/templates")).isEqualTo(200);
    assertThat(status(access, "/v1/api-keys")).isEqualTo(403);

    String withoutAudience = ofAda("another-app").required("access_token").stringValue();
    assertThat(status(withoutAudience, "/v1/templates")).isEqualTo(401);
    assertThat(status(good.required("id_token").stringValue(), "/v1/templates")).isEqualTo(401);
    assertThat(status(good.required("refresh_token").stringValue(), "/v1/templates"))
        .isEqualTo(401);
    String root =
        tokens(
                "master",
                Map.of(
                    "grant_type", "password",
                    "client_id", "admin-cli",
                    "username", "root",
                    "password", "root-password"))
            .required("access_token")
            .stringValue();
    assertThat(status(root, "/v1/templates")).isEqualTo(401);
    int dot = access.lastIndexOf('.');
    char first = access.charAt(dot + 1) == 'A' ? 'B' : 'A';
    String changed = access.substring(0, dot + 1) + first + access.substring(dot + 2);
    assertThat(status(changed, "/v1/templates")).isEqualTo(401);
  }

  @Test
  void aPersonSignsInWithTheirPassword() {
    try (Chromium browser = Chromium.start(folder.resolve("browser"))) {
      browser.open(server.url() + "/login");
      browser.click("a.button");
      browser.evaluate("document.getElementById('username').value = 'ada'");
      browser.evaluate("document.getElementById('password').value = 'engine'");
      browser.click("#kc-login");
      assertThat(browser.address()).isEqualTo("/console");
      assertThat(browser.text()).contains("Ada Lovelace", "operator");
      browser.click("header button");
      assertThat(browser.address()).isEqualTo("/login");
    }
  }

  /**
   * Roles, a person, Graft's own client with its audience, and one that has nothing to do with it.
   */
  private static final String REALM =
      """
      {
        "realm": "graft",
        "enabled": true,
        "sslRequired": "none",
        "roles": {"realm": [{"name": "graft-admin"}, {"name": "graft-operator"}]},
        "users": [{
          "username": "ada", "enabled": true, "emailVerified": true,
          "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace",
          "credentials": [{"type": "password", "value": "engine", "temporary": false}],
          "realmRoles": ["graft-operator"]
        }],
        "clients": [
          {
            "clientId": "graft-console", "enabled": true, "protocol": "openid-connect",
            "publicClient": false, "secret": "CLIENT_SECRET",
            "standardFlowEnabled": true, "directAccessGrantsEnabled": true,
            "redirectUris": ["SIGN_IN_BACK"],
            "attributes": {"pkce.code.challenge.method": "S256"},
            "protocolMappers": [{
              "name": "audience of Graft's API", "protocol": "openid-connect",
              "protocolMapper": "oidc-audience-mapper",
              "config": {
                "included.custom.audience": "graft-api",
                "access.token.claim": "true", "id.token.claim": "false"
              }
            }]
          },
          {
            "clientId": "another-app", "enabled": true, "protocol": "openid-connect",
            "publicClient": false, "secret": "CLIENT_SECRET", "directAccessGrantsEnabled": true
          }
        ]
      }
      """;
}
