package dev.graft.cli;

import dev.graft.core.audit.Checkpoint;
import dev.graft.core.audit.Verification;
import dev.graft.core.json.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft audit}: reads the audit trail, takes it elsewhere, and checks it there. */
final class Audit {
  private static final int PAGE = 200;
  private static final String ROW = "%-19s  %-22s  %-20s  %-36s  %s";

  private Audit() {}

  static int list(Given given, Terminal terminal) {
    String account = given.option("--account").map(id -> "&account=" + Api.encoded(id)).orElse("");
    var shown = new int[1];
    everyRecord(
        given,
        account,
        terminal,
        record -> {
          if (given.wantsJson()) {
            terminal.out().jsonLine(record);
          } else {
            terminal
                .out()
                .print(shown[0] == 0 ? List.of(head(), row(record)) : List.of(row(record)));
          }
          shown[0]++;
        });
    if (shown[0] == 0) {
      terminal.err().print("There is no such record.");
    }
    return Exit.DONE;
  }

  private static int everyRecord(
      Given given, String filter, Terminal terminal, Consumer<JsonNode> each) {
    Api api = given.api();
    String after = given.option("--after").orElse("");
    int waiting;
    do {
      String from = after.isEmpty() ? "" : "&after=" + Api.encoded(after);
      ObjectNode page = api.get("/v1/audit?limit=" + PAGE + from + filter);
      page.path("records").forEach(each);
      waiting = page.path("waiting").asInt(0);
      after = page.path("next").asString("");
    } while (!after.isEmpty() && !terminal.out().isBroken());
    return waiting;
  }

  private static Line head() {
    return Line.of(
        ROW.formatted("AT (UTC)", "ACTOR", "ACT", "ACCOUNT", "SUBJECT, DETAIL"), Style.BOLD);
  }

  private static Line row(JsonNode record) {
    String subject = record.path("subject").asString("");
    return Line.of(
        ROW.formatted(
            When.of(record.path("at")),
            record.path("actor").asString(""),
            record.path("act").asString(""),
            record.path("account").asString(""),
            (subject.isEmpty() ? "" : subject + " ") + record.path("detail").asString("")));
  }

  static int export(Given given, Terminal terminal) {
    Optional<String> named = given.optionalArgument(0).filter(name -> !name.equals("-"));
    if (named.isEmpty()) {
      told(everyRecord(given, "", terminal, terminal.out()::jsonLine), terminal);
      return Exit.DONE;
    }
    Path file = path(named.get());
    var count = new long[1];
    try (BufferedWriter writer =
        Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW)) {
      int waiting =
          everyRecord(
              given,
              "",
              terminal,
              record -> {
                try {
                  writer.write(Json.write(record));
                  writer.write('\n');
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
                count[0]++;
              });
      terminal.err().print(counted(count[0], "record") + " written to " + file + ".");
      told(waiting, terminal);
      return Exit.DONE;
    } catch (IOException | UncheckedIOException e) {
      throw Refusal.failed("The file " + file + " cannot be written: " + FileTrouble.why(e), e);
    }
  }

  private static void told(int waiting, Terminal terminal) {
    if (waiting > 0) {
      terminal
          .err()
          .print(
              Line.prose(
                  0,
                  counted(waiting, "record")
                      + " waited for a place in the chain and may be missing. When the number"
                      + " stays, the server's log and /health/ready say why."));
    }
  }

  static int verify(Given given, Terminal terminal) {
    Optional<Path> checkpoints = given.option("--checkpoints").map(Audit::path);
    PublicKey key = given.option("--key").map(Audit::publicKey).orElse(null);
    Path export = path(given.argument(0));
    Verification.Report report =
        checkpoints.isEmpty()
            ? read(export, records -> Verification.of(records.iterator(), null, key))
            : read(
                checkpoints.get(),
                stated ->
                    read(
                        export,
                        records -> Verification.of(records.iterator(), stated.iterator(), key)));
    if (given.wantsJson()) {
      var json = Json.object().put("sound", report.isSound()).put("records", report.records());
      var faults = json.putArray("faults");
      report.faults().forEach(faults::add);
      var notes = json.putArray("notes");
      report.notes().forEach(notes::add);
      terminal.out().json(json);
    } else {
      terminal.out().print(lines(report));
    }
    return report.isSound() ? Exit.DONE : Exit.FAILED;
  }

  private static List<Line> lines(Verification.Report report) {
    var lines = new ArrayList<Line>();
    report.faults().forEach(fault -> lines.add(Line.of(fault, Style.RED).hanging(2)));
    report.notes().forEach(note -> lines.add(Line.prose(0, "Note: " + note)));
    String records = counted(report.records(), "record");
    lines.add(
        report.isSound()
            ? Line.of("Sound", Style.GREEN).and(": " + records + ", as Graft wrote them.")
            : Line.of("Not sound", Style.RED)
                .and(": " + records + " read, " + report.faults().size() + " findings."));
    return lines;
  }

  private static <T> T read(Path file, Function<Stream<String>, T> reader) {
    try (Stream<String> lines = Files.lines(file)) {
      return reader.apply(lines);
    } catch (IOException | UncheckedIOException e) {
      throw Refusal.failed("The file " + file + " cannot be read: " + FileTrouble.why(e), e);
    }
  }

  /** The key itself, or a file that has it. */
  private static PublicKey publicKey(String text) {
    return Checkpoint.publicKey(text)
        .or(() -> {
          try {
            return Checkpoint.publicKey(Files.readString(path(text)));
          } catch (IOException e) {
            return Optional.empty();
          }
        })
        .orElseThrow(() ->
            Refusal.usage(
                "--key needs the public key that graft audit key prints, or a file with it."));
  }

  static int key(Given given, Terminal terminal) {
    ObjectNode key = given.api().get("/v1/audit/key");
    if (given.wantsJson()) {
      terminal.out().json(key);
    } else {
      terminal.out().print(key.path("publicKey").asString(""));
      terminal
          .err()
          .print(
              Line.prose(
                  0,
                  "This is the public key "
                      + key.path("key").asString("")
                      + " of the server's audit trail. Keep it where whoever can change the"
                      + " database cannot change it."));
    }
    return Exit.DONE;
  }

  static int restored(Given given, Terminal terminal) {
    ObjectNode wish = Json.object();
    given
        .option("--checkpoints")
        .ifPresent(file -> wish.put("checkpoint", latest(path(file)).line()));
    ObjectNode begun = given.api().post("/v1/audit/restored", wish).body();
    if (given.wantsJson()) {
      terminal.out().json(begun);
    } else {
      terminal
          .out()
          .print(
              Line.prose(
                  0,
                  "The audit chain goes on in epoch "
                      + begun.path("epoch").asString()
                      + ". Record "
                      + begun.path("seq").asString()
                      + " says that the database was restored, and what is lost."));
    }
    return Exit.DONE;
  }

  private static Checkpoint latest(Path file) {
    return read(
            file,
            lines ->
                lines
                    .flatMap(line -> Checkpoint.in(line).stream())
                    .reduce((a, b) -> a.isAfter(b) ? a : b))
        .orElseThrow(
            () -> Refusal.failed("There is no checkpoint of an audit trail in " + file + "."));
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw Refusal.usage("The argument is no name of a file.");
    }
  }

  private static String counted(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }
}
