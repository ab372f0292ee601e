package dev.graft.server.telemetry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file system that the data folder is on. */
public final class Disk {
  /** A transaction and its log fit into it several times. */
  private static final long LEAST = 16L << 20;

  private final Path folder;
  private final boolean hasDatabase;

  /**
   * Looks at nothing yet.
   *
   * @param hasDatabase whether the database is on it, so that nothing can be done without room
   */
  public Disk(Path folder, boolean hasDatabase) {
    this.folder = folder;
    this.hasDatabase = hasDatabase;
  }

  /** Whether there is too little room for the database to go on; false when nobody can tell. */
  public boolean isFull() {
    return hasDatabase && free() < LEAST;
  }

  /** How many bytes may still be written; NaN when nobody can tell. */
  public double free() {
    try {
      return Files.getFileStore(existing()).getUsableSpace();
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  /** How many bytes there are in all; NaN when nobody can tell. */
  public double size() {
    try {
      return Files.getFileStore(existing()).getTotalSpace();
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  private Path existing() {
    Path there = folder;
    while (!Files.exists(there) && there.getParent() instanceof Path above) {
      there = above;
    }
    return there;
  }
}
