package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class ListTest {
  private final Sandbox sandbox = Sandbox.start();
  private final Account account = sandbox.account("Acme", "key-of-acme");
  private final Client vapi = new Client(sandbox.url(), "key-of-acme");

  @AfterEach
  void stop() {
    sandbox.close();
  }

  @Test
  void theNewestComeFirstAndAHundredAtMost() {
    List<String> ids = account.seed("assistant", 150, ListTest::named);

    List<String> listed = idsOf(vapi.get("/assistant").json());

    assertThat(listed).isEqualTo(ids.reversed().subList(0, 100));
    assertThat(idsOf(vapi.get("/assistant?limit=1000").json())).isEqualTo(listed);
    assertThat(idsOf(vapi.get("/assistant?limit=3").json())).isEqualTo(listed.subList(0, 3));
    sandbox.set(Dial.PAGE_CAP, 1000);
    assertThat(vapi.get("/assistant").json()).hasSize(100);
    assertThat(idsOf(vapi.get("/assistant?limit=1000").json())).isEqualTo(ids.reversed());
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1000})
  void fiveThousandArePagedThroughInATrice(long cap) {
    sandbox.set(Dial.PAGE_CAP, cap);
    List<String> ids = account.seed("assistant", 5_000, ListTest::named);

    assertThat(allPages((int) cap)).containsExactlyElementsOf(ids.reversed());
  }

  @Test
  void datesAreComparedToTheMillisecond() {
    for (int number = 0; number < 5; number++) {
      account.put(
          "tool",
          Client.json(
              "{\"type\":\"endCall\",\"createdAt\":\"2026-01-01T00:00:00.00%dZ\"}"
                  .formatted(number)));
    }

    assertThat(createdBetween("createdAtGt=%s", 2)).containsExactly("4", "3");
    assertThat(createdBetween("createdAtGe=%s", 2)).containsExactly("4", "3", "2");
    assertThat(createdBetween("createdAtLt=%s", 2)).containsExactly("1", "0");
    assertThat(createdBetween("createdAtLe=%s", 2)).containsExactly("2", "1", "0");
    assertThat(createdBetween("updatedAtLe=%s&createdAtGt=2026-01-01", 2))
        .containsExactly("2", "1");
    assertThat(createdBetween("updatedAtGt=%s", 3)).containsExactly("4");
  }

  @Test
  void whatIsPutInMayHaveItsOwnIdAndTimes() {
    var body =
        Client.json(
            """
            {"id":"ABCDEF01-0000-4000-8000-000000000001","name":"old",
             "createdAt":"2020-01-01T00:00:00.000Z","updatedAt":"2021-01-01T00:00:00.000Z"}\
            """);

    account.put("assistant", body);
    account.put("assistant", body.deepCopy().put("name", "new"));

    JsonNode only = vapi.get("/assistant?createdAtLt=2020-01-02").json();
    assertThat(only).hasSize(1);
    assertThat(only.get(0).path("name").asString()).isEqualTo("new");
    assertThat(only.get(0).path("createdAt").asString()).isEqualTo("2020-01-01T00:00:00.000Z");
    assertThat(vapi.get("/assistant/" + body.path("id").asString()).json()).isEqualTo(only.get(0));
    assertThatThrownBy(() -> account.put("tool", Json.object().put("id", "x")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> account.objects("workflow"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("structured-output");
  }

  @Test
  void badParametersAreNamed() {
    assertThat(vapi.get("/tool?limit=1001").messages())
        .containsExactly("limit must not be greater than 1000");
    assertThat(vapi.get("/tool?limit=-1").messages())
        .containsExactly("limit must not be less than 0");
    assertThat(vapi.get("/tool?limit=many").messages())
        .containsExactly("limit must be a number conforming to the specified constraints");
    assertThat(vapi.get("/tool?createdAtLe=yesterday").messages())
        .containsExactly("createdAtLe must be a valid ISO 8601 date string");
    assertThat(vapi.get("/tool?cursor=x&page=1").messages())
        .containsExactly("property cursor should not exist", "property page should not exist");
  }

  @Test
  void structuredOutputsComeInPagesWithMetadata() {
    account.seed("structured-output", 5, ListTest::named);

    JsonNode page = vapi.get("/structured-output?limit=2&page=2").json();

    assertThat(page.at("/results/0/name").asString()).isEqualTo("object 2");
    assertThat(page.path("metadata"))
        .isEqualTo(
            Client.json(
                """
                {"itemsPerPage":2,"totalItems":5,"currentPage":2,"hasNextPage":true,
                 "sortOrder":"DESC"}\
                """));
    assertThat(vapi.get("/structured-output?sortOrder=ASC").json().at("/results/0/name").asString())
        .isEqualTo("object 0");
    assertThat(vapi.get("/structured-output?name=object+3").json().path("results")).hasSize(1);
  }

  @Test
  void squadsCanBePickedById() {
    List<String> ids = account.seed("squad", 5, ListTest::named);

    JsonNode picked = vapi.get("/squad?idAny=" + ids.get(1) + "&idAny=" + ids.get(3)).json();

    assertThat(idsOf(picked)).containsExactly(ids.get(3), ids.get(1));
  }

  @Test
  void aListMayLagBehindACreateThatCanBeReadById() {
    var now = new Instant[] {Instant.parse("2026-01-02T03:04:05Z")};
    try (var slow =
        Sandbox.start(Options.standard().withClock(() -> now[0]).with(Dial.LIST_LAG_MS, 300))) {
      Account seeded = slow.account("Acme", "key-of-acme");
      seeded.seed("tool", 2, ListTest::named);
      var client = new Client(slow.url(), "key-of-acme");

      String id = client.post("/tool", "{\"type\":\"endCall\"}").id();

      assertThat(client.get("/tool/" + id).status()).isEqualTo(200);
      assertThat(client.get("/tool").json()).hasSize(2);
      now[0] = now[0].plus(Duration.ofMillis(300));
      assertThat(client.get("/tool").json()).hasSize(3);
    }
  }

  @Test
  void manyObjectsMayShareOneCreatedAt() {
    sandbox.set(Dial.CREATED_AT_STEP_MS, 3_600_000);
    for (int number = 0; number < 4; number++) {
      vapi.post("/tool", "{\"type\":\"endCall\"}");
    }

    JsonNode list = vapi.get("/tool").json();

    assertThat(
            StreamSupport.stream(list.spliterator(), false)
                .map(each -> each.path("createdAt").asString()))
        .hasSize(4)
        .allMatch(time -> time.endsWith(":00:00.000Z"));
  }

  private List<String> createdBetween(String query, int millisecond) {
    String bound = "2026-01-01T00:00:00.00" + millisecond + "Z";
    var digits = new ArrayList<String>();
    vapi.get("/tool?" + query.formatted(bound))
        .json()
        .forEach(each -> digits.add(each.path("createdAt").asString().substring(22, 23)));
    return digits;
  }

  /** Pages as Vapi's own tooling does: from the oldest seen so far on, until nothing new comes. */
  private Set<String> allPages(int size) {
    var seen = new LinkedHashSet<String>();
    String from = "";
    while (true) {
      JsonNode page = vapi.get("/assistant?limit=" + size + from).json();
      boolean grown = seen.addAll(idsOf(page));
      if (page.size() < size || !grown) {
        return seen;
      }
      from = "&createdAtLe=" + page.get(page.size() - 1).path("createdAt").asString();
    }
  }

  private static ObjectNode named(int number) {
    return Json.object().put("name", "object " + number);
  }

  private static List<String> idsOf(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(each -> each.path("id").asString())
        .toList();
  }
}
