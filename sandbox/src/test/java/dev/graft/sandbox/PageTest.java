package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PageTest {
  private static final String KEY = "11111111-2222-4333-8444-55555555abcd";

  private final Sandbox sandbox = Sandbox.start();
  private final Account account = sandbox.account("Acme", KEY);
  private final Client vapi = new Client(sandbox.url(), KEY);

  @AfterEach
  void stop() {
    sandbox.close();
  }

  @Test
  void itShowsOneAssistantThatUsesOneTool() {
    String tool =
        vapi.post("/tool", "{\"type\":\"function\",\"function\":{\"name\":\"book_visit\"}}").id();
    String model = "{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"toolIds\":[\"" + tool + "\"]}";
    String id = vapi.post("/assistant", "{\"name\":\"Front desk\",\"model\":" + model + "}").id();

    var page = vapi.get("/");

    assertThat(page.header("Content-Type")).startsWith("text/html");
    assertThat(page.response().body())
        .contains("<b>1</b> assistant<", "<b>1</b> tool<", "Front desk", id)
        .contains("uses <b>book_visit</b>", "Latest requests", "/assistant", ">201<")
        .contains("a key ending in abcd")
        .doesNotContain(KEY);
  }

  @Test
  void nothingThatAnObjectIsCalledBecomesMarkup() {
    String nasty = "<script>alert(1)</script>\\\"'&";
    sandbox.account("<b>bold</b>", "key-of-bold");
    account.put("assistant", Client.json("{\"name\":\"" + nasty + "\"}"));
    account.put("tool", Client.json("{\"type\":\"<u>\"}"));
    vapi.get("/<img>?x=<svg>".replace("<", "%3C").replace(">", "%3E"));

    String page = vapi.get("/").response().body();

    assertThat(page)
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b&gt;bold&lt;/b&gt;")
        .doesNotContain("<script>alert", "<b>bold", "<u>", "<img", "<svg>");
    assertThat(page.split("<script>", -1)).hasSize(2);
  }

  @Test
  void nothingComesFromElsewhere() {
    var page = vapi.get("/");

    assertThat(page.header("Content-Security-Policy"))
        .startsWith("default-src 'none'")
        .contains("script-src 'sha256-")
        .doesNotContain("unsafe");
    assertThat(page.response().body()).doesNotContain("src=", "@import", "url(");
    assertThat(page.header("Cache-Control")).isEqualTo("no-store");
  }

  @Test
  void itStaysShortWhateverTheAccountHolds() {
    account.seed("assistant", 3_000, number -> Json.object().put("name", "A " + number));

    String page = vapi.get("/").response().body();

    assertThat(page).contains("<b>3000</b> assistants", "and 2,988 more assistants", "A 2999");
    assertThat(page).doesNotContain("A 2900").hasSizeLessThan(60_000);
  }

  @Test
  void lookingAtItLeavesNoTrace() {
    vapi.get("/");
    vapi.get("/favicon.ico");

    assertThat(sandbox.requests().entries()).isEmpty();
    assertThat(vapi.get("/").response().body()).contains("None yet.");
  }
}
