package dev.graft.product;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is measured, line by line, as docs/performance.md shows it; and what all measuring needs.
 */
final class FigureSheet {
  /** For {@code GRAFT_JAVA_OPTS}: tools of the JDK may look at the process. */
  static final String ATTACHABLE = "-XX:-DisableAttachMechanism";

  private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");

  private final String name;
  private final List<String> lines = new ArrayList<>();

  FigureSheet(String name) {
    this.name = name;
  }

  void heading() {
    say("| figure | measured |");
    say("|---|---|");
  }

  void row(String what, String measured) {
    say("| " + what + " | " + measured + " |");
  }

  private void say(String line) {
    lines.add(line);
    System.out.println(line);
  }

  /** Keeps the lines in a file. */
  void write() throws IOException {
    Path target = Files.createDirectories(Path.of("target"));
    Files.write(target.resolve("figures-" + name + ".md"), lines);
  }

  static String millis(Duration duration) {
    return String.format(Locale.ROOT, "%.1f ms", duration.toNanos() / 1e6);
  }

  static Duration median(List<Duration> durations) {
    return durations.stream().sorted().toList().get(durations.size() / 2);
  }

  /** What a process holds of the machine's memory, in MB; -1 where Linux does not say it. */
  static long residentMegabytes(GraftProcess process) throws IOException {
    Path status = Path.of("/proc/" + process.pid() + "/status");
    if (!Files.exists(status)) {
      return -1;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElse(-1);
  }

  /**
   * The bytes that are alive in a process after a full collection, as the JDK's own tool counts
   * them; the process was started with {@link #ATTACHABLE}.
   */
  static long liveHeap(GraftProcess process) throws IOException, InterruptedException {
    String histogram = HeapDump.jcmd(process.pid(), "GC.class_histogram");
    Matcher total = TOTAL.matcher(histogram);
    if (!total.find()) {
      throw new IllegalStateException("no sum in: " + histogram.lines().limit(3).toList());
    }
    return Long.parseLong(total.group(1));
  }

  /** How long the sandbox takes for each answer. */
  static void latency(URI vapi, int millis) throws IOException {
    Http.send(
        HttpRequest.newBuilder(vapi.resolve("/_sandbox/options"))
            .header("Content-Type", "application/json")
            .method("PATCH", BodyPublishers.ofString("{\"latency-ms\":" + millis + "}")));
  }

  /** The settings of a server that keeps its files in a folder and limits nobody. */
  static Map<String, String> environment(Path folder, URI vapi) {
    var environment = new HashMap<String, String>();
    environment.put("GRAFT_PORT", "0");
    environment.put("GRAFT_AUTH", "none");
    environment.put("GRAFT_RATE_LIMIT", "off");
    // The same accounts are cloned again and again, without the rest that customers take.
    environment.put("GRAFT_VAPI_PACE", "off");
    environment.put("GRAFT_RATE_LIMIT_SERVICE", "off");
    environment.put("GRAFT_DATA_DIR", folder.resolve("data").toString());
    environment.put("GRAFT_TEMPLATES", folder.resolve("templates").toString());
    environment.put("GRAFT_VAPI_BASE_URL", vapi.toString());
    return environment;
  }

  /** The shipped template in a version, so that bodies have a real size. */
  static void writeTemplate(Path folder, int version) throws IOException {
    Path template = Files.createDirectories(folder.resolve("templates/front-desk"));
    write(folder, template.resolve("template-assistant.json"), assistant(version));
    write(folder, template.resolve("template-tool.json"), tool(version));
  }

  /** In one go: whoever clones meanwhile finds no half of it. */
  private static void write(Path folder, Path file, String text) throws IOException {
    Path written = Files.writeString(folder.resolve("written"), text);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  static String assistant(int version) throws IOException {
    return shipped("template-assistant.json").replace("_v1", "_v" + version);
  }

  static String tool(int version) throws IOException {
    return shipped("template-tool.json")
        .replace("_v1", "_v" + version)
        .replace("/api/visits", "/api/visits/" + version);
  }

  private static String shipped(String file) throws IOException {
    return Files.readString(GraftProcess.home().resolve("templates/front-desk").resolve(file));
  }
}
