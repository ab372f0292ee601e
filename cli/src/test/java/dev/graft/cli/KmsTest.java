package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class KmsTest {
  private static final String REWRAP =
      """
      {"id": "rewrap_1", "from": null, "to": "local:", "wrappingKey": "e5ef2d0ade99d55e",
       "status": "running", "askedAt": "2026-11-23T09:20:00.120Z", "finishedAt": null,
       "rewrapped": 0, "remaining": 1412, "trouble": null}
      """;
  private static final String AWAY = "The key provider local: does not answer.";

  private final ScriptedServer server =
      ScriptedServer.start().knowsTheUser().answers("POST /v1/keys/rewrap", 202, REWRAP);
  private final Caller caller = Caller.of(server);

  @AfterEach
  void stop() {
    server.close();
  }

  private static ObjectNode rewrap(String status, int rewrapped, int remaining) {
    return Json.parseObject(REWRAP)
        .put("status", status)
        .put("rewrapped", rewrapped)
        .put("remaining", remaining);
  }

  private static ObjectNode keys(ObjectNode rewrap, int older) {
    var keys = Json.object();
    keys.put("provider", "local:");
    keys.put("wrappingKey", "e5ef2d0ade99d55e");
    keys.putNull("trouble");
    keys.putArray("older");
    var wrappings = keys.putArray("dataKeys");
    wrappings
        .addObject()
        .put("provider", "local:")
        .put("wrappingKey", "e5ef2d0ade99d55e")
        .put("count", 1412 - older)
        .put("current", true);
    if (older > 0) {
      wrappings
          .addObject()
          .put("provider", "local:")
          .put("wrappingKey", "0123456789abcdef")
          .put("count", older)
          .put("current", false);
    }
    keys.set("rewrap", rewrap);
    keys.put("faultCount", 0);
    keys.putArray("faults");
    renewals(keys, 0);
    return keys;
  }

  private static ObjectNode renewals(ObjectNode keys, int waiting, String... stuck) {
    var renewals = keys.putObject("renewals");
    renewals.put("waiting", waiting);
    var faults = renewals.putArray("faults");
    for (String account : stuck) {
      faults.addObject().put("account", account).put("reason", "A record does not open.");
    }
    return keys;
  }

  private void goesThrough(ObjectNode... documents) {
    String[] texts = new String[documents.length];
    for (int i = 0; i < documents.length; i++) {
      texts[i] = Json.write(documents[i]);
    }
    server.answersInTurn("GET /v1/keys", texts);
  }

  @Test
  void aRotationIsWaitedForAndSaysWhatIsNoLongerNeeded() {
    ObjectNode waits = keys(rewrap("running", 100, 1312).put("trouble", AWAY), 1312);
    goesThrough(
        keys(rewrap("running", 0, 1412), 1412), waits, waits, keys(rewrap("finished", 1412, 0), 0));
    Caller.Outcome outcome = caller.call("kms", "rotate");
    assertThat(outcome)
        .isEqualTo(
            new Caller.Outcome(
                0,
                "1,412 data keys wrapped by local: under e5ef2d0ade99d55e. No record was touched.\n"
                    + "Nothing in the database needs another key or provider any more:"
                    + " GRAFT_MASTER_KEY_OLDER and GRAFT_KMS_OLDER can be emptied. Backups from before"
                    + " still need them.\n",
                "It waits: " + AWAY + "\n"));
    assertThat(server.asked().getFirst().body()).isEqualTo("{}");
    assertThat(server.asked()).hasSize(5);
  }

  @Test
  void whoeverWatchesSeesHowFarItHasGot() {
    goesThrough(keys(rewrap("running", 412, 1000), 1000), keys(rewrap("finished", 1412, 0), 0));
    assertThat(caller.callAtTerminal(80, "kms", "rotate").err())
        .isEqualTo("Left: 1,000 data keys.\n");
  }

  @Test
  void aMoveThatIsNotWholeFailsAndNamesWhatStandsInTheWay() {
    ObjectNode keys = keys(rewrap("finished", 1411, 1).put("from", "aws-kms:x"), 1);
    keys.put("faultCount", 1);
    keys.putArray("faults")
        .addObject()
        .put("dataKey", "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0")
        .put("owner", "acc_1")
        .put("reason", "It was changed.");
    goesThrough(keys);
    Caller.Outcome outcome = caller.call("kms", "move", "aws-kms:x", "local:");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out())
        .contains("1,411 data keys wrapped by local:", "1 data key could not be wrapped again")
        .doesNotContain("can be emptied");
    assertThat(outcome.err())
        .isEqualTo("fault      0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0 of acc_1: It was changed.\n");
    assertThat(Json.parse(server.asked().getFirst().body()))
        .isEqualTo(Json.parse("{\"from\":\"aws-kms:x\",\"to\":\"local:\"}"));
    Caller.Outcome json = caller.call("kms", "move", "aws-kms:x", "local:", "--json");
    assertThat(json.exit()).isEqualTo(1);
    assertThat(Json.parse(json.out())).isEqualTo(keys.required("rewrap"));
  }

  @Test
  void oneThatWasReplacedIsNotWaitedFor() {
    goesThrough(keys(rewrap("running", 0, 3).put("id", "rewrap_2"), 3));
    Caller.Outcome outcome = caller.call("kms", "rotate");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.err()).contains("another rewrap meanwhile");
  }

  @Test
  void whoeverDoesNotWaitIsToldWhereToLook() {
    assertThat(caller.call("kms", "rotate", "--no-wait").out())
        .isEqualTo(
            "Asked for: 1,412 data keys to wrap again in the background. graft kms status shows how"
                + " far that has got.\n");
    assertThat(server.asked()).hasSize(1);
    assertThat(Json.parse(caller.call("kms", "rotate", "--no-wait", "--json").out()))
        .isEqualTo(Json.parse(REWRAP));
  }

  @Test
  void theStatusShowsEverything() {
    ObjectNode keys =
        renewals(keys(rewrap("running", 1410, 2).put("trouble", AWAY), 2), 2, "acc_7");
    keys.putArray("older").add("aws-kms:x");
    keys.put("faultCount", 3);
    keys.putArray("faults")
        .addObject()
        .put("dataKey", "0f1e")
        .put("owner", "acc_1")
        .put("reason", "It was changed.");
    goesThrough(keys);
    assertThat(caller.call("kms", "status"))
        .isEqualTo(
            new Caller.Outcome(
                0,
                """
                provider   local:
                key        e5ef2d0ade99d55e
                older      aws-kms:x
                wrapped    1,410 data keys by local: under e5ef2d0ade99d55e (current)
                wrapped    2 data keys by local: under 0123456789abcdef
                rewrap     running, asked for at 2026-11-23 09:20:00 (UTC), 1,410 data keys done, 2 data keys left
                           waits: The key provider local: does not answer.
                renewals   2 accounts to get a new data key
                fault      0f1e of acc_1: It was changed.
                           and 2 data keys more
                not yet    acc_7: A record does not open.
                """,
                ""));
    keys.putNull("wrappingKey").put("trouble", AWAY);
    goesThrough(keys);
    assertThat(caller.call("kms", "status").out())
        .contains("trouble    " + AWAY)
        .doesNotContain("\nkey ");
    assertThat(Json.parse(caller.call("kms", "status", "--json").out())).isEqualTo(keys);
  }

  @Test
  void anAccountGetsANewDataKeyByItsUserOrItsId() {
    server.answers("POST /v1/keys/renew", 202, "{\"waiting\": 2}");
    ObjectNode keys = keys(rewrap("finished", 0, 0), 0);
    String account = Json.parseObject(Documents.ACCOUNT).required("id").stringValue();
    for (String[] line :
        new String[][] {{"user_123"}, {"--account", account}, {"--account=" + account}}) {
      String[] words = new String[2 + line.length];
      words[0] = "keys";
      words[1] = "rotate";
      System.arraycopy(line, 0, words, 2, line.length);
      goesThrough(
          renewals(keys.deepCopy(), 2, "acc_other"), renewals(keys.deepCopy(), 1, "acc_other"));
      assertThat(caller.call(words))
          .isEqualTo(
              new Caller.Outcome(
                  0,
                  "Account "
                      + account
                      + " has a new data key. What is stored is sealed with it, and the one before is"
                      + " destroyed.\n",
                  ""));
      assertThat(server.asked().stream().filter(asked -> asked.what().startsWith("POST")).toList())
          .last()
          .extracting(ScriptedServer.Asked::body)
          .isEqualTo("{\"account\":\"" + account + "\"}");
    }
  }

  @Test
  void everyAccountAndWhatDoesNotGetThrough() {
    server.answers("POST /v1/keys/renew", 202, "{\"waiting\": 3}");
    ObjectNode keys = keys(rewrap("finished", 0, 0), 0);
    goesThrough(renewals(keys.deepCopy(), 3, "acc_1"), renewals(keys.deepCopy(), 1, "acc_1"));
    Caller.Outcome outcome = caller.call("keys", "rotate", "--all");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .startsWith("not yet    acc_1: A record does not open.\n")
        .contains("tries again by itself");
    assertThat(server.asked().getFirst().body()).isEqualTo("{\"all\":true}");
    Caller.Outcome json = caller.call("keys", "rotate", "--all", "--json");
    assertThat(json.exit()).isEqualTo(1);
    assertThat(Json.parse(json.out()).required("waiting").intValue()).isEqualTo(1);

    goesThrough(renewals(keys.deepCopy(), 0));
    assertThat(caller.call("keys", "rotate", "--all").out())
        .startsWith("Every account has a new data key.");
    assertThat(caller.call("keys", "rotate", "--all", "--no-wait").out())
        .contains("account by account");
  }
}
