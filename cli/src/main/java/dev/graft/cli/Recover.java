package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code graft recover}: has the server find again, account by account, what it made there, after
 * its database was lost.
 */
final class Recover {
  private static final String ROW = "%-37s  %-20s  %-16s  %-11s  %s";
  private static final int PAGE = 200;

  private final Given given;
  private final Terminal terminal;
  private final Api api;
  private final ObjectNode wish;
  private final Patience patience;
  private int accounts;
  private int failed;
  private int unproven;

  private Recover(Given given, Terminal terminal) {
    this.given = given;
    this.terminal = terminal;
    this.api = given.api();
    this.wish = wish(given);
    this.patience = new Patience(terminal.err());
  }

  static int run(Given given, Terminal terminal) {
    if (given.option("--keys").isPresent() && given.optionalArgument(0).isPresent()) {
      throw Refusal.usage(
          "graft recover takes either USER or --keys FILE, whose lines name users.");
    }
    return new Recover(given, terminal).all();
  }

  private static ObjectNode wish(Given given) {
    ObjectNode wish = Json.object();
    Optional<String> template = given.option("--template");
    template.ifPresent(name -> wish.put("template", name));
    List<String> adopt = given.options("--adopt");
    if (!adopt.isEmpty()) {
      if (template.isEmpty() || given.optionalArgument(0).isEmpty()) {
        throw Refusal.usage(
            "--adopt is about one account and one template: name USER and --template.");
      }
      ObjectNode chosen = wish.putObject("adopt");
      for (String one : adopt) {
        int equals = one.indexOf('=');
        if (equals < 1) {
          throw Refusal.usage(
              "--adopt needs an address and an id, as in assistant/main=1f0c2d9e-….");
        }
        chosen.put(one.substring(0, equals), one.substring(equals + 1));
      }
    }
    if (given.has("--unproven")) {
      wish.put("unproven", true);
    }
    if (given.has("--dry-run")) {
      wish.put("looksOnly", true);
    }
    return wish;
  }

  private int all() {
    Optional<String> user = given.optionalArgument(0);
    Optional<String> keys = given.option("--keys");
    if (user.isPresent()) {
      LinkedAccount account = LinkedAccount.of(user.get(), api);
      recover(account.id(), user.get());
    } else if (keys.isPresent()) {
      linked(keys.get()).forEach(this::recover);
    } else {
      everyAccount();
    }
    if (!given.wantsJson()) {
      terminal
          .err()
          .print(
              Line.prose(
                  0,
                  accounts
                      + (accounts == 1 ? " account, of which " : " accounts, of which ")
                      + failed
                      + " could not be looked at, and "
                      + unproven
                      + " have something that cannot be proven. Nothing was written at Vapi."));
    }
    return failed > 0 ? Exit.FAILED : unproven > 0 ? Exit.CHANGES : Exit.DONE;
  }

  private void everyAccount() {
    String after = "";
    do {
      ObjectNode page =
          api.get(
              "/v1/accounts?limit="
                  + PAGE
                  + (after.isEmpty() ? "" : "&after=" + Api.encoded(after)));
      for (JsonNode account : page.path("accounts")) {
        recover(account.path("id").asString(""), account.path("userIds").path(0).asString(""));
      }
      after = page.path("next").asString("");
    } while (!after.isEmpty());
  }

