package dev.graft.cli;

import dev.graft.core.template.TemplateReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that is one template.
 *
 * @param shown what stands before the name of a file of it when the file is shown
 */
record TemplateFolder(String name, Path folder, String shown) {
  /** As deep as the server looks. */
  private static final int DEEPEST = 4;

  /**
   * The templates of a folder: itself when it has JSON files, else one in each folder in it.
   *
   * @throws Refusal when there is none
   */
  static List<TemplateFolder> in(Path folder) {
    try {
      if (isTemplate(folder)) {
        String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
        return List.of(new TemplateFolder(name, folder, folder + "/"));
      }
      List<TemplateFolder> all = foldersIn(folder);
      if (!all.isEmpty()) {
        return all;
      }
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
    throw Refusal.failed(
        "There is no template in "
            + folder
            + ". A template is a folder with template-assistant.json and, for a tool,"
            + " template-tool.json in it.");
  }

  private static boolean isTemplate(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.anyMatch(entry -> entry.toString().endsWith(".json"));
    }
  }

  private static List<TemplateFolder> foldersIn(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(Files::isDirectory)
          .filter(entry -> !String.valueOf(entry.getFileName()).startsWith("."))
          .sorted()
          .map(entry -> new TemplateFolder(String.valueOf(entry.getFileName()), entry, entry + "/"))
          .toList();
    }
  }

  TemplateReader.Reading read() {
    var contents = new LinkedHashMap<String, byte[]>();
    try (Stream<Path> files = Files.walk(folder, DEEPEST)) {
      for (Path file : files.sorted().toList()) {
        boolean isJson = file.toString().endsWith(".json") && Files.isRegularFile(file);
        // Kubernetes mounts files as links into folders of its own, which begin with a dot.
        if (isJson && !folder.relativize(file).toString().startsWith(".")) {
          contents.put(
              folder.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
    return TemplateReader.read(name, contents);
  }

  /** A finding's place with the file in front, as editors and terminals can follow it. */
  String place(Finding finding) {
    return finding.where().isEmpty() ? shown : shown + finding.where();
  }

  private static Refusal unreadable(Path folder, Exception e) {
    return Refusal.failed(folder + " cannot be read: " + FileTrouble.why(e), e);
  }
}
