package dev.graft.server.access;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * An OpenID Connect issuer as its discovery document describes it, with its public keys. They are
 * asked for when they are needed, again after a while, and again for a key that is not among them,
 * but never so often that tokens made up by someone could be used to flood the issuer.
 */
final class Issuer implements JWKSource<SecurityContext> {
  private static final Duration FRESH = Duration.ofMinutes(5);
  private static final Duration PAUSE = Duration.ofSeconds(10);
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(2);

  private final URI issuer;
  private final IssuerHttp http;
  private final InstantSource clock;
  private @Nullable Known known;
  private @Nullable Failed failed;

  Issuer(URI issuer, IssuerHttp http, InstantSource clock) {
    this.issuer = issuer;
    this.http = http;
    this.clock = clock;
  }

  /** The addresses at the issuer that a login needs. */
  record Endpoints(URI authorization, URI token) {}

  private record Known(ObjectNode discovery, JWKSet keys, Instant at) {}

  private record Failed(IssuerAway reason, Instant at) {}

  URI url() {
    return issuer;
  }

  /**
   * Where people log in, and where a code becomes tokens.
   *
   * @throws IssuerAway when the issuer cannot be asked
   */
  Endpoints endpoints() {
    ObjectNode discovery = known(FRESH).discovery();
    return new Endpoints(
        address(discovery, "authorization_endpoint"), address(discovery, "token_endpoint"));
  }

  @Override
  public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context)
      throws KeySourceException {
    try {
      List<JWK> keys = selector.select(known(FRESH).keys());
      return keys.isEmpty() ? selector.select(known(PAUSE).keys()) : keys;
    } catch (IssuerAway e) {
      throw new KeySourceException(e.getMessage(), e);
    }
  }

  /** What is known, no older than this; the thread that finds it older asks, and others wait. */
  private synchronized Known known(Duration oldest) {
    Instant now = clock.instant();
    Known present = known;
    if (present != null && now.isBefore(present.at().plus(oldest))) {
      return present;
    }
    Failed before = failed;
    if (before != null && now.isBefore(before.at().plus(PAUSE_AFTER_FAILURE))) {
      throw before.reason();
    }
    try {
      Known asked = ask(now);
      known = asked;
      failed = null;
      return asked;
    } catch (IssuerAway e) {
      failed = new Failed(e, now);
      throw e;
    }
  }

  private Known ask(Instant now) {
    String base = issuer.toString().replaceFirst("/$", "");
    ObjectNode discovery = document(URI.create(base + "/.well-known/openid-configuration"));
    String named = discovery.path("issuer").asString("");
    if (!named.equals(issuer.toString())) {
      throw new IssuerAway(
          "The issuer calls itself "
              + named
              + ", and GRAFT_OIDC_ISSUER is "
              + issuer
              + ". They must be the same, to the last slash.");
    }
    try {
      ObjectNode keys = document(address(discovery, "jwks_uri"));
      return new Known(discovery, JWKSet.parse(Json.write(keys)), now);
    } catch (ParseException e) {
      throw new IssuerAway("The issuer's keys cannot be read.", e);
    }
  }

  private ObjectNode document(URI url) {
    IssuerHttp.Answer answer = http.get(url);
    if (answer.status() != 200) {
      throw new IssuerAway(
          "The issuer answers with status " + answer.status() + " at " + url + ".");
    }
    try {
      return Json.parseObject(answer.body());
    } catch (MalformedJson e) {
      throw new IssuerAway("The issuer's answer at " + url + " is no JSON object.", e);
    }
  }

  private static URI address(ObjectNode discovery, String member) {
    try {
      return URI.create(discovery.path(member).asString(""));
    } catch (IllegalArgumentException e) {
      throw new IssuerAway("The issuer's " + member + " is no address.", e);
    }
  }
}
