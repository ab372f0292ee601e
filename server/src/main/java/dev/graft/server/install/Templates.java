package dev.graft.server.install;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Digest;
import dev.graft.core.template.Release;
import dev.graft.core.template.TemplateReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The templates in their folder, as the files stand now: a release is read again when a file of it
 * changes. A folder that is broken is no template until it is mended.
 */
public final class Templates {
  private static final int DEEPEST = 4;

  private final Path folder;
  private final Optional<String> standard;
  private final Map<String, Read> known = new ConcurrentHashMap<>();

  /**
   * The templates of a folder.
   *
   * @param standard the template of a clone that names none, if one is set
   */
  public Templates(Path folder, Optional<String> standard) {
    this.folder = folder;
    this.standard = standard;
  }

  /** A template as it stands: a release, or what is wrong. */
  public record Template(
      String name, Optional<Release> release, Optional<Digest> digest, List<Diagnostic> findings) {
    public Template {
      findings = List.copyOf(findings);
    }
  }

  /** Sizes and times of files, by which a change is noticed. */
  private record Read(Map<String, String> stamps, Template template) {}

  /** The folder is there, and cannot be looked into; its message is a sentence. */
  public static final class Unreadable extends UncheckedIOException {
    private Unreadable(Path folder, IOException cause) {
      super(
          file(cause, folder)
              + " cannot be read by the user "
              + System.getProperty("user.name")
              + ", as whom this runs ("
              + cause.getClass().getSimpleName()
              + "). Let that user read all templates, for instance with chmod -R a+rX "
              + folder
              + ".",
          cause);
    }
  }

  public Path folder() {
    return folder;
  }

  /** The names of all templates, in order. */
  public List<String> names() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(folder)) {
      return folders
          .filter(Files::isDirectory)
          .map(path -> String.valueOf(path.getFileName()))
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new Unreadable(folder, e);
    }
  }

  public Optional<Template> named(String name) {
    return names().contains(name) ? Optional.of(read(name)) : Optional.empty();
  }

  /** The template of a clone that names none; nothing when several could be meant. */
  public Optional<String> standardName() {
    List<String> names = names();
    if (standard.isPresent()) {
      return standard;
    }
    if (names.size() == 1) {
      return Optional.of(names.getFirst());
    }
    return Optional.of("front-desk").filter(names::contains);
  }

  private Template read(String name) {
    Path root = folder.resolve(name);
    try {
      return read(name, root, stamps(root));
    } catch (IOException | UncheckedIOException e) {
      return unreadable(name, root, e);
    }
  }

  private Template read(String name, Path root, Map<String, String> stamps) throws IOException {
    Read before = known.get(name);
    if (before != null && before.stamps().equals(stamps)) {
      return before.template();
    }
    TemplateReader.Reading reading = TemplateReader.read(name, contents(root, stamps));
    var template =
        new Template(
            name, reading.release(), reading.release().map(Release::digest), reading.findings());
    known.put(name, new Read(stamps, template));
    return template;
  }

  private static Template unreadable(String name, Path root, Exception e) {
    Exception reason = reason(e);
    String file = root.relativize(Path.of(file(reason, root))).toString().replace('\\', '/');
    return new Template(
        name,
        Optional.empty(),
        Optional.empty(),
        List.of(
            TemplateReader.unreadable(
                file.isEmpty() ? "The folder" : file, reason.getClass().getSimpleName())));
  }

  private static Exception reason(Exception e) {
    return e instanceof UncheckedIOException && e.getCause() instanceof IOException cause
        ? cause
        : e;
  }

  private static String file(Exception reason, Path otherwise) {
    return reason instanceof FileSystemException at && at.getFile() != null
        ? at.getFile()
        : otherwise.toString();
  }

  private static Map<String, String> stamps(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root, DEEPEST)) {
      var stamps = new TreeMap<String, String>();
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).toList()) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (attributes.isRegularFile() && isShown(root.relativize(file))) {
          stamps.put(
              root.relativize(file).toString().replace('\\', '/'),
              attributes.size() + " " + attributes.lastModifiedTime() + " " + attributes.fileKey());
        }
      }
      return stamps;
    }
  }

  /** Kubernetes mounts files as links into folders of its own, which begin with a dot. */
  private static boolean isShown(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".")) {
        return false;
      }
    }
    return true;
  }

  private static SequencedMap<String, byte[]> contents(Path root, Map<String, String> stamps)
      throws IOException {
    var contents = new LinkedHashMap<String, byte[]>();
    for (String name : stamps.keySet()) {
      contents.put(name, Files.readAllBytes(root.resolve(name)));
    }
    return contents;
  }
}
