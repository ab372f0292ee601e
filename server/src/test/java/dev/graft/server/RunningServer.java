package dev.graft.server;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import dev.graft.store.TestPostgres;
import dev.graft.vault.Vault;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A real server of Graft in this JVM, on a free port, and a client for it. */
public final class RunningServer implements AutoCloseable {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final ConfigurableApplicationContext context;
  private final URI url;

  private RunningServer(ConfigurableApplicationContext context) {
    this.context = context;
    this.url = URI.create("http://127.0.0.1:" + Main.port(context));
  }

  /** Settings for tests: no token, quick times, templates that the test owns. */
  public static Map<String, String> environment(Path dataDir, Path templates, URI vapi) {
    var environment = new HashMap<String, String>();
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_AUTH", "none");
    environment.put("GRAFT_DATA_DIR", dataDir.toString());
    environment.put("GRAFT_TEMPLATES", templates.toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    // Tests ask often; those of the limits set their own.
    environment.put("GRAFT_RATE_LIMIT", "off");
    environment.put("GRAFT_RATE_LIMIT_SERVICE", "off");
    environment.put("GRAFT_RATE_LIMIT_SIGN_IN", "off");
    environment.put("GRAFT_VAPI_PACE", "off");
    environment.put("GRAFT_STOP_PAUSE", "0s");
    environment.put("GRAFT_STOP_TIME", "2s");
    environment.put("GRAFT_CALL_TIMEOUT", "2s");
    environment.put("GRAFT_REQUEST_DEADLINE", "6s");
    environment.put("GRAFT_SETTLING_TIME", "500ms");
    environment.put("GRAFT_LEASE_TIME", "5s");
    return environment;
  }

  /** As above, with data and a template, front-desk, in this folder. */
  static Map<String, String> environment(Path folder, Sandbox sandbox) {
    Path templates = folder.resolve("templates");
    writeTemplate(templates, "front-desk", "1");
    return environment(folder.resolve("data"), templates, sandbox.url());
  }

  /** As {@link #environment}, with a fresh PostgreSQL database. */
  public static Map<String, String> withPostgres(Map<String, String> environment) {
    var changed = new HashMap<>(environment);
    changed.put("GRAFT_DATABASE_URL", TestPostgres.freshDatabase().toString());
    return changed;
  }

  public static RunningServer start(Map<String, String> environment) {
    Settings settings = settings(environment);
    return new RunningServer(Main.start(settings, nowhere()));
  }

  /** As above, with a vault whose clock and key providers are the test's. */
  public static RunningServer start(Map<String, String> environment, Vault vault) {
    return new RunningServer(Main.start(settings(environment), nowhere(), _ -> vault));
  }

  private static PrintStream nowhere() {
    return new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
  }

  private static Settings settings(Map<String, String> environment) {
    try {
      return Settings.of(GivenSettings.of(List.of(), environment));
    } catch (Settings.Unusable e) {
      throw new IllegalArgumentException(e);
    }
  }

  static RunningServer start(Settings settings) {
    return new RunningServer(
        Main.start(
            settings,
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8)));
  }

  public URI url() {
    return url;
  }

  public <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  /** What came back. */
  public record Answer(int status, Map<String, List<String>> headers, String body) {
    public ObjectNode json() {
      return Json.parseObject(body);
    }

    public String header(String name) {
      return headers.entrySet().stream()
          .filter(header -> header.getKey().equalsIgnoreCase(name))
          .map(header -> header.getValue().getFirst())
          .findFirst()
          .orElse("");
    }

    public String code() {
      JsonNode code = json().get("code");
      return code == null ? "" : code.stringValue();
    }

    public List<String> actions() {
      var actions = new ArrayList<String>();
      json().required("actions").forEach(action -> actions.add(action.stringValue()));
      return actions;
    }
  }

  public Answer post(String path, String body) {
    return send(
        HttpRequest.newBuilder(url.resolve(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  public Answer get(String path) {
    return send(HttpRequest.newBuilder(url.resolve(path)).GET());
  }

  public Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.headers().map(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public Answer link(String userId, String key) {
    return post(
        "/api/vapi/link", Json.write(Json.object().put("userId", userId).put("apiKey", key)));
  }

  public Answer clone(String userId) {
    return post("/api/vapi/clone", Json.write(Json.object().put("userId", userId)));
  }

  @Override
  public void close() {
    context.close();
  }

  /** Writes a template with one tool and one assistant of this version. */
  public static void writeTemplate(Path templates, String name, String version) {
    try {
      Path folder = Files.createDirectories(templates.resolve(name));
      Files.writeString(
          folder.resolve("template-assistant.json"),
          """
          {"name":"Front Desk_v%1$s","firstMessage":"Hello from %1$s",
           "voice":{"provider":"vapi","voiceId":"Elliot"},
           "model":{"provider":"openai","model":"gpt-4o","temperature":0.4,
                    "messages":[{"role":"system","content":"You book visits. %1$s"}]}}
          """
              .formatted(version));
      Files.writeString(
          folder.resolve("template-tool.json"),
          """
          {"type":"apiRequest","name":"book_visit_v%1$s","method":"POST",
           "url":"https://example.com/%1$s",
           "body":{"type":"object","properties":{"id":{"type":"string"}}}}
          """
              .formatted(version));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
