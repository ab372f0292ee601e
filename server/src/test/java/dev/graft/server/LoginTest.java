package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.server.web.PublishedApi;
import dev.graft.store.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signing in and out, as a browser does it without a script. */
class LoginTest {
  private static final String ADMIN = "an-admin-token-of-more-than-twenty-characters";
  private static final Pattern PROOF = Pattern.compile("name=\"proof\" value=\"([0-9a-f]{64})\"");

  @TempDir private static Path folder;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    server = RunningServer.start(settings("data", 0));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** A browser that keeps cookies and follows nothing by itself. */
  private static final class Browser {
    private final Map<String, String> cookies = new HashMap<>();

    RunningServer.Answer get(RunningServer server, String path) {
      return send(server, path, HttpRequest.newBuilder(server.url().resolve(path)).GET());
    }

    RunningServer.Answer post(RunningServer server, String path, String form) {
      return send(
          server,
          path,
          HttpRequest.newBuilder(server.url().resolve(path))
              .header("Content-Type", "application/x-www-form-urlencoded")
              .header("Sec-Fetch-Site", "same-origin")
              .POST(BodyPublishers.ofString(form)));
    }

    RunningServer.Answer send(RunningServer server, String path, HttpRequest.Builder request) {
      if (!cookies.isEmpty()) {
        request.header(
            "Cookie",
            String.join(
                "; ",
                cookies.entrySet().stream().map(c -> c.getKey() + "=" + c.getValue()).toList()));
      }
      RunningServer.Answer answer = server.send(request);
      PublishedApi.check(
          request.build().method(), path, answer.status(), answer.headers(), answer.body());
      for (String set : setCookies(answer)) {
        assertThat(set).contains("HttpOnly", "SameSite=Lax", "Path=/").doesNotContain("Domain");
        String[] pair = set.split(";", 2)[0].split("=", 2);
        if (pair[1].isEmpty()) {
          cookies.remove(pair[0]);
        } else {
          cookies.put(pair[0], pair[1]);
        }
      }
      return answer;
    }
  }

  private static List<String> setCookies(RunningServer.Answer answer) {
    return answer.headers().entrySet().stream()
        .filter(header -> header.getKey().equalsIgnoreCase("Set-Cookie"))
        .flatMap(header -> header.getValue().stream())
        .toList();
  }

