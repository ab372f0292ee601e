package dev.graft.server.audit;

import dev.graft.core.audit.Checkpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.PublicKey;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A place outside the database where checkpoints go, each once and in order. */
public sealed interface Sink {
  /** The last checkpoint that is there; nothing when there is none, or nobody can tell. */
  Optional<Checkpoint> last() throws IOException;

  void add(Checkpoint checkpoint) throws IOException;

  /** What it is, in a word. */
  default String kind() {
    return switch (this) {
      case Log _ -> "log";
      case ToFile _ -> "file";
    };
  }

  /** Lines of the log, which whoever collects logs keeps elsewhere. */
  final class Log implements Sink {
    private static final Logger LOG = LoggerFactory.getLogger("dev.graft.audit");
    private volatile @Nullable Checkpoint last;

    @Override
    public Optional<Checkpoint> last() {
      return Optional.ofNullable(last);
    }

    @Override
    public void add(Checkpoint checkpoint) {
      LOG.info("{}", checkpoint.line());
      last = checkpoint;
    }

    @Override
    public String toString() {
      return "log";
    }
  }

  /** A file that is only appended to, best on a machine or a file system of its own. */
  final class ToFile implements Sink {
    private final Path file;
    private final PublicKey publicKey;

    public ToFile(Path file, PublicKey publicKey) {
      this.file = file;
      this.publicKey = publicKey;
    }

    @Override
    public Optional<Checkpoint> last() throws IOException {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
        Optional<Checkpoint> last =
            lines
                .flatMap(line -> Checkpoint.in(line).stream())
                .reduce((a, b) -> a.isAfter(b) ? a : b);
        if (last.isPresent() && !last.get().isSignedBy(publicKey)) {
          throw new IOException(
              "the last checkpoint in "
                  + file
                  + " is not signed by the key of this server's audit trail: give each chain a file"
                  + " of its own");
        }
        return last;
      } catch (UncheckedIOException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    @Override
    public void add(Checkpoint checkpoint) throws IOException {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      // What a crash left half written stays on a line of its own.
      String start = Files.exists(file) && !endsWithNewline() ? "\n" : "";
      byte[] line = (start + checkpoint.line() + "\n").getBytes(StandardCharsets.US_ASCII);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        var buffer = ByteBuffer.wrap(line);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
    }

    private boolean endsWithNewline() throws IOException {
      long size = Files.size(file);
      if (size == 0) {
        return true;
      }
      try (InputStream in = Files.newInputStream(file)) {
        in.skipNBytes(size - 1);
        return in.read() == '\n';
      }
    }

    @Override
    public String toString() {
      return "file " + file;
    }
  }
}
