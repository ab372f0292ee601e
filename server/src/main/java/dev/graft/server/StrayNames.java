package dev.graft.server;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Names in the environment that look like settings of Graft's and are none: most are mistyped, and
 * nobody reads them. A start goes on with them, since others put names into an environment, too.
 */
final class StrayNames {
  private static final String PREFIX = "GRAFT_";

  /** Those that the launcher, the command line, scripts and key providers read. */
  private static final Set<String> OF_OTHERS =
      Set.of(
          "GRAFT_CONFIG",
          "GRAFT_URL",
          "GRAFT_TOKEN",
          "GRAFT_HOME",
          "GRAFT_CACHE",
          "GRAFT_TRAIN",
          "GRAFT_JAVA_HOME",
          "GRAFT_JAVA_OPTS",
          "GRAFT_JDK_FOLDERS",
          "GRAFT_NO_BUILD",
          "GRAFT_STOP_WITH_STDIN",
          "GRAFT_ARCHIVE_FOLDER",
          "GRAFT_SOFTHSM",
          "GRAFT_CHROMIUM",
          "GRAFT_PKCS11_MODULE",
          "GRAFT_PKCS11_PIN",
          "GRAFT_PKCS11_PIN_FILE");

  private StrayNames() {}

  static List<String> in(Map<String, String> environment) {
    return environment.keySet().stream()
        .filter(name -> name.startsWith(PREFIX) && !OF_OTHERS.contains(name))
        .filter(name -> Setting.named(name).isEmpty() && Setting.ofFileName(name).isEmpty())
        .sorted()
        .toList();
  }
}
