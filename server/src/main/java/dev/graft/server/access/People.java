package dev.graft.server.access;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.vault.SecretAccess;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/**
 * People, by the tokens of an OpenID Connect issuer: those that a program sends, and those that a
 * login brings. A login is the code flow with PKCE; what it must remember between its two halves is
 * derived from one secret in the browser's cookie, so that nothing is stored for whoever only
 * begins one.
 */
public final class People {
  private final OidcSettings settings;
  private final Issuer issuer;
  private final Tokens tokens;
  private final IssuerHttp http;
  private final Pepper pepper;

  public People(OidcSettings settings, Pepper pepper, InstantSource clock) {
    this.settings = settings;
    this.pepper = pepper;
    this.http = new IssuerHttp();
    this.issuer = new Issuer(settings.issuer(), http, clock);
    this.tokens = new Tokens(settings, issuer, clock);
  }

  /** What became of a token. */
  public sealed interface Result {
    record Known(Person person) implements Result {}

    /** The token is good, and says nothing of what its person is here for. */
    record NoRole(String subject, String name) implements Result {}

    record Refused() implements Result {}
  }

  public URI issuer() {
    return settings.issuer();
  }

  public String audience() {
    return settings.audience();
  }

  /** Whether people can log in with a browser. */
  public boolean canLogIn() {
    return settings.client().isPresent();
  }

  /** Whether a text wants to be a token of an issuer. */
  public static boolean looksLikeToken(String text) {
    return text.startsWith("eyJ") && text.chars().filter(c -> c == '.').count() >= 2;
  }

  /**
   * Whoever a bearer token is of.
   *
   * @throws IssuerAway when that cannot be told now
   */
  public Result byToken(String token) {
    return tokens.bearer(token).map(this::known).orElseGet(Result.Refused::new);
  }

  private Result known(JWTClaimsSet claims) {
    Optional<Person> person = tokens.person(claims);
    return person.isPresent()
        ? new Result.Known(person.get())
        : new Result.NoRole(claims.getSubject(), Tokens.name(claims));
  }

  /**
   * Where to send a browser that wants to log in.
   *
   * @param secret random, in that browser's cookie
   * @throws IssuerAway when the issuer cannot be asked
   */
  public URI loginAddress(String secret, URI back) {
    var query = new LinkedHashMap<String, String>();
    query.put("response_type", "code");
    query.put("client_id", client().id());
    query.put("redirect_uri", back.toString());
    query.put("scope", "openid profile email");
    query.put("state", state(secret));
    query.put("nonce", nonce(secret));
    query.put("code_challenge", challenge(verifier(secret)));
    query.put("code_challenge_method", "S256");
    URI address = issuer.endpoints().authorization();
    if (!OidcSettings.isSafe(address)) {
      throw new IssuerAway(
          "The issuer's login is at "
              + address
              + ", which is no https address. Nobody is sent there.");
    }
    String separator = address.getRawQuery() == null ? "?" : "&";
    return URI.create(address + separator + form(query));
  }

  /**
   * Whoever comes back from the issuer.
   *
   * @param secret from the cookie of the browser that comes
   * @throws IssuerAway when the issuer cannot be asked
   */
  public Result byLogin(String secret, String state, String code, URI back) {
    if (!same(state, state(secret))) {
      return new Result.Refused();
    }
    ObjectNode answer = exchanged(code, verifier(secret), back);
    Optional<JWTClaimsSet> claims =
        tokens.login(answer.path("id_token").asString(""), nonce(secret));
    if (claims.isEmpty()) {
      return new Result.Refused();
    }
    Result result = known(claims.get());
    if (!(result instanceof Result.NoRole)) {
      return result;
    }
    // Some issuers, Keycloak among them, put roles into the token for the API only.
    String name = Tokens.name(claims.get());
    return tokens
        .bearer(answer.path("access_token").asString(""))
        .filter(access -> access.getSubject().equals(claims.get().getSubject()))
        .flatMap(tokens::person)
        .<Result>map(person -> new Result.Known(new Person(person.subject(), name, person.role())))
        .orElse(result);
  }

  private ObjectNode exchanged(String code, String verifier, URI back) {
    var form = new LinkedHashMap<String, String>();
    form.put("grant_type", "authorization_code");
    form.put("code", code);
    form.put("redirect_uri", back.toString());
    form.put("code_verifier", verifier);
    OidcSettings.Client client = client();
    String authorization =
        client
            .secret()
            .map(secret ->
                "Basic "
                    + secret.reveal(
                        SecretAccess.of("logging in at the issuer"),
                        bytes ->
                            base64(
                                encoded(client.id())
                                    + ":"
                                    + encoded(new String(bytes, StandardCharsets.UTF_8)))))
            .orElse("");
    if (authorization.isEmpty()) {
      form.put("client_id", client.id());
    }
    IssuerHttp.Answer answer = http.post(issuer.endpoints().token(), form(form), authorization);
    if (answer.status() >= 500) {
      throw new IssuerAway(
          "The issuer answers with status " + answer.status() + " when it is asked for a token.");
    }
    try {
      return answer.status() == 200 ? Json.parseObject(answer.body()) : Json.object();
    } catch (MalformedJson e) {
      return Json.object();
    }
  }

  private OidcSettings.Client client() {
    return settings
        .client()
        .orElseThrow(() -> new IllegalStateException("nobody can log in without a client"));
  }

  private String state(String secret) {
    return pepper.hash("the state of a login", secret);
  }

  private String nonce(String secret) {
    return pepper.hash("the nonce of a login", secret);
  }

  /** 64 characters: RFC 7636 wants 43 to 128. */
  private String verifier(String secret) {
    return pepper.hash("the code verifier of a login", secret);
  }

  private static String challenge(String verifier) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String form(Map<String, String> members) {
    return members.entrySet().stream()
        .map(member -> member.getKey() + "=" + encoded(member.getValue()))
        .collect(Collectors.joining("&"));
  }
}
