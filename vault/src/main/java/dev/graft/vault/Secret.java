package dev.graft.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that must not be seen. It prints as {@code ***}, cannot be serialized, and shows its bytes
 * only to a reader that names itself with a {@link SecretAccess}. It can be wiped, from any thread,
 * and stays wiped.
 */
public final class Secret implements AutoCloseable {
  private static final String MASK = "***";

  private final byte[] bytes;
  private boolean wiped;

  private Secret(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Takes the array over without copying: it is this secret's own now, and is wiped with it. */
  public static Secret owning(byte[] bytes) {
    return new Secret(bytes);
  }

  /**
   * Copies the text, as UTF-8. The text stays the caller's; a {@link CharBuffer} can be wiped
   * after.
   *
   * @throws IllegalArgumentException for half a character, since two such texts would become one
   */
  public static Secret copyOf(CharSequence text) {
    var encoder = UTF_8.newEncoder();
    // Room for the worst case, since a buffer that grows leaves its old content behind.
    var encoded = ByteBuffer.allocate(text.length() * (int) encoder.maxBytesPerChar());
    try {
      if (encoder.encode(CharBuffer.wrap(text), encoded, true).isError()) {
        throw new IllegalArgumentException(
            "The text of a secret has half a character in it, an unpaired surrogate.");
      }
      return new Secret(Arrays.copyOf(encoded.array(), encoded.position()));
    } finally {
      Arrays.fill(encoded.array(), (byte) 0);
    }
  }

  /**
   * Shows the bytes to a reader. It gets a copy, wiped as soon as it returns: what it needs longer,
   * it must turn into something else before.
   *
   * @throws IllegalStateException if the secret was wiped
   */
  public <T extends @Nullable Object> T reveal(SecretAccess access, Function<byte[], T> reader) {
    byte[] shown = bytesIfAlive();
    if (shown == null) {
      throw new IllegalStateException("A secret was wiped before it was read for " + access + ".");
    }
    try {
      return reader.apply(shown);
    } finally {
      Arrays.fill(shown, (byte) 0);
    }
  }

  /** Says whether this whole secret stands somewhere in the text. Not in constant time. */
  public boolean appearsIn(String text) {
    return reveal(
        SecretAccess.of("looking for it in a text"),
        secret -> find(secret, text.getBytes(UTF_8), 0) >= 0);
  }

  /** The text with {@code ***} wherever this whole secret stood in it. Not in constant time. */
  public String maskIn(String text) {
    return reveal(SecretAccess.of("masking it in a text"), secret -> mask(secret, text));
  }

  /** Overwrites the bytes with zeros. Whoever reads this secret from now on fails. */
  public synchronized void wipe() {
    wiped = true;
    Arrays.fill(bytes, (byte) 0);
  }

  @Override
  public void close() {
    wipe();
  }

  Secret copy() {
    return reveal(SecretAccess.of("handing out a copy"), shown -> new Secret(shown.clone()));
  }

  int length() {
    return bytes.length;
  }

  /** Takes the same time wherever the first difference is. A wiped secret equals only itself. */
  @Override
  public boolean equals(@Nullable Object other) {
    if (this == other) {
      return true;
    }
    if (!(other instanceof Secret that)) {
      return false;
    }
    // One copy after the other, as holding both locks at once could wait for ever.
    byte[] mine = bytesIfAlive();
    byte[] theirs = that.bytesIfAlive();
    try {
      return mine != null && theirs != null && MessageDigest.isEqual(mine, theirs);
    } finally {
      wipeIfAny(mine);
      wipeIfAny(theirs);
    }
  }

  /** The same for every secret, as any other number would tell something about the bytes. */
  @Override
  public int hashCode() {
    return 0;
  }

  @Override
  public String toString() {
    return MASK;
  }

  private synchronized byte @Nullable [] bytesIfAlive() {
    return wiped ? null : bytes.clone();
  }

  private static void wipeIfAny(byte @Nullable [] bytes) {
    if (bytes != null) {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** Works on UTF-8, in which a character never begins inside another one. */
  private static String mask(byte[] secret, String text) {
    byte[] searched = text.getBytes(UTF_8);
    var masked = new ByteArrayOutputStream();
    int from = 0;
    for (int at = find(secret, searched, 0); at >= 0; at = find(secret, searched, from)) {
      masked.write(searched, from, at - from);
      masked.writeBytes(MASK.getBytes(UTF_8));
      from = at + secret.length;
    }
    if (from == 0) {
      return text;
    }
    masked.write(searched, from, searched.length - from);
    Arrays.fill(searched, (byte) 0);
    return masked.toString(UTF_8);
  }

  private static int find(byte[] secret, byte[] searched, int from) {
    if (secret.length == 0) {
      return -1;
    }
    for (int at = from; at <= searched.length - secret.length; at++) {
      if (Arrays.equals(searched, at, at + secret.length, secret, 0, secret.length)) {
        return at;
      }
    }
    return -1;
  }
}
