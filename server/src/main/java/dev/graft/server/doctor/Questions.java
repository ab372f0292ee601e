package dev.graft.server.doctor;

import dev.graft.core.json.Json;
import dev.graft.server.doctor.Visit.Own;
import dev.graft.server.doctor.Visit.Reply;
import dev.graft.server.doctor.Visit.Spent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The open questions about Vapi's API (docs/vapi-facts.md), each as the calls that answer it. */
final class Questions {
  private static final int HURRIED = 15;

  /**
   * Fields seen on live assistants that Vapi's description does not have, with a value for each.
   */
  private static final String UNDESCRIBED =
      """
      {"silenceTimeoutSeconds": 30, "messagePlan": {"idleMessages": ["Still there?"]},
       "serverUrl": "https://example.com/hook", "recordingEnabled": true, "hipaaEnabled": false,
       "backchannelingEnabled": false, "backgroundDenoisingEnabled": false,
       "endCallFunctionEnabled": false, "dialKeypadFunctionEnabled": false}
      """;

  /** Described fields that can be taken away, with a value for each. */
  private static final String CLEARABLE =
      """
      {"firstMessage": "Hello", "firstMessageMode": "assistant-speaks-first",
       "endCallMessage": "Bye", "voicemailMessage": "Call back", "endCallPhrases": ["goodbye"],
       "maxDurationSeconds": 600, "backgroundSound": "off", "clientMessages": ["transcript"],
       "serverMessages": ["end-of-call-report"], "server": {"url": "https://example.com/hook"},
       "metadata": {"kept": "no"}}
      """;

  private final Visit visit;
  private final List<Question> answers = new ArrayList<>();

  private Questions(Visit visit) {
    this.visit = visit;
  }

  static List<Question> ask(Visit visit) {
    var questions = new Questions(visit);
    questions.put("How many objects does one page of a list hold?", questions::pageCap);
    questions.put("When does a list show what was just made?", questions::listLag);
    questions.put("Does an Idempotency-Key keep a POST from acting twice?", questions::idempotency);
    questions.put(
        "Which undescribed fields of an assistant does a PATCH take?", questions::undescribed);
    questions.put("What does null do to a field of an assistant?", questions::nulls);
    questions.put("Does a PATCH of one field of a tool leave the rest?", questions::toolPatch);
    questions.put(
        "Does a server that is sent again without its secret lose it?", questions::secrets);
    questions.put("Is metadata part of an assistant's version?", questions::metadataVersion);
    questions.put("How large may an assistant's metadata be?", questions::metadataSize);
    questions.put("What keeps an assistant from being deleted?", questions::pins);
    questions.put("Is schemaOverride mandatory for structured outputs?", questions::schemaOverride);
    questions.put("What does Vapi say of its rate limit?", questions::rateLimit);
    return List.copyOf(questions.answers);
  }

  private void put(String text, Supplier<String> asking) {
    String answer;
    try {
      answer = asking.get();
    } catch (Spent e) {
      answer = "not asked: the calls that were allowed are used up (--budget)";
    }
    answers.add(new Question(text, answer));
  }

  private static ObjectNode assistant() {
    ObjectNode body = Json.object();
    body.putObject("metadata").put("by", "graft doctor --live");
    return body;
  }

  private static ObjectNode tool() {
    ObjectNode body = Json.object().put("type", "function");
    body.putObject("function")
        .putObject("parameters")
        .put("type", "object")
        .putObject("properties");
    body.putObject("server").put("url", "https://example.com/hook");
    return body;
  }

  private static String refused(Reply reply) {
    return "not told: the request was answered with "
        + (reply.status() == 0 ? "nothing" : "status " + reply.status() + " " + reply.messages());
  }

  private String pageCap() {
    int most = 0;
    for (String kind : List.of("assistant", "tool")) {
      Reply page = visit.get("/" + kind + "?limit=1000");
      int count = page.body().size();
      most = Math.max(most, count);
      if (count > 100) {
        return "more than 100: " + count + " came when 1000 were asked for";
      }
      if (count == 100) {
        String oldest = page.body().get(99).path("createdAt").asString("");
        Reply older = visit.get("/" + kind + "?limit=1&createdAtLt=" + oldest);
        if (!older.body().isEmpty()) {
          return "100, though 1000 were asked for and there are more";
        }
      }
    }
    return most == 0 && visit.room() < 1
        ? "not told"
        : "not told: it takes more than 100 assistants or tools, and this account has "
            + most
            + " of one";
  }

