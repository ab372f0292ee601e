package dev.graft.server.doctor;

import static dev.graft.core.Diagnostic.error;
import static dev.graft.core.Diagnostic.note;
import static dev.graft.core.Diagnostic.warning;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.server.Settings;
import dev.graft.server.edge.CertificateFiles;
import dev.graft.server.install.Templates;
import dev.graft.store.DatabaseLook;
import dev.graft.store.StoreException;
import dev.graft.vapi.Host;
import dev.graft.vault.SecretAccess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Everything that is looked at in a set-up, one after another. */
public final class Examination {
  private static final long LITTLE_ROOM = 1L << 30;
  private static final long NO_ROOM = 100L << 20;
  private static final Duration SKEW = Duration.ofSeconds(30);
  private static final Duration RUNS_OUT = Duration.ofDays(21);

  private final Settings settings;
  private final URI server;
  private final boolean isOurs;
  private final String version;
  private final List<Checked> all = new ArrayList<>();

  private Examination(Settings settings, URI server, boolean isOurs, String version) {
    this.settings = settings;
    this.server = server;
    this.isOurs = isOurs;
    this.version = version;
  }

  /**
   * Looks at everything but the key provider.
   *
   * @param server where the server should answer
   * @param isOurs whether that is where the settings let it listen, and no other place
   * @param version of this program
   */
  public static List<Checked> of(Settings settings, URI server, boolean isOurs, String version) {
    var examination = new Examination(settings, server, isOurs, version);
    examination.machine();
    examination.dataFolder();
    examination.otherFolders();
    examination.database();
    examination.templates();
    examination.exposure();
    examination.certificate();
    examination.adminToken();
    examination.webhooks();
    examination.production();
    examination.server();
    examination.vapi();
    return List.copyOf(examination.all);
  }

  private void add(String what, String found, List<Diagnostic> findings) {
    all.add(new Checked(what, found, findings));
  }

  private void machine() {
    var findings = new ArrayList<Diagnostic>();
    if (Runtime.version().feature() < 25) {
      findings.add(
          error(
              "JAVA_TOO_OLD",
              "This Java is too old.",
              "This is Java "
                  + Runtime.version()
                  + ", and Graft needs 25 or newer. Install one, or use the archive, which brings"
                  + " its own.",
              null));
    }
    if ("root".equals(System.getProperty("user.name"))) {
      findings.add(
          warning(
              "RUNS_AS_ROOT",
              "This is run as root.",
              "Whoever breaks into a process of root has the machine. Let Graft run as a user of"
                  + " its own, as the unit for systemd and the container do (docs/installing.md).",
              null));
    }
    add(
        "Java",
        Runtime.version() + ", at most " + (Runtime.getRuntime().maxMemory() >> 20) + " MB of heap",
        findings);
  }

  /** Whether the key that wraps all others, or one that did, is the one in the data folder. */
  private boolean readsKeyFile() {
    return settings.masterKey().isEmpty()
        && (settings.keys().current().scheme().equals("local")
            || settings.keys().older().stream().anyMatch(uri -> uri.scheme().equals("local")));
  }

  private void dataFolder() {
    Path folder = settings.dataDir();
    var findings = new ArrayList<Diagnostic>();
    Path key = folder.resolve("master.key");
    boolean hasDatabase = settings.database().isEmpty();
    boolean isWrittenTo = hasDatabase || readsKeyFile() && !Files.exists(key);
    if (isWrittenTo && !mayBeWrittenTo(folder)) {
      findings.add(notWritable(folder));
    }
    if (!Files.exists(folder)) {
      add(
          "data folder",
          folder
              + (isWrittenTo
                  ? " is not there yet; the first start makes it"
                  : " is not there, and nothing needs it"),
          findings);
      return;
    }
    othersMay(folder)
        .ifPresent(mode ->
            findings.add(
                warning(
                    "DATA_FOLDER_OPEN",
                    "Others on this machine may look into the data folder.",
                    "Its mode is "
                        + mode
                        + ". What is in it is sealed, and the key file protects itself, but who"
                        + " reads the database learns who your customers are: chmod 700 "
                        + folder,
                    folder.toString())));
    if (Files.exists(key, LinkOption.NOFOLLOW_LINKS)) {
      othersMay(key).ifPresent(mode -> findings.add(openKeyFile(key, mode)));
    }
    String room = hasDatabase ? room(folder, findings) : "";
    add("data folder", folder + room, findings);
  }

