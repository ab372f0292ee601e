package dev.graft.server;

import dev.graft.core.json.Json;
import dev.graft.server.access.SignIns;
import dev.graft.store.Database;
import java.io.PrintStream;

/** What the server says on the terminal. */
final class Manual {
  private static final int WIDTH = 92;

  private Manual() {}

  static int serve(PrintStream out) {
    out.println(
        """
        graft serve - runs the server

        Usage: graft serve [--FLAG VALUE ...] [--config FILE]

        Every setting can be given as a flag, in the environment, or in a file with lines NAME=value
        (--config, GRAFT_CONFIG, or graft.env in the working folder). Flags go first, then the
        environment, then the file. Secrets are not taken as flags.
        """);
    for (Setting setting : Setting.values()) {
      String flag = setting.isSecret() ? "" : "  " + setting.flag();
      String standard = setting.standard().isEmpty() ? "" : "  [" + setting.standard() + "]";
      out.println("  " + setting + flag + standard);
      wrapped(setting.description(), "      ", out);
    }
    return 0;
  }

  static int config(PrintStream out) {
    out.println(
        """
        graft config - shows the settings that graft serve would use, and where each comes from

        Usage: graft config [--json] [--FLAG VALUE ...] [--config FILE]
               graft config --reference

        Secrets are masked. The exit code is 1 when the server would not start with them.
        With --reference: every setting there is, as a page in Markdown.
        """);
    return 0;
  }

  static int doctor(PrintStream out) {
    out.println(
        """
        graft doctor - says what is wrong with a set-up, why, and what to do

        Usage: graft doctor [--json] [--url URL] [--config FILE] [--FLAG VALUE ...]
               graft doctor --live [--budget N] [--yes] [--json]

        Looks at settings, data folder, database, key provider, templates, certificate, token,
        proxies, at the server and at Vapi, without changing anything. It takes the settings of
        graft serve, and may be run while the server runs. The exit code is 1 when there is
        something to mend.

        With --live it asks Vapi itself what nobody has written down (docs/vapi-facts.md), with the
        private key of an account of your own, from VAPI_API_KEY or typed in. It makes a few
        assistants, tools, a squad and a structured output called graft-doctor-..., and removes
        them, also after Ctrl-C; what a killed run left behind, the next one finds.

          --url URL   where the server is, if not where its settings say
          --budget N  the most calls that --live makes [120]
          --yes       removes what a killed run left behind without asking
          --json      for programs\
        """);
    return 0;
  }

  static int restore(PrintStream out) {
    out.println(
        """
        graft restore - puts the database of a backup into a data folder that has none

        Usage: graft restore BACKUP [--check] [--json] [--FLAG VALUE ...] [--config FILE]

        BACKUP is a file that graft backup or the server made. It is taken only when it is whole (its
        manifest, the SHA-256 of the database, SQLite's own check) and when the wrapping key that the
        settings name opens what is in it; put master.key into the data folder first, if that is where
        the key is. A database that is there already is never replaced. Settings are given as for
        graft serve, for instance --data-dir. Needs no running server.

          --check  does all of that, and restores nothing
          --json   for programs

        The exit code is 0 when it is restored, or good, and 1 when it is not. What to do then is
        printed, and stands in docs/recovering.md.\
        """);
    return 0;
  }

  static int kmsCheck(PrintStream out) {
    out.println(
        """
        graft kms check - tries a key provider with your own credentials

        Usage: graft kms check [ADDRESS ...] [--times N] [--json] [--config FILE]

        Wraps and unwraps a data key that is made for the purpose and stored nowhere, makes sure
        that another account's does not unwrap, and wraps it anew as 'graft kms rotate' does. Says
        how long each takes, under which version of the key, and, when a step fails, why, what to
        do, and what it must be allowed to do. Needs no running server.

          ADDRESS    a key provider, for instance aws-kms:alias/graft (docs/keys.md has one of
                     each kind); without any, those of GRAFT_KMS and GRAFT_KMS_OLDER
          --times N  wraps and unwraps N times [5]
          --json     for programs
          --config   a file of settings, as for graft serve

        The exit code is 0 when all of it works, 1 when something does not, and 64 when this
        command is not understood.\
        """);
    return 0;
  }