  /** Links every line of a file, and gives the accounts with one of their users each. */
  private Map<String, String> linked(String file) {
    Map<String, String> found = new LinkedHashMap<>();
    byte[] bytes = bytes(file);
    try {
      int number = 0;
      for (int from = 0; from < bytes.length; ) {
        int end = from;
        while (end < bytes.length && bytes[end] != '\n') {
          end++;
        }
        number++;
        link(bytes, from, end, number, found);
        from = end + 1;
      }
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
    return found;
  }

  private byte[] bytes(String file) {
    try {
      if (file.equals("-")) {
        InputStream in = terminal.in();
        return in.readAllBytes();
      }
      return Files.readAllBytes(Path.of(file));
    } catch (IOException e) {
      throw Refusal.failed("The file " + file + " cannot be read: " + FileTrouble.why(e), e);
    } catch (InvalidPathException e) {
      throw Refusal.usage("--keys needs the name of a file, or - for standard input.");
    }
  }

  /** A line {@code userId,apiKey}. The key has no comma; of a user's id the last one is no part. */
  private void link(byte[] bytes, int from, int end, int number, Map<String, String> found) {
    int comma = end - 1;
    while (comma >= from && bytes[comma] != ',') {
      comma--;
    }
    String line = comma < from ? new String(bytes, from, end - from, StandardCharsets.UTF_8) : "";
    if (comma < from && line.isBlank()) {
      return;
    }
    if (comma <= from) {
      failed(number, "", "it is no line userId,apiKey");
      return;
    }
    String user = new String(bytes, from, comma - from, StandardCharsets.UTF_8).strip();
    var characters = new char[end - comma - 1];
    for (int i = 0; i < characters.length; i++) {
      characters[i] = (char) (bytes[comma + 1 + i] & 0xff);
    }
    try (ApiKey key = ApiKey.of(characters)) {
      byte[] request = key.within(Json.object().put("userId", user), "apiKey");
      try {
        ObjectNode account = patiently(() -> api.post("/v1/accounts", request).body());
        found.putIfAbsent(account.path("id").asString(""), user);
      } finally {
        Arrays.fill(request, (byte) 0);
      }
    } catch (Refusal refusal) {
      failed(number, user, refusal.sentences());
    } finally {
      Arrays.fill(characters, '\0');
    }
  }

  private void failed(int number, String user, String why) {
    accounts++;
    failed++;
    terminal
        .err()
        .print(
            Line.of("line " + number, Style.RED)
                .and((user.isEmpty() ? "" : " (" + user + ")") + " was not linked: " + why)
                .hanging(2));
  }

  /** A server counts how often it is asked, and says so. */
  private ObjectNode patiently(Supplier<ObjectNode> asking) {
    for (int tries = 0; ; tries++) {
      try {
        return asking.get();
      } catch (Refusal refusal) {
        if (!refusal.isOf("RATE_LIMITED") || tries > 100) {
          throw refusal;
        }
        patience.say(
            "The server limits how often it is asked (GRAFT_RATE_LIMIT_SERVICE): waiting.");
        patience.pause();
      }
    }
  }

  private void recover(String account, String user) {
    accounts++;
    ObjectNode found;
    try {
      found =
          patiently(
              () -> api.post("/v1/accounts/" + Api.encoded(account) + "/recover", wish).body());
    } catch (Refusal refusal) {
      failed++;
      if (given.wantsJson()) {
        terminal
            .out()
            .jsonLine(
                Json.object()
                    .put("account", account)
                    .put("userId", user)
                    .put("error", refusal.sentences()));
      } else {
        terminal
            .err()
            .print(
                Line.of(account, Style.RED)
                    .and(" (" + user + "): " + refusal.sentences())
                    .hanging(2));
      }
      return;
    }
    boolean open = false;
    for (JsonNode one : found.path("templates")) {
      open |= !List.of("recovered", "known").contains(one.path("status").asString(""));
    }
    unproven += open ? 1 : 0;
    if (given.wantsJson()) {
      terminal.out().jsonLine(found.put("userId", user));
    } else {
      terminal.out().print(lines(account, user, found));
    }
  }

  private List<Line> lines(String account, String user, ObjectNode found) {
    var lines = new ArrayList<Line>();
    if (accounts == 1) {
      lines.add(
          Line.of(ROW.formatted("ACCOUNT", "USER", "TEMPLATE", "STATUS", "OBJECTS"), Style.BOLD));
    }
    if (found.path("templates").isEmpty()) {
      lines.add(Line.of(ROW.formatted(account, user, "-", "nothing", "0")));
    }
    for (JsonNode one : found.path("templates")) {
      lines.add(
          Line.of(
              ROW.formatted(
                  account,
                  user,
                  one.path("template").asString(""),
                  one.path("status").asString(""),
                  one.path("actions").size())));
      for (JsonNode note : one.path("diagnostics")) {
        // What Vapi fills in is in every account; --json has it.
        if (!note.path("severity").asString("").equals("NOTE")) {
          lines.add(
              Line.of("  " + note.path("code").asString(""), Style.YELLOW)
                  .and(" " + note.path("detail").asString(""))
                  .hanging(4));
        }
      }
    }
    return lines;
  }
}
