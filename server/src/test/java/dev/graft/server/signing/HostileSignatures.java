package dev.graft.server.signing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;

/** The reading of signed requests, for tests that feed it anything: a key, and what it signed. */
public final class HostileSignatures {
  private static final String PUBLIC_KEY = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
  private static final SigningKey KEY = SigningKey.Ed25519.read(PUBLIC_KEY).orElseThrow();

  /** The request of RFC 9421, B.2.6. */
  private static final String INPUT =
      "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\""
          + " \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";

  private static final String SIGNATURE =
      "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKR"
          + "Cw==:";
  private static final String DIGEST =
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew"
          + "==:";

  private HostileSignatures() {}

  /** Headers with a zero byte between them; the first are true. */
  public static List<String> sound() {
    return List.of(
        INPUT + "\u0000" + SIGNATURE + "\u0000" + DIGEST,
        "a=(\"@method\";req \"x\");created=1;b=:AA==:, c=()\u0000a=:AA==:, c=::\u0000sha-256=::",
        PUBLIC_KEY + "\u0000-----BEGIN PUBLIC KEY-----\u0000" + PUBLIC_KEY);
  }

  /** Reads all that can be read of it. What fits although it was changed is a fault. */
  public static void read(String text) {
    String[] parts = (text + "\u0000\u0000").split("\u0000", 4);
    var message =
        new Message(
            "POST",
            "https",
            "example.com",
            "/foo",
            "param=Value&Pet=dog",
            Map.of(
                "Date", List.of("Tue, 20 Apr 2021 02:07:55 GMT"),
                "Content-Type", List.of("application/json"),
                "Content-Length", List.of("18"),
                "Signature-Input", List.of(parts[0]),
                "Signature", List.of(parts[1]),
                "Content-Digest", List.of(parts[2])));
    try {
      for (Signature signature : Signature.of(message)) {
        if (signature.fits(message, KEY) && !signature.base(message).endsWith(INPUT.substring(8))) {
          throw new IllegalStateException("a signature fits that was never made");
        }
      }
    } catch (Signature.Unreadable e) {
      // As documented.
    }
    ContentDigest.fits(message.lines("content-digest"), "{\"hello\": \"world\"}".getBytes(UTF_8));
    SigningKey.Ed25519.read(text);
  }
}
