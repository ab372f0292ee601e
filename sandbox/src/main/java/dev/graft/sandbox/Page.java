package dev.graft.sandbox;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The page for human eyes: what lies in the accounts, and what came in last. */
final class Page {
  private static final int ACCOUNTS = 20;
  private static final int OBJECTS = 12;
  private static final int REQUESTS = 40;
  private static final String STYLE = resource("page.css");
  private static final String SCRIPT = resource("page.js");

  /** Nothing but this style and this script works on the page, whatever names objects bear. */
  private static final String POLICY =
      "default-src 'none'; connect-src 'self'; img-src data:; style-src '"
          + hash(STYLE)
          + "'; script-src '"
          + hash(SCRIPT)
          + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final String ICON =
      "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect"
          + " width='16' height='16' rx='4' fill='%230b7a75'/%3E%3Cpath d='M4 6v4M7 4v8M10 6v4M13"
          + " 7v2' stroke='white' stroke-width='1.4' stroke-linecap='round'/%3E%3C/svg%3E";

  private final Sandbox sandbox;

  Page(Sandbox sandbox) {
    this.sandbox = sandbox;
  }

  Reply reply() {
    return new Reply(
        200,
        Reply.HTML,
        Body.of(html()),
        Map.of("Content-Security-Policy", POLICY, "Cache-Control", "no-store"));
  }

  private String html() {
    String address =
        sandbox.hasEu()
            ? "US at <code>%s</code>, EU at <code>%s</code>"
                .formatted(sandbox.url(), sandbox.euUrl())
            : "listening at <code>%s</code>".formatted(sandbox.url());
    return """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Vapi sandbox</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="%s">
    <style>%s</style></head><body>
    <header><h1>Vapi sandbox<small>nothing here is real, and nothing leaves this machine</small></h1>
    <p>%s</p></header>
    <main>%s</main>
    <script>%s</script></body></html>
    """
        .formatted(ICON, STYLE, address, accounts() + requests(), SCRIPT);
  }

  private String accounts() {
    List<Account> all = sandbox.allAccounts();
    if (all.isEmpty()) {
      return "<section class=\"card\"><p class=\"empty\">There is no account yet.</p></section>";
    }
    String cards = all.stream().limit(ACCOUNTS).map(Page::account).collect(joining());
    return cards + more(all.size() - ACCOUNTS, "account");
  }

  private static String account(Account account) {
    String keys =
        account.keys().stream()
            .map(key -> key.ending().isEmpty() ? "a short key" : "a key ending in " + key.ending())
            .collect(joining(", "));
    return """
    <section class="card"><h2>%s <span class="chip">%s</span></h2>
    <p class="about">org %s · %s%s</p>
    <div class="columns"><div>%s</div><div>%s</div></div></section>
    """
        .formatted(
            escaped(account.name()),
            account.region(),
            account.orgId(),
            keys.isEmpty() ? "no key" : escaped(keys),
            others(account),
            objects(account, Kind.ASSISTANT),
            objects(account, Kind.TOOL));
  }

  private static String others(Account account) {
    return Stream.of(Kind.values())
        .filter(kind -> kind != Kind.ASSISTANT && kind != Kind.TOOL)
        .filter(kind -> account.shelf(kind).size() > 0)
        .map(kind -> " · " + counted(account.shelf(kind).size(), kind))
        .collect(joining());
  }

  private static String objects(Account account, Kind kind) {
    Shelf shelf = account.shelf(kind);
    int size = shelf.size();
    String list =
        shelf.newestFirst().stream()
            .limit(OBJECTS)
            .map(stored -> object(account, stored))
            .collect(joining());
    String word = counted(size, kind).substring(String.valueOf(size).length() + 1);
    return "<h3><b>%d</b> %s</h3>%s%s"
        .formatted(
            size,
            word,
            list.isEmpty() ? "<p class=\"empty\">None.</p>" : list,
            more(size - OBJECTS, kind.title()));
  }

