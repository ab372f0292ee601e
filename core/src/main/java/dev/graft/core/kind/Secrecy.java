package dev.graft.core.kind;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Tells whether a value is a secret, from the name it goes by and from what it looks like. Used
 * only at places where a secret can stand, never to search a whole body.
 */
public final class Secrecy {
  private static final List<String> NAMES =
      List.of(
          "authorization",
          "apikey",
          "xapikey",
          "secret",
          "token",
          "password",
          "passwd",
          "credential",
          "cookie",
          "signature",
          "privatekey",
          "accesskey");

  private static final Pattern LOOKS =
      Pattern.compile(
          "(?i)(bearer|basic|token)\\s+\\S.*|sk[-_].{8,}|pk[-_]live.*|xox[abposr]-.*|AKIA[0-9A-Z]{12,}"
              + "|eyJ[\\w-]{6,}\\..*|whsec_.*|pat-.*|gh[pousr]_.*|glpat-.*|-----BEGIN .*",
          Pattern.DOTALL);

  private static final Pattern USER_IN_URL =
      Pattern.compile("(?i)[a-z][a-z0-9+.-]*://[^/?#\\s]*@.*");

  private Secrecy() {}

  /** Whether the value that goes by this name is a secret. A Liquid placeholder is none. */
  public static boolean isSecret(String name, String value) {
    String rest = value.replaceAll("(?s)\\{\\{.{0,200}?}}", "").strip();
    if (rest.isEmpty() || rest.matches("(?i)bearer|basic|token")) {
      return false;
    }
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[-_ ]", "");
    return NAMES.stream().anyMatch(plain::contains) || LOOKS.matcher(rest).matches();
  }

  /** Whether user and password stand in the address. */
  public static boolean isInUrl(String url) {
    return USER_IN_URL.matcher(url).matches();
  }
}
