package dev.graft.cli;

import dev.graft.core.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft webhook}: tells others what happened, and shows what of it got through. */
final class Webhook {
  private static final int PAGE = 200;

  private Webhook() {}

  static int add(Given given, Terminal terminal) {
    ObjectNode body = Json.object().put("url", given.argument(0));
    given.option("--events").ifPresent(events -> body.set("events", words(events)));
    given.option("--description").ifPresent(text -> body.put("description", text));
    ObjectNode answer = given.api().post("/v1/webhooks", body).body();
    return secret(given, terminal, answer, "Added webhook ");
  }

  private static JsonNode words(String text) {
    var words = Json.array();
    Arrays.stream(text.split(",", -1)).map(String::strip).forEach(words::add);
    return words;
  }

  static int rotate(Given given, Terminal terminal) {
    var body = Json.object();
    given
        .option("--overlap-hours")
        .ifPresent(hours -> body.put("overlapHours", number("--overlap-hours", hours)));
    ObjectNode answer = given.api().post(path(given) + "/rotate-secret", body).body();
    return secret(given, terminal, answer, "A new secret for webhook ");
  }

  private static int number(String option, String text) {
    if (!text.matches("\\d{1,6}")) {
      throw Refusal.usage(option + " needs a whole number.");
    }
    return Integer.parseInt(text);
  }

  private static int secret(Given given, Terminal terminal, ObjectNode answer, String what) {
    if (given.wantsJson()) {
      terminal.out().json(answer);
      return Exit.DONE;
    }
    var lines = new ArrayList<Line>();
    lines.add(Line.of(what + answer.path("id").asString("") + ".", Style.BOLD));
    lines.add(Line.of("Its secret, shown this once: " + answer.path("secret").asString("")));
    String until = When.of(answer.path("formerSecretUntil"));
    if (!until.isEmpty()) {
      lines.add(
          Line.prose(
              0, "Until " + until + " (UTC) the former secret signs every delivery as well."));
    }
    terminal.out().print(lines);
    return Exit.DONE;
  }

  static int list(Given given, Terminal terminal) {
    ObjectNode answer = given.api().get("/v1/webhooks");
    if (given.wantsJson()) {
      terminal.out().json(answer);
    } else if (answer.path("webhooks").isEmpty()) {
      terminal.err().print("There is no webhook yet. Add one: graft webhook add URL");
    } else {
      terminal
          .out()
          .print(
              answer.path("webhooks").valueStream().flatMap(one -> lines(one).stream()).toList());
    }
    return Exit.DONE;
  }

  private static List<Line> lines(JsonNode webhook) {
    var lines = new ArrayList<Line>();
    lines.add(
        Line.of(webhook.path("id").asString(""), Style.BOLD)
            .and("  " + webhook.path("url").asString("")));
    String description = webhook.path("description").asString("");
    if (!description.isEmpty()) {
      lines.add(Line.prose(2, description));
    }
    lines.add(
        Line.prose(
            2,
            "tells of "
                + String.join(
                    ", ",
                    webhook.path("events").valueStream().map(event -> event.asString("")).toList())
                + "; waiting: "
                + webhook.path("waiting").asInt(0)
                + ", given up: "
                + webhook.path("dead").asInt(0)));
    if (!webhook.path("enabled").asBoolean(true)) {
      lines.add(
          Line.of("  Disabled. ", Style.RED).and(webhook.path("reason").asString("")).hanging(2));
    } else if (webhook.path("failingSince").isString()) {
      lines.add(
          Line.of(
              "  Nothing gets through since " + When.of(webhook.path("failingSince")) + " (UTC).",
              Style.YELLOW));
    }
    return lines;
  }

