package dev.graft.cli;

import java.util.Arrays;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** What an operation or a plan is for, in words. */
enum Goal {
  CLONE("Cloned", "into"),
  REPAIR("Repaired", "in"),
  ROLLBACK("Rolled back", "in"),
  UNDO("Rolled back", "in"),
  UNINSTALL("Uninstalled", "from"),
  SWEEP("Looked once more after", "in"),
  /** Something that a newer server knows. */
  OTHER("Changed", "in");

  private final String done;
  private final String where;

  Goal(String done, String where) {
    this.done = done;
    this.where = where;
  }

  /** That of an operation or a plan, as the API shows them. */
  static Goal of(JsonNode document) {
    String kind = document.path("kind").asString(CLONE.word());
    return Arrays.stream(values())
        .filter(goal -> goal.word().equals(kind))
        .findFirst()
        .orElse(OTHER);
  }

  private String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** For instance {@code Cloned front-desk}. */
  String done(String template) {
    return done + " " + template;
  }

  /** For instance {@code into the account of user_123}. */
  String where(String user) {
    return where + " the account of " + user;
  }

  /**
   * What a plan would do.
   *
   * @param version of the release that it is about, empty when it is not known
   */
  String planned(String template, String version) {
    String release = version.isEmpty() ? template : template + " " + version;
    return switch (this) {
      case CLONE -> release;
      case ROLLBACK -> "rollback of " + template + (version.isEmpty() ? "" : " to " + version);
      case UNDO -> "rollback of " + template + " to before an operation";
      case REPAIR, UNINSTALL, SWEEP -> word() + " of " + release;
      case OTHER -> "change of " + release;
    };
  }

  /** What cannot be told from its name, empty for most. */
  String remark() {
    return switch (this) {
      case UNDO -> "goes back to before an operation";
      case SWEEP -> "looks for creates that came late";
      case CLONE, REPAIR, ROLLBACK, UNINSTALL, OTHER -> "";
    };
  }
}
