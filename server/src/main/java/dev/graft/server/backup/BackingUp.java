package dev.graft.server.backup;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.access.Caller;
import dev.graft.store.AuditRecord;
import dev.graft.store.Backups;
import dev.graft.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes backups of a SQLite database while it is used, one at a time, and keeps the newest ones.
 * Each is one file, is read through before it counts, and holds no wrapping key.
 */
public final class BackingUp implements AutoCloseable {
  /** The form of the name of a backup, without its folder. */
  public static final Pattern NAME = Pattern.compile("graft-\\d{8}T\\d{6}Z(-\\d{1,3})?\\.zip");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final Logger LOG = LoggerFactory.getLogger(BackingUp.class);

  /** Room that stays for others, and for what SQLite needs beside the copy. */
  private static final long SPARE_BYTES = 16L << 20;

  private static final Duration LAST_CHANCE = Duration.ofSeconds(5);

  /** After a backup that could not be made none is begun for so long unless someone asks. */
  private static final Duration BACK_OFF = Duration.ofMinutes(15);

  private final Backups backups;
  private final BackupSettings settings;
  private final String version;
  private final Acts acts;
  private final InstantSource clock;
  private String lastSecond = "";
  private int ofSecond;
  private @Nullable Work work;
  private @Nullable Failure failure;

  /**
   * Backups of a database.
   *
   * @param version of Graft, as manifests say it
   */
  public BackingUp(
      Backups backups, BackupSettings settings, String version, Acts acts, InstantSource clock) {
    this.backups = backups;
    this.settings = settings;
    this.version = version;
    this.acts = acts;
    this.clock = clock;
  }

  /** What a backup is at. */
  public enum Phase {
    COPYING,
    CHECKING,
    PACKING
  }

  /** How far a backup has got, in bytes of the database. */
  public record Progress(String name, Instant startedAt, Phase phase, long done, long of) {}

  /** Why the last backup that was tried could not be made. */
  public record Failure(String name, Instant at, String reason) {}

  /** A backup that was made. */
  public record Made(String name, Path file, long bytes, Manifest manifest) {}

  /** A backup while it is made. */
  private final class Work {
    final String name;
    final Instant startedAt;
    final Path copy;
    final Path partial;
    final long size;
    volatile Phase phase = Phase.COPYING;
    volatile long packed;

    Work(String name, Instant startedAt, long size) {
      this.name = name;
      this.startedAt = startedAt;
      this.size = size;
      this.copy = settings.folder().resolve("." + name + ".db.partial");
      this.partial = settings.folder().resolve("." + name + ".partial");
    }

    Progress progress() {
      long done =
          switch (phase) {
            case COPYING -> bytesOf(copy);
            case CHECKING -> size;
            case PACKING -> packed;
          };
      return new Progress(name, startedAt, phase, Math.min(done, size), size);
    }
  }

