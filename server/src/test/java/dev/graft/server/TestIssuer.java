package dev.graft.server;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.graft.core.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An OpenID Connect issuer in this JVM: real keys, a code flow that insists on PKCE and on the
 * client's password, and tokens as a test wants them.
 */
public final class TestIssuer implements AutoCloseable {
  public static final String AUDIENCE = "graft-api";
  public static final String CLIENT = "graft-console";
  public static final String CLIENT_SECRET = "a secret with: signs & spaces";

  private final HttpServer server;
  private final RSAKey rsa;
  private final ECKey ec;
  private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
  private final AtomicInteger keyRequests = new AtomicInteger();
  private volatile boolean away;
  private volatile String subject = "user-a";
  private volatile List<String> roles = List.of("graft-operator");

  private TestIssuer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      rsa = new RSAKeyGenerator(2048).keyID("rsa-1").generate();
      ec = new ECKeyGenerator(Curve.P_256).keyID("ec-1").generate();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    server.createContext("/", this::handle);
    server.start();
  }

  public static TestIssuer start() {
    return new TestIssuer();
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/realm");
  }

  /** The settings of a server that believes this issuer. */
  public Map<String, String> settings() {
    var settings = new HashMap<String, String>();
    settings.put("GRAFT_OIDC_ISSUER", url().toString());
    settings.put("GRAFT_OIDC_AUDIENCE", AUDIENCE);
    settings.put("GRAFT_OIDC_ROLES_CLAIM", "realm_access.roles");
    settings.put("GRAFT_OIDC_CLIENT_ID", CLIENT);
    settings.put("GRAFT_OIDC_CLIENT_SECRET", CLIENT_SECRET);
    return settings;
  }

  public RSAKey rsa() {
    return rsa;
  }

  public ECKey ec() {
    return ec;
  }

  /** How often its keys were asked for. */
  public int keyRequests() {
    return keyRequests.get();
  }

  /** Whether it answers with errors from now on. */
  public void setAway(boolean isAway) {
    away = isAway;
  }

  /** Whoever logs in from now on. */
  public void setPerson(String newSubject, List<String> newRoles) {
    subject = newSubject;
    roles = newRoles;
  }

  /** The claims of a good access token. */
  public JWTClaimsSet.Builder claims(String whose, String role) {
    Instant now = Instant.now();
    return new JWTClaimsSet.Builder()
        .issuer(url().toString())
        .audience(AUDIENCE)
        .subject(whose)
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plusSeconds(300)))
        .claim("realm_access", Map.of("roles", List.of("other", role)));
  }

  public String token(String whose, String role) {
    return signed(JWSAlgorithm.RS256, rsa, claims(whose, role).build());
  }

  public static String signed(JWSAlgorithm algorithm, JWK key, JWTClaimsSet claims) {
    try {
      JWSSigner signer =
          key instanceof ECKey curve ? new ECDSASigner(curve) : new RSASSASigner(key.toRSAKey());
      var token =
          new SignedJWT(
              new JWSHeader.Builder(algorithm)
                  .type(JOSEObjectType.JWT)
                  .keyID(key.getKeyID())
                  .build(),
              claims);
      token.sign(signer);
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      URI asked = exchange.getRequestURI();
      if (away) {
        answer(exchange, 500, "{}");
        return;
      }
      switch (asked.getPath()) {
        case "/realm/.well-known/openid-configuration" ->
            answer(
                exchange,
                200,
                """
                {"issuer": "%1$s", "jwks_uri": "%1$s/keys",
                 "authorization_endpoint": "%1$s/authorize", "token_endpoint": "%1$s/token"}
                """
                    .formatted(url()));
        case "/realm/keys" -> {
          keyRequests.incrementAndGet();
          answer(exchange, 200, new JWKSet(List.of(rsa, ec)).toPublicJWKSet().toString());
        }
        case "/realm/authorize" -> authorize(exchange, form(asked.getRawQuery()));
        case "/realm/token" -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          exchange(exchange, form(body));
        }
        default -> answer(exchange, 404, "{}");
      }
    }
  }

  /** Whoever comes is logged in already, and is sent straight back. */
  private void authorize(HttpExchange exchange, Map<String, String> asked) throws IOException {
    boolean good =
        asked.getOrDefault("client_id", "").equals(CLIENT)
            && asked.getOrDefault("response_type", "").equals("code")
            && asked.getOrDefault("code_challenge_method", "").equals("S256")
            && asked.getOrDefault("scope", "").contains("openid");
    if (!good) {
      answer(exchange, 400, "{}");
      return;
    }
    String code = UUID.randomUUID().toString();
    codes.put(code, asked);
    exchange
        .getResponseHeaders()
        .set(
            "Location",
            asked.get("redirect_uri") + "?code=" + code + "&state=" + asked.get("state"));
    exchange.sendResponseHeaders(302, -1);
  }

  private void exchange(HttpExchange exchange, Map<String, String> asked) throws IOException {
    Map<String, String> begun =
        Objects.requireNonNullElse(codes.remove(asked.getOrDefault("code", "")), Map.of());
    String password =
        "Basic "
            + Base64.getEncoder()
                .encodeToString(
                    (CLIENT
                            + ":"
                            + java.net.URLEncoder.encode(CLIENT_SECRET, StandardCharsets.UTF_8))
                        .getBytes(StandardCharsets.UTF_8));
    boolean good =
        password.equals(exchange.getRequestHeaders().getFirst("Authorization"))
            && begun.getOrDefault("redirect_uri", "?").equals(asked.get("redirect_uri"))
            && begun
                .getOrDefault("code_challenge", "?")
                .equals(challenge(asked.getOrDefault("code_verifier", "")));
    if (!good) {
      answer(exchange, 400, "{\"error\": \"invalid_grant\"}");
      return;
    }
    JWTClaimsSet identity =
        new JWTClaimsSet.Builder(claims(subject, "none").build())
            .audience(CLIENT)
            .claim("realm_access", null)
            .claim("name", "Ada <b>Lovelace</b>")
            .claim("nonce", begun.get("nonce"))
            .build();
    JWTClaimsSet access =
        claims(subject, "none").claim("realm_access", Map.of("roles", roles)).build();
    answer(
        exchange,
        200,
        Json.write(
            Json.object()
                .put("token_type", "Bearer")
                .put("id_token", signed(JWSAlgorithm.ES256, ec, identity))
                .put("access_token", signed(JWSAlgorithm.RS256, rsa, access))));
  }

  private static String challenge(String verifier) {
    try {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(
              MessageDigest.getInstance("SHA-256")
                  .digest(verifier.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static Map<String, String> form(String text) {
    var members = new HashMap<String, String>();
    for (String member : text.split("&", -1)) {
      String[] parts = member.split("=", 2);
      if (parts.length == 2) {
        members.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    return members;
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
