package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft keys rotate}: new data keys, and everything sealed anew with them. */
final class DataKeyRotation {
  private DataKeyRotation() {}

  static int run(Given given, Terminal terminal) {
    Optional<String> user = given.optionalArgument(0);
    Optional<String> id = given.option("--account");
    boolean all = given.has("--all");
    if (Stream.of(user.isPresent(), id.isPresent(), all).filter(chosen -> chosen).count() != 1) {
      throw Refusal.usage(
          "graft keys rotate needs one of these: USER, --account ID, or --all for every account.");
    }
    Api api = given.api();
    Optional<String> account = user.map(name -> LinkedAccount.of(name, api).id()).or(() -> id);
    ObjectNode wish = Json.object();
    account.ifPresentOrElse(known -> wish.put("account", known), () -> wish.put("all", true));
    ObjectNode asked = api.post("/v1/keys/renew", wish).body();
    if (!given.has("--no-wait")) {
      return awaited(account, api, given, terminal);
    }
    if (given.wantsJson()) {
      terminal.out().json(asked);
    } else {
      terminal
          .out()
          .print(
              Line.prose(
                  0,
                  "Asked for: it is done in the background, account by account. graft kms status"
                      + " shows how many still wait."));
    }
    return Exit.DONE;
  }

  /** One that does not get through the first time is tried again by the server, and told here. */
  private static int awaited(Optional<String> account, Api api, Given given, Terminal terminal) {
    var patience = new Patience(terminal.err());
    while (true) {
      ObjectNode status = api.get("/v1/keys");
      int waiting = status.at("/renewals/waiting").asInt(0);
      List<JsonNode> stuck =
          status
              .at("/renewals/faults")
              .valueStream()
              .filter(one ->
                  account.isEmpty() || one.path("account").asString("").equals(account.get()))
              .toList();
      boolean over = waiting == status.at("/renewals/faults").size();
      if (over || account.isPresent() && !stuck.isEmpty()) {
        return ended(status, stuck, account, given, terminal);
      }
      patience.tell("Left: " + Kms.counted(waiting, "account") + ".");
      patience.pause();
    }
  }

  private static int ended(
      ObjectNode status,
      List<JsonNode> stuck,
      Optional<String> account,
      Given given,
      Terminal terminal) {
    if (given.wantsJson()) {
      terminal.out().json(status.path("renewals"));
    } else if (stuck.isEmpty()) {
      terminal
          .out()
          .print(
              Line.prose(
                  0,
                  account.map(id -> "Account " + id).orElse("Every account")
                      + " has a new data key. What is stored is sealed with it, and the one before is"
                      + " destroyed."));
    } else {
      terminal.err().print(faults(status));
      throw Refusal.failed(
          "Not everything could be sealed anew. The server tries again by itself, and until then"
              + " what was sealed before opens as ever.");
    }
    return stuck.isEmpty() ? Exit.DONE : Exit.FAILED;
  }

  /** Accounts that could not get a new data key so far, and why. */
  static List<Line> faults(ObjectNode status) {
    var lines = new ArrayList<Line>();
    for (JsonNode fault : status.at("/renewals/faults")) {
      lines.add(
          Kms.field("not yet", fault.path("account").asString(""), Style.RED)
              .and(": " + fault.path("reason").asString("")));
    }
    return lines;
  }
}
