package dev.graft.core.audit;

import java.util.regex.Pattern;

/** What someone else said, as it may stand in the audit trail: short, and with no key in it. */
public final class ForeignText {
  private static final int LONGEST = 200;

  /** Keys and tokens look like this, and so do ids: both go. */
  private static final Pattern LIKE_A_KEY = Pattern.compile("[A-Za-z0-9_\\-+/=.~]{16,}");

  private ForeignText() {}

  public static String masked(String text) {
    String masked = LIKE_A_KEY.matcher(text).replaceAll("***");
    if (masked.length() <= LONGEST) {
      return masked;
    }
    // Not in the middle of a character that is two chars long.
    int end = Character.isHighSurrogate(masked.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    return masked.substring(0, end) + "…";
  }
}
