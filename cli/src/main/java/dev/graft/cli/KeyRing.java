package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft api-key}: the keys of Graft's own API. */
final class KeyRing {
  private static final int PAGE = 200;
  private static final String ROW = "%-20s  %-8s  %-19s  %-19s  %s";
  private static final Pattern SPAN = Pattern.compile("([1-9]\\d{0,4})([mhd])");

  private KeyRing() {}

  static int make(Given given, Terminal terminal) {
    List<String> scopes = given.options("--scope");
    if (scopes.isEmpty()) {
      throw Refusal.usage(
          "graft api-key make needs at least one --scope: read, plan, link, change, unlink,"
              + " metrics or manage. It may be given several times.");
    }
    ObjectNode wish = Json.object().put("label", given.argument(0));
    var list = wish.putArray("scopes");
    scopes.forEach(list::add);
    given.option("--user").ifPresent(user -> wish.put("userId", user));
    given.option("--expires").ifPresent(text -> wish.put("expiresAt", time("--expires", text)));
    putSigning(given, wish);
    return shown(given.api().post("/v1/api-keys", wish).body(), List.of(), given, terminal);
  }

  static int rotate(Given given, Terminal terminal) {
    ObjectNode wish = Json.object();
    given.option("--overlap").ifPresent(text -> wish.put("until", time("--overlap", text)));
    given.option("--expires").ifPresent(text -> wish.put("expiresAt", time("--expires", text)));
    putSigning(given, wish);
    String old = given.argument(0);
    ObjectNode made = given.api().post("/v1/api-keys/" + Api.encoded(old) + "/rotate", wish).body();
    Line before =
        Line.prose(
            0,
            "The key before, "
                + old
                + ", stays valid "
                + given.option("--overlap").map(text -> "until then").orElse("for 24 hours")
                + ", so that whoever uses it can change over.");
    return shown(made, List.of(before), given, terminal);
  }

  static int revoke(Given given, Terminal terminal) {
    ObjectNode key = given.api().delete("/v1/api-keys/" + Api.encoded(given.argument(0))).body();
    if (given.wantsJson()) {
      terminal.out().json(key);
    } else {
      terminal
          .out()
          .print(
              "Revoked "
                  + key.path("label").asString("")
                  + " ("
                  + key.path("id").asString("")
                  + "). It opens nothing any more.");
    }
    return Exit.DONE;
  }

  static int list(Given given, Terminal terminal) {
    Api api = given.api();
    String after = "";
    int shown = 0;
    do {
      String query = after.isEmpty() ? "" : "&after=" + Api.encoded(after);
      ObjectNode page = api.get("/v1/api-keys?limit=" + PAGE + query);
      for (JsonNode key : page.path("apiKeys")) {
        if (given.wantsJson()) {
          terminal.out().jsonLine(key);
        } else {
          terminal.out().print(shown == 0 ? List.of(head(), row(key)) : List.of(row(key)));
        }
        shown++;
      }
      after = page.path("next").asString("");
    } while (!after.isEmpty() && !terminal.out().isBroken());
    if (shown == 0) {
      terminal
          .err()
          .print("There is no API key yet. Make one: graft api-key make LABEL --scope read");
    }
    return Exit.DONE;
  }

  /** The key goes to standard output alone, so that it can be put straight into a file. */
  private static int shown(ObjectNode made, List<Line> more, Given given, Terminal terminal) {
    if (given.wantsJson()) {
      terminal.out().json(made);
      return Exit.DONE;
    }
    terminal.out().print(made.path("key").asString(""));
    String secret = made.path("signingSecret").asString("");
    if (!secret.isEmpty()) {
      terminal.out().print(secret);
    }
    var said = new ArrayList<Line>();
    said.add(
        Line.prose(
            0,
            "This is the key "
                + made.path("id").asString("")
                + " for "
                + made.path("label").asString("")
                + ". It is shown this once and kept nowhere."));
    if (made.path("signing").isObject()) {
      said.add(
          Line.prose(
              0,
              "Requests with it have to be signed ("
                  + made.path("signing").path("algorithm").asString("")
                  + ")"
                  + (secret.isEmpty()
                      ? " with the private key."
                      : ": the second line is the base64 of the secret, shown this once, too.")));
    }
    said.addAll(more);
    terminal.err().print(said);
    return Exit.DONE;
  }

  /** The server knows which algorithms there are, and what a public key is. */
  private static void putSigning(Given given, ObjectNode wish) {
    Optional<String> algorithm = given.option("--signing");
    Optional<String> file = given.option("--public-key");
    if (algorithm.isEmpty() && file.isPresent()) {
      throw Refusal.usage("--public-key is for --signing ed25519, which is missing.");
    }
    if (algorithm.isPresent()) {
      ObjectNode signing = wish.putObject("signing").put("algorithm", algorithm.get());
      file.ifPresent(path -> signing.put("publicKey", publicKey(path)));
    }
  }

  private static String publicKey(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException | InvalidPathException e) {
      throw Refusal.failed("The file " + file + " cannot be read: " + FileTrouble.why(e), e);
    }
  }

  /** A time span from now such as 90d, or an instant. */
  private static String time(String option, String text) {
    Matcher span = SPAN.matcher(text);
    if (span.matches()) {
      long number = Long.parseLong(span.group(1));
      Duration duration =
          switch (span.group(2)) {
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
          };
      return Instant.now().plus(duration).toString();
    }
    try {
      return Instant.parse(text).toString();
    } catch (DateTimeParseException e) {
      throw Refusal.usage(
          option
              + " needs a time span such as 30m, 24h or 90d, or a time such as"
              + " 2027-01-31T00:00:00Z.");
    }
  }

  private static Line head() {
    return Line.of(
        ROW.formatted("ID", "STATE", "LAST USED (UTC)", "ENDS (UTC)", "LABEL, SCOPES"), Style.BOLD);
  }

  private static Line row(JsonNode key) {
    boolean valid = key.path("valid").asBoolean(false);
    String state = valid ? "valid" : key.path("revokedAt").isString() ? "revoked" : "expired";
    String scopes =
        String.join(",", key.path("scopes").valueStream().map(s -> s.asString("")).toList());
    Optional<String> user =
        Optional.of(key.path("userId")).filter(JsonNode::isString).map(JsonNode::stringValue);
    return Line.of(
        ROW.formatted(
            key.path("id").asString(""),
            state,
            key.path("lastUsedAt").isString() ? When.of(key.path("lastUsedAt")) : "never",
            key.path("expiresAt").isString() ? When.of(key.path("expiresAt")) : "never",
            key.path("label").asString("")
                + " ["
                + scopes
                + "]"
                + (key.path("signing").isObject() ? " signed" : "")
                + user.map(id -> " of " + id).orElse("")),
        valid ? Style.PLAIN : Style.DIM);
  }
}
