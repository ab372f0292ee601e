package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.server.log.Redaction;
import dev.graft.vault.Secret;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of the settings must not be seen. */
class SettingsTest {
  @TempDir private Path folder;

  private static String random() {
    return UUID.randomUUID().toString();
  }

  private static String masterKey() {
    return (random() + random()).replace("-", "");
  }

  /** Every setting that is a secret, each with a value of its own. */
  private Map<String, String> secrets() {
    var secrets = new HashMap<String, String>();
    for (Setting setting : Setting.values()) {
      if (setting.isSecret()) {
        secrets.put(setting.name(), random());
      }
    }
    secrets.put("GRAFT_MASTER_KEY", masterKey());
    secrets.put("GRAFT_MASTER_KEY_OLDER", masterKey());
    return secrets;
  }

  private Settings settings(Map<String, String> environment) throws Exception {
    var all = new HashMap<>(environment);
    Path store = Files.writeString(folder.resolve("graft.p12"), "read later");
    all.put("GRAFT_TLS_KEYSTORE", store.toString());
    all.put("GRAFT_PUBLIC_URL", "https://graft.example.com");
    all.put("GRAFT_OIDC_ISSUER", "https://issuer.example.com");
    all.put("GRAFT_OIDC_AUDIENCE", "graft");
    all.put("GRAFT_OIDC_CLIENT_ID", "graft");
    return Settings.of(GivenSettings.of(List.of(), all));
  }

  @Test
  void everySettingThatIsASecretIsMaskedAsLongAsTheProcessLives() throws Exception {
    Map<String, String> secrets = secrets();
    String password = random() + "/+ä";
    String sslPassword = random();
    String written = password.replace("/", "%2F").replace("ä", "%C3%A4");
    Map<String, String> environment = new HashMap<>(secrets);
    environment.put(
        "GRAFT_DATABASE_URL",
        "postgresql://graft:" + written + "@db:5432/graft?ssl=true&sslpassword=" + sslPassword);
    environment.put(
        "GRAFT_MASTER_KEY_OLDER", secrets.get("GRAFT_MASTER_KEY_OLDER") + "," + masterKey());
    environment.put(
        "GRAFT_SENTRY_DSN", "https://" + secrets.get("GRAFT_SENTRY_DSN") + "@errors.example.com/1");
    Settings settings = settings(environment);
    settings.secrets().forEach(Redaction.ofThisProcess()::protectForever);

    secrets.remove("GRAFT_DATABASE_URL");
    assertThat(secrets).hasSizeGreaterThanOrEqualTo(5);
    for (String secret : secrets.values()) {
      assertThat(Redaction.ofThisProcess().clean("is " + secret)).isEqualTo("is ***");
    }
    for (String secret : List.of(password, written, sslPassword)) {
      assertThat(Redaction.ofThisProcess().clean("is " + secret)).isEqualTo("is ***");
    }
    assertThat(settings.secrets()).containsAll(secretsIn(settings).toList());
  }

  @Test
  void aPasswordThatIsTheUsersNameIsLeftReadable() throws Exception {
    Settings settings =
        settings(Map.of("GRAFT_DATABASE_URL", "postgresql://postgres:postgres@db/graft"));
    assertThat(settings.secrets()).isEmpty();
  }

  /** Wherever they stand in the records of which the settings are made. */
  private static Stream<Secret> secretsIn(@Nullable Object value) {
    return switch (value) {
      case null -> Stream.of();
      case Secret secret -> Stream.of(secret);
      case Optional<?> perhaps -> secretsIn(perhaps.orElse(null));
      case Collection<?> several -> several.stream().flatMap(SettingsTest::secretsIn);
      case Record whole when whole.getClass().getName().startsWith("dev.graft.") ->
          Stream.of(whole.getClass().getRecordComponents())
              .flatMap(component -> secretsIn(valueOf(component, whole)));
      default -> Stream.of();
    };
  }

  private static @Nullable Object valueOf(RecordComponent component, Record whole) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(whole);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
