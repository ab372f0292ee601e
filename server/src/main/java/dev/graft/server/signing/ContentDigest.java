package dev.graft.server.signing;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import org.greenbytes.http.sfv.ByteSequenceItem;
import org.greenbytes.http.sfv.ListElement;
import org.greenbytes.http.sfv.ParseException;
import org.greenbytes.http.sfv.Parser;

/** The header Content-Digest (RFC 9530), with the two algorithms that are still good. */
public final class ContentDigest {
  /** By their names in the header. */
  private static final Map<String, String> ALGORITHMS =
      Map.of("sha-256", "SHA-256", "sha-512", "SHA-512");

  private ContentDigest() {}

  /** Whether there is a digest, and each that is known here is that of these bytes. */
  public static boolean fits(List<String> lines, byte[] content) {
    Map<String, ListElement<?>> digests;
    try {
      digests = new Parser(lines).parseDictionary().get();
    } catch (ParseException e) {
      return false;
    }
    boolean any = false;
    for (var algorithm : ALGORITHMS.entrySet()) {
      ListElement<?> digest = digests.get(algorithm.getKey());
      if (digest != null) {
        any = true;
        if (!(digest instanceof ByteSequenceItem bytes)
            || !MessageDigest.isEqual(
                hash(algorithm.getValue(), content), Signature.bytes(bytes.get()))) {
          return false;
        }
      }
    }
    return any;
  }

  private static byte[] hash(String algorithm, byte[] content) {
    try {
      return MessageDigest.getInstance(algorithm).digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }
}