  private static long bytesOf(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  /** Whether Graft makes backups of this database; of PostgreSQL others do. */
  public boolean isPossible() {
    return backups.canCopy();
  }

  public BackupSettings settings() {
    return settings;
  }

  /** The moment that the newest backup shows, as far as is known. */
  public Optional<Instant> lastAt() {
    return backups.lastAt();
  }

  /** Begins a backup in the background, unless one is made already, and gives its name. */
  public String begin() {
    Caller caller = Caller.current();
    AuditRecord asked = acts.record("backup.made", null, null, Json.object());
    Work begun;
    synchronized (this) {
      if (work != null) {
        return work.name;
      }
      begun = begun();
    }
    Thread.ofPlatform()
        .daemon()
        .name("backup")
        .start(() -> ScopedValue.where(Caller.CURRENT, caller).run(() -> makeAsked(begun, asked)));
    return begun.name;
  }

  /** Whoever asked finds out why when they look for it. */
  private void makeAsked(Work begun, AuditRecord asked) {
    try {
      make(begun, asked);
    } catch (NotMade e) {
      LOG.error("{}", e.getMessage(), e);
    }
  }

  /**
   * Makes a backup if the last one is older than it should be.
   *
   * @throws NotMade when it is due and cannot be made
   */
  public void runIfDue() {
    if (settings.every().isEmpty() || !isPossible() || !isDue(settings.every().get())) {
      return;
    }
    Work begun;
    synchronized (this) {
      if (work != null) {
        return;
      }
      begun = begun();
    }
    make(begun, acts.record("backup.made", null, null, Json.object()));
  }

  private boolean isDue(Duration every) {
    Instant now = clock.instant();
    Duration pause = every.compareTo(BACK_OFF) < 0 ? every : BACK_OFF;
    return lastAt().map(last -> !now.isBefore(last.plus(every))).orElse(true)
        && failure().map(last -> !now.isBefore(last.at().plus(pause))).orElse(true);
  }

  private Work begun() {
    Instant now = clock.instant();
    String name = name(TIME.format(now));
    var begun = new Work(name, now, backups.size());
    work = begun;
    return begun;
  }

  /** A name that comes after every one that was given before, also to what is removed by now. */
  private String name(String second) {
    ofSecond = second.equals(lastSecond) ? ofSecond + 1 : 1;
    lastSecond = second;
    String name = name(second, ofSecond);
    while (Files.exists(settings.folder().resolve(name))) {
      name = name(second, ++ofSecond);
    }
    return name;
  }

  private static String name(String second, int number) {
    return "graft-" + second + (number == 1 ? "" : "-" + number) + ".zip";
  }

  /** A backup could not be made. */
  private static final class NotMade extends RuntimeException {
    NotMade(Work begun, String trouble, Exception cause) {
      super("The backup " + begun.name + " could not be made: " + trouble, cause);
    }
  }

  private void make(Work begun, AuditRecord asked) {
    String trouble = "Something went wrong inside Graft.";
    try {
      Files.createDirectories(settings.folder());
      dropPartials();
      requireRoom(begun.size);
      made(begun, asked);
      prune();
      trouble = null;
    } catch (IOException | UncheckedIOException e) {
      trouble =
          "The folder " + settings.folder() + " cannot be written to: " + e.getMessage() + ".";
      throw new NotMade(begun, trouble, e);
    } catch (NoRoom | StoreException e) {
      trouble = String.valueOf(e.getMessage());
      throw new NotMade(begun, trouble, e);
    } catch (RuntimeException e) {
      trouble = "Something went wrong inside Graft: " + e;
      throw new NotMade(begun, trouble, e);
    } finally {
      drop(begun.copy);
      drop(begun.partial);
      over(begun, trouble);
    }
  }

  private synchronized void over(Work begun, @Nullable String trouble) {
    failure = trouble == null ? null : new Failure(begun.name, clock.instant(), trouble);
    work = null;
    notifyAll();
  }

  private void made(Work begun, AuditRecord asked) throws IOException {
    // So that whoever restores it counts what came during the copy as lost, and not as there.
    Instant createdAt = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    BackupFile.makePrivate(begun.copy);
    backups.copyInto(begun.copy);
    begun.phase = Phase.CHECKING;
    Manifest manifest =
        Manifest.of(
            Backups.contents(begun.copy, false),
            version,
            createdAt,
            Files.size(begun.copy),
            BackupFile.sha256(begun.copy));
    begun.phase = Phase.PACKING;
    Path file = settings.folder().resolve(begun.name);
    var detail =
        Json.object()
            .put("name", begun.name)
            .put("sha256", manifest.sha256())
            .put("accounts", manifest.accounts());
    try {
      BackupFile.write(file, begun.partial, manifest, begun.copy, packed -> begun.packed = packed);
      backups.made(createdAt, asked.with(detail));
    } catch (IOException | RuntimeException e) {
      // One that nobody knows of would only push out those that are known.
      drop(file);
      throw e;
    }
    LOG.info(
        "backup {}: {} accounts, {} bytes in {} ms",
        file,
        manifest.accounts(),
        Files.size(file),
        clock.instant().toEpochMilli() - begun.startedAt.toEpochMilli());
  }

  /** There is too little room on the disk. */
  private static final class NoRoom extends RuntimeException {
    NoRoom(String sentence) {
      super(sentence);
    }
  }

  /** The copy and the file that is made of it stand there together for a while. */
  private void requireRoom(long size) throws IOException {
    long needed = 2 * size + SPARE_BYTES;
    long free = Files.getFileStore(settings.folder()).getUsableSpace();
    if (free < needed) {
      throw new NoRoom(
          "The disk of "
              + settings.folder()
              + " has "
              + (free >> 20)
              + " MiB free, and a backup needs "
              + (needed >> 20)
              + " MiB while it is made. Make room, keep fewer (GRAFT_BACKUP_KEEP), or set"
              + " GRAFT_BACKUP_DIR to another disk.");
    }
  }

  /** What a process left that was killed while it made a backup. */
  private void dropPartials() throws IOException {
    try (Stream<Path> files = Files.list(settings.folder())) {
      files
          .filter(file -> {
            String name = file.getFileName().toString();
            return name.startsWith(".graft-") && name.endsWith(".partial");
          })
          .forEach(BackingUp::drop);
    }
  }

  private static void drop(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be removed: {}", file, e.getMessage());
    }
  }

