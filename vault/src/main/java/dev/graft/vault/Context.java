package dev.graft.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;

/**
 * What a sealed thing belongs to: an account, a purpose such as {@code vapi-key}, and the record
 * that holds it. Whoever opens it says where it was found; the sealed bytes are never asked, so
 * bytes moved elsewhere do not open there.
 */
public record Context(String accountId, String purpose, String recordId) {
  public Context {
    for (String field : new String[] {accountId, purpose, recordId}) {
      if (field.isEmpty()) {
        throw new IllegalArgumentException("A context names an account, a purpose and a record.");
      }
      encoded(field);
    }
  }

  /**
   * Account, purpose and record, each as four bytes of length, most significant first, and then its
   * UTF-8 bytes. No two contexts have the same encoding, whatever characters their parts hold.
   */
  public byte[] canonical() {
    return lengthPrefixed(encoded(accountId), encoded(purpose), encoded(recordId));
  }

  static byte[] lengthPrefixed(byte[]... fields) {
    var bytes = new ByteArrayOutputStream();
    for (byte[] field : fields) {
      bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(field.length).array());
      bytes.writeBytes(field);
    }
    return bytes.toByteArray();
  }

  /**
   * Strict, since {@code String.getBytes} turns every half character into the same question mark.
   */
  private static byte[] encoded(String field) {
    try {
      ByteBuffer bytes = UTF_8.newEncoder().encode(CharBuffer.wrap(field));
      var copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return copy;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "A part of a context has half a character in it, an unpaired surrogate.", e);
    }
  }
}
