package dev.graft.cli;

import dev.graft.core.json.Json;
import dev.graft.core.template.Release;
import dev.graft.core.template.TemplateReader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft template check}: everything that is wrong with templates, without a server. */
final class TemplateCheck {
  /** A template and what reading it gave. */
  private record Checked(TemplateFolder folder, Optional<Release> release, List<Finding> findings) {
    static Checked of(TemplateFolder folder) {
      TemplateReader.Reading reading = folder.read();
      return new Checked(
          folder,
          reading.release(),
          reading.findings().stream()
              .map(Finding::of)
              .sorted(Comparator.comparingInt(Finding::rank))
              .toList());
    }
  }

  /** A finding and the template it is about. */
  private record Found(TemplateFolder folder, Finding finding) {}

  private TemplateCheck() {}

  static int run(Given given, Terminal terminal) {
    List<Checked> all = TemplateFolder.in(folder(given)).stream().map(Checked::of).toList();
    if (given.wantsJson()) {
      terminal.out().json(json(all));
    } else {
      terminal.out().print(lines(all));
    }
    return all.stream().allMatch(checked -> checked.release().isPresent())
        ? Exit.DONE
        : Exit.FAILED;
  }

  private static Path folder(Given given) {
    Optional<String> named = given.optionalArgument(0);
    if (named.isPresent()) {
      try {
        return Path.of(named.get());
      } catch (InvalidPathException e) {
        throw Refusal.usage("The argument is no name of a folder.");
      }
    }
    Path here = Path.of("templates");
    Optional<Path> home = given.variable("GRAFT_HOME").map(h -> Path.of(h).resolve("templates"));
    return Files.isDirectory(here) ? here : home.orElse(here);
  }

  private static List<Line> lines(List<Checked> all) {
    var found = new ArrayList<Found>();
    all.forEach(c -> c.findings().forEach(f -> found.add(new Found(c.folder(), f))));
    // Stable, so that templates and files stay in their order.
    found.sort(Comparator.comparingInt(each -> each.finding().rank()));
    var lines = new ArrayList<Line>();
    for (Found each : found) {
      Finding finding = each.finding();
      lines.add(
          Line.of(each.folder().place(finding) + ": ")
              .and(finding.severity(), finding.style())
              .and(": " + finding.detail() + " ")
              .and("[" + finding.code() + "]", Style.DIM)
              .hanging(4));
    }
    if (!lines.isEmpty()) {
      lines.add(Line.EMPTY);
    }
    all.forEach(checked -> lines.add(verdict(checked)));
    return lines;
  }

  private static Line verdict(Checked checked) {
    String counts =
        String.join("", count(checked, "error"), count(checked, "warning"), count(checked, "note"));
    Line name = Line.of(checked.folder().name(), Style.BOLD);
    return checked
        .release()
        .map(release ->
            name.and(" " + release.version() + ": ")
                .and("good", Style.GREEN)
                .and(", " + counted(release.resources().size(), "resource") + counts))
        .orElseGet(() -> name.and(": ").and("cannot be used", Style.RED).and(counts));
  }

  private static String count(Checked checked, String severity) {
    long count = checked.findings().stream().filter(f -> f.severity().equals(severity)).count();
    return count == 0 ? "" : ", " + counted(count, severity);
  }

  private static String counted(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  /** In the form in which the API shows templates. */
  private static ObjectNode json(List<Checked> all) {
    ObjectNode json = Json.object();
    var templates = json.putArray("templates");
    for (Checked checked : all) {
      ObjectNode template = templates.addObject();
      template.put("name", checked.folder().name());
      template.put("version", checked.release().map(r -> r.version().toString()).orElse(null));
      template.put("digest", checked.release().map(r -> r.digest().hex()).orElse(null));
      var resources = template.putArray("resources");
      checked
          .release()
          .map(Release::resources)
          .orElse(List.of())
          .forEach(resource ->
              resources
                  .addObject()
                  .put("address", resource.address().toString())
                  .put("name", resource.kind().nameOf(resource.body()).orElse(null))
                  .put("version", resource.version().toString()));
      var findings = template.putArray("findings");
      for (Finding finding : checked.findings()) {
        ObjectNode one = findings.addObject();
        one.put("severity", finding.severity().toUpperCase(java.util.Locale.ROOT));
        one.put("code", finding.code());
        one.put("summary", finding.summary());
        one.put("detail", finding.detail());
        if (!finding.where().isEmpty()) {
          one.put("where", finding.where());
        }
      }
    }
    return json;
  }
}
