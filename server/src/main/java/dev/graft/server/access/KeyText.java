package dev.graft.server.access;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * How an API key is written: {@code graft_live_<id>_<random>_<checksum>}. The beginning is for
 * programs that look for lost keys, the checksum tells a mistyped key without asking the database.
 */
final class KeyText {
  static final String PREFIX = "graft_live_";

  private static final String DIGITS =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  /** 62 to the power of 43 is more than 2 to the power of 256. */
  private static final int RANDOM_LENGTH = 43;

  private static final int CHECKSUM_LENGTH = 6;
  private static final Pattern FORM =
      Pattern.compile("(graft_live_([0-9a-f]{20})_[0-9A-Za-z]{43})_([0-9A-Za-z]{6})");
  private static final SecureRandom RANDOM = new SecureRandom();

  private KeyText() {}

  /** An id that sorts by the time at which it was made. */
  static String newId(long milliseconds) {
    byte[] chance = new byte[4];
    RANDOM.nextBytes(chance);
    return HexFormat.of().toHexDigits(milliseconds, 12) + HexFormat.of().formatHex(chance);
  }

  /** A new key of this id. */
  static String random(String id) {
    var text = new StringBuilder(PREFIX).append(id).append('_');
    for (int i = 0; i < RANDOM_LENGTH; i++) {
      text.append(DIGITS.charAt(RANDOM.nextInt(DIGITS.length())));
    }
    return text + "_" + checksum(text.toString());
  }

  /** The id in a key; nothing when the text is no key, or not as it was shown. */
  static Optional<String> idIn(String text) {
    Matcher matcher = FORM.matcher(text);
    return matcher.matches() && checksum(matcher.group(1)).equals(matcher.group(3))
        ? Optional.of(matcher.group(2))
        : Optional.empty();
  }

  private static String checksum(String text) {
    var crc = new CRC32();
    crc.update(text.getBytes(US_ASCII));
    var digits = new StringBuilder();
    long rest = crc.getValue();
    for (int i = 0; i < CHECKSUM_LENGTH; i++) {
      digits.insert(0, DIGITS.charAt((int) (rest % DIGITS.length())));
      rest /= DIGITS.length();
    }
    return digits.toString();
  }
}
