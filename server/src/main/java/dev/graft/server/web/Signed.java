package dev.graft.server.web;

import dev.graft.server.access.KeyRing;
import dev.graft.server.access.Signatures;
import dev.graft.server.signing.Message;
import dev.graft.server.signing.SigningKey;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Lets requests with an API key that wants them signed through only when they are. */
final class Signed {
  private final Signatures signatures;
  private final Optional<URI> publicUrl;

  /**
   * A guard for signed requests.
   *
   * @param publicUrl how this server is called; without it, as each request says
   */
  Signed(Signatures signatures, Optional<URI> publicUrl) {
    this.signatures = signatures;
    this.publicUrl = publicUrl;
  }

  /**
   * Verifies, when this key wants it.
   *
   * @throws Problem when the request is not signed as it has to be
   */
  void require(KeyRing.Holder holder, HttpServletRequest request, boolean readsContent) {
    if (holder.signing().isEmpty()) {
      return;
    }
    SigningKey key = holder.signing().get();
    String keyId = holder.caller().id();
    Optional<byte[]> content = readsContent ? Optional.of(Body.content(request)) : Optional.empty();
    switch (signatures.verify(keyId, key, message(request), content)) {
      case Signatures.Result.Good _ -> {}
      case Signatures.Result.Missing _ ->
          throw refusal(
                  "SIGNATURE_REQUIRED",
                  "Requests with this API key have to be signed (RFC 9421, "
                      + key.algorithm()
                      + "), and this one is not. Nothing was done. docs/requests.md shows how.")
              .withHeader(
                  "Accept-Signature",
                  "sig1=(\"@method\" \"@authority\" \"@path\" \"@query\"%s);created;nonce=\"\";keyid=\"%s\""
                      .formatted(readsContent ? " \"content-digest\"" : "", keyId));
      case Signatures.Result.Wrong(var why) ->
          throw refusal(
              "SIGNATURE_INVALID",
              "The signature proves nothing, so nothing was done: " + why + ".");
      case Signatures.Result.OutOfTime(var now) ->
          throw refusal(
              "SIGNATURE_EXPIRED",
              "The signature was made more than 5 minutes ago or is from the future, or it has"
                  + " expired, so nothing was done. The time is "
                  + now.getEpochSecond()
                  + " here. Set your clock, and sign each request when you send it.");
      case Signatures.Result.Replayed _ ->
          throw refusal(
              "SIGNATURE_REPLAYED",
              "A request with this nonce came before, so nothing was done now. Sign each request"
                  + " anew, also when you repeat one; an Idempotency-Key stays the same.");
    }
  }

  private static Problem refusal(String code, String detail) {
    return new Problem(401, code, detail).withHeader("WWW-Authenticate", "Bearer realm=\"graft\"");
  }

  private Message message(HttpServletRequest request) {
    Map<String, List<String>> fields = new HashMap<>();
    for (String name : Collections.list(request.getHeaderNames())) {
      fields.put(name, Collections.list(request.getHeaders(name)));
    }
    String scheme =
        publicUrl.map(URI::getScheme).orElse(Edge.isEncrypted(request) ? "https" : "http");
    String host =
        publicUrl
            .map(URI::getRawAuthority)
            .orElseGet(() -> Objects.requireNonNullElse(request.getHeader("Host"), ""));
    return new Message(
        request.getMethod(),
        scheme,
        Message.authority(scheme, host),
        request.getRequestURI(),
        request.getQueryString(),
        fields);
  }
}
