package dev.graft.server;

import java.util.Locale;
import java.util.Optional;

/** One thing that an operator can set: in the environment, with a flag, or in a file. */
enum Setting {
  GRAFT_PROFILE(
      "development",
      "What this process is for: 'development', or 'production', under which Graft refuses what is"
          + " only good for trying things."),
  GRAFT_HOST("127.0.0.1", "The address to listen on."),
  GRAFT_PORT("3000", "The port to listen on; 0 takes any free one."),
  GRAFT_TLS_CERTIFICATE(
      "",
      "A file in PEM with the certificate to show and its chain; needs GRAFT_TLS_KEY. A file that"
          + " changes is taken up while Graft runs."),
  GRAFT_TLS_KEY("", "A file in PEM with the certificate's private key."),
  GRAFT_TLS_KEYSTORE("", "Certificate and key in one file, PKCS#12, instead of two in PEM."),
  GRAFT_TLS_PASSWORD("", "What the key or the PKCS#12 file is encrypted with."),
  GRAFT_TLS_PASSWORD_FILE("", "A file with that password, instead of the password itself."),
  GRAFT_TRUSTED_PROXIES(
      "",
      "Addresses or networks (10.0.0.0/8) of proxies that end TLS before Graft, separated by commas."
          + " Only what comes from there is believed about who called and how."),
  GRAFT_CORS_ORIGINS(
      "",
      "Origins of pages that may call from a browser, such as https://app.example.com, separated by"
          + " commas. Without it, none."),
  GRAFT_MAX_CONNECTIONS("4096", "The most connections that are open to Graft at a time."),
  GRAFT_DATA_DIR("data", "The folder for the SQLite database and the key file."),
  GRAFT_DATABASE_URL(
      "",
      "A PostgreSQL database, as postgresql://user:password@host:port/database. Without it, a SQLite"
          + " file in the data folder."),
  GRAFT_VAPI_BASE_URL(
      "",
      "Where Vapi is, when it is not Vapi: a sandbox, for instance. Only https, except on this"
          + " machine. Without it, Vapi's US and EU hosts."),
  GRAFT_MASTER_KEY(
      "",
      "The key that wraps all others, as 64 hex digits (graft key generate). MASTER_KEY is read too."
          + " Without it, a key file is made in the data folder."),
  GRAFT_KMS(
      "local:",
      "The key provider that wraps all other keys: 'local:' for the master key above, or the address"
          + " of a key in PKCS#11, AWS KMS, Google Cloud KMS, Azure Key Vault or Vault (docs/keys.md)."),
  GRAFT_KMS_OLDER(
      "", "Key providers that may still unwrap what they wrapped, separated by commas."),
  GRAFT_MASTER_KEY_OLDER(
      "",
      "Former master keys, separated by commas: they open what they wrapped until 'graft kms rotate'"
          + " is done. For a key file, those in master.key.older beside it."),
  GRAFT_TEMPLATES("templates", "The folder with one folder per template."),
  GRAFT_DEFAULT_TEMPLATE(
      "",
      "The template of a clone that names none. Without it, front-desk, or the only one there is."),
  GRAFT_AUTH(
      "token",
      "Who may call: 'token' for whoever has the admin token, 'none' for everyone on this machine"
          + " (only with a loopback host)."),
  GRAFT_ADMIN_TOKEN(
      "",
      "The token for Graft's own API, at least 20 characters. Without it, one is made at the first"
          + " start and shown once."),
  GRAFT_PUBLIC_URL(
      "",
      "The address under which browsers reach this server, for instance https://graft.example.com."
          + " Without it, the one that it listens on. Requests that are signed are signed for it"
          + " (docs/requests.md)."),
  GRAFT_OIDC_ISSUER(
      "",
      "The OpenID Connect issuer whose tokens people may use, as its tokens name it. Its other"
          + " settings must then be right, too; without it no token of a person is accepted"
          + " (docs/access.md)."),
  GRAFT_OIDC_AUDIENCE("", "What such a token must be for: its 'aud'."),
  GRAFT_OIDC_ALGORITHMS(
      "RS256,ES256,PS256", "With which algorithms it may be signed, separated by commas."),
  GRAFT_OIDC_ROLES_CLAIM(
      "roles", "Where it says what a person is: a claim, or a path such as realm_access.roles."),
  GRAFT_OIDC_ROLES(
      "",
      "What the values there stand for, as in staff=operator,root=admin. The roles are admin, operator,"
          + " developer and tenant; without this setting they are called graft-admin,"
          + " graft-operator, graft-developer and graft-tenant there."),
  GRAFT_OIDC_CLIENT_ID(
      "", "Graft's own name at the issuer, for people who sign in with a browser."),
  GRAFT_OIDC_CLIENT_SECRET("", "Its password there; none for a public client."),
  GRAFT_RATE_LIMIT(
      "10/min",
      "How often one user may be linked and cloned for, whoever asks, such as 10/min, 2/s or 100/h;"
          + " 'off' for as often as anyone likes."),
  GRAFT_RATE_LIMIT_SERVICE(
      "600/min",
      "How often one caller, such as a service with its API key, may ask for anything to be done;"
          + " 'off' for as often as it likes."),
  GRAFT_RATE_LIMIT_SIGN_IN(
      "60/min",
      "How often it may be tried to sign in with a browser from one address; 'off' for as often as"
          + " anyone likes."),
  GRAFT_VAPI_PACE(
      "5/s",
      "How often each account is called at Vapi for as long as there is something to do, such as 5/s or"
          + " 60/min; twice a second's worth, but at least 10, may go at once after a rest. Vapi's own"
          + " limits are not published: when it says that there are too many calls, Graft slows down by"
          + " itself. 'off' for as often as there is something to ask."),
  GRAFT_STOP_PAUSE(
      "auto",
      "How long a node that is told to stop says so at /health/ready, and serves on, before it takes no"
          + " more requests: longer than whatever balances the load needs to notice. 'auto' is 5s with"
          + " PostgreSQL, which several nodes share, and 0s with SQLite."),
  GRAFT_STOP_TIME(
      "20s",
      "How long a node that stops lets what runs come to its end. What is left then is handed to"
          + " another node, or done after the next start."),
  GRAFT_CALL_TIMEOUT("15s", "How long one call to Vapi may take."),
  GRAFT_REQUEST_DEADLINE(
      "60s", "How long a clone request waits for Vapi before it is finished in the background."),
  GRAFT_SETTLING_TIME(
      "10s",
      "How long to look for the object of a create whose reply was lost before it is repeated."),
  GRAFT_AUDIT_SINK(
      "log",
      "Where signed checkpoints of the audit trail go, outside the database: 'log', 'file:/path' (best"
          + " on a file system of its own), or both with a comma between them."),
  GRAFT_LOG_FORMAT(
      "auto",
      "How the log is written: 'text' for people, 'json' for programs, 'auto' for text on a terminal"
          + " and JSON elsewhere."),
  GRAFT_OTLP_URL(
      "",
      "Where traces go: the base address of an OpenTelemetry collector that takes OTLP over HTTP, such"
          + " as http://127.0.0.1:4318. Without it no trace leaves the process (docs/observing.md)."),
  GRAFT_SENTRY_DSN(
      "",
      "Where errors of Graft's own are reported: the DSN of a project in Sentry, or in what speaks as"
          + " it does. Without it they are in the log only."),
  GRAFT_LOG_LEVEL("info", "How much is logged: 'info' or 'debug'. Secrets are masked in both."),
  GRAFT_LEASE_TIME("30s", "How long a node that says nothing keeps an account."),
  GRAFT_KEY_CHECK(
      "24h", "How often Vapi is asked whether each customer's key still works; 'off' for never."),
  GRAFT_DRIFT_CHECK(
      "24h",
      "How often each installation is looked at for what the customer changed; 'off' for never."),
  GRAFT_BACKUP_DIR(
      "",
      "The folder for backups of the SQLite database, best on another disk. Without it, 'backups' in the"
          + " data folder."),
  GRAFT_BACKUP_EVERY(
      "off",
      "How often Graft makes such a backup by itself, such as 24h; 'off' for never (docs/recovering.md)."),
  GRAFT_BACKUP_KEEP("7", "How many backups are kept in that folder, the newest ones."),
  GRAFT_WEBHOOK_ALLOW(
      "",
      "Where webhooks may go beside public addresses: hosts, addresses and networks such as"
          + " 10.20.0.0/16, with commas between them.");

