package dev.graft.server;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The page docs/configuration.md, which says of each setting what the code says of it. */
final class Reference {
  private static final String HEAD =
      """
      # Configuration

      Written from the code, by `./graft config --reference > docs/configuration.md`; a test holds both together.

      Each setting is read from a flag, from the environment, or from a file with lines `NAME=value` (`--config FILE`,
      `GRAFT_CONFIG`, or `graft.env` in the working folder). A flag goes before the environment, and that before
      the file. `graft config` prints what is in force and where each value comes from. A value that does not fit stops the
      start with a sentence, and so does a flag, or a name in a file, that does not exist. In the environment, where others
      have names too, the log and `graft doctor` tell of a `GRAFT_…` that is none. `graft doctor` looks at what the
      settings lead to.
      The credentials of key providers have names of their own ([keys](keys.md)).

      **Secrets** are no flags, since everyone on a machine can list those, and are masked wherever Graft shows
      them. Each may be given as a file that holds it and nothing else, under its name with `_FILE` behind it: that is how
      systemd and Kubernetes hand secrets out. A change of a setting needs a restart; where what it names is taken
      up while Graft runs, it says so.

      | setting and flag | without it | what it is | for instance |
      |---|---|---|---|
      """;

  private Reference() {}

  static String page() {
    return HEAD + Arrays.stream(Setting.values()).map(Reference::row).collect(Collectors.joining());
  }

  private static String row(Setting setting) {
    return "| "
        + named(setting)
        + " | "
        + (setting.shipped().isEmpty() ? "" : code(setting.shipped()))
        + " | "
        + escaped(setting.description())
        + (setting.isSecret() ? secret(setting) : "")
        + (isTakenUp(setting) ? " What is there is taken up while Graft runs." : "")
        + " | "
        + code(example(setting))
        + " |\n";
  }

  private static String secret(Setting setting) {
    return " **Secret.**" + setting.fileName().map(name -> " Or " + code(name) + ".").orElse("");
  }

  private static String named(Setting setting) {
    String also = setting.formerName().map(former -> ", " + code(former)).orElse("");
    return code(setting.name()) + also + (setting.isSecret() ? "" : "<br>" + code(setting.flag()));
  }

  private static String code(String text) {
    return "`" + escaped(text) + "`";
  }

  private static String escaped(String text) {
    return text.replace("|", "\\|");
  }

  /** Whether a change of the files that it names needs no restart. */
  private static boolean isTakenUp(Setting setting) {
    return switch (setting) {
      case GRAFT_TLS_KEY, GRAFT_TLS_KEYSTORE, GRAFT_TEMPLATES -> true;
      default -> false;
    };
  }

  /** A value that would be taken; one that holds anyway is as good as another. */
  static String example(Setting setting) {
    return switch (setting) {
      case GRAFT_PROFILE -> "production";
      case GRAFT_HOST -> "0.0.0.0";
      case GRAFT_PORT -> "8443";
      case GRAFT_TLS_CERTIFICATE -> "/etc/graft/tls.crt";
      case GRAFT_TLS_KEY -> "/etc/graft/tls.key";
      case GRAFT_TLS_KEYSTORE -> "/etc/graft/tls.p12";
      case GRAFT_TLS_PASSWORD -> "correct horse";
      case GRAFT_TLS_PASSWORD_FILE -> "/etc/graft/tls.password";
      case GRAFT_TRUSTED_PROXIES -> "10.0.0.5,10.1.0.0/16";
      case GRAFT_CORS_ORIGINS -> "https://app.example.com";
      case GRAFT_DATA_DIR -> "/var/lib/graft";
      case GRAFT_DATABASE_URL -> "postgresql://graft:password@db.example.com:5432/graft";
      case GRAFT_VAPI_BASE_URL -> "http://127.0.0.1:4010";
      case GRAFT_MASTER_KEY -> "0123...cdef (64 hex digits)";
      case GRAFT_KMS -> "aws-kms:alias/graft";
      case GRAFT_KMS_OLDER -> "local:";
      case GRAFT_MASTER_KEY_OLDER -> "fedc...3210 (64 hex digits each)";
      case GRAFT_TEMPLATES -> "/etc/graft/templates";
      case GRAFT_DEFAULT_TEMPLATE -> "front-desk";
      case GRAFT_ADMIN_TOKEN -> "a-long-random-text-of-20+";
      case GRAFT_PUBLIC_URL -> "https://graft.example.com";
      case GRAFT_OIDC_ISSUER -> "https://id.example.com/realms/main";
      case GRAFT_OIDC_AUDIENCE -> "graft-api";
      case GRAFT_OIDC_ROLES -> "staff=operator,root=admin";
      case GRAFT_OIDC_CLIENT_ID -> "graft-console";
      case GRAFT_OIDC_CLIENT_SECRET -> "what the issuer shows once";
      case GRAFT_AUDIT_SINK -> "log,file:/var/lib/graft-audit/checkpoints";
      case GRAFT_LOG_FORMAT -> "json";
      case GRAFT_LOG_LEVEL -> "debug";
      case GRAFT_OTLP_URL -> "http://127.0.0.1:4318";
      case GRAFT_SENTRY_DSN -> "https://key@sentry.example.com/1";
      case GRAFT_BACKUP_DIR -> "/var/backups/graft";
      case GRAFT_BACKUP_EVERY -> "6h";
      case GRAFT_VAPI_PACE -> "60/min";
      case GRAFT_STOP_PAUSE -> "10s";
      case GRAFT_WEBHOOK_ALLOW -> "hooks.internal,10.20.0.0/16";
      default -> setting.shipped();
    };
  }
}
