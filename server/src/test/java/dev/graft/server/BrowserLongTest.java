package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Sandbox;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Signing in and out in a real Chromium, with scripts off. Its pictures are left in target/. */
class BrowserLongTest {
  private static final String ADMIN = "an-admin-token-of-more-than-twenty-characters";

  /** Text that is too faint against what is behind it, by the rule of WCAG 2.2 AA. */
  private static final String FAINT =
      """
      (() => {
        const light = c => {
          const p = c.match(/[\\d.]+/g).map(Number);
          const f = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
          return 0.2126 * f(p[0]) + 0.7152 * f(p[1]) + 0.0722 * f(p[2]);
        };
        const behind = e => {
          for (let n = e; n; n = n.parentElement) {
            const c = getComputedStyle(n).backgroundColor;
            if (!/, 0\\)$|transparent/.test(c)) return c;
          }
          return getComputedStyle(document.documentElement).colorScheme;
        };
        const faint = [];
        for (const e of document.querySelectorAll('body *')) {
          const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
          if (!own || e.classList.contains('skip')) continue;
          const a = light(getComputedStyle(e).color), b = light(behind(e));
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < 4.5) faint.push(e.tagName + ' ' + e.textContent.trim() + ' ' + ratio);
        }
        return faint.join('\\n');
      })()
      """;

  @TempDir private Path folder;

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void looksGood(Chromium browser, String name) {
    for (String scheme : List.of("light", "dark")) {
      browser.colours(scheme);
      for (int width : List.of(1280, 390)) {
        browser.size(width, 900);
        String what = name + "-" + scheme + "-" + width;
        browser.picture(Path.of("target", what + ".png"));
        assertThat(browser.evaluate(FAINT).stringValue()).as(what).isEmpty();
        assertThat(browser.evaluate("document.documentElement.scrollWidth").intValue())
            .as("the page itself does not scroll sideways: " + what)
            .isLessThanOrEqualTo(width);
      }
    }
    browser.size(1200, 900);
    assertThat(browser.evaluate("document.querySelectorAll('h1').length").intValue()).isOne();
    assertThat(browser.evaluate("document.documentElement.lang").stringValue()).isEqualTo("en");
  }

