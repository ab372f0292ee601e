package dev.graft.core.template;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A name that may carry its version as a suffix: {@code Interview Prep_v2.1} is version 2.1 of
 * {@code Interview Prep}.
 */
public record VersionedName(String base, Optional<Version> version) {
  private static final Pattern SUFFIX = Pattern.compile("_v(\\d++(?:\\.\\d++)*+)\\z");

  /** Reads a name. Only a suffix at the very end counts: {@code Name_v1.2.a} has no version. */
  public static VersionedName of(String name) {
    Matcher matcher = SUFFIX.matcher(name);
    if (matcher.find()) {
      return new VersionedName(name.substring(0, matcher.start()), Version.parse(matcher.group(1)));
    }
    return new VersionedName(name, Optional.empty());
  }

  /** The version, or the oldest of all for a name without one. */
  public Version versionOrNone() {
    return version.orElse(Version.NONE);
  }

  /** The name built back. */
  @Override
  public String toString() {
    return version.map(v -> base + "_v" + v).orElse(base);
  }
}
