import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes for an archive what is owed to others: legal/third-parties.md, the list of all libraries with
 * their licences from the bills of materials, and the licence and notice files that came in their jars.
 * Run by scripts/archive, with the archive's own libraries on the class path.
 */
final class ThirdParties {
  /** A library: which of our programs have it, and under which licences. */
  private record Library(TreeSet<String> programs, TreeSet<String> licences, String address) {}

  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments[0]);
    var libraries = new TreeMap<String, Library>();
    for (Path bill : files(root.resolve("sbom"), ".cdx.json")) {
      read(JsonMapper.shared().readTree(bill.toFile()), libraries);
    }
    Path legal = Files.createDirectories(root.resolve("legal"));
    var page = new StringBuilder();
    page.append("# Libraries in this archive, and their licences\n\n");
    page.append("From the bills of materials in sbom/. The texts that came with them are in texts/,\n");
    page.append("and those of the Java runtime in ../runtime/legal/.\n\n");
    page.append("| library | version | licence | in |\n|---|---|---|---|\n");
    for (var entry : libraries.entrySet()) {
      String[] parts = entry.getKey().split(" ", 2);
      Library library = entry.getValue();
      if (library.licences().isEmpty()) {
        throw new IOException(entry.getKey() + " says nothing of its licence: look it up, and name it here.");
      }
      page.append("| ").append(parts[0]).append(" | ").append(parts[1]).append(" | ");
      page.append(String.join("; ", library.licences())).append(" | ");
      page.append(String.join(", ", library.programs())).append(" |\n");
    }
    Files.writeString(legal.resolve("third-parties.md"), page);
    for (String folder : List.of("programs/lib", "kms")) {
      for (Path jar : files(root.resolve(folder), ".jar")) {
        copyTexts(jar, legal.resolve("texts"));
      }
    }
  }

  private static List<Path> files(Path folder, String end) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
    }
  }

  private static void read(JsonNode bill, TreeMap<String, Library> libraries) {
    String program = bill.at("/metadata/component/name").asString();
    for (JsonNode component : bill.path("components")) {
      String group = component.path("group").asString("");
      if (group.equals("dev.graft")) {
        continue;
      }
      String name = group + ":" + component.path("name").asString() + " " + component.path("version").asString();
      Library library =
          libraries.computeIfAbsent(name, _ -> new Library(new TreeSet<>(), new TreeSet<>(), ""));
      library.programs().add(program);
      for (JsonNode licence : component.path("licenses")) {
        JsonNode one = licence.path("license");
        String said =
            one.path("id").asString(one.path("name").asString(licence.path("expression").asString("")));
        if (!said.isBlank()) {
          library.licences().add(said.replace("|", "/").strip());
        }
      }
    }
  }

  private static void copyTexts(Path jar, Path texts) throws IOException {
    if (jar.getFileName().toString().startsWith("graft-")) {
      return;
    }
    try (var file = new JarFile(jar.toFile())) {
      for (var entry : file.stream().toList()) {
        String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
        String plain = name.toUpperCase(Locale.ROOT);
        boolean isText = plain.matches("(LICENSE|LICENCE|NOTICE|COPYING|COPYRIGHT|ABOUT)[^/]*") && !plain.endsWith(".CLASS");
        if (!entry.isDirectory() && isText) {
          Path folder = Files.createDirectories(texts.resolve(jar.getFileName().toString().replace(".jar", "")));
          try (InputStream in = file.getInputStream(entry)) {
            Files.writeString(
                folder.resolve(name), new String(in.readAllBytes(), StandardCharsets.UTF_8));
          }
        }
      }
    }
  }
}
