package dev.graft.vault;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of a wrapping key, as an operator writes it: {@code scheme:path}, and behind a
 * question mark what is only about the way there, such as {@code ?timeout=5s}. Only scheme and path
 * say which key it is, so only they are stored with what it wrapped.
 */
public record ProviderUri(String scheme, String path, Map<String, String> options) {
  private static final Pattern FORM =
      Pattern.compile("([a-z][a-z0-9-]*):([\\x21-\\x7e&&[^?#]]*)(?:\\?([\\x21-\\x7e&&[^?#]]*))?");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,6})(ms|s)");

  public ProviderUri {
    options = Map.copyOf(options);
  }

  public static ProviderUri parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new VaultException(
          VaultException.Kind.BAD_PROVIDER,
          "'"
              + text
              + "' is no address of a key provider: it must look like scheme:path, for instance"
              + " local: or aws-kms:alias/graft, in printable ASCII. docs/keys.md has one of each"
              + " kind.");
    }
    var options = new LinkedHashMap<String, String>();
    if (matcher.group(3) != null && !matcher.group(3).isEmpty()) {
      for (String option : matcher.group(3).split("&", -1)) {
        int equals = option.indexOf('=');
        String name = equals < 0 ? option : option.substring(0, equals);
        String value = equals < 0 ? "" : decoded(text, option.substring(equals + 1));
        if (name.isEmpty() || options.put(name, value) != null) {
          throw unusable(text, "its options after the question mark must each have a name, once");
        }
      }
    }
    return new ProviderUri(matcher.group(1), matcher.group(2), options);
  }

  /** What is stored with a data key: which key wrapped it, without the way there. */
  public String identity() {
    return scheme + ":" + path;
  }

  /** Whether the other address is of the same key, whatever the way there. */
  public boolean isSameKeyAs(ProviderUri other) {
    return identity().equals(other.identity());
  }

  public Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name)).filter(value -> !value.isEmpty());
  }

  /** Refuses an option that nobody reads: a typing mistake in one must not pass in silence. */
  public ProviderUri knowing(String... names) {
    Set<String> known = Set.of(names);
    for (String name : options.keySet()) {
      if (!known.contains(name)) {
        throw unusable(
            "it has the option '"
                + name
                + "'; those there are: "
                + String.join(", ", names)
                + ". Correct it");
      }
    }
    return this;
  }

  /** How long one call may take with all that it repeats: the option {@code timeout}, or 10 s. */
  public Duration timeout() {
    String text = option("timeout").orElse("10s");
    Matcher matcher = DURATION.matcher(text);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      Duration timeout =
          matcher.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMillis(number);
      if (timeout.isPositive() && timeout.compareTo(Duration.ofMinutes(2)) <= 0) {
        return timeout;
      }
    }
    throw unusable("its timeout must be a time such as 500ms or 10s, at most 120s");
  }

  /** That this address cannot be used; the flaw completes the sentence "... cannot be used: ". */
  public VaultException unusable(String flaw) {
    return unusable(identity(), flaw);
  }

  /** What of the path or of an option was written as %2C and the like. */
  public static String decoded(String whole, String part) {
    try {
      // A plus is a plus: this is no form.
      return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw unusable(whole, "a percent sign must be followed by two hex digits, as in %2C");
    }
  }

  private static VaultException unusable(String text, String flaw) {
    return new VaultException(
        VaultException.Kind.BAD_PROVIDER,
        "The key provider "
            + text
            + " cannot be used: "
            + flaw
            + (flaw.endsWith(".") ? "" : ".")
            + " docs/keys.md says how it is written.");
  }
}
