package dev.graft.server.web;

import dev.graft.server.access.Caller;
import dev.graft.server.access.KeyRing;
import dev.graft.server.access.People;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;

/** Tells who calls by what they show. */
final class Callers {
  private final Optional<AdminToken> admin;
  private final KeyRing keys;
  private final Signed signed;
  private final Optional<People> people;

  /**
   * Tells callers apart.
   *
   * @param admin nothing when everyone on this machine may call, without showing anything
   * @param people whoever comes with a token of an issuer; nothing when none is accepted
   */
  Callers(Optional<AdminToken> admin, KeyRing keys, Signed signed, Optional<People> people) {
    this.admin = admin;
    this.keys = keys;
    this.signed = signed;
    this.people = people;
  }

  /** Whether everyone on this machine may call, and is asked for nothing. */
  boolean isOpen() {
    return admin.isEmpty();
  }

  /**
   * Whoever shows the right thing; nobody in particular who shows nothing.
   *
   * @param readsContent whether what is asked for may depend on the body
   * @throws Problem when what is shown is wrong, or not signed as it has to be
   */
  Caller of(HttpServletRequest request, boolean readsContent) {
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
    return byToken(header.substring(7).strip(), request, readsContent)
        .orElseThrow(() ->
            Gate.unauthorized(
                "What is sent in the header 'Authorization' opens nothing here: it is mistyped,"
                    + " expired, revoked, or was never Graft's own. "
                    + ways()));
  }

  private Optional<Caller> byToken(String text, HttpServletRequest request, boolean readsContent) {
    if (KeyRing.looksLikeOne(text)) {
      Optional<KeyRing.Holder> holder = keys.holder(text);
      holder.ifPresent(known -> signed.require(known, request, readsContent));
      return holder.map(KeyRing.Holder::caller);
    }
    if (admin.filter(token -> token.matches(text)).isPresent()) {
      return Optional.of(Caller.ADMIN);
    }
    if (people.isEmpty() || !People.looksLikeToken(text)) {
      return Optional.empty();
    }
    return switch (people.get().byToken(text)) {
      case People.Result.Known(var person) -> Optional.of(person.caller());
      case People.Result.Refused() -> Optional.empty();
      case People.Result.NoRole(_, var name) ->
          throw new Problem(
              403,
              "FORBIDDEN",
              "You are known as "
                  + name
                  + ", and have no role here. Ask whoever runs this server for one.");
    };
  }

  /** What there is to send. */
  String ways() {
    return "Send an API key of Graft's own (graft_live_…, from 'graft api-key make')"
        + people
            .map(known ->
                ", a token of " + known.issuer() + " for the audience " + known.audience() + ",")
            .orElse("")
        + " or the admin token that was shown at the first start, not a Vapi key, as"
        + " 'Authorization: Bearer …'.";
  }
}
