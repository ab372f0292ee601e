package dev.graft.server;

import dev.graft.server.access.OidcSettings;
import dev.graft.server.backup.BackupSettings;
import dev.graft.server.edge.CertificateFiles;
import dev.graft.server.edge.EdgeSettings;
import dev.graft.server.log.LogSettings;
import dev.graft.server.telemetry.TelemetrySettings;
import dev.graft.server.webhook.Reach;
import dev.graft.store.Database;
import dev.graft.vapi.Host;
import dev.graft.vapi.Pace;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.io.Console;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The settings of this process, all of them good.
 *
 * @param hosts where a key is tried
 * @param keys which key providers wrap and unwrap
 * @param adminToken the one that was set, if one was
 * @param publicUrl the address under which browsers reach this server, if one was set
 * @param oidc whose tokens people may use; nothing when none are accepted
 * @param open whether everyone on this machine may call without a token
 */
public record Settings(
    Profile profile,
    String host,
    int port,
    Path dataDir,
    Optional<URI> database,
    List<Host> hosts,
    Optional<Secret> masterKey,
    List<Secret> olderMasterKeys,
    KeySettings keys,
    Path templates,
    Optional<String> defaultTemplate,
    Optional<Secret> adminToken,
    boolean open,
    Duration callTimeout,
    Duration requestDeadline,
    Duration settlingTime,
    Duration leaseTime,
    List<AuditSink> auditSinks,
    LogSettings log,
    EdgeSettings edge,
    Optional<Duration> keyCheck,
    Optional<Duration> driftCheck,
    BackupSettings backup,
    Reach webhookReach,
    Optional<URI> publicUrl,
    Optional<OidcSettings> oidc,
    Rate.Rates rates,
    TelemetrySettings telemetry,
    Optional<Pace.Limit> pace,
    Stop stop) {
  private static final Pattern PASSWORD_OPTION = Pattern.compile("(?:^|&)(?:ssl)?password=([^&]*)");

  public Settings {
    olderMasterKeys = List.copyOf(olderMasterKeys);
    hosts = List.copyOf(hosts);
    auditSinks = List.copyOf(auditSinks);
  }

  /** All that must not be seen of them. */
  List<Secret> secrets() {
    return Stream.of(
            masterKey.stream(),
            olderMasterKeys.stream(),
            adminToken.stream(),
            edge.certificate().flatMap(CertificateFiles::password).stream(),
            oidc.flatMap(OidcSettings::client).flatMap(OidcSettings.Client::secret).stream(),
            telemetry.errors().map(URI::getRawUserInfo).map(Secret::copyOf).stream(),
            database.stream().flatMap(Settings::passwords))
        .flatMap(each -> each)
        .toList();
  }

  /**
   * The passwords in an address of a database, as they are written there and as they are. One that
   * is the user's name keeps nobody out, and masking it would blacken ordinary words.
   */
  private static Stream<Secret> passwords(URI database) {
    String[] user = String.valueOf(database.getRawUserInfo()).split(":", 2);
    Stream<String> own =
        user.length < 2 || user[1].equals(user[0]) ? Stream.of() : Stream.of(user[1]);
    Stream<String> options =
        PASSWORD_OPTION
            .matcher(String.valueOf(database.getRawQuery()))
            .results()
            .map(option -> option.group(1));
    return Stream.concat(own, options)
        .flatMap(written -> Stream.of(written, Database.percentDecoded(written)))
        .distinct()
        .map(Secret::copyOf);
  }

  /** Where checkpoints of the audit trail go. */
  public sealed interface AuditSink {
    /** As it is set. */
    String text();

    record Log() implements AuditSink {
      @Override
      public String text() {
        return "log";
      }
    }

    record ToFile(Path file) implements AuditSink {
      @Override
      public String text() {
        return "file:" + file;
      }
    }
  }

  /**
   * How this process ends when it is asked to.
   *
   * @param pause for so long it says that it is about to, and serves on
   * @param time for so long what runs may come to its end
   */
  public record Stop(Duration pause, Duration time) {}

  /** What this process is for. Production refuses what is only good for trying things. */
  public enum Profile {
    DEVELOPMENT,
    PRODUCTION
  }

  public boolean inProduction() {
    return profile == Profile.PRODUCTION;
  }

  /** Settings that cannot be used, with every fault. */
  static final class Unusable extends Exception {
    private final List<String> faults;

    Unusable(List<String> faults) {
      super(String.join("\n", faults));
      this.faults = List.copyOf(faults);
    }

    List<String> faults() {
      return faults;
    }
  }

  static Settings of(GivenSettings given) throws Unusable {
    var reader = new Reader(given);
    Settings settings = reader.settings();
    if (!reader.faults.isEmpty()) {
      throw new Unusable(reader.faults);
    }
    return settings;
  }

  private static final class Reader {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,6})(ms|s|m|h)");
    private static final Pattern PACE = Pattern.compile("([1-9]\\d{0,3})/(s|min)");
    private static final Pattern PERIOD = Pattern.compile("(\\d{1,6})(s|m|h|d)");
    private final GivenSettings given;
    private final List<String> faults;

    Reader(GivenSettings given) {
      this.given = given;
      this.faults = new ArrayList<>(given.faults());
    }

    Settings settings() {
      String host = given.text(Setting.GRAFT_HOST);
      boolean open = open(host);
      Optional<URI> publicUrl = publicUrl();
      return new Settings(
          profile(),
          host,
          port(),
          Path.of(given.text(Setting.GRAFT_DATA_DIR)).toAbsolutePath().normalize(),
          database(),
          hosts(),
          masterKey(),
          olderMasterKeys(),
          keys(),
          Path.of(given.text(Setting.GRAFT_TEMPLATES)).toAbsolutePath().normalize(),
          text(Setting.GRAFT_DEFAULT_TEMPLATE),
          adminToken(),
          open,
          duration(Setting.GRAFT_CALL_TIMEOUT),
          duration(Setting.GRAFT_REQUEST_DEADLINE),
          duration(Setting.GRAFT_SETTLING_TIME),
          duration(Setting.GRAFT_LEASE_TIME),
          auditSinks(),
          log(),
          new EdgeReader(given, faults, profile()).settings(),
          period(Setting.GRAFT_KEY_CHECK),
          period(Setting.GRAFT_DRIFT_CHECK),
          backup(),
          webhookReach(),
          publicUrl,
          OidcReader.read(given, publicUrl, this::fault),
          new Rate.Rates(
              rate(Setting.GRAFT_RATE_LIMIT),
              rate(Setting.GRAFT_RATE_LIMIT_SERVICE),
              rate(Setting.GRAFT_RATE_LIMIT_SIGN_IN)),
          new TelemetrySettings(collector(), errors()),
          pace(),
          new Stop(stopPause(), duration(Setting.GRAFT_STOP_TIME)));
    }

    private Optional<Pace.Limit> pace() {
      String text = given.text(Setting.GRAFT_VAPI_PACE);
      Matcher matcher = PACE.matcher(text);
      if (matcher.matches()) {
        int number = Integer.parseInt(matcher.group(1));
        boolean perMinute = matcher.group(2).equals("min");
        double perSecond = perMinute ? number / 60.0 : number;
        return Optional.of(new Pace.Limit(perSecond, Math.max(10, (int) (2 * perSecond))));
      }
      if (!text.equalsIgnoreCase("off")) {
        fault(
            Setting.GRAFT_VAPI_PACE,
            "must be a number from 1 to 9999 per s or min, such as 5/s or 60/min; or 'off'.");
      }
      return Optional.empty();
    }

    private Duration stopPause() {
      String text = given.text(Setting.GRAFT_STOP_PAUSE);
      return switch (text.toLowerCase(Locale.ROOT)) {
        case "auto" ->
            text(Setting.GRAFT_DATABASE_URL).isPresent() ? Duration.ofSeconds(5) : Duration.ZERO;
        case "0s", "0" -> Duration.ZERO;
        default -> duration(Setting.GRAFT_STOP_PAUSE);
      };
    }

    private Optional<String> text(Setting setting) {
      return Optional.of(given.text(setting)).filter(text -> !text.isBlank());
    }

    private void fault(Setting setting, String what) {
      faults.add(setting + " (" + given.value(setting).origin() + ") " + what);
    }

    private Profile profile() {
      return switch (given.text(Setting.GRAFT_PROFILE).toLowerCase(Locale.ROOT)) {
        case "development" -> Profile.DEVELOPMENT;
        case "production" -> Profile.PRODUCTION;
        default -> {
          fault(Setting.GRAFT_PROFILE, "must be 'development' or 'production'.");
          yield Profile.PRODUCTION;
        }
      };
    }

    private LogSettings log() {
      boolean json =
          switch (given.text(Setting.GRAFT_LOG_FORMAT).toLowerCase(Locale.ROOT)) {
            case "json" -> true;
            case "text" -> false;
            case "auto" -> !(System.console() instanceof Console console && console.isTerminal());
            default -> {
              fault(Setting.GRAFT_LOG_FORMAT, "must be 'text', 'json' or 'auto'.");
              yield true;
            }
          };
      String level = given.text(Setting.GRAFT_LOG_LEVEL).toLowerCase(Locale.ROOT);
      if (!level.equals("info") && !level.equals("debug")) {
        fault(Setting.GRAFT_LOG_LEVEL, "must be 'info' or 'debug'.");
      }
      return new LogSettings(json, level.equals("debug"));
    }

    private int port() {
      String text = given.text(Setting.GRAFT_PORT);
      if (text.matches("\\d{1,5}") && Integer.parseInt(text) <= 65_535) {
        return Integer.parseInt(text);
      }
      fault(Setting.GRAFT_PORT, "must be a number from 0 to 65535.");
      return 0;
    }

    private boolean open(String host) {
      String text = given.text(Setting.GRAFT_AUTH).toLowerCase(Locale.ROOT);
      if (!text.equals("token") && !text.equals("none")) {
        fault(Setting.GRAFT_AUTH, "must be 'token' or 'none'.");
      }
      boolean open = text.equals("none");
      if (open && profile() == Profile.PRODUCTION) {
        fault(
            Setting.GRAFT_AUTH,
            "is 'none', and GRAFT_PROFILE is 'production'. Whatever runs on this machine could then do"
                + " everything: set it to 'token'.");
      }
      if (open && !Host.isLoopback(host)) {
        fault(
            Setting.GRAFT_AUTH,
            "is 'none', and GRAFT_HOST is "
                + host
                + ", which others can reach. Without a token Graft only listens on 127.0.0.1: set"
                + " GRAFT_HOST to that, or GRAFT_AUTH to 'token'.");
      }
      return open;
    }

    private Optional<URI> publicUrl() {
      Optional<String> text = text(Setting.GRAFT_PUBLIC_URL);
      URI url = OidcReader.address(text.orElse(""));
      boolean good =
          url != null
              && url.getHost() != null
              && List.of("http", "https").contains(String.valueOf(url.getScheme()))
              && url.getRawUserInfo() == null
              && url.getRawQuery() == null
              && url.getRawFragment() == null
              && String.valueOf(url.getRawPath()).matches("/?");
      if (text.isPresent() && !good) {
        fault(
            Setting.GRAFT_PUBLIC_URL,
            "must be an address without path, user, query or fragment, such as"
                + " https://graft.example.com.");
      }
      return good ? Optional.ofNullable(url) : Optional.empty();
    }

    private Optional<URI> collector() {
      Optional<String> text = text(Setting.GRAFT_OTLP_URL);
      URI url = OidcReader.address(text.orElse(""));
      if (url != null && isWeb(url) && url.getRawUserInfo() == null && url.getRawQuery() == null) {
        return Optional.of(url);
      }
      if (text.isPresent()) {
        fault(
            Setting.GRAFT_OTLP_URL,
            "must be an http or https address without user and query, such as http://127.0.0.1:4318;"
                + " /v1/traces is added to it.");
      }
      return Optional.empty();
    }

    private Optional<URI> errors() {
      Optional<String> text = text(Setting.GRAFT_SENTRY_DSN);
      URI url = OidcReader.address(text.orElse(""));
      if (url != null
          && isWeb(url)
          && url.getRawUserInfo() != null
          && String.valueOf(url.getRawPath()).matches("/(.*/)?\\d+")) {
        return Optional.of(url);
      }
      if (text.isPresent()) {
        fault(
            Setting.GRAFT_SENTRY_DSN,
            "must look like https://key@host/project, with a number for the project.");
      }
      return Optional.empty();
    }

    private static boolean isWeb(URI url) {
      return url.getHost() != null
          && List.of("http", "https").contains(String.valueOf(url.getScheme()));
    }

    private Optional<URI> database() {
      Optional<String> text = text(Setting.GRAFT_DATABASE_URL);
      if (text.isEmpty()) {
        return Optional.empty();
      }
      try {
        URI url = new URI(text.get());
        boolean postgres =
            "postgresql".equals(url.getScheme()) || "postgres".equals(url.getScheme());
        if (postgres && url.getHost() != null && String.valueOf(url.getPath()).length() > 1) {
          return Optional.of(url);
        }
      } catch (URISyntaxException e) {
        // Said below, without the text: there may be a password in it.
      }
      fault(
          Setting.GRAFT_DATABASE_URL,
          "must look like postgresql://user:password@host:5432/database; characters such as @ or /"
              + " in the password are written as %40 or %2F.");
      return Optional.empty();
    }

    private List<Host> hosts() {
      Optional<String> text = text(Setting.GRAFT_VAPI_BASE_URL);
      if (text.isEmpty()) {
        return Host.vapis();
      }
      try {
        URI url = new URI(text.get());
        if (Host.isSafe(url)) {
          return List.of(Host.at(url));
        }
      } catch (URISyntaxException e) {
        // Said below.
      }
      fault(
          Setting.GRAFT_VAPI_BASE_URL,
          "must be an https address without user, query or fragment; http is taken on this machine"
              + " only (127.0.0.1, localhost). Customers' keys are sent there.");
      return Host.vapis();
    }

    private Optional<Secret> masterKey() {
      Optional<String> text = text(Setting.GRAFT_MASTER_KEY);
      if (text.isPresent() && !text.get().matches("[0-9a-fA-F]{64}")) {
        fault(
            Setting.GRAFT_MASTER_KEY,
            "must be 64 hex digits, and has "
                + text.get().length()
                + " characters. 'graft key generate' makes one.");
        return Optional.empty();
      }
      return text.map(Secret::copyOf);
    }

    private KeySettings keys() {
      boolean chosen = !given.value(Setting.GRAFT_KMS).origin().equals("default");
      if (!chosen && profile() == Profile.PRODUCTION) {
        fault(
            Setting.GRAFT_KMS,
            "is not set, and GRAFT_PROFILE is 'production'. A master key in a file or in the"
                + " environment is for development: whoever reads it opens every customer's key. Set"
                + " GRAFT_KMS to a key management service (docs/keys.md), or to 'local:' if a local"
                + " key is what you want.");
      }
      Optional<ProviderUri> current = providers(Setting.GRAFT_KMS).findFirst();
      List<ProviderUri> older = providers(Setting.GRAFT_KMS_OLDER).toList();
      if (older.stream().map(ProviderUri::identity).distinct().count() < older.size()
          || current.filter(uri -> older.stream().anyMatch(uri::isSameKeyAs)).isPresent()) {
        fault(
            Setting.GRAFT_KMS_OLDER,
            "names a key provider twice, or the one that GRAFT_KMS names. Each is named once.");
      }
      return new KeySettings(current.orElse(KeySettings.LOCAL), older, given.environment());
    }

    private Stream<ProviderUri> providers(Setting setting) {
      return text(setting).stream()
          .flatMap(text -> Stream.of(text.split(",")))
          .map(String::strip)
          .filter(uri -> !uri.isEmpty())
          .flatMap(uri -> {
            try {
              return Stream.of(ProviderUri.parse(uri));
            } catch (VaultException e) {
              fault(setting, "is wrong. " + e.getMessage());
              return Stream.empty();
            }
          });
    }

    private List<Secret> olderMasterKeys() {
      var keys = new ArrayList<Secret>();
      int number = 0;
      for (String text : given.text(Setting.GRAFT_MASTER_KEY_OLDER).split(",", -1)) {
        number++;
        String digits = text.strip();
        if (digits.matches("[0-9a-fA-F]{64}")) {
          keys.add(Secret.copyOf(digits));
        } else if (!digits.isEmpty()) {
          fault(
              Setting.GRAFT_MASTER_KEY_OLDER,
              "must be master keys of 64 hex digits, separated by commas, and number "
                  + number
                  + " has "
                  + digits.length()
                  + " characters.");
        }
      }
      return keys;
    }

    private Optional<Secret> adminToken() {
      Optional<String> text = text(Setting.GRAFT_ADMIN_TOKEN);
      if (text.isPresent() && !text.get().matches("[\\x21-\\x7e]{20,512}")) {
        fault(
            Setting.GRAFT_ADMIN_TOKEN,
            "must be 20 to 512 printable ASCII characters without spaces.");
        return Optional.empty();
      }
      return text.map(Secret::copyOf);
    }

    private List<AuditSink> auditSinks() {
      var sinks = new ArrayList<AuditSink>();
      for (String word : given.text(Setting.GRAFT_AUDIT_SINK).split(",", -1)) {
        String sink = word.strip();
        if (sink.equals("log")) {
          sinks.add(new AuditSink.Log());
        } else if (sink.startsWith("file:/")) {
          sinks.add(new AuditSink.ToFile(Path.of(sink.substring("file:".length())).normalize()));
        } else {
          fault(
              Setting.GRAFT_AUDIT_SINK,
              "must be 'log' or 'file:/path' with a whole path, or both with a comma between them.");
          return sinks;
        }
      }
      return sinks;
    }

    private Optional<Duration> period(Setting setting) {
      String text = given.text(setting);
      if (text.equalsIgnoreCase("off")) {
        return Optional.empty();
      }
      Matcher matcher = PERIOD.matcher(text);
      if (matcher.matches()) {
        long number = Long.parseLong(matcher.group(1));
        Duration period =
            switch (matcher.group(2)) {
              case "s" -> Duration.ofSeconds(number);
              case "m" -> Duration.ofMinutes(number);
              case "h" -> Duration.ofHours(number);
              default -> Duration.ofDays(number);
            };
        if (!period.isZero() && period.compareTo(Duration.ofDays(366)) <= 0) {
          return Optional.of(period);
        }
      }
      fault(setting, "must be a time such as 30m, 24h or 7d, at most a year, or 'off'.");
      return Optional.empty();
    }

    private BackupSettings backup() {
      Path folder =
          text(Setting.GRAFT_BACKUP_DIR)
              .map(Path::of)
              .orElse(Path.of(given.text(Setting.GRAFT_DATA_DIR)).resolve("backups"))
              .toAbsolutePath()
              .normalize();
      Optional<Duration> every = period(Setting.GRAFT_BACKUP_EVERY);
      if (every.isPresent() && text(Setting.GRAFT_DATABASE_URL).isPresent()) {
        fault(
            Setting.GRAFT_BACKUP_EVERY,
            "is for the SQLite database, and GRAFT_DATABASE_URL names PostgreSQL, which has tools of"
                + " its own for backups (docs/recovering.md). Set it to 'off'.");
      }
      String keep = given.text(Setting.GRAFT_BACKUP_KEEP);
      if (!keep.matches("[1-9]\\d{0,3}")) {
        fault(Setting.GRAFT_BACKUP_KEEP, "must be a number from 1 to 9999.");
        keep = "1";
      }
      return new BackupSettings(folder, every, Integer.parseInt(keep));
    }

    private Reach webhookReach() {
      return Reach.allowing(given.text(Setting.GRAFT_WEBHOOK_ALLOW))
          .orElseGet(() -> {
            fault(
                Setting.GRAFT_WEBHOOK_ALLOW,
                "must be hosts, addresses and networks with commas between them, such as"
                    + " hooks.internal,10.20.0.0/16.");
            return Reach.PUBLIC;
          });
    }

    private Optional<Rate> rate(Setting setting) {
      String text = given.text(setting);
      Optional<Rate> rate = Rate.parse(text);
      if (rate.isEmpty() && !text.equalsIgnoreCase("off")) {
        fault(
            setting, "must be a number per s, min or h, such as 10/min, at most 999999; or 'off'.");
      }
      return rate;
    }

    private Duration duration(Setting setting) {
      Matcher matcher = DURATION.matcher(given.text(setting));
      if (matcher.matches()) {
        long number = Long.parseLong(matcher.group(1));
        Duration duration =
            switch (matcher.group(2)) {
              case "ms" -> Duration.ofMillis(number);
              case "s" -> Duration.ofSeconds(number);
              case "m" -> Duration.ofMinutes(number);
              default -> Duration.ofHours(number);
            };
        if (!duration.isZero() && duration.compareTo(Duration.ofHours(1)) <= 0) {
          return duration;
        }
      }
      fault(setting, "must be a time such as 500ms, 15s or 2m, at most one hour.");
      return Duration.ofSeconds(1);
    }
  }
}
