package dev.graft.server.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** The forms in which a text quotes a secret. Bytes only: these can be wiped, a String cannot. */
final class SecretForms {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  /** Not everyone escapes the same: forms of HTML, RFC 3986, JavaScript. */
  private static final List<String> PLAIN_IN_URLS = List.of("-_.*", "-_.~", "-_.~!'()*");

  private SecretForms() {}

  /** As it is, in base64 at each of its three alignments, in hex, in a URL and in JSON. */
  static List<byte[]> of(byte[] secret) {
    var forms = new ArrayList<byte[]>();
    forms.add(secret.clone());
    for (int before = 0; before < 3; before++) {
      byte[] base64 = base64(secret, before);
      forms.add(base64);
      forms.add(urlSafe(base64));
    }
    byte[] hex = hex(secret);
    forms.add(hex);
    forms.add(upperCase(hex));
    for (String plain : PLAIN_IN_URLS) {
      forms.add(inUrl(secret, plain, true));
      forms.add(inUrl(secret, plain, false));
    }
    forms.add(inJson(secret));
    return forms;
  }

  /** What does not depend on the neighbours, with so many bytes before it in its group of three. */
  private static byte[] base64(byte[] secret, int before) {
    byte[] shifted = new byte[before + secret.length];
    System.arraycopy(secret, 0, shifted, before, secret.length);
    byte[] encoded = Base64.getEncoder().withoutPadding().encode(shifted);
    byte[] sure = Arrays.copyOfRange(encoded, (before * 8 + 5) / 6, shifted.length * 8 / 6);
    Arrays.fill(shifted, (byte) 0);
    Arrays.fill(encoded, (byte) 0);
    return sure;
  }

  private static byte[] urlSafe(byte[] base64) {
    byte[] safe = base64.clone();
    for (int i = 0; i < safe.length; i++) {
      safe[i] = safe[i] == '+' ? (byte) '-' : safe[i] == '/' ? (byte) '_' : safe[i];
    }
    return safe;
  }

  private static byte[] hex(byte[] secret) {
    byte[] hex = new byte[secret.length * 2];
    for (int i = 0; i < secret.length; i++) {
      hex[2 * i] = HEX[secret[i] >> 4 & 15];
      hex[2 * i + 1] = HEX[secret[i] & 15];
    }
    return hex;
  }

  private static byte[] upperCase(byte[] hex) {
    byte[] upper = hex.clone();
    for (int i = 0; i < upper.length; i++) {
      upper[i] = upper[i] >= 'a' ? (byte) (upper[i] - 32) : upper[i];
    }
    return upper;
  }

  private static byte[] inUrl(byte[] secret, String unescaped, boolean plusForSpace) {
    var encoded = new Form(secret.length * 3);
    for (byte character : secret) {
      boolean plain =
          character >= 'a' && character <= 'z'
              || character >= 'A' && character <= 'Z'
              || character >= '0' && character <= '9'
              || unescaped.indexOf(character) >= 0;
      if (plain) {
        encoded.add(character);
      } else if (character == ' ' && plusForSpace) {
        encoded.add('+');
      } else {
        encoded.add('%');
        encoded.add(Character.toUpperCase(HEX[character >> 4 & 15]));
        encoded.add(Character.toUpperCase(HEX[character & 15]));
      }
    }
    return encoded.taken();
  }

  private static byte[] inJson(byte[] secret) {
    var escaped = new Form(secret.length * 2);
    for (byte character : secret) {
      if (character == '"' || character == '\\') {
        escaped.add('\\');
      }
      escaped.add(character);
    }
    return escaped.taken();
  }

  /** Bytes as they are put together. */
  private static final class Form {
    private final byte[] bytes;
    private int length;

    Form(int most) {
      this.bytes = new byte[most];
    }

    void add(int character) {
      bytes[length] = (byte) character;
      length++;
    }

    byte[] taken() {
      byte[] taken = Arrays.copyOf(bytes, length);
      Arrays.fill(bytes, (byte) 0);
      return taken;
    }
  }
}
