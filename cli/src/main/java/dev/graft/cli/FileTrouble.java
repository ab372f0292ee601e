package dev.graft.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Why a file could not be read or written, as the end of a sentence. */
final class FileTrouble {
  private FileTrouble() {}

  static String why(Exception e) {
    return switch (e) {
      case UncheckedIOException wrapped when wrapped.getCause() instanceof IOException cause ->
          why(cause);
      case NoSuchFileException _ -> "there is no such file or folder.";
      case AccessDeniedException _ -> "it is not allowed.";
      case FileAlreadyExistsException _ -> "it is there already.";
      case NotDirectoryException _ -> "it is no folder.";
      default -> "the system says '" + e.getMessage() + "'.";
    };
  }
}