  private Diagnostic openKeyFile(Path key, String mode) {
    boolean isRead = readsKeyFile();
    return new Diagnostic(
        isRead ? Diagnostic.Severity.ERROR : Diagnostic.Severity.WARNING,
        "KEY_FILE_OPEN",
        "Others on this machine may read the master key.",
        "Its mode is "
            + mode
            + (isRead
                ? ", and Graft does not start with it: whoever reads it and the database opens every"
                    + " customer's key."
                : ". Graft does not read it with these settings, but whoever does opens the backups"
                    + " from the time when it did.")
            + " Say chmod 600 "
            + key
            + ", and rotate it if others were on this machine (docs/keys.md).",
        key.toString());
  }

  /** Whether this user may write there, or may make it where it is not there yet. */
  private static boolean mayBeWrittenTo(Path folder) {
    Path there = folder;
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    return there != null && Files.isDirectory(there) && Files.isWritable(there);
  }

  /** Those that a unit or a container has to leave open for writing, too. */
  private void otherFolders() {
    Path backups = settings.backup().folder();
    if (settings.database().isEmpty() && !backups.startsWith(settings.dataDir())) {
      otherFolder("backups", backups, "GRAFT_BACKUP_DIR", "no backup can be made");
    }
    for (Settings.AuditSink sink : settings.auditSinks()) {
      if (sink instanceof Settings.AuditSink.ToFile(Path file)) {
        Path folder = file.toAbsolutePath().getParent();
        otherFolder(
            "audit file",
            folder == null || Files.exists(file) && !Files.isWritable(file) ? file : folder,
            "GRAFT_AUDIT_SINK",
            "no checkpoint of the audit trail gets there");
      }
    }
  }

  private void otherFolder(String what, Path folder, String setting, String so) {
    add(
        what,
        folder.toString(),
        mayBeWrittenTo(folder)
            ? List.of()
            : List.of(
                error(
                    "FOLDER_NOT_WRITABLE",
                    "A folder that a setting names cannot be written to.",
                    folder
                        + ", as "
                        + setting
                        + " has it, is nothing that the user "
                        + System.getProperty("user.name")
                        + " may write to, so "
                        + so
                        + ". Give it to that user, open it in the unit (ReadWritePaths=) or mount"
                        + " it, or set another.",
                    folder.toString())));
  }

  private static Diagnostic notWritable(Path folder) {
    return error(
        "DATA_FOLDER_NOT_WRITABLE",
        "The data folder cannot be written to.",
        folder
            + " is no folder that the user "
            + System.getProperty("user.name")
            + " may write to, and nothing can be remembered without it. Make it writable, or set"
            + " GRAFT_DATA_DIR to one that is.",
        folder.toString());
  }

  private static String room(Path folder, List<Diagnostic> findings) {
    try {
      long free = Files.getFileStore(folder).getUsableSpace();
      String said = (free >> 20) + " MB are free";
      if (free < NO_ROOM) {
        findings.add(
            error(
                "DISK_FULL",
                "The disk is all but full.",
                "Only "
                    + said
                    + " at "
                    + folder
                    + ". When nothing can be written, every clone is answered with 503. Make room.",
                folder.toString()));
      } else if (free < LITTLE_ROOM) {
        findings.add(
            warning(
                "DISK_NEARLY_FULL",
                "The disk is nearly full.",
                "Only " + said + " at " + folder + ". Make room before it is full.",
                folder.toString()));
      }
      return ", " + said;
    } catch (IOException e) {
      return "";
    }
  }

