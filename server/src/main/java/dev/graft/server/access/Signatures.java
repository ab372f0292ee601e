package dev.graft.server.access;

import dev.graft.server.signing.ContentDigest;
import dev.graft.server.signing.Message;
import dev.graft.server.signing.Signature;
import dev.graft.server.signing.SigningKey;
import dev.graft.store.SeenNonces;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tells whether a request is signed as its API key wants it: by that key, over all that matters,
 * just now, and for the first time on any node.
 */
public final class Signatures {
  private static final Duration OLDEST = Duration.ofMinutes(5);
  private static final Duration AHEAD = Duration.ofMinutes(1);

  /** Longer than a signature is good, on nodes whose clocks differ by minutes. */
  private static final Duration KEPT = Duration.ofMinutes(15);

  private static final Pattern NONCE = Pattern.compile("[\\x20-\\x7e]{16,255}");

  private final SeenNonces nonces;
  private final Pepper pepper;
  private final InstantSource clock;

  public Signatures(SeenNonces nonces, Pepper pepper, InstantSource clock) {
    this.nonces = nonces;
    this.pepper = pepper;
    this.clock = clock;
  }

  /** What came of it. */
  public sealed interface Result {
    record Good() implements Result {}

    /** There is no signature at all. */
    record Missing() implements Result {}

    /** There is one that proves nothing; {@code why} is a sentence without its full stop. */
    record Wrong(String why) implements Result {}

    /** It was made at a time that is too far from now. */
    record OutOfTime(Instant now) implements Result {}

    /** It came before. */
    record Replayed() implements Result {}
  }

  /**
   * Verifies a request.
   *
   * @param keyId of the API key that came with it, which its signature has to name
   * @param content what came as the body; nothing where no body is read
   */
  public Result verify(String keyId, SigningKey key, Message message, Optional<byte[]> content) {
    if (message.lines("signature").isEmpty() && message.lines("signature-input").isEmpty()) {
      return new Result.Missing();
    }
    try {
      List<Signature> own = Signature.of(message, keyId);
      if (own.size() != 1) {
        return new Result.Wrong(
            "there must be one signature whose 'keyid' is the id of the API key, " + keyId);
      }
      return verify(keyId, own.getFirst(), key, message, content);
    } catch (Signature.Unreadable e) {
      return new Result.Wrong(e.why());
    }
  }

  private Result verify(
      String keyId, Signature signature, SigningKey key, Message message, Optional<byte[]> content)
      throws Signature.Unreadable {
    Optional<String> missing = missing(signature, message, content.isPresent());
    if (missing.isPresent()) {
      return new Result.Wrong("it does not cover '" + missing.get() + "'");
    }
    if (signature.has("alg") && !signature.text("alg").equals(Optional.of(key.algorithm()))) {
      return new Result.Wrong("its 'alg' is not the algorithm of this API key, " + key.algorithm());
    }
    Optional<Long> created = signature.number("created");
    Optional<String> nonce = signature.text("nonce").filter(text -> NONCE.matcher(text).matches());
    if (created.isEmpty() || nonce.isEmpty()) {
      return new Result.Wrong(
          "it needs 'created', in whole seconds, and 'nonce', a text of 16 to 255 characters that"
              + " was never sent before");
    }
    Optional<Long> expires = signature.number("expires");
    if (signature.has("expires") && expires.isEmpty()) {
      return new Result.Wrong("its 'expires' is no whole number of seconds");
    }
    Instant now = clock.instant();
    if (!isOfNow(created.get(), expires, now.getEpochSecond())) {
      return new Result.OutOfTime(now);
    }
    if (!signature.fits(message, key)) {
      return new Result.Wrong(
          "it does not fit. To this server, the request is "
              + message.method()
              + " "
              + message.target());
    }
    if (content.isPresent()
        && !ContentDigest.fits(message.lines("content-digest"), content.get())) {
      return new Result.Wrong(
          "'Content-Digest' is not the SHA-256 or SHA-512 of the body that came with it");
    }
    return nonces.take(pepper.hash("a nonce", keyId + " " + nonce.get()), KEPT)
        ? new Result.Good()
        : new Result.Replayed();
  }

  /** What has to be covered and is not. */
  private static Optional<String> missing(
      Signature signature, Message message, boolean hasContent) {
    boolean wholeAddress = signature.covers("@target-uri");
    return List.of("@method", "@authority", "@path", "@query", "content-digest", "idempotency-key")
        .stream()
        .filter(component -> !signature.covers(component))
        .filter(component ->
            switch (component) {
              case "@method" -> true;
              case "content-digest" -> hasContent;
              case "idempotency-key" -> !message.lines(component).isEmpty();
              default -> !wholeAddress;
            })
        .findFirst();
  }

  private static boolean isOfNow(long created, Optional<Long> expires, long now) {
    return created <= now + AHEAD.toSeconds()
        && created >= now - OLDEST.toSeconds()
        && (expires.isEmpty() || expires.get() > now && expires.get() > created);
  }
}