  private String listLag() {
    var lags = new ArrayList<Long>();
    for (String kind : List.of("assistant", "tool")) {
      Reply made = visit.make(kind, kind.equals("tool") ? tool() : assistant());
      if (!made.isGood()) {
        return refused(made);
      }
      String createdAt = made.body().path("createdAt").asString("");
      long from = System.nanoTime();
      boolean isShown = false;
      for (int i = 0; i < 8 && !isShown; i++) {
        if (i > 0) {
          Visit.pause(Duration.ofMillis(250));
        }
        Reply list = visit.get("/" + kind + "?limit=100&createdAtGe=" + createdAt);
        isShown =
            list.body()
                .valueStream()
                .anyMatch(each -> each.path("id").asString("").equals(made.id()));
        if (isShown) {
          lags.add(i == 0 ? 0 : (System.nanoTime() - from) / 1_000_000);
        }
      }
      if (!isShown) {
        return "late: not within 2 s (" + kind + ")";
      }
    }
    return lags.stream().allMatch(lag -> lag == 0)
        ? "at once, in " + lags.size() + " of " + lags.size() + " tries"
        : "late: after " + lags.stream().map(lag -> lag + " ms").toList();
  }

  private String idempotency() {
    // The same body, name included: else it would be another request.
    ObjectNode body = tool();
    Map<String, String> header = Map.of("Idempotency-Key", "graft-doctor-" + System.nanoTime());
    Reply first = visit.make("tool", body, header);
    Reply second = visit.again("tool", body, header);
    if (!first.isGood()) {
      return refused(first);
    }
    return second.id().equals(first.id())
        ? "yes: the second of two equal POSTs answered with the first one's object"
        : second.isGood()
            ? "no: two equal POSTs made two objects"
            : "the second of two equal POSTs was answered with status " + second.status();
  }

  /** The object with all of it, less what Vapi refuses by name. */
  private static List<String> refusedFields(Reply reply, ObjectNode asked) {
    return asked.propertyNames().stream()
        .filter(name ->
            reply.messages().stream()
                .anyMatch(message -> message.matches(".*\\b" + name + "\\b.*")))
        .toList();
  }

  private String undescribed() {
    Reply made = visit.make("assistant", assistant());
    if (!made.isGood()) {
      return refused(made);
    }
    ObjectNode asked = Json.parseObject(UNDESCRIBED);
    var refused = new ArrayList<String>();
    Reply reply = visit.patch("assistant", made.id(), asked);
    while (reply.status() == 400) {
      List<String> named = refusedFields(reply, asked);
      if (named.isEmpty()) {
        return refused(reply);
      }
      refused.addAll(named);
      asked.remove(named);
      if (asked.isEmpty()) {
        break;
      }
      reply = visit.patch("assistant", made.id(), asked);
    }
    JsonNode stored = reply.body();
    List<String> taken = asked.propertyNames().stream().filter(stored::has).toList();
    List<String> ignored =
        asked.propertyNames().stream().filter(name -> !stored.has(name)).toList();
    return "taken: "
        + listed(taken)
        + "; refused: "
        + listed(refused)
        + "; ignored: "
        + listed(ignored);
  }

