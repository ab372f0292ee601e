package dev.graft.server;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.server.doctor.Checked;
import dev.graft.server.doctor.Examination;
import dev.graft.server.doctor.LiveVisit;
import dev.graft.vault.ProviderUri;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code graft doctor}: everything that can be seen to be wrong with a set-up before, or while, a
 * server runs on it; with {@code --live} what Vapi itself does where nobody has written it down.
 */
final class DoctorCommand {
  private DoctorCommand() {}

  static int run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    var rest = new ArrayList<>(arguments);
    boolean json = rest.remove("--json");
    boolean live = rest.remove("--live");
    boolean yes = rest.remove("--yes");
    Optional<String> budget = taken(rest, "--budget");
    Optional<String> url = taken(rest, "--url").or(() -> given(environment, "GRAFT_URL"));
    if (budget.filter(text -> !text.matches("[3-9]\\d|[1-9]\\d{2,3}")).isPresent()) {
      err.println("--budget takes a number of calls from 30 to 9999.");
      return Main.USAGE;
    }
    Settings settings;
    try {
      settings = Settings.of(GivenSettings.of(rest, environment));
    } catch (Settings.Unusable e) {
      return told(faults(e), json, out);
    }
    if (live) {
      return LiveVisit.run(
          settings.hosts(),
          environment,
          new LiveVisit.Wish(budget.map(Integer::parseInt).orElse(120), yes, json),
          out,
          err);
    }
    try {
      URI own = address(settings);
      URI server = url.map(URI::create).orElse(own);
      var all = new ArrayList<Checked>();
      all.add(environment(environment));
      all.addAll(Examination.of(settings, server, server.equals(own), version()));
      all.add(keys(settings));
      return told(all, json, out);
    } catch (IllegalArgumentException e) {
      err.println("--url must be an address such as http://127.0.0.1:3000.");
      return Main.USAGE;
    }
  }

  private static Optional<String> given(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
  }

  /** Takes an option and its value out of the arguments, which are settings otherwise. */
  private static Optional<String> taken(List<String> arguments, String option) {
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.startsWith(option + "=")) {
        arguments.remove(i);
        return Optional.of(argument.substring(option.length() + 1));
      }
      if (argument.equals(option)) {
        arguments.remove(i);
        return Optional.of(i < arguments.size() ? arguments.remove(i) : "");
      }
    }
    return Optional.empty();
  }

  private static Checked environment(Map<String, String> environment) {
    List<String> stray = StrayNames.in(environment);
    return new Checked(
        "environment",
        stray.isEmpty() ? "no name that is mistyped" : String.join(", ", stray),
        stray.isEmpty()
            ? List.of()
            : List.of(
                Diagnostic.warning(
                    "NAME_UNKNOWN",
                    "The environment has names like those of settings that are none.",
                    "Nobody reads them. If one of them is mistyped, what it should set is as it is"
                        + " without it: graft config shows every setting. Else take them out.",
                    null)));
  }

  private static List<Checked> faults(Settings.Unusable e) {
    return e.faults().stream()
        .map(fault ->
            new Checked(
                "settings",
                "cannot be used",
                List.of(
                    Diagnostic.error(
                        "SETTING_UNUSABLE",
                        "A setting cannot be used.",
                        fault + " Graft does not start with it.",
                        null))))
        .toList();
  }

  /** Where a server with these settings listens, as this machine calls it. */
  private static URI address(Settings settings) {
    String host = settings.host();
    boolean any = host.equals("0.0.0.0") || host.equals("::") || host.equals("[::]");
    String name =
        any ? "127.0.0.1" : host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    String scheme = settings.edge().certificate().isPresent() ? "https" : "http";
    return URI.create(scheme + "://" + name + ":" + settings.port());
  }

  private static String version() {
    String version = DoctorCommand.class.getPackage().getImplementationVersion();
    return version == null ? "" : version;
  }

  private static Checked keys(Settings settings) {
    boolean isLocal = settings.keys().current().isSameKeyAs(KeySettings.LOCAL);
    boolean isFirstStart =
        settings.database().isEmpty() && !Files.exists(settings.dataDir().resolve("graft.db"));
    if (isLocal && settings.masterKey().isEmpty() && isFirstStart) {
      return new Checked("keys", "the first start makes a key file in the data folder", List.of());
    }
    var findings = new ArrayList<Diagnostic>();
    List<ProviderUri> uris =
        Stream.concat(Stream.of(settings.keys().current()), settings.keys().older().stream())
            .toList();
    for (ProviderUri uri : uris) {
      KmsCheck.trouble(uri, settings)
          .ifPresent(trouble ->
              findings.add(
                  Diagnostic.error(
                      "KEY_PROVIDER_FAILS",
                      "A key provider does not do its work.",
                      uri.identity()
                          + ": "
                          + trouble
                          + " Without it no customer's key can be used. graft kms check shows each"
                          + " step.",
                      uri.identity())));
    }
    return new Checked(
        "keys",
        String.join(", ", uris.stream().map(ProviderUri::identity).toList()),
        List.copyOf(findings));
  }

  private static int told(List<Checked> all, boolean json, PrintStream out) {
    if (json) {
      tellJson(all, out);
    } else {
      all.forEach(checked -> tell(checked, out));
      long errors = count(all, Diagnostic.Severity.ERROR);
      long warnings = count(all, Diagnostic.Severity.WARNING);
      out.println();
      out.println(
          errors == 0 && warnings == 0
              ? "Nothing is wrong, as far as can be seen from here."
              : errors + " to mend, " + warnings + " to look at.");
    }
    out.flush();
    return all.stream().anyMatch(Checked::isFault) ? Main.FAILED : 0;
  }

  private static long count(List<Checked> all, Diagnostic.Severity severity) {
    return all.stream()
        .flatMap(checked -> checked.findings().stream())
        .filter(finding -> finding.severity() == severity)
        .count();
  }

  private static void tell(Checked checked, PrintStream out) {
    String mark =
        checked.isFault()
            ? "FAULT"
            : checked.findings().stream()
                    .anyMatch(finding -> finding.severity() == Diagnostic.Severity.WARNING)
                ? "look"
                : "good";
    out.printf("%-5s  %-12s %s%n", mark, checked.what(), checked.found());
    for (Diagnostic finding : checked.findings()) {
      out.println(
          Manual.wrapped(
              (finding.where() == null ? "" : finding.where() + ": ")
                  + finding.detail()
                  + " ["
                  + finding.code()
                  + "]",
              "       "));
    }
  }

  private static void tellJson(List<Checked> all, PrintStream out) {
    var json = Json.object();
    json.put("good", all.stream().noneMatch(Checked::isFault));
    var list = json.putArray("checks");
    for (Checked checked : all) {
      var one = list.addObject().put("what", checked.what()).put("found", checked.found());
      var findings = one.putArray("findings");
      for (Diagnostic finding : checked.findings()) {
        var each =
            findings
                .addObject()
                .put("severity", finding.severity().name().toLowerCase(Locale.ROOT))
                .put("code", finding.code())
                .put("summary", finding.summary())
                .put("detail", finding.detail());
        if (finding.where() != null) {
          each.put("where", finding.where());
        }
      }
    }
    out.println(Json.writePretty(json));
  }
}
