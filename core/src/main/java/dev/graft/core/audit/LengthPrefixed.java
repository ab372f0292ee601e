package dev.graft.core.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Texts as bytes, each behind its length, so that no two lists of texts are the same bytes. An
 * absent one has the length -1 and no bytes.
 */
public final class LengthPrefixed {
  private static final int ABSENT = -1;

  private LengthPrefixed() {}

  public static byte[] of(@Nullable String... texts) {
    var encoded = new byte[texts.length][];
    int size = 0;
    for (int i = 0; i < texts.length; i++) {
      String text = texts[i];
      encoded[i] = text == null ? new byte[0] : text.getBytes(UTF_8);
      size += Integer.BYTES + encoded[i].length;
    }
    var bytes = ByteBuffer.allocate(size);
    for (int i = 0; i < texts.length; i++) {
      bytes.putInt(texts[i] == null ? ABSENT : encoded[i].length).put(encoded[i]);
    }
    return bytes.array();
  }
}
