package dev.graft.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The settings as text, each with the place it came from. A flag goes before the environment, the
 * environment before the file, and the file before what holds by itself.
 */
final class GivenSettings {
  /** The file that is read when it is there and no other is named. */
  static final String FILE = "graft.env";

  private static final String FILE_FLAG = "--config";
  private static final String FILE_VARIABLE = "GRAFT_CONFIG";

  /** How origins begin. */
  private static final String ENVIRONMENT = "environment ";

  private static final String FILES = "file ";

  private final Map<Setting, Value> values = new EnumMap<>(Setting.class);

  /** Secrets that were to be read from files of their own. */
  private final Set<Setting> ownFile = EnumSet.noneOf(Setting.class);

  private final List<String> faults = new ArrayList<>();
  private final Map<String, String> environment;
  private String fileByFlag = "";

  /** A text and where it came from. */
  record Value(String text, String origin) {}

  private GivenSettings(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  static GivenSettings of(List<String> arguments, Map<String, String> environment) {
    var given = new GivenSettings(environment);
    Map<Setting, Value> flags = given.flags(arguments);
    for (Setting setting : Setting.values()) {
      given.values.put(setting, new Value(setting.standard(), "default"));
    }
    given.readFile(
        given.fileByFlag.isBlank()
            ? environment.getOrDefault(FILE_VARIABLE, "")
            : given.fileByFlag);
    given.readEnvironment(environment);
    given.values.putAll(flags);
    return given;
  }

  private Map<Setting, Value> flags(List<String> arguments) {
    var flags = new EnumMap<Setting, Value>(Setting.class);
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      int equals = argument.indexOf('=');
      String flag = equals < 0 ? argument : argument.substring(0, equals);
      String text =
          equals >= 0
              ? argument.substring(equals + 1)
              : i + 1 < arguments.size() ? arguments.get(i + 1) : null;
      if (text == null) {
        faults.add("The flag " + flag + " needs a value.");
        break;
      }
      i += equals < 0 ? 1 : 0;
      if (flag.equals(FILE_FLAG)) {
        fileByFlag = text;
        continue;
      }
      var setting = Setting.ofFlag(flag);
      if (setting.isEmpty()) {
        faults.add("There is no flag " + flag + ". graft serve --help lists them all.");
        i -= equals < 0 ? 1 : 0;
      } else if (setting.get().isSecret()) {
        faults.add(
            flag
                + " is not taken as a flag, because everyone on the machine can list a process's"
                + " flags. Set "
                + setting.get()
                + " in the environment or in a file.");
      } else {
        flags.put(setting.get(), new Value(text, "flag " + flag));
      }
    }
    return flags;
  }

  private void readEnvironment(Map<String, String> environment) {
    for (Setting setting : Setting.values()) {
      setting.formerName().ifPresent(former -> readVariable(setting, former, environment));
      readVariable(setting, setting.name(), environment);
      setting
          .fileName()
          .ifPresent(name -> {
            String file = environment.getOrDefault(name, "");
            if (!file.isBlank()) {
              readSecret(setting, name, ENVIRONMENT, name, file.strip());
            }
          });
    }
  }

  /** Takes a secret from the file that holds nothing else. */
  private void readSecret(Setting setting, String name, String source, String where, String file) {
    if (value(setting).origin().startsWith(source)) {
      refuseBoth(setting);
      return;
    }
    ownFile.add(setting);
    try {
      String text = Files.readString(Path.of(file)).strip();
      if (text.isEmpty()) {
        faults.add(name + " names a file with nothing in it: " + file + ".");
      }
      values.put(setting, new Value(text, source + where));
    } catch (IOException | InvalidPathException e) {
      faults.add(name + " names a file that is not there or cannot be read: " + file + ".");
    }
  }

  private void refuseBoth(Setting setting) {
    faults.add(
        setting.fileName().orElse("")
            + " and "
            + setting
            + " are both set"
            + setting.formerName().map(former -> " (" + former + " is the same)").orElse("")
            + ". Take one of them.");
  }

  private void readVariable(Setting setting, String name, Map<String, String> environment) {
    String text = environment.get(name);
    if (text != null && !text.isBlank()) {
      values.put(setting, new Value(text.strip(), ENVIRONMENT + name));
    }
  }

  private void readFile(String named) {
    Path file = Path.of(named.isBlank() ? FILE : named);
    if (named.isBlank() && !Files.exists(file)) {
      return;
    }
    try {
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        readLine(file + ":" + number, line.strip());
      }
    } catch (IOException e) {
      faults.add("The settings file " + file + " cannot be read.");
    }
  }

  private void readLine(String where, String line) {
    if (line.isEmpty() || line.startsWith("#")) {
      return;
    }
    int equals = line.indexOf('=');
    String name = equals < 0 ? line : line.substring(0, equals).strip();
    Optional<Setting> secret = Setting.ofFileName(name);
    if (equals >= 0 && secret.isPresent()) {
      readSecret(secret.get(), name, FILES, where, unquoted(line.substring(equals + 1).strip()));
      return;
    }
    var setting = Setting.named(name);
    if (equals < 0 || setting.isEmpty()) {
      faults.add(where + ": this is no setting of Graft's. A line is NAME=value.");
      return;
    }
    String text = unquoted(line.substring(equals + 1).strip());
    if (text.isEmpty()) {
      return;
    }
    if (ownFile.contains(setting.get())) {
      refuseBoth(setting.get());
      return;
    }
    values.put(setting.get(), new Value(text, FILES + where));
  }

  private static String unquoted(String text) {
    boolean quoted =
        text.length() >= 2
            && (text.startsWith("\"") && text.endsWith("\"")
                || text.startsWith("'") && text.endsWith("'"));
    return quoted ? text.substring(1, text.length() - 1) : text;
  }

  Value value(Setting setting) {
    Value value = values.get(setting);
    if (value == null) {
      throw new IllegalStateException("every setting has a value");
    }
    return value;
  }

  String text(Setting setting) {
    return value(setting).text();
  }

  /** The whole of it, for what reads its own credentials there: a key provider. */
  Map<String, String> environment() {
    return environment;
  }

  /** What was wrong already before anyone looked at the values. */
  List<String> faults() {
    return List.copyOf(faults);
  }
}