  private final String standard;
  private final String description;

  Setting(String standard, String description) {
    this.standard = standard;
    this.description = description;
  }

  /** What holds when nobody sets it; empty for nothing. Folders stand beside the launcher. */
  String standard() {
    boolean folder = this == GRAFT_DATA_DIR || this == GRAFT_TEMPLATES;
    String home = System.getProperty("graft.home", "");
    return folder && !home.isEmpty() ? home + "/" + standard : standard;
  }

  /** The same as it is written in the code, wherever the launcher stands. */
  String shipped() {
    return standard;
  }

  String description() {
    return description;
  }

  /** Its name on the command line, for instance {@code --data-dir}. */
  String flag() {
    return "--" + name().substring("GRAFT_".length()).toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether its value must not be seen, so that it is no flag either: those can be listed. */
  boolean isSecret() {
    return this == GRAFT_MASTER_KEY
        || this == GRAFT_MASTER_KEY_OLDER
        || this == GRAFT_ADMIN_TOKEN
        || this == GRAFT_TLS_PASSWORD
        || this == GRAFT_OIDC_CLIENT_SECRET
        || this == GRAFT_SENTRY_DSN
        || this == GRAFT_DATABASE_URL;
  }

  /**
   * The name under which a file with its value is given instead of the value itself: what a
   * supervisor hands out as a file need not stand in an environment. Only secrets have one.
   */
  Optional<String> fileName() {
    // The password of the TLS key has had a setting for that.
    return isSecret() && this != GRAFT_TLS_PASSWORD
        ? Optional.of(name() + "_FILE")
        : Optional.empty();
  }

  static Optional<Setting> ofFileName(String name) {
    for (Setting setting : values()) {
      if (setting.fileName().filter(name::equals).isPresent()) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }

  /** The name it had in the product that Graft comes from. */
  Optional<String> formerName() {
    return this == GRAFT_MASTER_KEY ? Optional.of("MASTER_KEY") : Optional.empty();
  }

  static Optional<Setting> ofFlag(String flag) {
    for (Setting setting : values()) {
      if (setting.flag().equals(flag)) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }

  static Optional<Setting> named(String name) {
    for (Setting setting : values()) {
      if (setting.name().equals(name) || setting.formerName().filter(name::equals).isPresent()) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }
}