  private void prune() throws IOException {
    files().stream().skip(settings.keep()).forEach(BackingUp::drop);
  }

  /** The newest first. */
  private List<Path> files() throws IOException {
    if (Files.notExists(settings.folder())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(settings.folder())) {
      return files
          .filter(file -> NAME.matcher(file.getFileName().toString()).matches())
          .sorted(Comparator.comparing(BackingUp::order).reversed())
          .toList();
    }
  }

  /** Names sort by their time, and within a second by their number. */
  private static String order(Path file) {
    String name = file.getFileName().toString().replaceFirst("\\.zip$", "");
    String[] parts = name.split("-", -1);
    return parts[1] + (parts.length > 2 ? "0".repeat(3 - parts[2].length()) + parts[2] : "001");
  }

  /** The backup that is made just now. */
  public synchronized Optional<Progress> running() {
    return Optional.ofNullable(work).map(Work::progress);
  }

  /** Why the last one could not be made; nothing when it was. */
  public synchronized Optional<Failure> failure() {
    return Optional.ofNullable(failure);
  }

  /** The backups in the folder, the newest first. Files that are no backups are left out. */
  public List<Made> list() {
    try {
      var all = new ArrayList<Made>();
      for (Path file : files()) {
        made(file).ifPresent(all::add);
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The backup of this name, if there is one. */
  public Optional<Made> named(String name) {
    return NAME.matcher(name).matches() && Files.exists(settings.folder().resolve(name))
        ? made(settings.folder().resolve(name))
        : Optional.empty();
  }

  private static Optional<Made> made(Path file) {
    try {
      return Optional.of(
          new Made(
              file.getFileName().toString(), file, Files.size(file), BackupFile.manifest(file)));
    } catch (IOException | BackupFile.Unusable e) {
      LOG.warn("{} is left out of the list of backups: {}", file, e.getMessage());
      return Optional.empty();
    }
  }

  /** Someone takes a backup away: with it goes all that Graft knows, sealed. */
  public void taken(Made made) {
    acts.add("backup.taken", null, null, Json.object().put("name", made.name()));
  }

  /** Gives a backup that is being made a moment to be finished; else it is begun anew some time. */
  @Override
  public synchronized void close() {
    Instant until = clock.instant().plus(LAST_CHANCE);
    try {
      while (work != null && clock.instant().isBefore(until)) {
        wait(LAST_CHANCE.toMillis() / 10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
