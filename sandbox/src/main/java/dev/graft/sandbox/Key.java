package dev.graft.sandbox;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * An API key as the sandbox remembers it: a digest to know it by, and its last four characters to
 * show. The key itself is kept nowhere.
 */
record Key(String digest, String ending) {
  static Key of(String text) {
    // Of a short key four characters would give away too much.
    String ending = text.length() < 12 ? "" : text.substring(text.length() - 4);
    return new Key(digest(text.getBytes(StandardCharsets.UTF_8)), ending);
  }

  /** What stands for the key in the request log. */
  String hash() {
    return digest.substring(0, 12);
  }

  static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
