package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.web.PublishedApi;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every operation that the description publishes, for every kind of caller that must not carry it
 * out. It is generated from there, so that a new route is held to this from its first day: one that
 * is open to everyone, or does not say whose account it is about, fails here.
 */
class AccessMatrixTest {
  private static final String ADMIN = "an-admin-token-of-more-than-twenty-characters";
  private static final int LIMIT = 100_000;
  private static final List<String> PERMISSIONS =
      List.of("read", "plan", "link", "change", "unlink", "metrics", "manage");
  private static final Pattern VARIABLE = Pattern.compile("\\{([^}]+)}");

  /** What nobody is asked for anything at. */
  private static final Set<String> OPEN =
      Set.of(
          "GET /",
          "GET /health",
          "GET /health/ready",
          "GET /health/startup",
          "GET /openapi.yaml",
          "GET /docs",
          "GET /docs/{file}",
          "GET /login",
          "POST /login",
          "GET /login/issuer",
          "GET /login/back",
          "POST /logout",
          "GET /console",
          "GET /console/style.css");

  /** What wants every permission, since that is what it gives. */
  private static final Set<String> FOR_ADMINS = Set.of("POST /v1/login-links");

  /** What each role may, as docs/access.md has it. */
  private static final Map<String, List<String>> ROLES =
      Map.of(
          "graft-admin", PERMISSIONS,
          "graft-operator", List.of("read", "plan", "link", "change", "unlink", "metrics"),
          "graft-developer", List.of("read", "plan"),
          "graft-tenant", List.of("read", "plan", "link", "change", "unlink"));

  /** What is about no account, and open to tenants all the same. */
  private static final Set<String> ABOUT_NOBODY =
      Set.of("GET /v1/templates", "GET /v1/templates/{template}");

  @TempDir private static Path folder;
  private static Sandbox sandbox;
  private static TestIssuer issuer;
  private static RunningServer server;

  /** The variables of a path that name something of an account, for one account. */
  private static final Map<String, String> OF_B = new LinkedHashMap<>();

  private static final Map<String, String> OF_NOBODY =
      Map.of(
          "account", "acc_none",
          "installation", "ins_none",
          "operation", "op_none",
          "plan", "plan_none",
          "userId", "nobody");

  @BeforeAll
  static void start() {
    sandbox = Sandbox.start();
    sandbox.account("A", "key-of-a");
    sandbox.account("B", "key-of-b");
    issuer = TestIssuer.start();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(folder.resolve("data"), templates, sandbox.url());
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
    environment.putAll(issuer.settings());
    environment.put("GRAFT_PUBLIC_URL", "http://127.0.0.1:3000");
    // Far more than is asked for: so that nothing is refused for it, and what was counted shows.
    environment.put("GRAFT_RATE_LIMIT", LIMIT + "/h");
    server = RunningServer.start(environment);
    link("user-a", "key-of-a");
    link("user-b", "key-of-b");
    OF_B.put("userId", "user-b");
    OF_B.put("account", text(admin("GET", "/v1/accounts?userId=user-b"), "/accounts/0/id"));
    String account = "/v1/accounts/" + OF_B.get("account");
    OF_B.put("plan", text(admin("POST", account + "/plans"), "/id"));
    admin("POST", account + "/installations");
    OF_B.put("installation", text(admin("GET", account + "/installations"), "/installations/0/id"));
    OF_B.put("operation", text(admin("GET", account + "/operations"), "/operations/0/id"));
  }

  @AfterAll
  static void stop() {
    server.close();
    issuer.close();
    sandbox.close();
  }

  private static void link(String user, String key) {
    RunningServer.Answer answer =
        send(
            ADMIN,
            "POST",
            "/v1/accounts",
            Json.write(Json.object().put("userId", user).put("apiKey", key)));
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
  }

  private static ObjectNode admin(String method, String path) {
    RunningServer.Answer answer = send(ADMIN, method, path, method.equals("GET") ? "" : "{}");
    assertThat(answer.status()).as(answer.body()).isBetween(200, 299);
    return answer.json();
  }

  private static String text(JsonNode json, String pointer) {
    return json.at(pointer).stringValue();
  }

