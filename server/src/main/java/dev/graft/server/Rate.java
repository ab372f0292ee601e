package dev.graft.server;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How often something may be done: so many times in so long. */
public record Rate(int times, Duration in) {
  private static final Pattern FORM = Pattern.compile("([1-9]\\d{0,5})/(s|min|h)");

  /**
   * The rates of this server.
   *
   * @param user how often one user may be linked and cloned for; nothing for as often as anyone
   *     likes
   * @param service how often one caller may ask for anything to be done
   * @param signIn how often it may be tried to sign in from one address
   */
  public record Rates(Optional<Rate> user, Optional<Rate> service, Optional<Rate> signIn) {}

  /** Reads {@code 10/min}; nothing when it is no rate. */
  static Optional<Rate> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Duration in =
        switch (matcher.group(2)) {
          case "s" -> Duration.ofSeconds(1);
          case "min" -> Duration.ofMinutes(1);
          default -> Duration.ofHours(1);
        };
    return Optional.of(new Rate(Integer.parseInt(matcher.group(1)), in));
  }

  /** As it stands in the settings. */
  @Override
  public String toString() {
    return times + "/" + (in.toSeconds() == 1 ? "s" : in.toSeconds() == 60 ? "min" : "h");
  }
}