  private static void wrapped(String text, String indent, PrintStream out) {
    out.println(wrapped(text, indent));
  }

  /** The text in lines that are not too long, each indented. */
  static String wrapped(String text, String indent) {
    var lines = new StringBuilder();
    var line = new StringBuilder(indent);
    for (String word : text.strip().split(" ", -1)) {
      if (line.length() > indent.length() && line.length() + word.length() + 1 > WIDTH) {
        lines.append(line.toString().stripTrailing()).append('\n');
        line = new StringBuilder(indent);
      }
      line.append(word).append(' ');
    }
    return lines.append(line.toString().stripTrailing()).toString();
  }

  static void settings(GivenSettings given, boolean json, PrintStream out) {
    if (json) {
      var all = Json.object();
      for (Setting setting : Setting.values()) {
        all.putObject(setting.name())
            .put("value", shown(setting, given))
            .put("origin", given.value(setting).origin());
      }
      out.println(Json.writePretty(all));
      return;
    }
    for (Setting setting : Setting.values()) {
      String value = shown(setting, given);
      out.printf(
          "%-24s %-34s %s%n",
          setting, value.isEmpty() ? "(not set)" : value, given.value(setting).origin());
    }
  }

  private static String shown(Setting setting, GivenSettings given) {
    String text = given.text(setting);
    if (text.isEmpty() || !setting.isSecret()) {
      return text;
    }
    return setting == Setting.GRAFT_DATABASE_URL
        ? text.replaceFirst("(://[^:/@]*):.*@", "$1:***@")
        : "***";
  }

  private static String keys(Settings settings) {
    String current = settings.keys().current().identity();
    if (!current.equals(KeySettings.LOCAL.identity())) {
      return "wrapped by " + current;
    }
    return "wrapped by the master key "
        + (settings.masterKey().isPresent()
            ? "from the environment or a file of settings"
            : settings.dataDir().resolve("master.key")
                + " (keep a copy of it apart from backups of the database: without it, no linked"
                + " key can be opened)");
  }

  /** The link that opens the console once. */
  static void wayIn(Settings settings, int port, String link, PrintStream out) {
    String base =
        settings
            .publicUrl()
            .map(url -> url.toString().replaceFirst("/+$", ""))
            .orElse(scheme(settings) + "://" + shown(settings.host()) + ":" + port);
    out.println(
        "  sign in    "
            + base
            + "/login?link="
            + link
            + " (once, within "
            + SignIns.LINK.toMinutes()
            + " minutes; then: graft login)");
    out.flush();
  }

  private static String scheme(Settings settings) {
    return settings.edge().certificate().isPresent() ? "https" : "http";
  }

  private static String shown(String host) {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  static void started(Settings settings, Database database, int port, PrintStream out) {
    String shownHost = shown(settings.host());
    String scheme = scheme(settings);
    out.println("Graft listens on " + scheme + "://" + shownHost + ":" + port);
    out.println(
        "  database   "
            + database.description()
            + (settings.database().isEmpty() ? " in " + settings.dataDir() : ""));
    out.println("  keys       " + keys(settings));
    out.println(
        "  Vapi       "
            + String.join(", ", settings.hosts().stream().map(h -> h.url().toString()).toList()));
    out.println("  templates  " + settings.templates());
    out.println(
        "  audit      checkpoints go to: "
            + String.join(
                ", ", settings.auditSinks().stream().map(Settings.AuditSink::text).toList()));
    out.println(
        "  callers    "
            + (settings.open()
                ? "everyone on this machine, without a token (GRAFT_AUTH=none)"
                : "whoever has the admin token or an API key"
                    + settings.oidc().map(oidc -> ", or a token of " + oidc.issuer()).orElse("")));
    out.println("  read more  " + scheme + "://" + shownHost + ":" + port + "/docs");
    out.flush();
  }
}
