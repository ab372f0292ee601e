package dev.graft.cli;

import dev.graft.core.json.Json;
import tools.jackson.databind.node.ObjectNode;

/** How a clone or a plan is asked for: the options that both take, as the API takes them. */
final class Wish {
  private Wish() {}

  static ObjectNode of(Given given) {
    ObjectNode body = Json.object();
    given.option("--template").ifPresent(template -> body.put("template", template));
    given.option("--adoption").ifPresent(adoption -> body.put("adoption", adoption));
    ObjectNode adopt = Json.object();
    for (String choice : given.options("--adopt")) {
      int equals = choice.indexOf('=');
      if (equals < 1 || equals == choice.length() - 1) {
        throw Refusal.usage(
            "--adopt needs an address and the id of an object, such as tool/main=1f0c2d9e-… .");
      }
      if (adopt.has(choice.substring(0, equals))) {
        throw Refusal.usage(
            "--adopt names " + choice.substring(0, equals) + " twice, and only one can be meant.");
      }
      adopt.put(choice.substring(0, equals), choice.substring(equals + 1));
    }
    if (!adopt.isEmpty()) {
      body.set("adopt", adopt);
    }
    Take.of(given.options("--take")).ifPresent(take -> body.set("take", take));
    return body;
  }
}
