package dev.graft.server;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.backup.BackupFile;
import dev.graft.server.backup.Manifest;
import dev.graft.server.link.Keys;
import dev.graft.store.Accounts;
import dev.graft.store.AuditTrail;
import dev.graft.store.Backups;
import dev.graft.store.DataKeys;
import dev.graft.store.Database;
import dev.graft.store.StoreException;
import dev.graft.vault.VaultException;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * {@code graft restore}: puts the database of a backup into a data folder that has none, after it
 * has proven that the backup is whole and that the keys at hand open it. Needs no running server.
 */
final class Restore {
  private static final String DATABASE = "graft.db";

  private final Path backup;
  private final Settings settings;
  private final boolean checksOnly;

  private Restore(Path backup, Settings settings, boolean checksOnly) {
    this.backup = backup;
    this.settings = settings;
    this.checksOnly = checksOnly;
  }

  /** Why nothing was restored. */
  private static final class Refused extends Exception {
    Refused(String sentence) {
      super(sentence);
    }
  }

  /** Runs the command. */
  static int run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    var flags = new ArrayList<>(arguments);
    boolean checksOnly = flags.remove("--check");
    boolean json = flags.remove("--json");
    if (flags.isEmpty() || flags.getFirst().startsWith("-")) {
      err.println(
          "graft restore needs the backup first: graft restore BACKUP [--check] [--FLAG VALUE ...]."
              + " graft restore --help tells more.");
      return Main.USAGE;
    }
    try {
      Path backup = Path.of(flags.removeFirst()).toAbsolutePath().normalize();
      Settings settings = Settings.of(GivenSettings.of(flags, environment));
      var restore = new Restore(backup, settings, checksOnly);
      Manifest manifest = restore.restored();
      if (json) {
        out.println(
            Json.writePretty(
                Json.object()
                    .put("backup", backup.toString())
                    .put("restored", !checksOnly)
                    .put("database", restore.target().toString())
                    .set("manifest", manifest.toJson())));
      } else {
        restore.tell(manifest, out);
      }
      return 0;
    } catch (InvalidPathException e) {
      err.println("The first argument is no name of a file.");
      return Main.USAGE;
    } catch (Settings.Unusable e) {
      e.faults().forEach(err::println);
    } catch (NoSuchFileException e) {
      err.println("There is no file " + e.getFile() + ". Nothing was restored.");
    } catch (IOException e) {
      err.println(
          "Nothing was restored: a file cannot be read or written. The system says: "
              + e.getMessage()
              + ".");
    } catch (Refused | BackupFile.Unusable | StoreException | VaultException e) {
      err.println("Nothing was restored. " + e.getMessage());
    }
    return Main.FAILED;
  }

  private Path target() {
    return settings.dataDir().resolve(DATABASE);
  }

  private Manifest restored() throws IOException, Refused, BackupFile.Unusable {
    if (settings.database().isPresent()) {
      throw new Refused(
          "A backup is of a SQLite database, and GRAFT_DATABASE_URL names PostgreSQL. Take that"
              + " setting away, or restore PostgreSQL with its own tools (docs/recovering.md).");
    }
    if (checksOnly) {
      return unpacked();
    }
    // Whoever restarts Graft meanwhile must not begin a database here that is then replaced.
    try (Closeable _ = Database.claim(target())) {
      requireEmpty();
      return unpacked();
    }
  }

  /** Takes the database out of the backup, proves it, and gives it its name if it is to stay. */
  private Manifest unpacked() throws IOException, Refused, BackupFile.Unusable {
    Manifest manifest = BackupFile.manifest(backup);
    Files.createDirectories(settings.dataDir());
    Path copy =
        (checksOnly ? Files.createTempDirectory(settings.dataDir(), ".check") : settings.dataDir())
            .resolve(DATABASE + ".restoring");
    try {
      requireRoom(manifest);
      Files.deleteIfExists(copy);
      BackupFile.makePrivate(copy);
      BackupFile.extract(backup, manifest, copy);
      check(manifest, copy);
      if (!checksOnly) {
        BackupFile.settle(copy, target());
      }
      return manifest;
    } finally {
      Files.deleteIfExists(copy);
      if (checksOnly) {
        Files.deleteIfExists(copy.getParent());
      }
    }
  }

  /** A log of SQLite's beside no database would be taken for the restored one's. */
  private void requireEmpty() throws Refused {
    List<Path> there =
        Stream.of("", "-wal", "-shm", "-journal")
            .map(end -> settings.dataDir().resolve(DATABASE + end))
            .filter(Files::exists)
            .toList();
    if (!there.isEmpty()) {
      throw new Refused(
          "There is a database already: "
              + there.getFirst()
              + ". A restore never replaces one. If it is not needed any more, stop Graft, move "
              + DATABASE
              + ", "
              + DATABASE
              + "-wal and "
              + DATABASE
              + "-shm elsewhere, and say the same again; or give another folder with --data-dir.");
    }
  }

  private void requireRoom(Manifest manifest) throws IOException, Refused {
    long free = Files.getFileStore(settings.dataDir()).getUsableSpace();
    if (free < manifest.bytes()) {
      throw new Refused(
          "The database takes %d MiB, and the disk of %s has %d MiB free. Make room."
              .formatted(manifest.bytes() >> 20, settings.dataDir(), free >> 20));
    }
  }

  private void check(Manifest manifest, Path copy) throws Refused {
    Backups.Contents contents = Backups.contents(copy, true);
    if (!manifest.describes(contents)) {
      throw new Refused("What is in the backup is not what its manifest says. Take another one.");
    }
    if (contents.isTooFarAhead()) {
      throw new Refused(
          "The backup was made by Graft "
              + manifest.graft()
              + ", which is newer than this one. Restore it with that version.");
    }
    try (Database database = Database.copy(copy)) {
      opened(database);
    }
  }

  /** One data key of each wrapping is unwrapped by the keys that the settings name. */
  private void opened(Database database) {
    var clock = InstantSource.system();
    new Keys(
            KeyProviders.of(settings).vault(UnaryOperator.identity()),
            new Accounts(database),
            new DataKeys(database),
            clock,
            new Acts(new AuditTrail(database), clock),
            List.of())
        .checkWrappings();
  }

  private void tell(Manifest manifest, PrintStream out) {
    out.println(
        (checksOnly ? "Good: " : "Restored ")
            + backup
            + (checksOnly ? "" : " to " + target())
            + ".");
    out.println(
        "  as of      %s (%s ago)".formatted(manifest.createdAt(), age(manifest.createdAt())));
    out.println(
        "  holds      %d accounts, %d installations; schema %s, made by Graft %s"
            .formatted(
                manifest.accounts(),
                manifest.installations(),
                manifest.schema(),
                manifest.graft()));
    for (DataKeys.Wrapping key : manifest.keys()) {
      out.println(
          "  keys       %d wrapped by %s %s, which is at hand"
              .formatted(key.count(), key.provider(), key.wrappingKey()));
    }
    if (checksOnly) {
      return;
    }
    out.println();
    for (String line :
        List.of(
            "What happened after that moment is not in it. Now:",
            "1. graft serve (it brings the database up to date and finishes what was begun)",
            "2. graft audit restored, with --checkpoints FILE if checkpoints went to a file or a log:"
                + " the audit trail goes on in a new epoch, which says so",
            "3. Users who were linked since are not: link them again. Accounts that were unlinked"
                + " or erased since are back: unlink them again",
            "4. Customers' keys that were replaced since: link the new ones. API keys and sessions"
                + " that were revoked since work again: revoke them (graft api-key list)",
            "5. Clones and upgrades made since are found again when the template is cloned;"
                + " docs/recovering.md says how far that reaches")) {
      out.println(Manual.wrapped(line, ""));
    }
  }

  private static String age(Instant at) {
    Duration age = Duration.between(at, Instant.now());
    return age.toHours() > 48
        ? age.toDays() + " days"
        : age.toMinutes() > 119 ? age.toHours() + " hours" : age.toMinutes() + " minutes";
  }
}
