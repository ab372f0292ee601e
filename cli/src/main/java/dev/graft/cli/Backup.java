package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft backup}: has the server back up its database, and takes the file away. */
final class Backup {
  private static final String ROW = "%-30s  %-19s  %10s  %8s  %s";

  private Backup() {}

  static int make(Given given, Terminal terminal) {
    Api api = given.api();
    Path target = given.option("--out").map(Backup::path).orElse(null);
    // Before a backup is made that cannot be put anywhere.
    if (target != null && Files.exists(target) && !Files.isDirectory(target)) {
      throw Refusal.failed("The file " + target + " cannot be written: it is there already.");
    }
    String name = api.post("/v1/backups", Json.object()).body().path("name").asString("");
    ObjectNode made = awaited(name, api, terminal);
    if (!made.path("status").asString("").equals("made")) {
      throw Refusal.failed("No backup was made. " + made.path("reason").asString(""));
    }
    if (target != null) {
      Path file = Files.isDirectory(target) ? target.resolve(name) : target;
      take(api, name, file);
      made.put("file", file.toString());
    }
    if (given.wantsJson()) {
      terminal.out().json(made);
    } else {
      terminal.out().print(lines(made, api));
    }
    return Exit.DONE;
  }

  private static ObjectNode awaited(String name, Api api, Terminal terminal) {
    var patience = new Patience(terminal.err());
    while (true) {
      ObjectNode state = api.get("/v1/backups/" + Api.encoded(name));
      if (!state.path("status").asString("").equals("running")) {
        return state;
      }
      long of = Math.max(1, state.path("of").asLong(1));
      patience.tell(
          "%s: %d %% of %d MiB"
              .formatted(
                  state.path("phase").asString(""),
                  100 * state.path("done").asLong(0) / of,
                  of >> 20));
      patience.pause();
    }
  }

  private static List<Line> lines(ObjectNode made, Api api) {
    var lines = new ArrayList<Line>();
    JsonNode manifest = made.path("manifest");
    boolean taken = made.has("file");
    lines.add(
        Line.of("Backup ", Style.BOLD)
            .and(taken ? made.path("file").asString("") : made.path("name").asString(""))
            .and(
                ": %d accounts, %d bytes"
                    .formatted(manifest.path("accounts").asInt(0), made.path("bytes").asLong(0))));
    for (JsonNode key : manifest.path("keys")) {
      lines.add(
          Kms.field(
              "needs",
              key.path("provider").asString("") + " " + key.path("wrappingKey").asString("")));
    }
    lines.add(
        Line.prose(
            0,
            taken
                ? "It is whole: its SHA-256 is the one in its manifest. No wrapping key is in it; keep"
                    + " those that it needs elsewhere."
                : "It is in the folder "
                    + api.get("/v1/backups").path("folder").asString("")
                    + " of the server's machine. No wrapping key is in it; keep those that it needs"
                    + " elsewhere. A disk that fails takes both the database and what is beside it:"
                    + " copy it, or take it with --out."));
    return lines;
  }

  private static void take(Api api, String name, Path file) {
    Path partial = file.resolveSibling("." + file.getFileName() + ".partial");
    try {
      Files.deleteIfExists(partial);
      makePrivate(partial);
      try {
        api.download("/v1/backups/" + Api.encoded(name) + "/file", partial);
        verify(partial);
        if (Files.exists(file)) {
          throw new FileAlreadyExistsException(file.toString());
        }
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(partial);
      }
    } catch (IOException e) {
      throw Refusal.failed("The file " + file + " cannot be written: " + FileTrouble.why(e), e);
    }
  }

  static void makePrivate(Path file) throws IOException {
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    Files.createFile(
        file,
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0]);
  }

  /** What came over the network is what the server's manifest says. */
  private static void verify(Path file) throws IOException {
    try (var zip = new ZipFile(file.toFile())) {
      String said;
      try (InputStream in = zip.getInputStream(entry(zip, "manifest.json"))) {
        said =
            Json.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                .at("/database/sha256")
                .asString("");
      }
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = zip.getInputStream(entry(zip, "graft.db"))) {
        byte[] chunk = new byte[1 << 16];
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
          digest.update(chunk, 0, read);
        }
      }
      if (!HexFormat.of().formatHex(digest.digest()).equals(said)) {
        throw new IOException("what arrived is not what was sent");
      }
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static ZipEntry entry(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new IOException("what arrived is no backup");
    }
    return entry;
  }

  private static Path path(String text) {
    try {
      return Path.of(text).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw Refusal.usage("--out needs the name of a file or a folder.");
    }
  }

  static int list(Given given, Terminal terminal) {
    ObjectNode backups = given.api().get("/v1/backups");
    if (given.wantsJson()) {
      terminal.out().json(backups);
      return Exit.DONE;
    }
    terminal.out().print(Kms.field("folder", backups.path("folder").asString("")));
    terminal
        .out()
        .print(
            Kms.field(
                "made",
                backups.path("every").isString()
                    ? "by the server, every " + backups.path("every").asString("")
                    : "when someone asks (GRAFT_BACKUP_EVERY is off)"));
    terminal.out().print(Kms.field("kept", "the newest " + backups.path("keep").asInt(0)));
    if (backups.path("running").isObject()) {
      terminal.out().print(Kms.field("running", backups.at("/running/name").asString("")));
    }
    if (backups.path("failure").isObject()) {
      terminal
          .out()
          .print(Kms.field("failed", backups.at("/failure/reason").asString(""), Style.RED));
    }
    if (backups.path("backups").isEmpty()) {
      terminal.err().print("There is no backup yet.");
      return Exit.DONE;
    }
    terminal
        .out()
        .print(
            Line.of(
                ROW.formatted("BACKUP", "AS OF (UTC)", "BYTES", "ACCOUNTS", "NEEDS"), Style.BOLD));
    for (JsonNode made : backups.path("backups")) {
      var keys = new ArrayList<String>();
      made.at("/manifest/keys")
          .forEach(key ->
              keys.add(
                  key.path("provider").asString("") + " " + key.path("wrappingKey").asString("")));
      terminal
          .out()
          .print(
              Line.of(
                  ROW.formatted(
                      made.path("name").asString(""),
                      When.of(made.at("/manifest/createdAt")),
                      made.path("bytes").asLong(0),
                      made.at("/manifest/accounts").asInt(0),
                      String.join(", ", keys))));
    }
    return Exit.DONE;
  }
}
