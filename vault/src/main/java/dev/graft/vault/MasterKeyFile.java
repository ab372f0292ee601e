package dev.graft.vault;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A {@link MasterKey} in a file of its own that only its owner may read: 64 hexadecimal digits and,
 * if need be, the end of the line.
 */
public final class MasterKeyFile {
  private static final Set<PosixFilePermission> NEW_FILE =
      PosixFilePermissions.fromString("rw-------");

  private static final Set<PosixFilePermission> OWNERS =
      PosixFilePermissions.fromString("rwx------");

  /** More than any good file has, so that a wrong one is not read to its end. */
  private static final int MOST_BYTES = 1_000;

  private MasterKeyFile() {}

  /** Reads a file that must be there. */
  public static MasterKey read(Path file) {
    try {
      requireRegular(file);
      requirePrivate(file);
      try (Secret digits = digits(file)) {
        return MasterKey.of(digits, "The master key in " + file);
      }
    } catch (NoSuchFileException e) {
      throw unusable(
          "There is no master key file " + file + ".",
          "Put it back from your own copy: without it no sealed key can be opened. A new"
              + " installation gets one from graft key generate.",
          e);
    } catch (IOException e) {
      throw unusable(
          "The master key file " + file + " cannot be read: " + e + ".",
          "Make it readable for the user that runs Graft, and for nobody else.",
          e);
    }
  }

  /**
   * The former master keys of a file: those in the file of the same name with {@code .older} behind
   * it, one a line. There are none when there is no such file.
   */
  public static List<MasterKey> readOlder(Path file) {
    Path older = file.resolveSibling(file.getFileName() + ".older");
    if (Files.notExists(older, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    try {
      requireRegular(older);
      requirePrivate(older);
      byte[] text = Files.readAllBytes(older);
      try {
        return keys(text, older);
      } finally {
        Primitives.wipe(text);
      }
    } catch (IOException e) {
      throw unusable(
          "The file of former master keys " + older + " cannot be read: " + e + ".",
          "Make it readable for the user that runs Graft, and for nobody else.",
          e);
    }
  }

  private static List<MasterKey> keys(byte[] text, Path file) {
    var keys = new ArrayList<MasterKey>();
    int number = 0;
    for (int from = 0; from < text.length; ) {
      int end = from;
      while (end < text.length && text[end] != '\n') {
        end++;
      }
      number++;
      int last = end > from && text[end - 1] == '\r' ? end - 1 : end;
      if (last > from) {
        try (Secret digits = Secret.owning(Arrays.copyOfRange(text, from, last))) {
          keys.add(MasterKey.of(digits, "The master key in line " + number + " of " + file));
        }
      }
      from = end + 1;
    }
    return keys;
  }

  /**
   * Reads the file, and makes it with a new key if there is none. That is right for a database that
   * holds no data key yet, and only for that: another one needs the key it was started with.
   */
  public static MasterKey readOrCreate(Path file) {
    if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
      create(file);
    }
    return read(file);
  }

  /**
   * A file that was there first is kept, whoever made it and whenever: a link, unlike a move, never
   * replaces its target, and the file is complete and on disk before it has its name.
   */
  private static void create(Path file) {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw unusable(
          "The master key file " + file + " cannot be made, as its directory does not exist.",
          "Create " + directory + " for the user that runs Graft.",
          null);
    }
    try {
      Path draft = Files.createTempFile(directory, ".master-key-", ".draft", ownerOnly(directory));
      try {
        write(draft);
        Files.createLink(file, draft);
      } finally {
        Files.deleteIfExists(draft);
      }
      sync(directory);
    } catch (FileAlreadyExistsException e) {
      // Another process was faster. Its key is the one that counts, and it is read next.
      return;
    } catch (IOException | UnsupportedOperationException e) {
      throw unusable(
          "The master key file " + file + " cannot be made: " + e + ".",
          "Make %s writable for the user that runs Graft, or make the file yourself:"
                  .formatted(directory)
              + " (umask 077; openssl rand -hex 32 > %s)".formatted(file),
          e);
    }
  }

  private static void write(Path draft) throws IOException {
    try (Secret digits = MasterKey.generate();
        FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      byte[] line =
          digits.reveal(
              SecretAccess.of("writing a new master key file"),
              text -> {
                byte[] withEnd = Arrays.copyOf(text, text.length + 1);
                withEnd[text.length] = '\n';
                return withEnd;
              });
      try {
        ByteBuffer rest = ByteBuffer.wrap(line);
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
      } finally {
        Primitives.wipe(line);
      }
    }
  }

  private static Secret digits(Path file) throws IOException {
    byte[] text;
    try (var in = Files.newInputStream(file)) {
      text = in.readNBytes(MOST_BYTES);
    }
    int end = text.length;
    while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r')) {
      end--;
    }
    Secret digits = Secret.owning(Arrays.copyOf(text, end));
    Primitives.wipe(text);
    return digits;
  }

  private static void requireRegular(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (attributes.isDirectory()) {
      throw unusable(
          "The master key file " + file + " is a directory.", "Name the file inside it.", null);
    }
    if (!attributes.isRegularFile()) {
      throw unusable(
          "The master key file " + file + " is not a regular file.",
          "Name a file that holds 64 hexadecimal digits.",
          null);
    }
    if (attributes.size() > MOST_BYTES) {
      throw unusable(
          "The master key file %s has %d bytes.".formatted(file, attributes.size()),
          "Name a file that holds 64 hexadecimal digits and nothing else.",
          null);
    }
  }

  /** Goes by the mode, not by trying, as the superuser may read whatever the mode says. */
  private static void requirePrivate(Path file) throws IOException {
    if (!isPosix(file)) {
      return;
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
    if (!OWNERS.containsAll(mode)) {
      throw unusable(
          "The master key file %s is open to others than its owner (mode %s)."
              .formatted(file, PosixFilePermissions.toString(mode)),
          "Run: chmod 600 " + file + " and ask yourself who may have read it already.",
          null);
    }
    if (!mode.contains(PosixFilePermission.OWNER_READ)) {
      throw unusable(
          "The master key file %s is not readable, not even for its owner (mode %s)."
              .formatted(file, PosixFilePermissions.toString(mode)),
          "Run: chmod 600 " + file,
          null);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path directory) {
    return isPosix(directory)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(NEW_FILE)}
        : new FileAttribute<?>[0];
  }

  /** Makes the new name last through a power cut. Only POSIX lets one open a directory for that. */
  private static void sync(Path directory) throws IOException {
    if (isPosix(directory)) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static boolean isPosix(Path path) {
    return Files.getFileAttributeView(path, PosixFileAttributeView.class) != null;
  }

  private static VaultException unusable(String flaw, String remedy, @Nullable Exception cause) {
    return new VaultException(VaultException.Kind.BAD_MASTER_KEY, flaw + " " + remedy, cause);
  }
}