  private static Map<String, String> settings(String data, int port) {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve(data), templates, URI.create("http://127.0.0.1:1"));
    environment.put("GRAFT_PORT", String.valueOf(port));
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
    return environment;
  }

  private static String newLink(RunningServer server) {
    RunningServer.Answer answer = ApiKeyContract.call(server, ADMIN, "POST", "/v1/login-links", "");
    assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    String url = answer.json().get("url").stringValue();
    assertThat(url).startsWith(server.url() + "/login?link=");
    return url.substring(url.indexOf("link="));
  }

  private static String proof(RunningServer.Answer page) {
    Matcher matcher = PROOF.matcher(page.body());
    assertThat(matcher.find()).isTrue();
    return matcher.group(1);
  }

  @Test
  void aLinkOpensASessionOnceAndLookingAtItDoesNotUseItUp() {
    String link = newLink(server);
    var browser = new Browser();
    assertThat(browser.get(server, "/console").header("Location")).endsWith("/login");
    for (int looks = 0; looks < 3; looks++) {
      assertThat(browser.get(server, "/login?" + link).body()).contains("Sign in</button>");
    }
    browser.cookies.put("graft-session", "A".repeat(43));
    RunningServer.Answer entered = browser.post(server, "/login", link);
    assertThat(entered.status()).isEqualTo(303);
    assertThat(browser.cookies.get("graft-session")).isNotEqualTo("A".repeat(43));
    RunningServer.Answer page = browser.get(server, "/console");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.body()).contains("One-time link", "admin", "graft link USER");
    assertThat(page.header("Content-Security-Policy"))
        .contains("default-src 'none'", "style-src 'self'", "frame-ancestors 'none'")
        .doesNotContain("unsafe", "script-src");

    var other = new Browser();
    assertThat(other.post(server, "/login", link).status()).isEqualTo(403);
    assertThat(other.cookies).isEmpty();
    assertThat(other.post(server, "/login", "link=" + "B".repeat(43)).status()).isEqualTo(403);
    assertThat(Canary.findIn(folder, browser.cookies.get("graft-session"))).isEmpty();
    assertThat(Canary.findIn(folder, link.substring(5))).isEmpty();
  }

  @Test
  void onlyThePageOfASessionEndsItAndItEndsOnEveryNode() {
    String database = TestPostgres.freshDatabase().toString();
    Map<String, String> one = settings("node", 0);
    one.put("GRAFT_DATABASE_URL", database);
    Map<String, String> two = new HashMap<>(one);
    try (RunningServer first = RunningServer.start(one);
        RunningServer second = RunningServer.start(two)) {
      var browser = new Browser();
      browser.post(first, "/login", newLink(first));
      assertThat(browser.get(second, "/console").status()).isEqualTo(200);
      String proof = proof(browser.get(first, "/console"));
      var thief = new Browser();
      thief.post(first, "/login", newLink(first));
      String foreign = proof(thief.get(first, "/console"));
      for (String form : List.of("", "proof=", "proof=" + "0".repeat(64), "proof=" + foreign)) {
        assertThat(browser.post(first, "/logout", form).code()).as(form).isEqualTo("FORGED_FORM");
      }
      RunningServer.Answer fromElsewhere =
          browser.send(
              first,
              "/logout",
              HttpRequest.newBuilder(first.url().resolve("/logout"))
                  .header("Content-Type", "application/x-www-form-urlencoded")
                  .header("Sec-Fetch-Site", "cross-site")
                  .POST(BodyPublishers.ofString("proof=" + proof)));
      assertThat(fromElsewhere.code()).isEqualTo("FORGED_FORM");
      String number = browser.cookies.get("graft-session");
      assertThat(browser.post(first, "/logout", "proof=" + proof).status()).isEqualTo(303);
      assertThat(browser.cookies).doesNotContainKey("graft-session");
      browser.cookies.put("graft-session", number);
      assertThat(browser.get(second, "/console").status()).isEqualTo(303);
      assertThat(thief.get(second, "/console").status()).isEqualTo(200);
      ApiKeyContract.call(first, ADMIN, "DELETE", "/v1/sessions", "");
      assertThat(thief.get(second, "/console").status()).isEqualTo(303);
    }
  }

  @Test
  void whatIsLessThanAnAdminGetsNoLinkAndASessionIsNoTokenForTheApi() {
    String key =
        ApiKeyContract.text(
            ApiKeyContract.make(
                server, ADMIN, "{\"label\":\"m\",\"scopes\":[\"manage\",\"read\"]}"),
            "key");
    assertThat(ApiKeyContract.call(server, key, "POST", "/v1/login-links", "").code())
        .isEqualTo("FORBIDDEN");
    var browser = new Browser();
    browser.post(server, "/login", newLink(server));
    assertThat(browser.get(server, "/v1/accounts").status()).isEqualTo(401);
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As a browser does it: follow to the issuer, and come back with what it gave. */
  private static String throughIssuer(Browser browser, RunningServer server) {
    RunningServer.Answer away = browser.get(server, "/login/issuer");
    assertThat(away.status()).isEqualTo(303);
    RunningServer.Answer back =
        server.send(HttpRequest.newBuilder(URI.create(away.header("Location"))).GET());
    assertThat(back.status()).isEqualTo(302);
    return back.header("Location").substring(server.url().toString().length());
  }

  @Test
  void peopleLogInThroughTheirIssuerAndOnlyInTheBrowserThatBegan() {
    try (TestIssuer issuer = TestIssuer.start()) {
      int port = freePort();
      Map<String, String> environment = settings("oidc", port);
      environment.putAll(issuer.settings());
      environment.put("GRAFT_PUBLIC_URL", "http://127.0.0.1:" + port);
      try (RunningServer here = RunningServer.start(environment)) {
        var browser = new Browser();
        assertThat(browser.get(here, "/login").body())
            .contains("Continue with <span>127.0.0.1</span>");
        String back = throughIssuer(browser, here);

        assertThat(new Browser().get(here, back).status()).isEqualTo(403);
        var begunElsewhere = new Browser();
        throughIssuer(begunElsewhere, here);
        assertThat(begunElsewhere.get(here, back).status()).isEqualTo(403);

        assertThat(browser.get(here, back).header("Location")).endsWith("/console");
        var same = new Browser();
        same.get(here, throughIssuer(same, here));
        assertThat(same.get(here, "/console").status()).isEqualTo(200);
        RunningServer.Answer page = browser.get(here, "/console");
        assertThat(page.body())
            .contains("Ada &lt;b&gt;Lovelace&lt;/b&gt;", "operator", "user-a")
            .doesNotContain("<b>Lovelace", "eyJ");
        assertThat(browser.cookies.values()).noneMatch(value -> value.contains("eyJ"));
        assertThat(browser.cookies).containsOnlyKeys("graft-session");
        assertThat(new Browser().get(here, back).status()).isEqualTo(403);

        String everywhere = "everywhere=yes&proof=" + proof(page);
        assertThat(same.post(here, "/logout", everywhere).code()).isEqualTo("FORGED_FORM");
        var byLink = new Browser();
        byLink.post(here, "/login", newLink(here));
        assertThat(browser.post(here, "/logout", everywhere).status()).isEqualTo(303);
        assertThat(same.get(here, "/console").status()).isEqualTo(303);
        assertThat(byLink.get(here, "/console").status()).isEqualTo(200);

        issuer.setPerson("user-a", List.of("graft-operator"));
        browser.get(here, throughIssuer(browser, here));
        assertThat(browser.get(here, "/console").status()).isEqualTo(200);
        issuer.setPerson("user-a", List.of());
        assertThat(same.get(here, throughIssuer(same, here)).body()).contains("no role here");
        assertThat(browser.get(here, "/console").status())
            .as("whoever has no role any more has it in no other browser")
            .isEqualTo(303);
        issuer.setPerson("user-a", List.of("graft-operator"));
        browser.get(here, throughIssuer(browser, here));
        assertThat(
                ApiKeyContract.call(here, ADMIN, "DELETE", "/v1/sessions?subject=user-a", "")
                    .json()
                    .get("ended")
                    .intValue())
            .isOne();
        assertThat(browser.get(here, "/console").status()).isEqualTo(303);
        assertThat(byLink.get(here, "/console").status()).isEqualTo(200);

        issuer.setPerson("user-b", List.of("unrelated"));
        var stranger = new Browser();
        RunningServer.Answer refused = stranger.get(here, throughIssuer(stranger, here));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.body()).contains("no role here");
        assertThat(stranger.cookies).isEmpty();

        issuer.setPerson("user-t", List.of("graft-tenant"));
        var tenant = new Browser();
        tenant.get(here, throughIssuer(tenant, here));
        assertThat(tenant.get(here, "/console").body())
            .contains("Your account", "No Vapi account is linked for you yet");
      }
    }
  }

  @Test
  void behindAProxyThatEndsTlsTheCookieIsBoundToTheHostToo() {
    Map<String, String> environment = settings("proxy", 0);
    environment.put("GRAFT_TRUSTED_PROXIES", "127.0.0.1");
    try (RunningServer here = RunningServer.start(environment)) {
      for (String proto : List.of("https", "http")) {
        RunningServer.Answer entered =
            here.send(
                HttpRequest.newBuilder(here.url().resolve("/login"))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .header("X-Forwarded-Proto", proto)
                    .POST(BodyPublishers.ofString(newLink(here))));
        assertThat(entered.status()).isEqualTo(303);
        String cookie = setCookies(entered).getFirst();
        assertThat(cookie.startsWith("__Host-graft-session=")).isEqualTo(proto.equals("https"));
        assertThat(cookie.contains("; Secure")).isEqualTo(proto.equals("https"));
      }
    }
  }

  @Test
  void fromOneAddressItIsTriedOnlySoOftenToSignIn() {
    try (TestIssuer issuer = TestIssuer.start()) {
      int port = freePort();
      Map<String, String> environment = settings("often", port);
      environment.putAll(issuer.settings());
      environment.put("GRAFT_PUBLIC_URL", "http://127.0.0.1:" + port);
      environment.put("GRAFT_TRUSTED_PROXIES", "127.0.0.1");
      environment.put("GRAFT_RATE_LIMIT_SIGN_IN", "3/h");
      try (RunningServer here = RunningServer.start(environment)) {
        var browser = new Browser();
        assertThat(browser.get(here, "/login/issuer").status()).isEqualTo(303);
        for (int i = 0; i < 2; i++) {
          assertThat(browser.post(here, "/login", "link=" + "B".repeat(43)).status())
              .isEqualTo(403);
        }
        String link = newLink(here);
        RunningServer.Answer refused = browser.post(here, "/login", link);
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.code()).isEqualTo("RATE_LIMITED");
        assertThat(Long.parseLong(refused.header("Retry-After"))).isBetween(3_000L, 3_600L);
        for (String path : List.of("/login/issuer", "/login/back?code=x&state=y")) {
          assertThat(browser.get(here, path).status()).as(path).isEqualTo(429);
        }
        assertThat(browser.get(here, "/login").status()).isEqualTo(200);
        RunningServer.Answer fromElsewhere =
            here.send(
                HttpRequest.newBuilder(here.url().resolve("/login"))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .header("X-Forwarded-For", "203.0.113.9")
                    .POST(BodyPublishers.ofString(link)));
        assertThat(fromElsewhere.status()).isEqualTo(303);
      }
    }
  }

  @Test
  void aBrowserThatGoesWrongSeesAPageAndAProgramAProblem() {
    for (String path : List.of("/nowhere", "/console/nowhere", "/docs/nowhere", "/login/issuer")) {
      RunningServer.Answer page = asPage(path);
      assertThat(page.status()).as(path).isEqualTo(404);
      assertThat(page.header("Content-Type")).as(path).startsWith("text/html");
      assertThat(page.body()).contains("There is nothing here", page.header("X-Request-Id"));
      if (!path.startsWith("/docs")) {
        assertThat(page.header("Content-Security-Policy")).doesNotContain("script-src", "unsafe");
      }
    }
    for (String path : List.of("/v1/nowhere", "/api/nowhere", "/v1/accounts", "/%76%31/accounts")) {
      RunningServer.Answer problem = asPage(path);
      assertThat(problem.status()).as(path).isEqualTo(401);
      assertThat(problem.code()).as(path).isEqualTo("UNAUTHORIZED");
    }
    var browser = new Browser();
    browser.post(server, "/login", newLink(server));
    RunningServer.Answer forged =
        browser.send(
            server,
            "/logout",
            HttpRequest.newBuilder(server.url().resolve("/logout"))
                .header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("proof=none")));
    assertThat(forged.status()).isEqualTo(403);
    assertThat(forged.body()).contains("This is not allowed", "does not come from a page");
    // No address of a form, to which everyone but a program would be refused with a page.
    RunningServer.Answer winding =
        server.send(
            HttpRequest.newBuilder(URI.create(server.url() + "/x/../logout"))
                .header("Accept", "text/html")
                .POST(BodyPublishers.noBody()));
    assertThat(winding.status()).isEqualTo(401);
    assertThat(winding.code()).isEqualTo("UNAUTHORIZED");
  }

  private static RunningServer.Answer asPage(String path) {
    RunningServer.Answer answer =
        server.send(
            HttpRequest.newBuilder(URI.create(server.url() + path))
                .header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
    if (!path.contains("%")) {
      PublishedApi.check("GET", path, answer.status(), answer.headers(), answer.body());
    }
    return answer;
  }

  @Test
  void onHttpsTheCookieIsBoundToTheHost() {
    Map<String, String> environment = settings("https", 0);
    environment.put("GRAFT_PUBLIC_URL", "https://graft.example.com");
    try (RunningServer here = RunningServer.start(environment)) {
      RunningServer.Answer link = ApiKeyContract.call(here, ADMIN, "POST", "/v1/login-links", "");
      String url = link.json().get("url").stringValue();
      assertThat(url).startsWith("https://graft.example.com/login?link=");
      var browser = new Browser();
      RunningServer.Answer entered =
          browser.post(here, "/login", url.substring(url.indexOf("link=")));
      assertThat(setCookies(entered).getFirst())
          .startsWith("__Host-graft-session=")
          .contains("; Secure");
    }
  }
}