  private static RunningServer.Answer send(
      String token, String method, String path, String body, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(server.url().resolve(path));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    if (body.isEmpty()) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", "application/json")
          .method(method, BodyPublishers.ofString(body));
    }
    RunningServer.Answer answer = server.send(request);
    assertThat(answer.status()).as("how often someone asked is no matter here").isNotEqualTo(429);
    PublishedApi.check(method, path, answer.status(), answer.headers(), answer.body());
    return answer;
  }

  private static String key(List<String> scopes, String userId) {
    ObjectNode wish = Json.object().put("label", "matrix");
    var list = wish.putArray("scopes");
    scopes.forEach(list::add);
    if (!userId.isEmpty()) {
      wish.put("userId", userId);
    }
    RunningServer.Answer answer = send(ADMIN, "POST", "/v1/api-keys", Json.write(wish));
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    return answer.json().get("key").stringValue();
  }

  /** One operation of the description. */
  private record Operation(String name, String permission, ObjectNode described) {
    static List<Operation> all() {
      var all = new ArrayList<Operation>();
      for (String name : PublishedApi.operations()) {
        ObjectNode described = PublishedApi.operation(name);
        String permission = described.required("x-graft-permission").stringValue();
        if (!permission.equals("none")) {
          all.add(new Operation(name, permission, described));
        }
      }
      assertThat(all.size()).isGreaterThanOrEqualTo(24);
      return all;
    }

    String method() {
      return name.split(" ", 2)[0];
    }

    String path() {
      return name.split(" ", 2)[1];
    }

    private ObjectNode body() {
      JsonNode content = described.at("/requestBody/content/application~1json");
      JsonNode examples = content.path("examples");
      if (content.isMissingNode()) {
        return Json.object();
      }
      JsonNode first = examples.iterator().next();
      return (ObjectNode) PublishedApi.resolved(first).required("value").deepCopy();
    }

    private boolean asksForUser() {
      return described
          .path("parameters")
          .valueStream()
          .map(PublishedApi::resolved)
          .anyMatch(parameter -> parameter.path("name").asString("").equals("userId"));
    }

    /** Whether it names an account, in whichever way. */
    boolean isAboutAnAccount() {
      return !Set.of("template", "key").containsAll(variables())
          || asksForUser()
          || body().has("userId");
    }

    List<String> variables() {
      var names = new ArrayList<String>();
      Matcher matcher = VARIABLE.matcher(path());
      while (matcher.find()) {
        names.add(matcher.group(1));
      }
      return names;
    }

    RunningServer.Answer call(String token, Map<String, String> whose) {
      return call(token, whose, body());
    }

    RunningServer.Answer call(
        String token, Map<String, String> whose, ObjectNode json, String... headers) {
      String address = path();
      for (String name : variables()) {
        address = address.replace("{" + name + "}", whose.getOrDefault(name, "none"));
      }
      if (asksForUser()) {
        address += "?userId=" + whose.get("userId");
      }
      String body = "";
      if (!method().equals("GET") && !method().equals("DELETE")) {
        if (json.has("userId")) {
          json.put("userId", whose.get("userId"));
        }
        body = Json.write(json);
      }
      return send(token, method(), address, body, headers);
    }
  }

  @Test
  void whatIsOpenToEveryoneIsNamedHere() {
    List<String> open =
        PublishedApi.operations().stream()
            .filter(name ->
                PublishedApi.operation(name)
                    .required("x-graft-permission")
                    .stringValue()
                    .equals("none"))
            .toList();
    assertThat(open).containsExactlyInAnyOrderElementsOf(OPEN);
  }

  @Test
  void whoShowsNothingComesNowhere() {
    for (Operation operation : Operation.all()) {
      RunningServer.Answer answer = operation.call("", OF_B);
      assertThat(answer.status()).as(operation.name()).isEqualTo(401);
      assertThat(answer.header("WWW-Authenticate")).as(operation.name()).startsWith("Bearer");
      String said = answer.json().get("error").stringValue();
      assertThat(said).contains("graft_live_", "admin token", issuer.url().toString());
    }
  }

  @Test
  void whoHasEveryPermissionButTheOneComesNotThere() {
    Map<String, String> keys = new LinkedHashMap<>();
    for (String permission : PERMISSIONS) {
      List<String> others = PERMISSIONS.stream().filter(p -> !p.equals(permission)).toList();
      keys.put(permission, key(others, ""));
    }
    for (Operation operation : Operation.all()) {
      RunningServer.Answer answer =
          operation.call(keys.getOrDefault(operation.permission(), ""), OF_B);
      assertThat(answer.status()).as(operation.name()).isEqualTo(403);
      assertThat(answer.json().get("error").stringValue())
          .as(operation.name())
          .contains("'" + operation.permission() + "'");
    }
  }

  @Test
  void whoHasTheOnePermissionNeedsNoOther() {
    Map<String, String> keys = new LinkedHashMap<>();
    for (String permission : PERMISSIONS) {
      keys.put(permission, key(List.of(permission), ""));
    }
    for (Operation operation : Operation.all()) {
      if (!FOR_ADMINS.contains(operation.name())) {
        assertLetThrough(operation, keys.getOrDefault(operation.permission(), ""));
      }
    }
  }

  /** To the operation, that is: what it is asked for is not there, or makes no sense. */
  private static void assertLetThrough(Operation operation, String token) {
    ObjectNode body =
        operation.permission().equals("manage")
            ? Json.object().put("no-such-member", true)
            : operation.body();
    RunningServer.Answer answer = operation.call(token, OF_NOBODY, body);
    // Vapi's own refusal of a key is a 401, too, and has no challenge.
    boolean refused =
        answer.status() == 403
            || answer.status() == 401 && !answer.header("WWW-Authenticate").isEmpty();
    assertThat(refused).as(operation.name() + " " + answer.body()).isFalse();
  }

  @Test
  void aRoleMayWhatItsPermissionsSayAndNothingElse() {
    String before = everythingOfB();
    ROLES.forEach((role, permissions) -> {
      String token = issuer.token("someone", role);
      for (Operation operation : Operation.all()) {
        if (!permissions.contains(operation.permission())) {
          RunningServer.Answer answer = operation.call(token, OF_B);
          assertThat(answer.code()).as(role + ": " + operation.name()).isEqualTo("FORBIDDEN");
          assertThat(answer.json().get("error").stringValue())
              .as(role + ": " + operation.name())
              .contains("'" + operation.permission() + "'");
        } else if (!role.equals("graft-tenant")) {
          assertLetThrough(operation, token);
        }
      }
    });
    assertThat(everythingOfB()).isEqualTo(before);
  }

  @Test
  void aSessionOpensNoOperation() {
    String url = text(admin("POST", "/v1/login-links"), "/url");
    RunningServer.Answer entered =
        server.send(
            HttpRequest.newBuilder(server.url().resolve("/login"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString(url.substring(url.indexOf("link=")))));
    String cookie = entered.header("Set-Cookie").split(";", 2)[0];
    assertThat(cookie).startsWith("graft-session=");
    for (Operation operation : Operation.all()) {
      RunningServer.Answer answer = operation.call("", OF_B, operation.body(), "Cookie", cookie);
      assertThat(answer.status()).as(operation.name()).isEqualTo(401);
    }
  }

  @Test
  void anotherUsersAccountIsAsIfItWereNotThere() {
    var callers = new LinkedHashMap<String, String>();
    List<String> tenants =
        PERMISSIONS.stream().filter(p -> !p.equals("manage") && !p.equals("metrics")).toList();
    callers.put("a key for one user", key(tenants, "user-a"));
    callers.put("a tenant's token", issuer.token("user-a", "graft-tenant"));
    callers.put("a tenant without an account", issuer.token("user-c", "graft-tenant"));
    String before = everythingOfB();
    long left = leftToB();
    for (Operation operation : Operation.all()) {
      if (!tenants.contains(operation.permission())) {
        callers.forEach((who, token) ->
            assertThat(operation.call(token, OF_B).status()).as(who).isEqualTo(403));
        continue;
      }
      if (!operation.isAboutAnAccount()) {
        assertThat(ABOUT_NOBODY)
            .as("an operation says whose account it is about, or that it is about none")
            .contains(operation.name());
        continue;
      }
      assertThat(OF_B.keySet())
          .as("ids of another account for every variable of " + operation.name())
          .containsAll(operation.variables());
      callers.forEach((who, token) -> {
        String what = who + ": " + operation.name();
        RunningServer.Answer foreign = operation.call(token, OF_B);
        RunningServer.Answer none = operation.call(token, OF_NOBODY);
        assertThat(foreign.status()).as(what + " " + foreign.body()).isIn(403, 404);
        assertThat(foreign.status()).as(what).isEqualTo(none.status());
        assertThat(foreign.json().without("requestId"))
            .as(what)
            .isEqualTo(none.json().without("requestId"));
        assertThat(foreign.body()).as(what).doesNotContain("user-b", "key-of-b");
      });
    }
    assertThat(leftToB()).as("nobody uses up what another user may").isEqualTo(left - 1);
    assertThat(everythingOfB()).isEqualTo(before);
  }

  /** How often more user B may be cloned for, after this time, which clones nothing. */
  private static long leftToB() {
    RunningServer.Answer answer =
        send(ADMIN, "POST", "/api/vapi/clone", "{\"userId\":\"user-b\",\"template\":\"none\"}");
    assertThat(answer.code()).isEqualTo("TEMPLATE_NOT_FOUND");
    Matcher left = Pattern.compile("\"user\";r=(\\d+)").matcher(answer.header("RateLimit"));
    assertThat(left.find()).as(answer.header("RateLimit")).isTrue();
    return Long.parseLong(left.group(1));
  }

  @Test
  void namingAnAccountInTwoWaysOpensNoOther() {
    String token = issuer.token("user-a", "graft-tenant");
    String a = text(admin("GET", "/v1/accounts?userId=user-a"), "/accounts/0/id");
    String b = OF_B.getOrDefault("account", "");
    for (String address :
        List.of(
            "/v1/accounts?userId=user-b&userId=user-a",
            "/v1/accounts?userId=user-a&userId=user-b",
            "/v1/accounts?userId=user-a&after=" + a,
            "/v1/accounts?userid=user-b",
            "/v1/accounts?userId=user-b%20",
            "/v1/accounts?userId=USER-B",
            "/v1/accounts?userId=user-%62",
            "/v1/accounts/" + a + "/../" + b,
            "/v1/accounts/" + a + "/..;/" + b,
            "/v1/accounts/" + a + "/%2e%2e/" + b,
            "/v1/accounts/" + a + "%2f..%2f" + b,
            "/v1/accounts/" + b + ";account=" + a,
            "/v1/accounts/" + b + "?account=" + a,
            "/v1/accounts/" + b + "/")) {
      RunningServer.Answer answer = raw(token, address);
      assertThat(answer.body()).as(address).doesNotContain("user-b", b, "key-of-b");
      if (answer.status() != 200) {
        assertThat(answer.status()).as(address).isIn(400, 403, 404);
      }
    }
    for (String body :
        List.of(
            "{\"userId\":\"user-a\",\"userId\":\"user-b\"}",
            "{\"userId\":\"user-b\",\"userId\":\"user-a\"}",
            "{\"userId\":[\"user-a\",\"user-b\"]}",
            "{\"userId\":{\"userId\":\"user-b\"}}",
            "{\"userId\":\"user-b\",\"account\":\"" + a + "\"}")) {
      RunningServer.Answer answer = send(token, "POST", "/api/vapi/clone?userId=user-a", body);
      assertThat(answer.status()).as(body).isIn(400, 403);
    }
    String foreign = "{\"userId\":\"user-b\"}";
    RunningServer.Answer done =
        send(ADMIN, "POST", "/api/vapi/clone", foreign, "Idempotency-Key", "the-same");
    assertThat(done.status()).isEqualTo(200);
    RunningServer.Answer repeated =
        send(token, "POST", "/api/vapi/clone", foreign, "Idempotency-Key", "the-same");
    assertThat(repeated.status()).isEqualTo(403);
    assertThat(repeated.header("Idempotency-Replayed")).isEmpty();
  }

  /** As it stands, with what a client would mend in the path. */
  private static RunningServer.Answer raw(String token, String address) {
    return server.send(
        HttpRequest.newBuilder(java.net.URI.create(server.url() + address))
            .header("Authorization", "Bearer " + token));
  }

  private static String everythingOfB() {
    String account = "/v1/accounts/" + OF_B.get("account");
    return admin("GET", account).toString()
        + admin("GET", account + "/installations")
        + admin("GET", account + "/operations");
  }

  @Test
  void aTenantSeesTheirOwnAccount() {
    String token = issuer.token("user-a", "graft-tenant");
    RunningServer.Answer mine = send(token, "GET", "/v1/accounts?userId=user-a", "");
    assertThat(mine.status()).isEqualTo(200);
    String account = text(mine.json(), "/accounts/0/id");
    assertThat(send(token, "GET", "/v1/accounts/" + account, "").status()).isEqualTo(200);
    RunningServer.Answer clone = send(token, "POST", "/api/vapi/clone", "{\"userId\":\"user-a\"}");
    assertThat(clone.status()).as(clone.body()).isEqualTo(200);
    assertThat(send(token, "GET", "/v1/accounts", "").status()).isEqualTo(403);
    assertThat(clone.body().toLowerCase(Locale.ROOT)).contains("created");
  }
}