  static int deliveries(Given given, Terminal terminal) {
    Api api = given.api();
    String after = "";
    boolean any = false;
    do {
      ObjectNode page =
          api.get(
              path(given)
                  + "/deliveries?limit="
                  + PAGE
                  + given.option("--state").map(state -> "&state=" + Api.encoded(state)).orElse("")
                  + (after.isEmpty() ? "" : "&after=" + Api.encoded(after)));
      for (JsonNode delivery : page.path("deliveries")) {
        any = true;
        if (given.wantsJson()) {
          terminal.out().jsonLine(delivery);
        } else {
          terminal.out().print(lineOf(delivery));
        }
      }
      after = page.path("next").asString("");
    } while (!after.isEmpty() && !terminal.out().isBroken());
    if (!any) {
      terminal.err().print("There is no such delivery.");
    }
    return Exit.DONE;
  }

  private static List<Line> lineOf(JsonNode delivery) {
    String state = delivery.path("state").asString("");
    Style style =
        switch (state) {
          case "delivered" -> Style.GREEN;
          case "dead" -> Style.RED;
          default -> Style.YELLOW;
        };
    String error = delivery.path("lastError").asString("");
    return List.of(
        Line.of(When.of(delivery.path("happenedAt")) + "  ")
            .and("%-9s".formatted(state), style)
            .and(
                "  %-19s  %s"
                    .formatted(
                        delivery.path("type").asString(""), delivery.path("id").asString("")))
            .and(error.isEmpty() ? "" : "  " + error, Style.DIM));
  }

  static int replay(Given given, Terminal terminal) {
    Optional<String> event = given.optionalArgument(1);
    Optional<String> since = given.option("--since");
    if (event.isPresent() == since.isPresent()) {
      throw Refusal.usage(
          "graft webhook replay needs either an EVENT or --since. An EVENT is an id that graft"
              + " webhook deliveries shows; --since TIME sends everything again that did not get"
              + " through since then.");
    }
    if (event.isPresent() && given.has("--delivered")) {
      throw Refusal.usage("--delivered goes with --since.");
    }
    Api api = given.api();
    ObjectNode answer =
        event.isPresent()
            ? api.post(
                    path(given) + "/deliveries/" + Api.encoded(event.get()) + "/replay",
                    Json.object())
                .body()
            : api.post(
                    path(given) + "/replay",
                    Json.object()
                        .put("since", since.get())
                        .put("delivered", given.has("--delivered")))
                .body();
    if (given.wantsJson()) {
      terminal.out().json(answer);
    } else {
      int count = answer.path("replayed").asInt(1);
      terminal.out().print("Sent again: " + count + (count == 1 ? " event." : " events."));
    }
    return Exit.DONE;
  }

  static int test(Given given, Terminal terminal) {
    ObjectNode answer = given.api().post(path(given) + "/test", Json.object()).body();
    boolean delivered = answer.path("state").asString("").equals("delivered");
    if (given.wantsJson()) {
      terminal.out().json(answer);
    } else if (delivered) {
      terminal
          .out()
          .print("It got through, with status " + answer.path("lastStatus").asInt(0) + ".");
    } else {
      terminal
          .err()
          .print("It did not get through: " + answer.path("lastError").asString("") + ".");
    }
    return delivered ? Exit.DONE : Exit.FAILED;
  }

  static int enable(Given given, Terminal terminal) {
    return turned(given, terminal, true);
  }

  static int disable(Given given, Terminal terminal) {
    return turned(given, terminal, false);
  }

  private static int turned(Given given, Terminal terminal, boolean on) {
    ObjectNode answer = given.api().patch(path(given), Json.object().put("enabled", on)).body();
    if (given.wantsJson()) {
      terminal.out().json(answer);
    } else {
      terminal
          .out()
          .print((on ? "Enabled webhook " : "Disabled webhook ") + given.argument(0) + ".");
    }
    return Exit.DONE;
  }

  static int remove(Given given, Terminal terminal) {
    ObjectNode answer = given.api().delete(path(given)).body();
    if (given.wantsJson()) {
      terminal.out().json(answer);
    } else {
      terminal.out().print("Removed webhook " + given.argument(0) + ".");
    }
    return Exit.DONE;
  }

  private static String path(Given given) {
    return "/v1/webhooks/" + Api.encoded(given.argument(0));
  }
}