  /** The mode of a file, when people other than its owner are in it. */
  private static Optional<String> othersMay(Path file) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      boolean open = mode.stream().anyMatch(one -> !one.name().startsWith("OWNER"));
      return open ? Optional.of(PosixFilePermissions.toString(mode)) : Optional.empty();
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  private void database() {
    try {
      Optional<DatabaseLook> look =
          settings.database().isPresent()
              ? Optional.of(DatabaseLook.postgres(settings.database().get()))
              : DatabaseLook.sqlite(settings.dataDir().resolve("graft.db"));
      if (look.isEmpty()) {
        all.add(Checked.good("database", "SQLite; the first start makes its file"));
      } else {
        database(look.get());
      }
    } catch (StoreException e) {
      all.add(
          Checked.bad(
              "database",
              error(
                  "DATABASE_AWAY",
                  "The database cannot be looked at.",
                  "It says: "
                      + e.getMessage()
                      + ". Graft cannot start without it. See whether it is running, whether this"
                      + " machine may reach it, and whether GRAFT_DATABASE_URL (or GRAFT_DATA_DIR)"
                      + " is right.",
                  null)));
    }
  }

  private void database(DatabaseLook look) {
    var findings = new ArrayList<Diagnostic>();
    if (!look.unknown().isEmpty() && !look.isTooFarAhead()) {
      findings.add(
          note(
              "DATABASE_ONE_AHEAD",
              "The next Graft has been on this database.",
              "It has had migrations that this version ("
                  + version
                  + ") does not know: "
                  + String.join(", ", look.unknown())
                  + ". They are of the next generation alone, which this version works with and"
                  + " leaves as it is (docs/nodes.md).",
              null));
    }
    if (look.isTooFarAhead()) {
      findings.add(
          error(
              "DATABASE_NEWER",
              "A newer Graft made this database.",
              "It has had migrations that this version ("
                  + version
                  + ") does not know: "
                  + String.join(", ", look.unknown())
                  + ". This version does not start on it. Start the newer one, or restore a backup"
                  + " that this one made.",
              null));
    }
    if (!look.failed().isEmpty()) {
      findings.add(
          error(
              "MIGRATION_FAILED",
              "A migration stopped half-way.",
              "Migration "
                  + String.join(", ", look.failed())
                  + " did not end. Restore the backup from before the upgrade, and see in the log"
                  + " why it failed, before you try again.",
              null));
    }
    if (!look.pending().isEmpty() && !look.applied().isEmpty()) {
      findings.add(
          note(
              "MIGRATIONS_PENDING",
              "The next start changes the database.",
              "Migrations "
                  + String.join(", ", look.pending())
                  + " are to be done, and are done by the next start of this version. Make a backup"
                  + " before.",
              null));
    }
    if (look.ahead().abs().compareTo(SKEW) > 0) {
      findings.add(skewed("the database", look.ahead()));
    }
    add(
        "database",
        look.product()
            + (look.applied().isEmpty() ? ", empty" : ", migrated to " + look.applied().getLast())
            + ", clocks "
            + look.ahead().abs().toMillis()
            + " ms apart",
        findings);
  }

  private static Diagnostic skewed(String of, Duration ahead) {
    return warning(
        "CLOCK_SKEWED",
        "The clocks are apart.",
        "The clock of "
            + of
            + " is "
            + ahead.abs().toSeconds()
            + " s "
            + (ahead.isNegative() ? "behind" : "ahead of")
            + " this machine's. Leases go by the database's clock alone, but signed requests,"
            + " tokens of people and certificates are judged by this one. Let both follow a time"
            + " server.",
        null);
  }

  private void templates() {
    var templates = new Templates(settings.templates(), settings.defaultTemplate());
    List<String> names;
    try {
      names = templates.names();
    } catch (Templates.Unreadable e) {
      all.add(
          Checked.bad(
              "templates",
              error(
                  "TEMPLATES_UNREADABLE",
                  "The folder of the templates cannot be read.",
                  e.getMessage() + " Graft does not start without them.",
                  settings.templates().toString())));
      return;
    }
    if (names.isEmpty()) {
      all.add(
          Checked.bad(
              "templates",
              error(
                  "NO_TEMPLATES",
                  "There is no template.",
                  "There is no folder with a template in "
                      + settings.templates()
                      + ", or it cannot be read, and Graft does not start without one. Put one"
                      + " there, or set GRAFT_TEMPLATES to where they are.",
                  settings.templates().toString())));
      return;
    }
    List<Diagnostic> findings =
        names.stream()
            .flatMap(name ->
                templates.named(name).stream()
                    .flatMap(template -> template.findings().stream())
                    .filter(finding -> finding.severity() != Diagnostic.Severity.NOTE)
                    .map(finding ->
                        new Diagnostic(
                            finding.severity(),
                            finding.code(),
                            finding.summary(),
                            finding.detail(),
                            name + (finding.where() == null ? "" : "/" + finding.where()))))
            .toList();
    add("templates", settings.templates() + ": " + String.join(", ", names), findings);
  }

