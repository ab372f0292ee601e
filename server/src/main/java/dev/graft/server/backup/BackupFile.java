package dev.graft.server.backup;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** A backup: a ZIP file with a manifest and a SQLite database, which only its owner may read. */
public final class BackupFile {
  static final String MANIFEST = "manifest.json";
  static final String DATABASE = "graft.db";
  private static final int CHUNK = 1 << 16;

  /** More than any good manifest has, so that a wrong one is not read to its end. */
  private static final int LARGEST_MANIFEST = 1 << 20;

  private BackupFile() {}

  /** A file that is no backup, or not the one that it says it is. */
  public static final class Unusable extends Exception {
    Unusable(String sentence) {
      super(sentence);
    }
  }

  /** Makes an empty file that nobody but its owner may read. */
  public static void makePrivate(Path file) throws IOException {
    boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    Files.createFile(
        file,
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0]);
  }

  /**
   * Writes a backup. It has its name when all of it is on the disk, and not before.
   *
   * @param partial where it stands until then, in the same folder
   * @param progress how many bytes of the database are in it
   */
  static void write(
      Path file, Path partial, Manifest manifest, Path database, LongConsumer progress)
      throws IOException {
    makePrivate(partial);
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      var zip = new ZipOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel)));
      // Most of it is sealed and does not get smaller.
      zip.setLevel(Deflater.BEST_SPEED);
      zip.putNextEntry(new ZipEntry(MANIFEST));
      zip.write((manifest.toJson().toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
      zip.putNextEntry(new ZipEntry(DATABASE));
      try (InputStream in = Files.newInputStream(database)) {
        copy(in, zip, progress);
      }
      zip.finish();
      zip.flush();
      channel.force(true);
    }
    settle(partial, file);
  }

  /** Gives a file its name, and sees to it that it keeps it. */
  public static void settle(Path partial, Path file) throws IOException {
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent())) {
      folder.force(true);
    }
  }

  private static long copy(InputStream in, OutputStream out, LongConsumer progress)
      throws IOException {
    byte[] chunk = new byte[CHUNK];
    long done = 0;
    for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
      out.write(chunk, 0, read);
      done += read;
      progress.accept(done);
    }
    return done;
  }

  /** What a backup says of itself. */
  public static Manifest manifest(Path file) throws IOException, Unusable {
    try (var zip = new ZipFile(file.toFile())) {
      return Manifest.read(
              new String(
                  entry(zip, MANIFEST, file).readNBytes(LARGEST_MANIFEST), StandardCharsets.UTF_8))
          .orElseThrow(() ->
              new Unusable(
                  file
                      + " has a manifest that this version of Graft cannot read: it is damaged, or of"
                      + " a newer version."));
    } catch (ZipException e) {
      throw noBackup(file);
    }
  }

  private static InputStream entry(ZipFile zip, String name, Path file)
      throws IOException, Unusable {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw noBackup(file);
    }
    return zip.getInputStream(entry);
  }

  private static Unusable noBackup(Path file) {
    return new Unusable(
        file
            + " is no backup of Graft's, or was cut off. A backup is a ZIP file with "
            + MANIFEST
            + " and "
            + DATABASE
            + " in it.");
  }

  /**
   * Takes the database out of a backup.
   *
   * @param target an empty file; what is in it is on the disk when this returns
   * @throws Unusable when it is not, byte for byte, what the manifest says
   */
  public static void extract(Path file, Manifest manifest, Path target)
      throws IOException, Unusable {
    MessageDigest digest = sha256();
    long bytes;
    try (var zip = new ZipFile(file.toFile());
        var in = new BufferedInputStream(entry(zip, DATABASE, file));
        FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
      OutputStream out = Channels.newOutputStream(channel);
      bytes = copy(new DigestInputStream(in, digest), out, _ -> {});
      channel.force(true);
    } catch (ZipException | EOFException e) {
      throw damaged(file);
    }
    if (bytes != manifest.bytes()
        || !HexFormat.of().formatHex(digest.digest()).equals(manifest.sha256())) {
      throw damaged(file);
    }
  }

  private static Unusable damaged(Path file) {
    return new Unusable(
        file
            + " is damaged: the database in it is not the one that its manifest describes. Take"
            + " another backup.");
  }

  /** The SHA-256 of a file, in hex digits. */
  static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] chunk = new byte[CHUNK];
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        digest.update(chunk, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
