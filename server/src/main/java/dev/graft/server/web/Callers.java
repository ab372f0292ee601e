package dev.graft.server.web;

import dev.graft.server.access.Caller;
import dev.graft.server.access.KeyRing;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;

/** Tells who calls by what they show. */
final class Callers {
  private final Optional<AdminToken> admin;
  private final KeyRing keys;

  /**
   * Tells callers apart.
   *
   * @param admin nothing when everyone on this machine may call, without showing anything
   */
  Callers(Optional<AdminToken> admin, KeyRing keys) {
    this.admin = admin;
    this.keys = keys;
  }

  /** Whether everyone on this machine may call, and is asked for nothing. */
  boolean isOpen() {
    return admin.isEmpty();
  }

  /**
   * Whoever shows the right thing; nobody in particular who shows nothing.
   *
   * @throws Problem when what is shown is wrong
   */
  Caller of(HttpServletRequest request) {
    if (isOpen()) {
      return Caller.LOCAL;
    }
    String header = request.getHeader("Authorization");
    if (header == null) {
      return Caller.NOBODY;
    }
    if (!header.regionMatches(true, 0, "Bearer ", 0, 7)) {
      throw Gate.unauthorized(
          "The header 'Authorization' must be 'Bearer', a space, and a token or key. " + ways());
    }
    return byToken(header.substring(7).strip())
        .orElseThrow(() ->
            Gate.unauthorized(
                "What is sent in the header 'Authorization' opens nothing here: it is mistyped,"
                    + " expired, revoked, or was never Graft's own. "
                    + ways()));
  }

  private Optional<Caller> byToken(String text) {
    if (KeyRing.looksLikeOne(text)) {
      return keys.caller(text);
    }
    return admin.filter(token -> token.matches(text)).map(_ -> Caller.ADMIN);
  }

  /** What there is to send. */
  String ways() {
    return "Send an API key of Graft's own (graft_live_…, from 'graft api-key make') or the admin"
        + " token that was shown at the first start, not a Vapi key, as 'Authorization: Bearer …'.";
  }
}