  private boolean isPlain() {
    return settings.edge().certificate().isEmpty();
  }

  private boolean isReachable() {
    String host = settings.host().toLowerCase(Locale.ROOT);
    return !(host.equals("localhost")
        || host.equals("::1")
        || host.equals("[::1]")
        || host.startsWith("127."));
  }

  private void exposure() {
    var findings = new ArrayList<Diagnostic>();
    boolean isBehindProxy = !settings.edge().proxies().isEmpty();
    if (isReachable() && isPlain() && !isBehindProxy) {
      findings.add(
          warning(
              "UNENCRYPTED",
              "Others can reach this server, and nothing is encrypted.",
              "GRAFT_HOST is "
                  + settings.host()
                  + ". Requests carry customers' keys, which everyone on the way could read. Set"
                  + " GRAFT_TLS_CERTIFICATE and GRAFT_TLS_KEY, or let a proxy end TLS and name it"
                  + " in GRAFT_TRUSTED_PROXIES.",
              null));
    }
    if (isBehindProxy && settings.publicUrl().isEmpty()) {
      findings.add(
          warning(
              "NO_PUBLIC_URL",
              "A proxy stands in front, and its address is not known.",
              "Links to sign in and signed requests name the address that callers use. Behind a"
                  + " proxy that is not the one that Graft listens on: set GRAFT_PUBLIC_URL.",
              null));
    }
    boolean publicIsPlain =
        settings.publicUrl().filter(url -> "http".equals(url.getScheme())).isPresent();
    if (publicIsPlain && settings.inProduction()) {
      findings.add(
          error(
              "PUBLIC_URL_UNENCRYPTED",
              "The public address is not https.",
              "GRAFT_PUBLIC_URL begins with http:, and production refuses whatever comes"
                  + " unencrypted. Set it to the https address.",
              null));
    }
    add(
        "address",
        (isPlain() ? "http" : "https")
            + " on "
            + settings.host()
            + ":"
            + settings.port()
            + settings.publicUrl().map(url -> ", called " + url).orElse("")
            + (isBehindProxy ? ", behind a proxy" : ""),
        findings);
  }

  private void certificate() {
    Optional<CertificateFiles> files = settings.edge().certificate();
    if (files.isEmpty()) {
      return;
    }
    try {
      X509Certificate own = files.get().read().chain().getFirst();
      var findings = new ArrayList<Diagnostic>();
      Instant end = own.getNotAfter().toInstant();
      if (end.isBefore(Instant.now().plus(RUNS_OUT))) {
        findings.add(
            warning(
                "CERTIFICATE_RUNS_OUT",
                "The certificate runs out soon.",
                "It is good until "
                    + end
                    + ", and callers refuse it after that. Put a new one in its place; it is taken"
                    + " up without a restart.",
                null));
      }
      String name = settings.publicUrl().map(URI::getHost).orElse("");
      if (!name.isEmpty() && settings.edge().proxies().isEmpty() && !names(own).contains(name)) {
        findings.add(
            warning(
                "CERTIFICATE_OF_ANOTHER_NAME",
                "The certificate is for another name.",
                "Callers use "
                    + name
                    + ", and the certificate is for "
                    + String.join(", ", names(own))
                    + ". They will refuse it, unless a wildcard among these covers the name.",
                null));
      }
      add("certificate", "good until " + end, findings);
    } catch (CertificateFiles.Unusable e) {
      all.add(
          Checked.bad(
              "certificate",
              error(
                  "CERTIFICATE_UNUSABLE",
                  "The certificate cannot be used.",
                  e.getMessage() + " Graft does not start with it.",
                  null)));
    }
  }

