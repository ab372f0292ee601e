package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MasterKeyFileTest {
  private static final String DIGITS = Vectors.MASTER_KEY_DIGITS;

  @TempDir Path directory;
  private Path file = Path.of("replaced");

  @BeforeEach
  void nameTheFile() {
    file = directory.resolve("master.key");
  }

  @Test
  void aFileIsMadeAtFirstStartForItsOwnerOnlyAndReadEverAfter() throws IOException {
    MasterKey made = MasterKeyFile.readOrCreate(file);

    assertThat(Files.readString(file)).matches("[0-9a-f]{64}\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(MasterKeyFile.read(file).id()).isEqualTo(made.id());
    assertThat(MasterKeyFile.readOrCreate(file).id()).isEqualTo(made.id());
    assertThat(directory).isDirectoryContaining(file::equals);
    assertThat(namesIn(directory)).containsExactly("master.key");
  }

  @Test
  void twoFilesHaveTwoKeys() {
    assertThat(MasterKeyFile.readOrCreate(file).id())
        .isNotEqualTo(MasterKeyFile.readOrCreate(directory.resolve("other.key")).id());
  }

  @Test
  void ofManyFirstStartsAtOnceOneMakesTheFileAndAllReadIt() throws Exception {
    for (int round = 0; round < 20; round++) {
      Path contested = directory.resolve("contested-" + round);
      Set<String> ids = new HashSet<>();
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<MasterKey>> keys = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
          keys.add(threads.submit(() -> MasterKeyFile.readOrCreate(contested)));
        }
        for (var key : keys) {
          ids.add(key.get().id());
        }
      }
      assertThat(ids).containsExactly(MasterKeyFile.read(contested).id());
    }
    assertThat(namesIn(directory)).hasSize(20);
  }

  @Test
  void aFileThatIsThereIsNeverReplacedHoweverBad() throws IOException {
    for (String content : List.of("", "short", DIGITS + "\n" + DIGITS)) {
      write(content);
      assertThatThrownBy(() -> MasterKeyFile.readOrCreate(file)).isInstanceOf(VaultException.class);
      assertThat(Files.readString(file)).isEqualTo(content);
    }
  }

  @Test
  void anEndOfLineMayFollowTheDigits() throws IOException {
    for (String end : List.of("", "\n", "\r\n")) {
      write(DIGITS + end);
      assertThat(MasterKeyFile.read(file).id()).isEqualTo(Vectors.MASTER_KEY_ID);
    }
  }

  @Test
  void whatIsWrongWithItsContentIsSaid() throws IOException {
    write("");
    assertRefused("The master key in " + file + " is empty; it must have exactly 64.");
    write("\n");
    assertRefused("The master key in " + file + " is empty; it must have exactly 64.");
    write(DIGITS.substring(2));
    assertRefused("The master key in " + file + " has 62 characters; it must have exactly 64.");
    write(DIGITS.replace("40", "4z"));
    assertRefused(
        "The master key in "
            + file
            + " has a character that is no hexadecimal digit at position 2.");
    write(" " + DIGITS.substring(1));
    assertRefused(
        "The master key in "
            + file
            + " has a character that is no hexadecimal digit at position 1.");
    write(DIGITS.repeat(100));
    assertRefused("The master key file " + file + " has 6400 bytes.");
  }

  @Test
  void aFileOpenToOthersIsRefusedWhoeverAsks() throws IOException {
    for (String mode :
        List.of("rw-r-----", "rw----r--", "rw-rw-rw-", "rw--w----", "rwx--x---", "r--r--r--")) {
      write(DIGITS);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertRefused(
          "The master key file %s is open to others than its owner (mode %s). Run: chmod 600 %s"
              .formatted(file, mode, file));
    }
  }

  @Test
  void aFileThatItsOwnerCannotReadIsRefused() throws IOException {
    for (String mode : List.of("---------", "-w-------")) {
      write(DIGITS);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertRefused(
          "The master key file %s is not readable, not even for its owner (mode %s). Run: chmod 600"
              .formatted(file, mode));
    }
  }

  @Test
  void aFileThatItsOwnerCannotChangeIsFine() throws IOException {
    write(DIGITS);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));

    assertThat(MasterKeyFile.read(file).id()).isEqualTo(Vectors.MASTER_KEY_ID);
  }

  @Test
  void aDirectoryIsRefused() throws IOException {
    Files.createDirectory(file);

    assertRefused("The master key file " + file + " is a directory. Name the file inside it.");
    assertThatThrownBy(() -> MasterKeyFile.readOrCreate(file)).isInstanceOf(VaultException.class);
  }

  @Test
  void aDeviceIsRefused() {
    assertThatThrownBy(() -> MasterKeyFile.read(Path.of("/dev/zero")))
        .hasMessageStartingWith("The master key file /dev/zero is not a regular file.");
  }

  @Test
  void aMissingFileIsSaidToBeMissing() {
    assertRefused("There is no master key file " + file + ". Put it back from your own copy:");
  }

  @Test
  void aLinkToAGoodFileIsFollowedAndOneToNothingIsNotFilled() throws IOException {
    write(DIGITS);
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    Path dangling =
        Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("nothing"));

    assertThat(MasterKeyFile.read(link).id()).isEqualTo(Vectors.MASTER_KEY_ID);
    assertThatThrownBy(() -> MasterKeyFile.readOrCreate(dangling))
        .hasMessageStartingWith("There is no master key file " + dangling);
    assertThat(directory.resolve("nothing")).doesNotExist();
  }

  @Test
  void aFileThatCannotBeReadIsSaidToBeSo() throws IOException {
    Files.createSymbolicLink(file, file);

    assertRefused("The master key file " + file + " cannot be read: ");
  }

  @Test
  void aMissingDirectoryIsSaidToBeMissing() {
    Path nowhere = directory.resolve("nowhere");

    assertThatThrownBy(() -> MasterKeyFile.readOrCreate(nowhere.resolve("master.key")))
        .hasMessage(
            "The master key file %1$s/master.key cannot be made, as its directory does not exist."
                    .formatted(nowhere)
                + " Create %s for the user that runs Graft.".formatted(nowhere));
    assertThat(nowhere).doesNotExist();
  }

  /** A zip file knows neither links nor owners. */
  @Test
  void aFileSystemThatCannotMakeItSafelyIsSaidToBeSoAndNothingIsLeftThere() throws IOException {
    Path zip = directory.resolve("files.zip");
    try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
      Path inside = files.getPath("/master.key");

      assertThatThrownBy(() -> MasterKeyFile.readOrCreate(inside))
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_MASTER_KEY))
          .hasMessageStartingWith("The master key file /master.key cannot be made: ")
          .hasMessageContaining("(umask 077; openssl rand -hex 32 > /master.key)");
      assertThat(namesIn(files.getPath("/"))).isEmpty();

      Files.writeString(inside, DIGITS);
      assertThat(MasterKeyFile.readOrCreate(inside).id()).isEqualTo(Vectors.MASTER_KEY_ID);
    }
  }

  private void write(String content) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, content);
  }

  private void assertRefused(String beginning) {
    assertThatThrownBy(() -> MasterKeyFile.read(file))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_MASTER_KEY))
        .hasMessageStartingWith(beginning);
  }

  private static List<String> namesIn(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
