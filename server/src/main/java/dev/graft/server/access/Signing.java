package dev.graft.server.access;

import dev.graft.server.signing.SigningKey;
import java.util.Optional;

/** How requests with an API key have to be signed. */
public sealed interface Signing {
  /** As it is kept. */
  String text();

  /** Its name as RFC 9421 registers it. */
  String algorithm();

  /** With a private key that only the caller has. */
  record Ed25519(SigningKey.Ed25519 key) implements Signing {
    @Override
    public String text() {
      return SigningKey.Ed25519.NAME + ":" + key.text();
    }

    @Override
    public String algorithm() {
      return SigningKey.Ed25519.NAME;
    }
  }

  /** With a secret that Graft shows once and derives again when it verifies. */
  record Hmac() implements Signing {
    @Override
    public String text() {
      return SigningKey.Hmac.NAME;
    }

    @Override
    public String algorithm() {
      return SigningKey.Hmac.NAME;
    }
  }

  /** What is kept, read again. */
  static Signing of(String text) {
    if (text.equals(SigningKey.Hmac.NAME)) {
      return new Hmac();
    }
    return Optional.of(text)
        .filter(kept -> kept.startsWith(SigningKey.Ed25519.NAME + ":"))
        .flatMap(
            kept -> SigningKey.Ed25519.read(kept.substring(SigningKey.Ed25519.NAME.length() + 1)))
        .map(Ed25519::new)
        .orElseThrow(() -> new IllegalStateException("no way to sign is kept like this"));
  }
}