  private static List<String> names(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null
          ? List.of()
          : names.stream().map(name -> String.valueOf(name.get(1))).toList();
    } catch (CertificateParsingException e) {
      return List.of();
    }
  }

  private void adminToken() {
    if (settings.open()) {
      add(
          "callers",
          "everyone on this machine, without a token",
          List.of(
              note(
                  "NO_TOKEN_WANTED",
                  "No token is wanted.",
                  "GRAFT_AUTH is 'none': every program on this machine may do everything. Good for"
                      + " trying things.",
                  null)));
      return;
    }
    boolean weak =
        settings
            .adminToken()
            .map(token ->
                token.reveal(
                    SecretAccess.of("whether the admin token is weak"), Examination::isWeak))
            .orElse(false);
    add(
        "callers",
        settings.adminToken().isPresent()
            ? "an admin token that was set, and API keys"
            : "an admin token that the first start made, and API keys",
        weak
            ? List.of(
                warning(
                    "ADMIN_TOKEN_WEAK",
                    "The admin token could be guessed.",
                    "It has few different characters, or is short and of one kind. Whoever has it"
                        + " may do everything. Make one with: openssl rand -base64 33",
                    null))
            : List.of());
  }

  /** Less than about 96 bits, if its characters were drawn at random from those that are in it. */
  private static boolean isWeak(byte[] token) {
    boolean lower = false;
    boolean upper = false;
    boolean digits = false;
    boolean other = false;
    var different = new java.util.BitSet(256);
    for (byte b : token) {
      different.set(b & 0xff);
      lower |= b >= 'a' && b <= 'z';
      upper |= b >= 'A' && b <= 'Z';
      digits |= b >= '0' && b <= '9';
      other |= !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9');
    }
    int kinds = (lower ? 26 : 0) + (upper ? 26 : 0) + (digits ? 10 : 0) + (other ? 8 : 0);
    double bits = token.length * Math.log(Math.max(2, kinds)) / Math.log(2);
    return bits < 96 || different.cardinality() < 10;
  }

  private void webhooks() {
    all.add(
        Checked.good(
            "webhooks",
            "delivered over https to public addresses"
                + " and to what GRAFT_WEBHOOK_ALLOW names; graft webhook tells of deliveries"));
  }

  private void production() {
    var findings = new ArrayList<Diagnostic>();
    boolean isSandbox = settings.hosts().stream().noneMatch(Host.vapis()::contains);
    if (settings.inProduction()) {
      if (isSandbox) {
        findings.add(
            warning(
                "NOT_VAPI",
                "In production, another Vapi than Vapi is set.",
                "GRAFT_VAPI_BASE_URL is "
                    + settings.hosts().getFirst().url()
                    + ". Customers' keys go there. Take the setting out, unless that is a proxy of"
                    + " yours.",
                null));
      }
      if (settings.keys().current().scheme().equals("local")) {
        findings.add(
            warning(
                "LOCAL_KEY_IN_PRODUCTION",
                "In production, the wrapping key lies on this machine.",
                "Whoever gets it and a backup opens every customer's key. A key management service"
                    + " (docs/keys.md) never gives its key away, and 'graft kms move' goes over to"
                    + " one while everything runs.",
                null));
      }
      if (settings.auditSinks().stream().allMatch(Settings.AuditSink.Log.class::isInstance)) {
        findings.add(
            note(
                "AUDIT_ONLY_IN_LOG",
                "Checkpoints of the audit trail go to the log alone.",
                "They prove that nothing was cut off only as long as somebody keeps the log"
                    + " elsewhere. If nobody does, set GRAFT_AUDIT_SINK to a file on another file"
                    + " system.",
                null));
      }
      if (settings.rates().user().isEmpty() || settings.rates().service().isEmpty()) {
        findings.add(
            warning(
                "NO_RATE_LIMIT",
                "In production, callers are not limited.",
                "GRAFT_RATE_LIMIT or GRAFT_RATE_LIMIT_SERVICE is 'off': one caller can keep"
                    + " everyone else from being served.",
                null));
      }
    } else if (isReachable() && !isSandbox) {
      findings.add(
          note(
              "DEVELOPMENT",
              "This is not said to be production.",
              "GRAFT_PROFILE is 'development', others can reach this server, and it works with the"
                  + " real Vapi. With 'production' Graft refuses what is only good for trying"
                  + " things.",
              null));
    }
    add("profile", settings.profile().name().toLowerCase(Locale.ROOT), findings);
  }

  private void server() {
    Asked.Answer health = Asked.getAnyhow(server.resolve("/health/ready"));
    if (!health.isThere()) {
      silentServer();
      return;
    }
    if (!isGrafts(health)) {
      all.add(
          new Checked(
              "server",
              "another program answers at " + server,
              List.of(
                  error(
                      "NOT_GRAFT",
                      "Another program answers where the server should.",
                      "What listens at "
                          + server
                          + " answers /health/ready with status "
                          + health.status()
                          + " and not as Graft does. "
                          + (isOurs
                              ? "Stop it, or set GRAFT_HOST and GRAFT_PORT to others."
                              : "Correct --url or GRAFT_URL."),
                      null))));
      return;
    }
    String other = Asked.versionOf(server);
    var findings = new ArrayList<Diagnostic>();
    if (health.status() != 200) {
      findings.add(
          error(
              "NOT_READY",
              "The server is not ready.",
              "It answers with status " + health.status() + ": " + health.text(),
              null));
    }
    if (!other.isEmpty() && !other.equals(version)) {
      findings.add(
          warning(
              "ANOTHER_VERSION",
              "The server is of another version.",
              "This program is "
                  + version
                  + " and the server "
                  + other
                  + ". Restart the server, or use the program of its version.",
              null));
    }
    add("server", "answers at " + server + (other.isEmpty() ? "" : ", version " + other), findings);
  }

  private static boolean isGrafts(Asked.Answer health) {
    try {
      String status = Json.parse(health.text()).path("status").asString("");
      return status.equals("ready") || status.equals("not-ready");
    } catch (MalformedJson e) {
      return false;
    }
  }

  private void silentServer() {
    Diagnostic finding;
    if (!isOurs) {
      finding =
          warning(
              "SERVER_AWAY",
              "No server answers.",
              "Nothing answers at "
                  + server
                  + ", which --url or GRAFT_URL names. Start the server there, or correct the"
                  + " address.",
              null);
    } else {
      finding =
          whyPortCannotBeTaken()
              .map(why ->
                  error(
                      "PORT_TAKEN",
                      "The server could not listen.",
                      "Nothing like Graft answers at "
                          + server
                          + ", and its address cannot be taken: "
                          + why
                          + ". Stop what listens there, or set GRAFT_HOST and GRAFT_PORT to"
                          + " others.",
                      null))
              .orElseGet(() ->
                  note(
                      "NOT_RUNNING",
                      "The server does not run.",
                      "Nothing listens at " + server + ", and it could: start it with graft serve.",
                      null));
    }
    add("server", "none answers at " + server, List.of(finding));
  }

  private Optional<String> whyPortCannotBeTaken() {
    try (var socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(settings.host()), settings.port()));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void vapi() {
    for (Host host : settings.hosts()) {
      Asked.Answer answer = Asked.get(host.url());
      if (!answer.isThere()) {
        all.add(
            Checked.bad(
                "Vapi",
                error(
                    "VAPI_AWAY",
                    "Vapi cannot be reached.",
                    host.url()
                        + " gives no answer ("
                        + answer.text()
                        + "). See whether this machine may make connections to the outside, and by"
                        + " which proxy or firewall.",
                    null)));
        continue;
      }
      var findings = new ArrayList<Diagnostic>();
      if (answer.status() == 407 || answer.status() >= 500) {
        findings.add(
            warning(
                "VAPI_UNWELL",
                "What answers for Vapi does not let requests through.",
                host.url()
                    + " is answered with status "
                    + answer.status()
                    + (answer.status() == 407
                        ? ", which is a proxy that wants a password. Let this machine make"
                            + " connections without one."
                        : ". That is a proxy, or Vapi not being well. Try again, and see"
                            + " status.vapi.ai if it stays so."),
                null));
      }
      Duration ahead = answer.ahead().orElse(Duration.ZERO);
      if (ahead.abs().compareTo(SKEW) > 0) {
        findings.add(skewed(host.url().getHost(), ahead));
      }
      add(
          "Vapi",
          host.url()
              + " answers with status "
              + answer.status()
              + (answer.ahead().isPresent()
                  ? ", clocks " + ahead.abs().toSeconds() + " s apart"
                  : ""),
          findings);
    }
  }
}