  @Test
  void aPersonSignsInThroughTheirIssuerLooksThroughTheAccountsAndSignsOut() throws IOException {
    int port = freePort();
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "4");
    try (Sandbox sandbox = Sandbox.start();
        TestIssuer issuer = TestIssuer.start()) {
      Map<String, String> environment =
          RunningServer.environment(folder.resolve("data"), templates, sandbox.url());
      environment.put("GRAFT_AUTH", "token");
      environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
      environment.put("GRAFT_PORT", String.valueOf(port));
      environment.put("GRAFT_PUBLIC_URL", "http://127.0.0.1:" + port);
      environment.putAll(issuer.settings());
      try (RunningServer server = RunningServer.start(environment);
          Chromium browser = Chromium.start(folder.resolve("browser"))) {
        link(server, sandbox);
        browser.withoutScripts();
        browser.open(server.url() + "/console");
        assertThat(browser.address()).isEqualTo("/login");
        looksGood(browser, "login");
        browser.click("a.button");
        assertThat(browser.address()).isEqualTo("/console");
        assertThat(browser.text())
            .contains("Ada <b>Lovelace</b>", "operator", "user_100")
            .contains("2 accounts have keys that Vapi does not accept any more.", "revoked");
        assertThat(browser.evaluate("document.cookie").stringValue()).isEmpty();
        looksGood(browser, "console");
        browser.click(".message a");
        assertThat(browser.text())
            .contains("user_103", "user_104", "less than a minute ago")
            .doesNotContain("user_102", "user_105");
        looksGood(browser, "revoked");
        browser.open(server.url() + "/console");
        browser.click("a[rel=next]");
        assertThat(browser.text()).contains("user_121").doesNotContain("user_100");
        List<ObjectNode> cookies = browser.cookies();
        assertThat(cookies).hasSize(1);
        assertThat(cookies.getFirst().required("httpOnly").booleanValue()).isTrue();
        assertThat(cookies.getFirst().required("sameSite").stringValue()).isEqualTo("Lax");
        browser.click("header button");
        assertThat(browser.address()).isEqualTo("/login");
        assertThat(browser.cookies()).isEmpty();
        browser.open(server.url() + "/console");
        assertThat(browser.address()).isEqualTo("/login");

        issuer.setPerson("user_103", List.of("graft-tenant"));
        browser.click("a.button");
        assertThat(browser.text())
            .contains("Your account", "user_103", "revoked")
            .contains("Vapi does not accept your key any more")
            .doesNotContain("user_104");
        looksGood(browser, "tenant");
        browser.click(".you button");
        assertThat(browser.address()).isEqualTo("/login");

        issuer.setPerson("user_999", List.of("graft-tenant"));
        browser.click("a.button");
        assertThat(browser.text()).contains("No Vapi account is linked for you yet");
        looksGood(browser, "empty");
        browser.open(server.url() + "/no/such/page");
        assertThat(browser.text()).contains("There is nothing here");
        looksGood(browser, "nowhere");
        browser.open(server.url() + "/console");
        browser.click("header button");

        issuer.setPerson("nobody", List.of());
        browser.click("a.button");
        assertThat(browser.text()).contains("no role here");
        looksGood(browser, "refused");

        String url =
            ApiKeyContract.call(server, ADMIN, "POST", "/v1/login-links", "")
                .json()
                .get("url")
                .stringValue();
        browser.open(url);
        looksGood(browser, "link");
        browser.click("button");
        assertThat(browser.text()).contains("One-time link", "admin");
        browser.click("header button");
        browser.open(url);
        browser.click("button");
        assertThat(browser.text()).contains("was used already");
      }
    }
  }

  /** On the embedded default nobody signs in through an issuer, and the way in says so. */
  @Test
  void withoutAnIssuerThePageSaysHowToGetALink() {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "4");
    try (Sandbox sandbox = Sandbox.start()) {
      Map<String, String> environment =
          RunningServer.environment(folder.resolve("data"), templates, sandbox.url());
      environment.put("GRAFT_AUTH", "token");
      environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
      try (RunningServer server = RunningServer.start(environment);
          Chromium browser = Chromium.start(folder.resolve("browser"))) {
        browser.withoutScripts();
        browser.open(server.url() + "/console");
        assertThat(browser.text()).contains("graft login", "GRAFT_TOKEN");
        looksGood(browser, "embedded");
        String url =
            ApiKeyContract.call(server, ADMIN, "POST", "/v1/login-links", "")
                .json()
                .get("url")
                .stringValue();
        browser.open(url);
        browser.click("button");
        assertThat(browser.text()).contains("No account here");
        looksGood(browser, "first");
      }
    }
  }

  private static void link(RunningServer server, Sandbox sandbox) {
    for (int i = 0; i < 23; i++) {
      String user =
          i == 1 ? "a-long-user-id@a-customer-with-a-long-name.example.com" : "user_" + (100 + i);
      var account = sandbox.account("Org " + i, "key-" + i);
      ApiKeyContract.call(
          server,
          ADMIN,
          "POST",
          "/v1/accounts",
          "{\"userId\":\"" + user + "\",\"apiKey\":\"key-" + i + "\"}");
      if (i % 3 != 2) {
        ApiKeyContract.call(
            server, ADMIN, "POST", "/api/vapi/clone", "{\"userId\":\"" + user + "\"}");
      }
      if (i == 3 || i == 4) {
        account.revoke("key-" + i);
        for (int refusals = 0; refusals < 2; refusals++) {
          ApiKeyContract.call(
              server, ADMIN, "POST", "/api/vapi/clone", "{\"userId\":\"" + user + "\"}");
        }
      }
    }
  }
}