  private static String listed(List<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  private String nulls() {
    ObjectNode fields = Json.parseObject(CLEARABLE);
    ObjectNode body = assistant();
    body.setAll(fields.deepCopy());
    Reply made = visit.make("assistant", body);
    if (!made.isGood()) {
      return refused(made);
    }
    ObjectNode nulls = Json.object();
    fields.propertyNames().forEach(nulls::putNull);
    var refused = new ArrayList<String>();
    Reply reply = visit.patch("assistant", made.id(), nulls);
    while (reply.status() == 400) {
      List<String> named = refusedFields(reply, nulls);
      if (named.isEmpty()) {
        return refused(reply);
      }
      refused.addAll(named);
      nulls.remove(named);
      if (nulls.isEmpty()) {
        break;
      }
      reply = visit.patch("assistant", made.id(), nulls);
    }
    JsonNode stored = reply.body();
    var gone = new ArrayList<String>();
    var stays = new ArrayList<String>();
    var kept = new ArrayList<String>();
    for (String name : nulls.propertyNames()) {
      (!stored.has(name) ? gone : stored.get(name).isNull() ? stays : kept).add(name);
    }
    return "clears: "
        + listed(gone)
        + "; stays as null: "
        + listed(stays)
        + "; changes nothing: "
        + listed(kept)
        + "; refused: "
        + listed(refused);
  }

  private String toolPatch() {
    Reply made = visit.make("tool", tool());
    if (!made.isGood()) {
      return refused(made);
    }
    Reply reply = visit.patch("tool", made.id(), Json.object().put("async", true));
    if (!reply.isGood()) {
      return refused(reply);
    }
    var lost = new ArrayList<String>();
    for (String name : List.of("server", "function")) {
      if (!made.body().path(name).equals(reply.body().path(name))) {
        lost.add(name);
      }
    }
    return lost.isEmpty() ? "yes" : "no: it changed " + String.join(" and ", lost);
  }

  private String secrets() {
    ObjectNode body = assistant();
    body.putObject("server").put("url", "https://example.com/1").put("secret", "graft-doctor");
    Reply made = visit.make("assistant", body);
    if (!made.isGood()) {
      return refused(made);
    }
    ObjectNode change = Json.object();
    change.putObject("server").put("url", "https://example.com/2");
    Reply reply = visit.patch("assistant", made.id(), change);
    if (!reply.isGood()) {
      return refused(reply);
    }
    JsonNode stored = reply.body();
    if (stored.has("isServerUrlSecretSet")) {
      return stored.path("isServerUrlSecretSet").asBoolean(false)
          ? "no: isServerUrlSecretSet is still true"
          : "yes: isServerUrlSecretSet is false afterwards";
    }
    return stored.path("server").has("secret")
        ? "no: the secret is still shown"
        : "not told: neither the secret nor isServerUrlSecretSet is shown";
  }

  private static String versionOf(JsonNode object) {
    return object.path("latestVersion").asString("");
  }

  private String metadataVersion() {
    Reply made = visit.make("assistant", assistant());
    if (!made.isGood()) {
      return refused(made);
    }
    ObjectNode change = Json.object();
    change.putObject("metadata").put("by", "graft doctor --live").put("changed", "yes");
    Reply reply = visit.patch("assistant", made.id(), change);
    String before = versionOf(made.body());
    String after = versionOf(reply.body());
    if (!reply.isGood() || before.isEmpty()) {
      return before.isEmpty() ? "not told: this organisation has no versions" : refused(reply);
    }
    return before.equals(after)
        ? "no: it is still " + after + " after a change of metadata alone"
        : "yes: " + before + " became " + after;
  }

  private String metadataSize() {
    Reply made = visit.make("assistant", assistant());
    if (!made.isGood()) {
      return refused(made);
    }
    int good = 0;
    for (int size : new int[] {1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18}) {
      ObjectNode change = Json.object();
      change.putObject("metadata").put("filler", "x".repeat(size - 13));
      Reply reply = visit.patch("assistant", made.id(), change);
      if (!reply.isGood()) {
        return good + " bytes were taken, " + size + " refused with status " + reply.status();
      }
      good = size;
    }
    return "at least " + good + " bytes were taken";
  }

  private String pins() {
    Reply made = visit.make("assistant", assistant());
    String version = versionOf(made.body());
    if (!made.isGood() || version.isEmpty()) {
      return made.isGood() ? "not told: this organisation has no versions" : refused(made);
    }
    String plain = deletedBesideSquad(made.id(), "");
    Reply second = visit.make("assistant", assistant());
    String pinned = deletedBesideSquad(second.id(), versionOf(second.body()));
    return "a squad that names it: " + plain + "; a squad that names a version of it: " + pinned;
  }

  private String deletedBesideSquad(String assistant, String version) {
    ObjectNode squad = Json.object();
    ObjectNode member = squad.putArray("members").addObject().put("assistantId", assistant);
    if (!version.isEmpty()) {
      member.put("assistantVersion", version);
    }
    Reply made = visit.make("squad", squad);
    if (!made.isGood()) {
      return refused(made);
    }
    Reply deleted = visit.delete(new Own("assistant", assistant, ""));
    String error = deleted.body().path("error").asString("");
    return deleted.isGood() ? "does not" : "does, status " + deleted.status() + " " + error;
  }

  private String schemaOverride() {
    ObjectNode body = Json.object();
    body.putObject("schema").put("type", "object").putObject("properties");
    Reply made = visit.make("structured-output", body);
    if (!made.isGood()) {
      return refused(made);
    }
    ObjectNode change = Json.object().put("description", "graft doctor --live");
    Reply without = visit.patch("structured-output", made.id(), change);
    if (without.isGood()) {
      return "no: a PATCH without it is taken";
    }
    Reply with = visit.patch("/structured-output/" + made.id() + "?schemaOverride=true", change);
    return with.isGood()
        ? "yes: a PATCH without it is answered with status " + without.status()
        : refused(with);
  }

  private String rateLimit() {
    int limited = 0;
    String retryAfter = "";
    long from = System.nanoTime();
    int sent = 0;
    for (; sent < HURRIED && limited == 0; sent++) {
      Reply reply = visit.hurried("/assistant?limit=1");
      if (reply.status() == 429) {
        limited++;
        retryAfter = reply.headers().firstValue("Retry-After").orElse("");
      }
    }
    long millis = (System.nanoTime() - from) / 1_000_000;
    String headers = "headers about limits: " + listed(visit.limitHeaders());
    return limited == 0
        ? "no 429 in " + sent + " requests within " + millis + " ms; " + headers
        : "429 after "
            + sent
            + " requests within "
            + millis
            + " ms, "
            + (retryAfter.isEmpty() ? "without Retry-After" : "with Retry-After: " + retryAfter)
            + "; "
            + headers;
  }
}