  private static String object(Account account, Stored stored) {
    String uses = uses(account, stored);
    String times = "created " + clock(Stored.time(stored.createdAt));
    if (!stored.updatedAt.equals(stored.createdAt)) {
      times += ", updated " + clock(Stored.time(stored.updatedAt));
    }
    String type = stored.body.path("type").asString("");
    ObjectNode shown = (ObjectNode) stored.text(account.quirks()).parsed();
    return """
    <details id="o-%s"><summary><span class="name">%s</span>%s
    <span class="more"><span class="id">%s</span> · %s</span>%s</summary><pre>%s</pre></details>
    """
        .formatted(
            escaped(stored.id),
            escaped(name(stored)),
            type.isEmpty() || type.equals(name(stored))
                ? ""
                : " <span class=\"chip\">" + escaped(type) + "</span>",
            escaped(stored.id),
            times,
            uses.isEmpty() ? "" : "<span class=\"uses\">uses " + uses + "</span>",
            escaped(Json.pretty(shown)));
  }

  /** The tools of an assistant by name, so that one sees at a glance that they are wired. */
  private static String uses(Account account, Stored stored) {
    var ids = new ArrayList<String>();
    stored.body.at("/model/toolIds").forEach(id -> ids.add(id.asString("")));
    for (JsonNode reference : stored.body.at("/model/toolRefs")) {
      ids.add(reference.path("toolId").asString(""));
    }
    return ids.stream()
        .map(id -> account.find(Kind.TOOL, id).map(Page::name).orElse("a missing tool, " + id))
        .map(name -> "<b>" + escaped(name) + "</b>")
        .collect(joining(", "));
  }

  private static String name(Stored stored) {
    return Stream.of("/function/name", "/name", "/type")
        .map(place -> stored.body.at(stored.kind == Kind.TOOL ? place : "/name"))
        .filter(JsonNode::isString)
        .map(JsonNode::stringValue)
        .filter(name -> !name.isBlank())
        .findFirst()
        .orElse("(no name)");
  }

  private String requests() {
    List<RequestLog.Entry> latest = sandbox.requests().latest(REQUESTS);
    if (latest.isEmpty()) {
      return "<section class=\"card\"><h2>Latest requests</h2><p class=\"empty\">None yet.</p>"
          + "</section>";
    }
    return """
    <section class="card"><h2>Latest requests <span class="chip">%d in all</span></h2>
    <div class="scroll"><table><tr><th>time</th><th class="rare">account</th><th></th><th>path</th>
    <th>status</th><th class="rare">took</th></tr>%s</table></div></section>
    """
        .formatted(latest.getFirst().number(), latest.stream().map(Page::row).collect(joining()));
  }

  private static String row(RequestLog.Entry entry) {
    String status = entry.status() == 0 ? "none" : String.valueOf(entry.status());
    String faults =
        entry.struckBy().isEmpty()
            ? ""
            : " <span class=\"chip\">fault: " + String.join(", ", entry.struckBy()) + "</span>";
    return """
    <tr><td>%s</td><td class="rare">%s</td><td><span class="method %s">%s</span></td>
    <td class="path"><code>%s</code>%s</td><td><span class="s%d">%s</span></td>
    <td class="rare quiet">%.1f ms</td></tr>
    """
        .formatted(
            clock(Stored.time(entry.at())),
            escaped(Objects.requireNonNullElse(entry.account(), "nobody known")),
            escaped(entry.method()),
            escaped(entry.method()),
            escaped(entry.path()),
            faults,
            entry.status() / 100,
            status,
            entry.took().toNanos() / 1e6);
  }

  private static String clock(String time) {
    return "<time datetime=\"%s\" title=\"%s\">%s</time>"
        .formatted(time, time, time.substring(11, 19));
  }

  private static String counted(int size, Kind kind) {
    return size + " " + kind.title().replace('-', ' ') + (size == 1 ? "" : "s");
  }

  private static String more(int left, String what) {
    return left <= 0
        ? ""
        : "<p class=\"quiet\">and %,d more %s%s</p>".formatted(left, what, left == 1 ? "" : "s");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  private static String resource(String name) {
    try (InputStream stream = Page.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
